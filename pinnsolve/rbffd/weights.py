"""RBF-FD weights of any differential operator on scattered nodes, as sparse matrices or applied.

Every stencil is shifted to the point where the derivative is wanted and scaled to radius one,
which keeps its system well conditioned; a stencil of radius ``h`` divides the weights of a
derivative of order ``k`` by ``h^k``. One factorisation serves all operators at a point. Stencils
are treated in chunks that fit the processor's cache, the chunks spread over its cores. Where values
are wanted at many points once only, no weights are made (`local_values`).
Source: Flyer, Fornberg, Bayona & Barnett (2016), doi:10.1016/j.jcp.2016.05.026.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from threadpoolctl import threadpool_limits

from pinnsolve.diffop import DiffOp
from pinnsolve.errors import NodesError
from pinnsolve.geometry.sight import Sight
from pinnsolve.machine import threads
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.saddlepoint import SaddlePoint, splitting_order
from pinnsolve.rbffd.stencils import Stencils, polynomial_degree, shared

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CHUNK_BYTES = 2**21  # of spline matrices
MOST_SERVED = 16  # points, by one factorisation
MOST_INTERPOLATED = 64  # the same where no weights are made
LARGEST_MISS = 1e-6  # of the derivatives of polynomials: degenerate stencils miss them by O(1)


def operator_matrices(
    x: Float[ndarray, "R d"],
    nodes: Float[ndarray, "N d"],
    ops: Sequence[DiffOp],
    order: int,
    watch: Watch = unwatched,
    sight: Sight | None = None,
) -> "dict[DiffOp, csr_array]":
    """Assemble the sparse matrices that map nodal values to derivatives at points.

    Parameters
    ----------
    x
        Where the derivatives are wanted.
    nodes
        Where values are known.
    ops
        The operators; all share stencils and factorisations, sized for the highest order.
    order
        Order of accuracy p: the error of each operator is O(h^p) or better.
    watch
        Told how far the work has come.
    sight
        Which nodes are seen from where; None if all are.

    Returns
    -------
    dict
        One matrix of shape ``(R, N)`` for each operator; all share one pattern, its columns sorted.

    Raises
    ------
    NodesError
        If the nodes are too few, coincide, or do not determine polynomials of the degree needed.
    """
    from scipy.sparse import csr_array  # 0.1 s that `pinnsolve --help` need not pay

    degree = polynomial_degree(order, max(op.order for op in ops))
    stencils = shared(x, nodes, degree, sight)
    index, weights = stencil_weights(x, nodes, stencils, ops, degree, watch)
    start = np.arange(len(x) + 1, dtype=np.int32) * index.shape[1]
    return {
        op: csr_array((w.ravel(), index.ravel(), start), shape=(len(x), len(nodes)))
        for op, w in zip(ops, weights, strict=True)
    }


def stencil_weights(
    x: Float[ndarray, "R d"],
    nodes: Float[ndarray, "N d"],
    stencils: Stencils,
    ops: Sequence[DiffOp],
    degree: int,
    watch: Watch = unwatched,
    chunk_bytes: int = CHUNK_BYTES,
) -> tuple[Int[ndarray, "R n"], Float[ndarray, "q R n"]]:
    """Compute the weights of operators over given stencils.

    Parameters
    ----------
    x
        Where the derivatives are wanted.
    nodes
        Where values are known.
    stencils
        Which nodes each point takes.
    ops
        The ``q`` operators.
    degree
        Degree of the polynomials on which the weights are exact.
    watch
        Told how far the work has come.
    chunk_bytes
        Size of the spline matrices of a chunk.

    Returns
    -------
    tuple
        The nodes of each stencil in rising order, and the weights in that order.

    Raises
    ------
    NodesError
        If nodes coincide, or do not determine polynomials of the degree.
    """
    rows, size = len(x), stencils.index.shape[1]
    parts, member = _homogeneous_parts(ops)
    orders = np.array([part.order for part in parts])
    systems = SaddlePoint.of(parts, degree)
    split = splitting_order(size, systems.polynomials.shape[1])
    index = np.empty((rows, size), dtype=np.int32)
    weights = np.empty((len(ops), rows, size))

    def work(points: Int[ndarray, "B g"]) -> None:
        own = stencils.taken[points[:, 0]]
        here, centre = stencils.index[own][:, split], stencils.centre[own]
        radius = stencils.radius[own, None]
        s = _scaled(nodes, here, centre, radius)
        unit, miss = systems.solve(s, _scaled(x, points, centre, radius))
        if not (miss < LARGEST_MISS).all():
            raise _degenerate(centre[np.argmin(miss < LARGEST_MISS)], size, degree)
        order = np.argsort(here, axis=1)
        order += size * np.arange(len(here))[:, None]  # into the stencils as one long array
        index[points] = here.take(order)[:, None]
        sorted_unit = unit.reshape(here.size, -1).take(order, axis=0)
        in_parts = sorted_unit.reshape(*here.shape, -1, len(parts))
        in_parts /= (radius**orders)[:, None, None]
        for q, own_parts in enumerate(member.T):
            total = in_parts[..., own_parts].sum(axis=-1)
            weights[q, points] = total.swapaxes(1, 2)

    batches = _batches(stencils.taken, max(1, chunk_bytes // (8 * size * size)))
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads()) as pool:
        for done, _ in enumerate(pool.map(work, batches), start=1):
            watch(Progress("operators", done / len(batches)))
    return index, weights


def local_values(
    x: Float[ndarray, "R d"],
    nodes: Float[ndarray, "N d"],
    values: Float[ndarray, "N c"],
    ops: Sequence[DiffOp],
    order: int,
    sight: Sight | None = None,
) -> Float[ndarray, "q R c"]:
    """Return derivatives, at many points, of what is known by its values at the nodes.

    It is the product of the matrices of `operator_matrices` with the values; but nothing is made
    for each point that has the size of a stencil, and one right-hand side serves all points of a
    stencil.

    Parameters
    ----------
    x
        Where the derivatives are wanted.
    nodes, values
        Where values are known, and what they are.
    ops
        The ``q`` operators.
    order
        Order of accuracy p: the error of each operator is O(h^p) or better.
    sight
        Which nodes are seen from where; None if all are.

    Raises
    ------
    NodesError
        If the nodes are too few, coincide, or do not determine polynomials of the degree needed.
    """
    degree = polynomial_degree(order, max(op.order for op in ops))
    parts, member = _homogeneous_parts(ops)
    orders = np.array([part.order for part in parts])
    systems = SaddlePoint.of(parts, degree)
    stencils = shared(x, nodes, degree, sight)
    size = stencils.index.shape[1]
    split = splitting_order(size, systems.polynomials.shape[1])
    found = np.empty((len(ops), len(x), values.shape[1]))

    def work(points: Int[ndarray, "B g"]) -> None:
        own = stencils.taken[points[:, 0]]
        here, centre = stencils.index[own][:, split], stencils.centre[own]
        radius = stencils.radius[own, None]
        s = _scaled(nodes, here, centre, radius)
        unit, miss = systems.apply(s, _scaled(x, points, centre, radius), values[here])
        if not (miss < LARGEST_MISS).all():
            raise _degenerate(centre[np.argmin(miss < LARGEST_MISS)], size, degree)
        in_parts = unit.reshape(*points.shape, len(parts), -1)
        in_parts /= (radius**orders)[:, None, :, None]
        for q, own_parts in enumerate(member.T):
            found[q, points] = in_parts[:, :, own_parts].sum(axis=2)

    length = max(1, CHUNK_BYTES // (8 * size * size))
    batches = _batches(stencils.taken, length, MOST_INTERPOLATED)
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads()) as pool:
        for _ in pool.map(work, batches):
            pass
    return found


def _batches(
    taken: Int[ndarray, " R"], length: int, most: int = MOST_SERVED
) -> list[Int[ndarray, "B g"]]:
    """Part points into tables with one row for each stencil that they take.

    The rows of a table, at most ``length``, have the same number of points; a stencil that serves
    more than ``most`` has several rows.
    """
    order = np.argsort(taken, kind="stable")
    counts = np.bincount(taken)
    first = np.cumsum(counts) - counts
    rank = np.arange(len(order)) - np.repeat(first, counts)  # among the points of its stencil
    starts = np.flatnonzero(rank % most == 0)
    counts = np.diff(starts, append=len(order))
    tables = []
    for count in np.unique(counts):
        table = order[starts[counts == count][:, None] + np.arange(count)]
        tables += [table[k : k + length] for k in range(0, len(table), length)]
    return tables


def _scaled(
    x: Float[ndarray, "N d"],
    chosen: Int[ndarray, "B n"],
    centre: Float[ndarray, "B d"],
    radius: Float[ndarray, "B 1"],
) -> Float[ndarray, "B d n"]:
    """Return points as they lie in the unit stencils around some centres."""
    s = x.T[:, chosen].swapaxes(0, 1) - centre[:, :, None]
    s /= radius[:, None]
    return s


def _homogeneous_parts(ops: Sequence[DiffOp]) -> tuple[list[DiffOp], Bool[ndarray, "k q"]]:
    """Split operators into parts with derivatives of one order; tell which belong to which."""
    position: dict[DiffOp, int] = {}
    pairs = []
    for q, op in enumerate(ops):
        for order in {sum(alpha) for alpha, _ in op.terms}:
            part = DiffOp(tuple((alpha, c) for alpha, c in op.terms if sum(alpha) == order))
            pairs.append((position.setdefault(part, len(position)), q))
    member = np.zeros((len(position), len(ops)), dtype=bool)
    member[tuple(np.transpose(pairs))] = True
    return list(position), member


def _degenerate(x: Float[ndarray, " d"], size: int, degree: int) -> NodesError:
    """Say that a stencil is of no use."""
    place = ", ".join(f"{coordinate:.4g}" for coordinate in x)
    return NodesError(
        f"the {size} nodes nearest to ({place}) do not determine a polynomial of degree {degree}: "
        "some coincide, or they lie on a line or a lattice. Use quasi-uniform nodes, or lower "
        "solver.order."
    )
