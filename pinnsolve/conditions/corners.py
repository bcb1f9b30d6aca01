"""Points of the boundary where another kind of condition begins, and rows that count less there.

Where values are given on one side of a corner and slopes on the other, as at the end of a beam that
is clamped, solutions behave like a power of the distance ``r`` below that of the equations, and
what smooth features leave of these is not square integrable. Least squares then satisfies the rows
at the corner at the expense of all others: a beam does not bend. So a row within ``d``, some
spacings of the nodes there, of such a point carries the factor

    min(1, r / d),

with which what is left is small far from the point, where the solution is smooth, whatever happens
near to it. A clamped beam of 900 nodes (`benchmarks/everyday.py`) was 110 % wrong by ``dt-pinn``
and 120 % by ``pinn``; over three seeds it is 0.4 to 0.8 % and 0.8 to 1.5 % away from the direct
solution, itself right to 0.4 %. Other powers of ``r / d`` do as well there, and less well where the
solution is nearly smooth. Where nodes are closer at the point, ``d`` is as much smaller.

Source: Cox & Fix (1984), On the accuracy of least squares methods in the presence of corner
singularities, Computers & Mathematics with Applications 10, 463-475.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.conditions.condition import Condition
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem

REACH = 16.0  # in distances of the nodes there: rows that are nearer count less
WIDEST = 0.5  # of the domain's longest side, at most
BESIDE = 1.6  # distances of the nodes: those on the boundary that are nearer are neighbours
MOST = {2: 6, 3: 16}  # neighbours, by dimension

Kind: TypeAlias = frozenset[tuple[int, int]]  # fields, and the highest order of their derivatives


def ease(
    problem: Problem,
    conditions: Sequence[Condition],
    nodes: Nodes,
    x: Float[ndarray, "N d"],
) -> Float[ndarray, " N"] | None:
    """Return the factor of what holds at points; None if there is nothing to ease.

    Parameters
    ----------
    problem, conditions, nodes
        What is to hold at nodes, the equations first.
    x
        The points, in space.
    """
    if nodes.dim not in MOST or nodes.regions is not None:
        return None
    points, spacing = changes(conditions[len(problem.equations) :], nodes)
    if not len(points):
        return None
    longest = float(np.max(np.ptp(nodes.x[nodes.rows], axis=0)))
    r, nearest = KDTree(points).query(x)
    return np.minimum(1.0, r / np.minimum(REACH * spacing[nearest], WIDEST * longest))


def changes(
    conditions: Sequence[Condition], nodes: Nodes
) -> tuple[Float[ndarray, "C d"], Float[ndarray, " C"]]:
    """Return the points between neighbours that conditions of other kinds hold at, and spacings.

    Values and slopes are of different kinds; slopes with values beside them are slopes.
    """
    own = np.zeros(len(nodes.x), dtype=int)  # a bit for each kind
    bits: dict[Kind, int] = {}
    for condition in conditions:
        if not condition.is_sum and condition.across is None:
            own[condition.rows] |= bits.setdefault(_kind(condition), 1 << len(bits))
    rows = np.arange(nodes.n_interior, nodes.rows.stop)
    rows = rows[own[rows] > 0]
    if not len(rows):
        return np.empty((0, nodes.dim)), np.empty(0)
    inside = nodes.x[nodes.rows]
    spacing = KDTree(inside).query(nodes.x[rows], 2)[0][:, 1:]
    k = min(MOST[nodes.dim] + 1, len(rows))
    apart, near = KDTree(nodes.x[rows]).query(nodes.x[rows], k)
    differ = (own[rows[near]] != own[rows][:, None]) & (apart < BESIDE * spacing)
    middles = (nodes.x[rows[near]] + nodes.x[rows][:, None]) / 2
    return middles[differ], np.broadcast_to(spacing, apart.shape)[differ]


def _kind(condition: Condition) -> Kind:
    """Return the fields of a condition with its highest order, and this order."""
    orders = [(term.field, term.op.order) for term in condition.residual.terms]
    highest = max((order for _, order in orders), default=0)
    return frozenset((field, order) for field, order in orders if order == highest)
