"""Slopes that are given where there are no ghosts: from nodes inside alone.

There a given slope is all that determines the value on the boundary. In the weights of a one-sided
stencil along the boundary that value counts for little by chance, for a twentieth of the sum of
all: then the values on the boundary follow one another more than the inside, and grow, by itself or
beyond all measure where what is carried passes. A stencil of the node itself and of nodes inside,
of degree three at most, has none of it: each value follows from the inside. In time what is wrong
there is carried away, and of the same order as next to an inflow (`pinnsolve.rbffd.inflow`).

Measured for a smooth solution that leaves a square with a diffusivity of 1e-4, 2,000 nodes of order
4: an error of 8e-7, where values on the boundary that follow one another overflow.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import DiffOp
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.periodic import seen, unrolled
from pinnsolve.rbffd.inflow import is_carried, replace_rows
from pinnsolve.rbffd.stencils import Stencils, nearest
from pinnsolve.rbffd.weights import stencil_weights

if TYPE_CHECKING:
    from scipy.sparse import csr_array

HIGHEST = 3  # degree


def from_inside(
    conditions: Sequence[Condition],
    nodes: Nodes,
    order: int,
    row_sets: Sequence[Int[ndarray, " _"]],
    derivatives: "Sequence[Mapping[DiffOp, csr_array]]",
) -> None:
    """Take given slopes from nodes inside, at the boundary nodes whose ghosts are withheld.

    Parameters
    ----------
    conditions, nodes, order
        What holds at nodes, and the order of accuracy.
    row_sets, derivatives
        Sets of nodes, and the matrices of operators there; changed in place.
    """
    is_meant = _has_slope_alone(conditions, nodes)
    if not is_meant.any():
        return
    there, owner = unrolled(nodes)
    inside = owner < nodes.n_interior
    there, owner = there[inside], owner[inside]
    sight, degree = seen(nodes, there, owner), min(order, HIGHEST)
    for rows, matrices in zip(row_sets, derivatives, strict=True):
        chosen = np.flatnonzero(is_meant[rows])
        if not len(chosen) or {op.order for op in matrices} != {1}:
            continue
        x, taken = nodes.x[rows[chosen]], np.arange(len(chosen))
        own_sight = None if nodes.sight is None else nodes.sight.of(rows[chosen])
        found = nearest(x, there, degree, sight, own_sight)
        others = found.index[found.taken][:, :-1]
        # the node itself is the first of all
        points = np.concatenate([x, there])
        index = np.concatenate([taken[:, None], others + len(x)], axis=1)
        around = Stencils(index, x, found.radius[found.taken], taken)
        columns, weights = stencil_weights(x, points, around, tuple(matrices), degree)
        of_points = np.concatenate([rows[chosen], owner])
        replace_rows(matrices, chosen, of_points[columns], weights)


def _has_slope_alone(conditions: Sequence[Condition], nodes: Nodes) -> Bool[ndarray, " N"]:
    """Return the mask of the boundary nodes without ghosts at which a slope alone is given."""
    found = np.zeros(len(nodes.x), dtype=bool)
    if nodes.sight is None or not nodes.has_ghosts or not is_carried(conditions):
        return found
    count = np.zeros(len(nodes.x), dtype=int)
    for condition in conditions:
        on_boundary = condition.across is None and (condition.rows >= nodes.n_interior).all()
        orders = {term.op.order for term in condition.residual.terms if term.time_order == 0}
        if on_boundary and condition.partners is None and not condition.is_sum and 1 in orders:
            found[condition.rows] |= max(orders) == 1
        count[condition.rows] += 1
    withheld = nodes.sight.is_withheld[nodes.ghost][: nodes.n_boundary]
    found[nodes.boundary] &= withheld
    return found & (count == 1)
