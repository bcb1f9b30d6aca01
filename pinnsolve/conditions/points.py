"""Points of space, and of space and time, in the orders in which they are needed."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem


def points_of(problem: Problem, nodes: Nodes) -> Float[ndarray, "*K n D"]:
    """Return the interior and boundary nodes, at each time level if there are any."""
    x = nodes.x[nodes.rows]
    return x if problem.times is None else in_time(x, problem.times)


def in_time(x: Float[ndarray, "N d"], times: Float[ndarray, " K"]) -> Float[ndarray, "K N D"]:
    """Return points at each of some instants, the time as their last coordinate."""
    points = np.empty((len(times), len(x), x.shape[1] + 1))
    points[:, :, :-1], points[:, :, -1] = x, times[:, None]
    return points


def in_order(problem: Problem, x: Float[ndarray, "N d"]) -> Float[ndarray, "M D"]:
    """Return points, each at all time levels in turn if there are any."""
    if problem.times is None:
        return x
    return in_time(x, problem.times).swapaxes(0, 1).reshape(-1, x.shape[1] + 1)


def regions_in_order(problem: Problem, nodes: Nodes) -> Int[ndarray, " M"] | None:
    """Return the region of each node, at all time levels in turn; None if there is one."""
    if nodes.regions is None:
        return None
    return np.repeat(nodes.regions.of, 1 if problem.times is None else len(problem.times))
