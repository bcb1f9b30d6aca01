"""The exact solution of a problem at points, where one is given."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.points import points_of
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem


def exact_values(problem: Problem, x: Float[ndarray, "N d"]) -> Float[ndarray, "N c"] | None:
    """Return the exact solution at points, infinite where it is; None if none is given."""
    if problem.exact is None:
        return None
    with np.errstate(all="ignore"):
        return np.column_stack([exact(x) for exact in problem.exact])


def exact_at(problem: Problem, nodes: Nodes) -> Float[ndarray, "*K n c"] | None:
    """Return the exact solution at the interior and boundary nodes, at each time level if any."""
    points = points_of(problem, nodes)
    values = exact_values(problem, points.reshape(-1, points.shape[-1]))
    return None if values is None else values.reshape(*points.shape[:-1], -1)
