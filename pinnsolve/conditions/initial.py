"""Initial values as conditions at the first instant."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import Term, identity
from pinnsolve.equations.residual import prescribed
from pinnsolve.errors import Fault
from pinnsolve.geometry.nodes import Nodes, Regions
from pinnsolve.problem import Problem


def initial_conditions(problem: Problem, nodes: Nodes) -> tuple[Condition, ...]:
    """Bind the initial values of a problem in time to all nodes, ghosts included.

    Returns
    -------
    tuple
        One condition for each field and derivative in time, which holds at the first instant.
    """
    everywhere, first = np.arange(len(nodes.x)), np.zeros(1, dtype=int)
    return tuple(
        Condition(
            "initial values",
            prescribed(Term(field, identity(nodes.dim), order), values[:, None]),
            everywhere,
            1.0,
            first,
        )
        for (field, order), values in initial_values(problem, nodes).items()
    )


def initial_values(problem: Problem, nodes: Nodes) -> dict[tuple[int, int], Float[ndarray, " N"]]:
    """Return the initial values at all nodes, by field and order in time.

    Raises
    ------
    ProblemError
        If one is not finite at a node.
    """
    found = {}
    for field, functions in enumerate(problem.initial):
        for order in range(len(functions)):
            of = None if nodes.regions is None else nodes.regions.of
            values = initial_at(problem, nodes.regions, field, order, nodes.x, of)
            name = problem.fields[field] + ("_" + "t" * order if order else "")
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                pairs = zip(problem.coordinates, nodes.x[bad[0]], strict=True)
                place = ", ".join(f"{axis} = {value:.4g}" for axis, value in pairs)
                message = f"the initial value is not finite at {place}."
                remedy = "It is needed a little outside of the domain too, at the ghosts."
                raise problem.source.error(Fault(("initial", name), message, remedy))
            found[field, order] = values
    return found


def initial_at(
    problem: Problem,
    regions: Regions | None,
    field: int,
    order: int,
    x: Float[ndarray, "n D"],
    of: Int[ndarray, " n"] | None = None,
) -> Float[ndarray, " n"]:
    """Return an initial value at points, in each region its own.

    Parameters
    ----------
    problem, regions
        What is solved, and where its regions lie if there are several.
    field, order
        Of which field, and of which derivative in time.
    x
        The points.
    of
        Their regions; by default those in which they lie.
    """
    with np.errstate(all="ignore"):
        if regions is None:
            return problem.initial[field][order](x)
        of = regions.locate(x[:, : len(problem.coordinates)]) if of is None else of
        values = np.empty(len(x))
        for r, region in enumerate(problem.regions):
            values[of == r] = region.problem.initial[field][order](x[of == r])
    return values
