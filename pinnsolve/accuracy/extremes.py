"""Whether a solution stays within the values that are given, as a maximum principle asks.

Where nothing is made or used up, as in

    c u_t + v.grad(u) - sum_jk a_jk u_jk = 0,

the largest and the smallest value are taken when time begins or where values are given on the
boundary; elsewhere nothing may flow through it but what is carried out. Steps and layers that are
thinner than the nodes overshoot, with every scheme of an order above one; by how much is said.
Source: Protter & Weinberger (1984), Maximum Principles in Differential Equations,
doi:10.1007/978-1-4612-5282-5, chapters 2 and 3; Godunov (1959).
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.initial import initial_at, initial_values
from pinnsolve.conditions.placement import Placement
from pinnsolve.geometry.convection import convection
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.solution.solution import Sample

WORTH_TELLING = 0.03  # of the range of what is given: nodes miss as much of a peak's height
CLOSE = 11  # points along a side of the box in which the top of a peak is sought


def overshoot(placement: Placement, sample: Sample) -> tuple[str, ...]:
    """Return a warning by how much a solution leaves the range of what is given; none if it stays.

    Parameters
    ----------
    placement
        Where the conditions of a problem hold.
    sample
        The solution on the nodes, at all time levels.
    """
    given = range_given(placement)
    values = np.asarray(sample.values)[..., 0].reshape(-1, placement.nodes.rows.stop)
    if given is None or not np.isfinite(values).all():
        return ()
    low, high = given
    beyond = np.maximum(values - high, low - values)
    level, node = np.unravel_index(np.argmax(beyond), beyond.shape)
    if beyond[level, node] <= WORTH_TELLING * (high - low):
        return ()
    problem = placement.problem
    places = [*placement.nodes.x[node]]
    if sample.times is not None:
        places.append(sample.times[level])
    names = [*problem.coordinates, "t"][: len(places)]
    where = ", ".join(f"{name} = {x:.4g}" for name, x in zip(names, places, strict=True))
    name, share = problem.fields[0], 100 * beyond[level, node] / (high - low)
    return (
        f"{name} reaches {values[level, node]:.4g} at {where}, but nothing that is given lies "
        f"outside of {low:.4g} to {high:.4g}, and the equation makes nothing: it overshoots by "
        f"{share:.2g} % of that range, as where a step or a layer is thinner than the nodes. Raise "
        "nodes.count, refine there, or give smoother values.",
    )


def range_given(placement: Placement) -> tuple[float, float] | None:
    """Return the smallest and the largest value given; None if they bound no solution.

    Parameters
    ----------
    placement
        Where the conditions of a problem hold.
    """
    problem, nodes = placement.problem, placement.nodes
    if problem.regions or convection(problem, nodes.x[nodes.rows]) is None:
        return None
    equation, *conditions = placement.at()
    if not _makes_nothing(equation):
        return None
    found = list[ndarray]()
    for condition in conditions:
        if condition.is_constraint:
            return None
        if condition.across is not None or _lets_nothing_through(condition):
            continue
        values = _values(condition)
        if values is None:
            return None
        found.append(values)
    if problem.time is not None:
        found.append(initial_values(problem, nodes)[0, 0][nodes.rows])
        between = _between(nodes)
        values = initial_at(problem, nodes.regions, 0, 0, between)
        around = _around(between[[np.nanargmin(values), np.nanargmax(values)]], nodes.spacing)
        found += [values, initial_at(problem, nodes.regions, 0, 0, around)]
    if not found:
        return None
    low, high = (float(extreme(list(map(extreme, found)))) for extreme in (np.nanmin, np.nanmax))
    return (low + 0.0, high + 0.0) if high > low else None  # no negative zero


def _between(nodes: Nodes) -> Float[ndarray, "P d"]:
    """Return points halfway between nodes inside the domain: a peak may lie at none of them."""
    from scipy.spatial import KDTree  # slow to import

    inside = nodes.x[nodes.interior]
    near = min(2**nodes.dim + 1, len(inside))
    _, others = KDTree(inside).query(inside, range(2, near + 1))
    return np.asarray((inside[:, None] + inside[others]).reshape(-1, nodes.dim) / 2)


def _around(x: Float[ndarray, "n d"], spacing: float) -> Float[ndarray, "m d"]:
    """Return points close by some, as where the top of a narrow peak may be."""
    along = spacing / 2 * np.linspace(-1, 1, CLOSE)
    offsets = np.stack(np.meshgrid(*[along] * x.shape[1], indexing="ij"), -1)
    return (x[:, None] + offsets.reshape(-1, x.shape[1])).reshape(-1, x.shape[1])


def _makes_nothing(equation: Condition) -> bool:
    """Return whether an equation holds neither a source nor its field undifferentiated."""
    slopes, source = _linear(equation)
    return not source.any() and not np.any(slopes.get((0, 0), 0.0))


def _lets_nothing_through(condition: Condition) -> bool:
    """Return whether a condition says that the slope along the normal is zero."""
    slopes, source = _linear(condition)
    return all(order == 1 for order, _ in slopes) and not source.any()


def _values(condition: Condition) -> Float[ndarray, "R *L"] | None:
    """Return the values that a condition gives; None if it gives none."""
    slopes, source = _linear(condition)
    if [*slopes] != [(0, 0)] or not slopes[0, 0].all():
        return None
    return np.asarray(-source / slopes[0, 0])


def _linear(
    condition: Condition,
) -> tuple[dict[tuple[int, int], Float[ndarray, "R *L"]], Float[ndarray, "R *L"]]:
    """Return coefficients of a linear condition by order in space and time, and the rest."""
    levels = () if condition.levels is None else (len(condition.levels),)
    zero = np.zeros((len(condition.rows), *levels))
    jet = dict.fromkeys(condition.residual.terms, zero)
    slopes = dict[tuple[int, int], ndarray]()
    partials = condition.residual.partials(jet)
    for term in condition.residual.terms:
        key, own = (term.op.order, term.time_order), np.broadcast_to(partials[term], zero.shape)
        slopes[key] = own if key not in slopes else np.maximum(np.abs(slopes[key]), np.abs(own))
    return slopes, np.broadcast_to(condition.residual(jet), zero.shape)
