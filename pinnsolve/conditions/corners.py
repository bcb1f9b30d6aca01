"""Points of the boundary where another kind of condition begins, and rows that count less there.

Where values are given on one side of a corner and slopes on the other, as at the end of a beam that
is clamped, solutions behave like a power of the distance ``r`` below that of the equations, and
what smooth features leave of these is not square integrable. Least squares then satisfies the rows
at the corner at the expense of all others: a beam does not bend. So a row within ``d``, some
spacings, of such a point carries the factor

    min(1, r / d),

with which what is left is small far from the point, where the solution is smooth, whatever happens
near to it. A clamped beam of 900 nodes (`benchmarks/everyday.py`) was 110 % wrong by ``dt-pinn``
and 120 % by ``pinn``, and is 0.6 and 0.9 % away from the direct solution, itself right to 0.4 %;
other powers of ``r / d`` do as well there, and less well where the solution is nearly smooth.

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

REACH = 16.0  # in spacings: rows that are nearer count less
WIDEST = 0.5  # of the domain's longest side, at most
BESIDE = 1.6  # spacings between nodes of the boundary that are neighbours

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
    if nodes.dim < 2 or nodes.regions is not None:
        return None
    points = changes(conditions[len(problem.equations) :], nodes)
    if not len(points):
        return None
    inside = nodes.x[nodes.rows]
    longest = float(np.max(inside.max(axis=0) - inside.min(axis=0)))
    d = min(REACH * nodes.spacing, WIDEST * longest)
    r, _ = KDTree(points).query(x)
    return np.minimum(1.0, r / d)


def changes(conditions: Sequence[Condition], nodes: Nodes) -> Float[ndarray, "C d"]:
    """Return points between neighbours on the boundary that conditions of other kinds hold at.

    Values and slopes are of different kinds; slopes with values beside them are slopes.
    """
    own = np.zeros(len(nodes.x), dtype=int)  # a bit for each kind
    bits: dict[Kind, int] = {}
    for condition in conditions:
        if not condition.is_sum and condition.across is None:
            own[condition.rows] |= bits.setdefault(_kind(condition), 1 << len(bits))
    rows = np.arange(nodes.n_interior, nodes.rows.stop)
    rows = rows[own[rows] > 0]
    pairs = KDTree(nodes.x[rows]).query_pairs(BESIDE * nodes.spacing, output_type="ndarray")
    first, second = rows[pairs].T
    differ = own[first] != own[second]
    return (nodes.x[first[differ]] + nodes.x[second[differ]]) / 2


def _kind(condition: Condition) -> Kind:
    """Return the fields of a condition with its highest order, and this order."""
    orders = [(term.field, term.op.order) for term in condition.residual.terms]
    highest = max((order for _, order in orders), default=0)
    return frozenset((field, order) for field, order in orders if order == highest)
