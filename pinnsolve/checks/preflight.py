"""The pre-flight: whether a problem is well posed on its nodes, and what it will take.

Every method runs `preflight`, which costs next to nothing, before any work is done. `check`
does more: it assembles the discrete operator, on fewer nodes where there are many, and estimates
its condition, compares the exact solution with the equations, and forecasts the memory.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pinnsolve.checks import description, well_posedness
from pinnsolve.checks.exact_solution import doubts, given_away
from pinnsolve.checks.memory import forecast, free_memory, shortage
from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.constraints.build import hard, posed
from pinnsolve.errors import Fault, MemoryLimitError, NodesError, ProblemError, SingularError
from pinnsolve.geometry.from_problem import located, node_set
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.rbffd import direct, evolution
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.solve import assemble
from pinnsolve.references.exact import exact_values
from pinnsolve.setup import Setup

QUICK = {1: 400, 2: 2000, 3: 1200}  # unknowns, by dimension, of an operator factored at once
PATIENT = 5  # times as many are factored still, where the nodes cannot be fewer
DOUBTFUL = 1e11  # condition number that deserves a warning


@dataclass(frozen=True)
class Report:
    """A problem as understood, and what it will take.

    Attributes
    ----------
    lines
        For a person to read.
    warnings
        What is allowed but suspicious.
    figures
        The same as numbers and strings, for a program.
    """

    lines: tuple[str, ...]
    warnings: tuple[str, ...]
    figures: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures and warnings that ``--json`` prints."""
        return {**self.figures, "warnings": list(self.warnings)}


def preflight(setup: Setup) -> tuple[str, ...]:
    """Return warnings of a problem; refuse one that cannot be solved, before any work is done.

    Parameters
    ----------
    setup
        Of the problem.

    Raises
    ------
    ProblemError
        If a piece of the boundary has too few conditions or too many, if conditions disagree, or
        if a field is determined only up to a constant.
    MemoryLimitError
        If the work will not fit into the memory there is.
    """
    problem, nodes = setup.problem, setup.nodes
    with setup.stage("nodes"):
        _refuse_ill_posed(setup)
        excess = shortage(problem, nodes, _forecast(setup))
    if excess:
        raise MemoryLimitError(str(problem.source.locate(excess)))
    able = ABILITIES[problem.settings.solver.method]
    has_operators = "operators" in able.needs or able.reference is not None
    if problem.parameters or not has_operators:  # constants leave a discretisation no room
        return ()
    system = setup.discretisation()
    with setup.stage("errors"):
        return (*doubts(problem, system), *given_away(setup))


def check(problem: Problem) -> Report:
    """Say what a problem is and what it will take.

    Raises
    ------
    ProblemError
        If it is not well posed, or its nodes cannot carry the discretisation.
    FileError
        If a file of nodes cannot be read.
    """
    setup = Setup(problem)
    nodes, conditions = setup.nodes, setup.conditions
    _refuse_ill_posed(setup)
    doubtful: list[str] = []
    condition, examined = None, nodes.rows.stop
    if not problem.parameters:  # for which a discretisation leaves no room
        system = _look_ahead(setup)
        condition, of_operator = _condition(problem, system)
        examined, doubtful = system.nodes.rows.stop, [*doubts(problem, system), *of_operator]
    stages = _forecast(setup)
    figures = {
        **description.figures(problem, nodes, conditions),
        "condition": condition,
        "condition_nodes": examined,
        "memory_bytes": int(max(stages.values())),
        "memory_bytes_by_stage": {stage: int(size) for stage, size in stages.items()},
        "memory_free_bytes": free_memory(),
    }
    excess = shortage(problem, nodes, stages)
    warnings = [
        *_unsaid(problem, nodes),
        *doubtful,
        *given_away(setup),
        *([f"{excess.message} {excess.remedy}"] if excess else []),
    ]
    return Report(tuple(description.lines(problem, figures)), tuple(warnings), figures)


def _refuse_ill_posed(setup: Setup) -> None:
    faults = well_posedness.faults(setup.problem, setup.nodes, setup.conditions)
    if faults:
        raise setup.problem.source.error(*faults)
    setup.ansatz()


def _forecast(setup: Setup) -> dict[str, float]:
    """Return the memory of each stage; by the product rule a hard condition adds terms."""
    problem, nodes = setup.problem, setup.nodes
    if not hard(problem):
        return forecast(problem, nodes, setup.conditions)
    trained = nodal_conditions(posed(problem, setup.ansatz()), nodes)
    return forecast(problem, nodes, setup.conditions, trained)


def _look_ahead(setup: Setup) -> Discretisation:
    """Return the discrete problem, on fewer nodes where that is quicker and does no harm."""
    problem, domain, nodes = setup.problem, setup.domain, setup.nodes
    few = QUICK.get(nodes.dim, QUICK[3]) // len(problem.fields)
    is_generated = problem.settings.nodes.file is None and domain.nodes is None
    if is_generated and nodes.rows.stop > few:
        try:
            coarse = node_set(problem, domain, count=few)
            return assemble(problem, coarse, nodal_conditions(problem, coarse))
        except ProblemError:  # too few for a small piece of the boundary, or for the stencils
            pass
    return setup.discretisation()


def _condition(problem: Problem, system: Discretisation) -> tuple[float | None, list[str]]:
    """Return the condition number of the discrete operator, if it is known, and doubts about it."""
    if system.n_nodes * system.n_slots > PATIENT * QUICK.get(system.nodes.dim, QUICK[3]):
        return None, []
    start = None
    try:
        with np.errstate(all="ignore"):
            if problem.times is not None:
                orders = [len(values) for values in problem.initial]
                step = float(problem.times[1] - problem.times[0])
                condition = evolution.condition(system, orders, step)
            else:
                exact = exact_values(problem, system.nodes.x)
                start = exact if exact is not None and np.isfinite(exact).all() else None
                condition = direct.condition(system, start)
    except SingularError as error:
        if start is None and not system.is_linear:  # zero need not be near a solution
            return None, [
                "linearised where all fields are zero, the discrete problem has no unique "
                "solution; Newton's method, which starts there, may fail."
            ]
        raise problem.source.error(Fault(("pde", "equations"), str(error))) from None
    except NodesError as error:
        raise located(problem, error) from None
    if condition < DOUBTFUL:
        return condition, []
    digits = int(-np.log10(condition * np.finfo(float).eps))
    return condition, [
        f"the discrete operator is nearly singular: about {digits} digits of its solution "
        "can be right. A slightly different problem may have none, or many."
    ]


def _unsaid(problem: Problem, nodes: Nodes) -> list[str]:
    """Return a warning for pieces on which nothing is said, though rightly perhaps."""
    pieces = ", ".join(well_posedness.silent(problem, nodes))
    text = (
        f"no condition holds on {pieces}. None is needed where the solution leaves the domain; "
        "elsewhere it is not determined without one."
    )
    return [text] if pieces else []
