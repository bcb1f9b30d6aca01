"""Values anywhere in the domain from values at the nodes, by local RBF interpolation."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import identity
from pinnsolve.progress import Watch, unwatched
from pinnsolve.rbffd.weights import operator_matrices

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CHUNK = 2**22  # numbers held at once while interpolating in time


def interpolate(
    x: Float[ndarray, "R d"],
    nodes: Float[ndarray, "N d"],
    values: Float[ndarray, "N c"],
    order: int,
    watch: Watch = unwatched,
) -> Float[ndarray, "R c"]:
    """Return the values of every field at points; the error is O(h^(order+2)).

    Parameters
    ----------
    x
        Where the values are wanted.
    nodes
        Where they are known; ghosts may be among them.
    values
        What they are there.
    order
        Order of accuracy of the derivatives that gave them.
    watch
        Told how far the work has come.

    Raises
    ------
    NodesError
        If the nodes are too few, coincide, or do not determine polynomials of the degree needed.
    """
    return np.asarray(_matrix(x, nodes, order, watch) @ values)


def interpolate_in_time(
    points: Float[ndarray, "R D"],
    nodes: Float[ndarray, "N d"],
    times: Float[ndarray, " K"],
    values: Float[ndarray, "K N c"],
    order: int,
    watch: Watch = unwatched,
) -> Float[ndarray, "R c"]:
    """Return the values of every field at points of space and time.

    In time they are those of the polynomial through the nearest levels, as many as give the
    order of the derivatives in space.

    Parameters
    ----------
    points
        Where the values are wanted, the time last.
    nodes, times
        Where and when they are known; the times evenly spaced.
    values
        What they are there.
    order
        Order of accuracy of the derivatives that gave them.
    watch
        Told how far the work has come.

    Raises
    ------
    NodesError
        If the nodes are too few, coincide, or do not determine polynomials of the degree needed.
    """
    count, n_fields = min(order + 2, len(times)), values.shape[2]
    step = times[1] - times[0]
    position = (points[:, -1] - times[0]) / step
    first = np.clip(np.round(position - (count - 1) / 2), 0, len(times) - count).astype(int)
    weights = _lagrange(position - first, count)
    E = _matrix(points[:, :-1], nodes, order, watch)
    by_node = np.ascontiguousarray(values.swapaxes(0, 1)).reshape(len(nodes), -1)
    result = np.empty((len(points), n_fields))
    length = max(1, CHUNK // by_node.shape[1])
    for start in range(0, len(points), length):
        chunk = slice(start, start + length)
        at_levels = (E[chunk] @ by_node).reshape(-1, len(times), n_fields)
        near = first[chunk, None] + np.arange(count)
        here = np.take_along_axis(at_levels, near[:, :, None], axis=1)
        result[chunk] = np.einsum("rk,rkc->rc", weights[chunk], here)
    return result


def _matrix(
    x: Float[ndarray, "R d"], nodes: Float[ndarray, "N d"], order: int, watch: Watch
) -> "csr_array":
    """Return the matrix from nodal values to values at points."""
    op = identity(nodes.shape[1])
    # one degree more than the derivatives had, so that between the nodes errors are no larger
    return operator_matrices(x, nodes, [op], order + 1, watch)[op]


def _lagrange(position: Float[ndarray, " R"], count: int) -> Float[ndarray, "R k"]:
    """Return the weights of interpolation from the integers ``0 … count - 1``."""
    knots = np.arange(count)
    others = knots[:, None] != knots
    gaps = np.where(others, position[:, None, None] - knots, 1.0)
    spans = np.where(others, knots[:, None] - knots, 1.0)
    return np.asarray(np.prod(gaps / spans, axis=2))
