"""Derivatives of a lower degree next to in- and outflows, where one-sided ones of a high grow.

Where values are given and ghosts are withheld, for convection rules, one-sided stencils of degree
five and more have modes that grow at a tenth of ``|v|/h`` and more, whatever damps them; where
slopes are given, those of degree four already. With polynomials of degree three within two and a
half spacings, the given slope included, they do not, and little is lost: what is wrong there is
carried away, by a boundary that is as thin as the spacing, and what is spread counts for little.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import DiffOp
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.periodic import seen, unrolled
from pinnsolve.rbffd.stencils import nearest
from pinnsolve.rbffd.weights import stencil_weights

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_OF_VALUES, MOST_OF_SLOPES = 4, 2  # order up to which nothing has to be done beside them
DEGREE = 3
HIGHEST = 2  # order of the derivatives of what is carried and spread
REACH = 2.5  # in spacings


def near_inflow(conditions: Sequence[Condition], nodes: Nodes, order: int) -> Bool[ndarray, " N"]:
    """Return the mask of the nodes next to where what is carried comes in, or leaves.

    These are those next to boundary nodes without ghosts at which a value or a slope is given, of
    equations that carry something and are of order two at most.

    Parameters
    ----------
    conditions
        What holds at nodes.
    nodes
        The nodes.
    order
        Order of accuracy.
    """
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    near = np.zeros(len(nodes.x), dtype=bool)
    if nodes.sight is None or not is_carried(conditions):
        return near
    is_given = np.zeros(nodes.n_boundary, dtype=bool)
    for condition in conditions:
        is_slope = any(term.op.order for term in condition.residual.terms)
        most = MOST_OF_SLOPES if is_slope else MOST_OF_VALUES
        is_alone = condition.across is None and (condition.rows >= nodes.n_interior).all()
        if is_alone and order > most:
            is_given[condition.rows[condition.rows < nodes.rows.stop] - nodes.n_interior] = True
    is_given &= nodes.sight.is_withheld[nodes.ghost][: nodes.n_boundary]
    if is_given.any():
        tree = KDTree(nodes.x[nodes.boundary][is_given])
        near[nodes.rows] = tree.query(nodes.x[nodes.rows])[0] < REACH * nodes.spacing
    return near


def is_carried(conditions: Sequence[Condition]) -> bool:
    """Tell whether the first of conditions carries something, and none has more than spreads it."""
    highest = max(term.op.order for c in conditions for term in c.residual.terms)
    return highest <= HIGHEST and any(t.op.order == 1 for t in conditions[0].residual.terms)


def lower_at_inflow(
    conditions: Sequence[Condition],
    nodes: Nodes,
    order: int,
    row_sets: Sequence[Int[ndarray, " _"]],
    derivatives: "Sequence[Mapping[DiffOp, csr_array]]",
) -> None:
    """Lower the degree of the derivatives at the nodes next to in- and outflows.

    Parameters
    ----------
    conditions, nodes, order
        As of `near_inflow`.
    row_sets, derivatives
        Sets of nodes, and the matrices of operators there; changed in place.
    """
    near = near_inflow(conditions, nodes, order)
    for rows, matrices in zip(row_sets, derivatives, strict=True):
        lower(matrices, rows, near, nodes)


def lower(
    matrices: "Mapping[DiffOp, csr_array]",
    rows: Int[ndarray, " R"],
    near: Bool[ndarray, " N"],
    nodes: Nodes,
) -> None:
    """Replace some rows of matrices by weights of a lower degree, over as many nodes or fewer.

    Parameters
    ----------
    matrices
        Of operators at ``rows``, in one pattern; changed in place.
    rows
        The nodes.
    near
        Those of all nodes that are meant.
    nodes
        The nodes.
    """
    chosen = np.flatnonzero(near[rows])
    if not len(chosen) or not matrices:
        return
    there, owner = unrolled(nodes)
    sight = seen(nodes, there, owner)
    own_sight = None if nodes.sight is None else nodes.sight.of(rows[chosen])
    x, ops = nodes.x[rows[chosen]], tuple(matrices)
    few = nearest(x, there, DEGREE, sight, own_sight)
    columns, weights = stencil_weights(x, there, few, ops, DEGREE)
    replace_rows(matrices, chosen, owner[columns], weights)


def replace_rows(
    matrices: "Mapping[DiffOp, csr_array]",
    chosen: Int[ndarray, " C"],
    columns: Int[ndarray, "C m"],
    weights: Float[ndarray, "q C m"],
) -> None:
    """Replace some rows of matrices by weights over as many nodes or fewer.

    Parameters
    ----------
    matrices
        Of operators, in one pattern with as many entries in all rows; changed in place.
    chosen
        Which rows.
    columns, weights
        The nodes that they take, and their weights for each of the operators.
    """
    order = np.argsort(columns, axis=1)
    columns = np.take_along_axis(columns, order, axis=1)
    for matrix, own in zip(matrices.values(), weights, strict=True):
        width = matrix.nnz // matrix.shape[0]
        index, entries = matrix.indices.reshape(-1, width), matrix.data.reshape(-1, width)
        index[chosen], entries[chosen] = _padded(
            columns, np.take_along_axis(own, order, axis=1), index[chosen]
        )


def _padded(
    columns: Int[ndarray, "R m"], entries: ndarray, wider: Int[ndarray, "R n"]
) -> tuple[Int[ndarray, "R n"], ndarray]:
    """Return columns and entries with as many more, of zeros, as a wider pattern has."""
    both = np.concatenate([columns, wider], axis=1)
    values = np.concatenate([entries, np.zeros(wider.shape)], axis=1)
    order = np.argsort(both, axis=1, kind="stable")  # the first of two that are equal has the entry
    both, values = (np.take_along_axis(part, order, axis=1) for part in (both, values))
    again = np.concatenate([np.zeros((len(both), 1), bool), both[:, 1:] == both[:, :-1]], axis=1)
    # those with entries stay, then as many others as there is room for
    rank = np.where(again, 2, np.where(_is_among(both, columns), 0, 1))
    keep = np.sort(np.argsort(rank, axis=1, kind="stable")[:, : wider.shape[1]], axis=1)
    return np.take_along_axis(both, keep, axis=1), np.take_along_axis(values, keep, axis=1)


def _is_among(both: Int[ndarray, "R k"], columns: Int[ndarray, "R m"]) -> Bool[ndarray, "R k"]:
    """Return the mask of the columns of each row that are among some."""
    return np.asarray((both[:, :, None] == columns[:, None, :]).any(axis=2))
