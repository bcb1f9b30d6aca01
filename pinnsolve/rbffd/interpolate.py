"""Values and derivatives anywhere from values at the nodes, by local RBF interpolation."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import DiffOp, identity
from pinnsolve.geometry.sight import Sight
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
    *,
    op: DiffOp | None = None,
    sight: Sight | None = None,
) -> Float[ndarray, "R c"]:
    """Return the values of every field at points, or what an operator makes of them.

    The error of values is O(h^(order+2)), of derivatives O(h^order).

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
    op
        What to apply; None for the values themselves.
    sight
        Which nodes are seen from where; None if all are.

    Raises
    ------
    NodesError
        If the nodes are too few, coincide, or do not determine polynomials of the degree needed.
    """
    return np.asarray(_matrix(x, nodes, order, op, watch, sight) @ values)


def interpolate_in_time(
    points: Float[ndarray, "R D"],
    nodes: Float[ndarray, "N d"],
    times: Float[ndarray, " K"],
    values: Float[ndarray, "K N c"],
    order: int,
    watch: Watch = unwatched,
    *,
    op: DiffOp | None = None,
    time_order: int = 0,
    sight: Sight | None = None,
) -> Float[ndarray, "R c"]:
    """Return the values of every field at points of space and time, or derivatives.

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
    op
        What to apply in space; None for nothing.
    time_order
        How often to differentiate in time.
    sight
        Which nodes are seen from where; None if all are.

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
    if time_order:
        weights = _lagrange_slopes(position - first, count, time_order) / step**time_order
    E = _matrix(points[:, :-1], nodes, order, op, watch, sight)
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
    x: Float[ndarray, "R d"],
    nodes: Float[ndarray, "N d"],
    order: int,
    op: DiffOp | None,
    watch: Watch,
    sight: Sight | None,
) -> "csr_array":
    """Return the matrix from nodal values to values, or derivatives, at points."""
    if op is None or op.order == 0:
        # one degree more than the derivatives had, so that between the nodes errors are no larger
        op, order = op or identity(nodes.shape[1]), order + 1
    return operator_matrices(x, nodes, [op], order, watch, sight)[op]


def _lagrange(position: Float[ndarray, " R"], count: int) -> Float[ndarray, "R k"]:
    """Return the weights of interpolation from the integers ``0 … count - 1``."""
    knots = np.arange(count)
    others = knots[:, None] != knots
    gaps = np.where(others, position[:, None, None] - knots, 1.0)
    spans = np.where(others, knots[:, None] - knots, 1.0)
    return np.asarray(np.prod(gaps / spans, axis=2))


def _lagrange_slopes(
    position: Float[ndarray, " R"], count: int, order: int
) -> Float[ndarray, "R k"]:
    """Return the weights of a derivative of that interpolation, by the monomials through it."""
    powers = np.arange(count)
    inverse = np.linalg.inv(np.vander(powers, increasing=True).astype(float))
    falling = np.prod([powers - j for j in range(order)], axis=0)
    monomials = falling * position[:, None] ** np.maximum(powers - order, 0)
    return np.asarray(monomials @ inverse)
