"""The classical solution of a problem: sparse factorisation, stepped through time if it evolves.

It is a method of its own, and what every network is held against.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.initial import initial_values
from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.errors import Fault, NodesError, ProblemError, SingularError
from pinnsolve.geometry.from_problem import located
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.progress import Watch, unwatched
from pinnsolve.rbffd import direct, evolution
from pinnsolve.rbffd.discretisation import Discretisation, discretise
from pinnsolve.rbffd.fields import NodalFields

TIME_SHARE = 1e-2  # of the error expected of the nodes, that may come from the steps in time
FINEST, COARSEST = 1e-10, 1e-4  # what this may ask of the steps, relative to the solution


@dataclass(frozen=True)
class Classical:
    """A classical solution.

    Attributes
    ----------
    fields
        Their values at all nodes, ghosts included, with the time levels first if there are any.
    converged
        Whether Newton's method reached its tolerance, and the steps in time are fine enough.
    message
        How it went.
    iterations
        Newton steps, or steps in time.
    """

    fields: NodalFields
    converged: bool
    message: str
    iterations: int


def solve(problem: Problem, system: Discretisation, watch: Watch = unwatched) -> Classical:
    """Solve a discretised problem.

    Parameters
    ----------
    problem
        What is solved.
    system
        Its discretisation.
    watch
        Told of the progress.

    Raises
    ------
    SingularError
        If there is no unique solution.
    DivergedError
        If the equations or the solution leave the finite numbers.
    """
    nodes, order, times = system.nodes, system.order, problem.times
    if times is None:
        steady = direct.solve(system, watch=watch)
        return Classical(
            NodalFields(nodes.x, steady.values, order),
            steady.converged,
            steady.message,
            steady.iterations,
        )
    x = nodes.x[nodes.rows]
    half_width = float(np.max(x.max(axis=0) - x.min(axis=0))) / 2
    tolerance = TIME_SHARE * (nodes.spacing / half_width) ** order
    moving = evolution.integrate(
        system,
        partial(nodal_conditions, problem, nodes),
        initial_values(problem, nodes),
        times,
        tolerance=float(np.clip(tolerance, FINEST, COARSEST)),
        watch=watch,
    )
    return Classical(
        NodalFields(nodes.x, moving.values, order, times),
        moving.converged,
        moving.message,
        moving.steps,
    )


def assemble(
    problem: Problem,
    nodes: Nodes,
    conditions: Sequence[Condition],
    watch: Watch = unwatched,
    *,
    order: int | None = None,
) -> Discretisation:
    """Assemble the discrete problem; what the nodes cannot carry is shown in the file.

    Parameters
    ----------
    problem, nodes
        What is to be solved, and where.
    conditions
        Its equations and conditions, bound to the nodes.
    watch
        Told of the progress.
    order
        Order of accuracy; by default the problem's.

    Raises
    ------
    ProblemError
        If the nodes are too few, or lie on a lattice or a curve.
    """
    order = order or problem.settings.solver.order
    try:
        c, time_order = len(problem.fields), problem.time_order
        return discretise(conditions, nodes, c, order, watch, time_order=time_order)
    except NodesError as error:
        raise located(problem, error) from None


def unsolvable(problem: Problem, error: SingularError) -> ProblemError:
    """Return an operator without inverse as a fault of the equations."""
    return problem.source.error(Fault(("pde", "equations"), str(error)))
