"""The pre-flight: whether a problem is well posed on its nodes, and what it will take.

Every method runs `preflight`, which costs next to nothing, before any work is done, and learns of
the discrete operator from the direct solution (`pinnsolve.checks.operator`). `check` takes the same
steps for the same warnings, in the same order, and forecasts the memory.
"""

from dataclasses import dataclass
from typing import Any

from pinnsolve.checks import (
    agreement,
    convection,
    description,
    growth,
    interface_corners,
    levels,
    moving_sources,
    observations,
    operator,
    singularities,
    statements,
    well_posedness,
)
from pinnsolve.checks.enclosed import Contradiction
from pinnsolve.checks.exact_solution import doubts, given_away
from pinnsolve.checks.frozen import frozen
from pinnsolve.checks.memory import forecast, free_memory, shortage
from pinnsolve.checks.reduced import must_be_learnable
from pinnsolve.checks.transport import Carried, carried
from pinnsolve.conditions import conservation, densities, rates, selfadjoint
from pinnsolve.conditions.data import data_conditions
from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.constraints.build import hard, posed
from pinnsolve.errors import MemoryLimitError
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.regional import divided
from pinnsolve.problem import Problem
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.references import PLANS, families
from pinnsolve.setup import Setup
from pinnsolve.solution.reference import Reference

SOME = 100  # points inside at which coefficients are looked at


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
        _must_have_reference(setup)
        through = _well_posed(setup)
        excess = shortage(problem, nodes, _forecast(setup))
    if excess:
        raise MemoryLimitError(str(problem.source.locate(excess)))
    system = setup.discretisation() if _is_discretised(problem) else None
    with setup.stage("errors"):
        return _before(setup, system, through)


def afterwards(
    setup: Setup, condition: float | None, reference: Reference | None
) -> tuple[str, ...]:
    """Return the warnings that follow from a direct solution.

    Parameters
    ----------
    setup
        Of the problem.
    condition
        Estimated condition number of the discrete operator; None if it is not known.
    reference
        The direct solution as another method's reference; None if it is not that.
    """
    if not _is_discretised(setup.problem):
        return ()
    with setup.stage("errors"):
        of_operator = operator.doubts(setup.discretisation(), condition)
        return (*of_operator, *operator.failure(reference))


def contradictions(setup: Setup, direct: object) -> tuple[Contradiction, ...]:
    """Return the contradictions of the data that a direct solution shows.

    Parameters
    ----------
    setup
        Of the problem.
    direct
        Its direct solution; of anything else nothing is told.
    """
    has_levels = any(condition.is_constraint for condition in setup.conditions)
    if not (has_levels and isinstance(direct, NodalFields) and _is_discretised(setup.problem)):
        return ()
    with setup.stage("errors"):
        system = setup.discretisation()
        return tuple(levels.incompatible(setup.problem, setup.domain, system, direct))


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
    problem = setup.problem
    nodes, conditions = setup.nodes, setup.conditions
    _must_have_reference(setup)
    through = _well_posed(setup)
    stages = _forecast(setup)
    excess = shortage(problem, nodes, stages)
    found = None
    if _is_discretised(problem):
        found = operator.examined(setup, has_memory=excess is None)
    warnings = [*_before(setup, found.system if found else None, through)]
    if found:
        warnings += operator.doubts(found.system, found.condition)
        warnings += operator.failure(found.reference)
        contradicted = contradictions(setup, found.reference and found.reference.fields)
        warnings += [own.text for own in contradicted]
    if excess:
        warnings.append(f"{excess.message} {excess.remedy}")
    figures = {
        **description.figures(problem, nodes, conditions),
        "data": observations.lines(problem, setup.observed),
        "functions": observations.functions(problem, setup.observed),
        "condition": found and found.condition,
        "condition_nodes": found.nodes if found else nodes.rows.stop,
        "memory_bytes": int(max(stages.values())),
        "memory_bytes_by_stage": {stage: int(size) for stage, size in stages.items()},
        "memory_free_bytes": free_memory(),
    }
    return Report(tuple(description.lines(problem, figures)), tuple(warnings), figures)


def _must_have_reference(setup: Setup) -> None:
    """Refuse a reference that does not fit the problem; nothing is solved for."""
    problem = setup.asked
    must_be_learnable(problem)
    families.plan(problem)
    if problem.exact is not None or problem.stated is None:
        return
    if problem.stated.solver:
        PLANS[problem.stated.solver](problem)
    else:
        _ = setup.truth  # reads the file


def _well_posed(setup: Setup) -> Carried:
    """Refuse a problem that is not well posed; return what it carries through the boundary."""
    problem, nodes = setup.problem, setup.nodes
    on_nodes = setup.placement.problem if problem.regions else problem
    faults = well_posedness.faults(problem, nodes, setup.conditions, on_nodes)
    faults += levels.faults(problem, setup.domain, setup.conditions)
    faults += observations.faults(problem, setup.domain, setup.observed)
    if "evolution" in ABILITIES[problem.settings.solver.method].needs:
        faults += rates.faults(problem) or selfadjoint.faults(problem)
    if problem.settings.network.ansatz and not faults:
        faults += conservation.faults(problem) + densities.faults(problem)
    through = Carried()
    for own, part in _parts(setup):
        faults += statements.faults(own, part)
        # data stand for conditions, and all of space has no boundary
        found = Carried() if problem.data or not part.n_boundary else carried(own, part)
        through = Carried(
            [*through.faults, *found.faults],
            [*through.doubts, *found.doubts],
            [*through.outflow, *found.outflow],
        )
    if not faults:  # which may be said of in other words already
        for own, part in _parts(setup):
            inside = part.x[part.interior][:: max(1, part.n_interior // SOME)]
            faults += growth.faults(own, frozen(own, inside), setup.domain.size)
        faults += through.faults
    if faults:
        raise problem.source.error(*faults)
    setup.ansatz()
    return through


def _parts(setup: Setup) -> list[tuple[Problem, Nodes]]:
    """Return the problem of each region, and its nodes without those on interfaces."""
    problem, nodes = setup.problem, setup.nodes
    if nodes.regions is None:
        return [(problem, nodes)]
    parts = zip(problem.regions, divided(nodes, with_interfaces=False), strict=True)
    return [(region.problem, own) for region, (_, own) in parts]


def _forecast(setup: Setup) -> dict[str, float]:
    """Return the memory of each stage; by the product rule a hard condition adds terms."""
    problem, nodes = setup.problem, setup.nodes
    trained = setup.conditions
    if hard(problem):
        stated = posed(problem, setup.ansatz())
        trained = nodal_conditions(stated, nodes, quadrature=setup.quadrature)
    if ABILITIES[problem.settings.solver.method].has_network:
        _, data = data_conditions(problem, setup.observed, len(nodes.x))
        trained = (*trained, *data)
    return forecast(problem, nodes, setup.conditions, trained)


def _is_discretised(problem: Problem) -> bool:
    """Return whether a solve makes the discrete problem; unknown constants leave it no room."""
    able = ABILITIES[problem.settings.solver.method]
    has_operators = "operators" in able.needs or problem.reference is not None
    return has_operators and not (problem.parameters or problem.data)


def _before(setup: Setup, system: Discretisation | None, through: Carried) -> tuple[str, ...]:
    """Return the warnings that need no solution.

    Parameters
    ----------
    setup
        Of the problem.
    system
        The discrete problem; None if none is made.
    through
        What the equations carry through the boundary.
    """
    problem, nodes = setup.problem, setup.nodes
    return (
        *_unsaid(problem, nodes, through),
        *((problem.taken_for,) if problem.taken_for else ()),
        *dict.fromkeys(c.taken_for for c in problem.boundary if c.taken_for),
        *_torn(setup),
        *moving_sources.doubts(problem),
        *through.doubts,
        *_of_data(setup),
        *observations.doubts(problem, setup.domain, nodes, setup.observed),
        *(
            doubt
            for own, part in (_parts(setup) if system is not None else [])
            for doubt in convection.doubts(own, part)
        ),
        *(doubts(setup.placement.problem, system) if system is not None else ()),
        *(given_away(setup) if system is not None else ()),
    )


def _of_data(setup: Setup) -> dict[str, None]:
    """Return the warnings of data that meet and differ, or are infinite, each once."""
    domains, corners = [setup.domain], list[str]()
    if setup.problem.regions:
        domains = [*setup.parts]
        corners = interface_corners.doubts(setup.problem, domains)
    found = dict.fromkeys(
        doubt
        for (own, nodes), domain in zip(_parts(setup), domains, strict=True)
        for seen in (agreement.doubts, singularities.doubts)
        for doubt in seen(own, domain, nodes)
    )
    return found | dict.fromkeys(corners)


def _unsaid(problem: Problem, nodes: Nodes, through: Carried) -> list[str]:
    """Return warnings for pieces on which too little is said, or nothing, rightly perhaps."""
    silent = [] if problem.data else well_posedness.silent(problem, nodes)
    pieces = ", ".join(piece for piece in silent if piece not in through.outflow)
    text = (
        f"no condition holds on {pieces}. None is needed where the solution leaves the domain; "
        "elsewhere it is not determined without one."
    )
    return [*well_posedness.allowed(problem, nodes), *([text] if pieces else [])]


def _torn(setup: Setup) -> list[str]:
    """Return a sentence on the corners of a flow where no equation holds, if there are any."""
    if not _is_discretised(setup.problem) or not setup.placement.torn:
        return []
    places = ", ".join(
        f"({', '.join(f'{c:.4g}' for c in x)})" for x in setup.nodes.x[[*setup.placement.torn]][:4]
    )
    more = ", …" if len(setup.placement.torn) > 4 else ""
    return [
        f"the velocities on both sides of {places}{more} differ: no equation of the flow holds at "
        "these corners, and the pressure is continued from the nodes around. Errors near them fall "
        'slowly; set nodes.refine = "auto", or let one velocity go over into the other.'
    ]
