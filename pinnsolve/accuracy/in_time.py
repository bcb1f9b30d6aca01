"""The error of a solution in time, estimated against a classical one of higher order.

The total error is the distance from the classical solution by derivatives of order p + 2 and steps
of an order as high, the optimisation error that from the one of order p: in linear problems the
error equation, stepped through time, is the difference of these. What the steps of the finer one
leave, which it knows itself, is added to the total.

The finer solution knows what the nodes do not: where a source or a coefficient differs between the
nodes from its interpolant (`sharpened`), the mean of the difference over the points around a node
is added to it there. And between the time levels, at instants of its own steps, it knows what a
solution is that was computed at the levels alone.

It knows point sources spread otherwise (`spread`), and nothing is told where they are spread.

What is carried is damped where the nodes do not resolve it, by the finer solution as well: there
solutions on fewer nodes tell how much more would change (`second_set`).
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.relative import relative
from pinnsolve.accuracy.second_set import extrapolated
from pinnsolve.accuracy.sharpened import sharpened
from pinnsolve.accuracy.spread import spread_otherwise
from pinnsolve.conditions.initial import initial_values
from pinnsolve.conditions.placement import Placement
from pinnsolve.conditions.points import in_time, points_of
from pinnsolve.errors import PinnsolveError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.problem.sources import is_far
from pinnsolve.progress import Watch, unwatched
from pinnsolve.rbffd.discretisation import discretise
from pinnsolve.rbffd.solve import solve as solve_directly
from pinnsolve.rbffd.stabilisation import is_damped
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.fields import Fields

RAISE = 2  # of the order of accuracy
WORTH_TELLING = 1e-3  # relative error from which on data that are not resolved are named
ROUGH = 1e-4  # relative distance between the levels that a stage's lower order may make
FARTHER = 3.0  # times the error at the levels
NOTEWORTHY = 0.05  # relative distance between the levels
UNCHECKED = (
    "whether the nodes resolve what is carried was not looked at: on fewer no solution was found"
)


def estimate_in_time(
    placement: Placement,
    domain: Domain,
    fields: Fields,
    values: Float[ndarray, "K n c"],
    same_order: Float[ndarray, "K n c"] | None,
    *,
    is_network: bool,
    watch: Watch = unwatched,
) -> Estimate:
    """Estimate the error of a solution in time; what cannot be estimated is None.

    Parameters
    ----------
    placement, domain
        Where the conditions of the problem hold, and where it is posed.
    fields, values
        The solution, and the same at the interior and boundary nodes.
    same_order
        The classical solution of the order that was used; None if it is not known.
    is_network
        Whether the solution is a function of time as of space; else it stands at the levels.
    watch
        Told of the progress.
    """
    problem, nodes = placement.problem, placement.nodes
    optimisation = None if same_order is None else values - same_order
    total: Float[ndarray, "K n c"] | None = None
    sizes: dict[str, float | None] = dict.fromkeys(problem.fields)
    warnings, remedy, message = list[str](), "", ""
    order = problem.settings.solver.order + RAISE
    try:
        c, m = len(problem.fields), problem.time_order
        placement, reach = spread_otherwise(placement, domain)
        system = discretise(placement.at(), nodes, c, order, watch, time_order=m)
        sharp = sharpened(placement, domain, order)
        initial = sharp.initial(initial_values(problem, nodes))
        finer = solve_directly(problem, system, placement, watch, bind=sharp.at, initial=initial)
        total = values - finer.fields.values[:, nodes.rows]
        seen = is_far(problem, points_of(problem, nodes), reach)
        known = relative(problem, values[seen], total[seen])
        total[~seen] = 0.0
        sizes = {k: None if e is None else e + finer.error_in_time for k, e in known.items()}
        if is_damped(problem, nodes, order):
            raised, unchecked = _on_fewer_nodes(
                placement.problem, domain, finer.fields, nodes, sizes, watch
            )
            sizes |= raised
            warnings += unchecked
        if sharp.misfits and max(e or 0.0 for e in sizes.values()) > WORTH_TELLING:
            warnings += map(str, sharp.misfits)
            remedy = sharp.misfits[0].remedy
        assert finer.between is not None
        instants, inner = finer.between
        there = _at(fields, nodes.x[nodes.alone], instants)
        seen = is_far(problem, in_time(nodes.x[nodes.alone], instants), reach)
        apart = relative(problem, there[seen], (there - inner[:, nodes.alone])[seen])
        far = {
            k: e
            for k, e in apart.items()
            if e is not None and e > max(ROUGH, FARTHER * (sizes[k] or 0.0))
        }
        if far and is_network:
            sizes |= far
        if max(far.values(), default=0.0) > NOTEWORTHY:
            warnings.append(_between_levels(far, len(values)))
            remedy = remedy or f"Raise nodes.time_levels to {4 * len(values)} at least."
    except (PinnsolveError, MemoryError) as fault:
        message = str(fault) or "there is too little memory."
    return Estimate(
        relative(problem, values, optimisation),
        sizes,
        optimisation,
        total,
        message,
        tuple(warnings),
        remedy,
    )


def _on_fewer_nodes(
    problem: Problem,
    domain: Domain,
    finer: Fields,
    nodes: Nodes,
    sizes: Mapping[str, float | None],
    watch: Watch,
) -> tuple[dict[str, float], list[str]]:
    """Return the errors that solutions on fewer nodes tell of, if larger, and a warning or none."""
    if max(e or 0.0 for e in sizes.values()) > 1 / FARTHER:
        return {}, []
    try:
        found = extrapolated(problem, domain, finer, nodes.rows.stop, watch)
    except (PinnsolveError, MemoryError) as fault:
        reason = (str(fault) or "too little memory").partition("\n")[0].rstrip(".")
        return {}, [f"{UNCHECKED} ({reason})."]
    return {k: e for k, e in found.items() if e > (sizes[k] or 0.0)}, []


def _at(
    fields: Fields, x: Float[ndarray, "n d"], instants: Float[ndarray, " k"]
) -> Float[ndarray, "k n c"]:
    """Return fields at points, at some instants."""
    points = np.column_stack([np.tile(x, (len(instants), 1)), np.repeat(instants, len(x))])
    return fields(points).reshape(len(instants), len(x), -1)


def _between_levels(far: dict[str, float], levels: int) -> str:
    """Return a warning that values between the levels are not to be trusted."""
    name = max(far, key=lambda name: far[name])
    return (
        f"between the {levels} time levels {name} differs by {100 * far[name]:.2g} % from what the "
        "equations say there: it is seen at the levels alone. Raise nodes.time_levels for a "
        "solution that may be asked at other instants."
    )
