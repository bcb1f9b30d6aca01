"""RBF-FD weights of any differential operator on scattered nodes, as sparse matrices.

Every stencil is shifted to the point where the derivative is wanted and scaled to radius one,
which keeps its system well conditioned; a stencil of radius ``h`` divides the weights of a
derivative of order ``k`` by ``h^k``. One factorisation serves all operators at a point. Stencils
are treated in chunks that fit the processor's cache, the chunks spread over its cores.
Source: Flyer, Fornberg, Bayona & Barnett (2016), doi:10.1016/j.jcp.2016.05.026.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from threadpoolctl import threadpool_limits

from pinnsolve.diffop import DiffOp
from pinnsolve.errors import NodesError
from pinnsolve.machine import threads
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.saddlepoint import SaddlePoint, splitting_order
from pinnsolve.rbffd.stencils import Stencils, nearest, polynomial_degree

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CHUNK_BYTES = 2**22  # of spline matrices
LARGEST_MISS = 1e-6  # of the derivatives of polynomials: degenerate stencils miss them by O(1)


def operator_matrices(
    x: Float[ndarray, "R d"],
    nodes: Float[ndarray, "N d"],
    ops: Sequence[DiffOp],
    order: int,
    watch: Watch = unwatched,
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
    index, weights = stencil_weights(x, nodes, nearest(x, nodes, degree), ops, degree, watch)
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

    Returns
    -------
    tuple
        The nodes of each stencil in rising order, and the weights in that order.

    Raises
    ------
    NodesError
        If nodes coincide, or do not determine polynomials of the degree.
    """
    rows, size = stencils.index.shape
    parts, member = _homogeneous_parts(ops)
    orders = np.array([part.order for part in parts])
    systems = SaddlePoint.of(parts, degree)
    split = splitting_order(size, len(systems.polynomials))
    index = np.empty((rows, size), dtype=np.int32)
    weights = np.empty((len(ops), rows, size))
    length = max(1, CHUNK_BYTES // (8 * size * size))

    def work(start: int) -> None:
        chunk = slice(start, start + length)
        here, radius = stencils.index[chunk][:, split], stencils.radius[chunk, None]
        s = nodes.T[:, here].swapaxes(0, 1) - x[chunk, :, None]
        s /= radius[:, None]
        unit, miss = systems.solve(s)
        if not (miss < LARGEST_MISS).all():
            raise _degenerate(x[chunk][np.argmin(miss < LARGEST_MISS)], size, degree)
        unit /= (radius**orders)[:, None]
        order = np.argsort(here, axis=1)
        order += size * np.arange(len(here))[:, None]  # into the chunk as one long array
        index[chunk] = here.take(order)
        flat = np.tensordot(member, unit, (0, 2)).reshape(len(ops), -1)
        weights[:, chunk] = flat.take(order, axis=1)

    starts = range(0, rows, length)
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads()) as pool:
        for done, _ in enumerate(pool.map(work, starts), start=1):
            watch(Progress("operators", done / len(starts)))
    return index, weights


def _homogeneous_parts(ops: Sequence[DiffOp]) -> tuple[list[DiffOp], Float[ndarray, "k q"]]:
    """Split operators into parts with derivatives of one order; tell which belong to which."""
    position: dict[DiffOp, int] = {}
    pairs = []
    for q, op in enumerate(ops):
        for order in {sum(alpha) for alpha, _ in op.terms}:
            part = DiffOp(tuple((alpha, c) for alpha, c in op.terms if sum(alpha) == order))
            pairs.append((position.setdefault(part, len(position)), q))
    member = np.zeros((len(position), len(ops)))
    member[tuple(np.transpose(pairs))] = 1.0
    return list(position), member


def _degenerate(x: Float[ndarray, " d"], size: int, degree: int) -> NodesError:
    """Say that a stencil is of no use."""
    place = ", ".join(f"{coordinate:.4g}" for coordinate in x)
    return NodesError(
        f"the {size} nodes nearest to ({place}) do not determine a polynomial of degree {degree}: "
        "some coincide, or they lie on a line or a lattice. Use quasi-uniform nodes, or lower "
        "solver.order."
    )
