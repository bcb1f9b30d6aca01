"""Equations for ghost values that no boundary condition determines.

A boundary node and its ghost carry ``2 c`` unknowns; the differential equations give ``c`` rows
there, the boundary conditions the others. A field without a condition at some node (the pressure
in the Stokes equations, a transported quantity at the outflow) leaves its ghost value free. It is
then continued smoothly: the value at the ghost is that of the RBF interpolant of the nearest real
nodes,

    u(ghost) - sum_j w_j u(x_j) = 0,

so that in effect the field's derivatives next to the boundary become one-sided. Which fields are
without a condition is a matching problem: each condition claims one of the fields in it,
preferably the one of which it contains the highest derivative.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from pinnsolve.conditions import Condition
from pinnsolve.diffop import identity
from pinnsolve.rbffd.discretisation import Block, Discretisation
from pinnsolve.rbffd.stencils import nearest, polynomial_degree
from pinnsolve.rbffd.weights import stencil_weights


def closing_rows(discretisation: Discretisation) -> list[Block]:
    """Return rows, with right-hand side zero, that determine all ghost values left free.

    Each block holds the rows of one field: their columns, numbered field * N + node, and entries.

    Raises
    ------
    NodesError
        If the nodes are too few, or do not determine the polynomials needed.
    """
    nodes, order = discretisation.nodes, discretisation.order
    if not nodes.has_ghosts:
        return []
    terms = {term for condition in discretisation.conditions for term in condition.residual.terms}
    blocks = []
    for field, boundary in enumerate(_free(discretisation)):
        if not len(boundary):
            continue
        ghosts = boundary + nodes.n_boundary
        # as exact as the derivatives that will be taken of the continued values
        highest = max((op.order for f, op in terms if f == field), default=1)
        degree = polynomial_degree(order, highest)
        x, real = nodes.x[ghosts], nodes.x[nodes.rows]
        index, weights = stencil_weights(
            x, real, nearest(x, real, degree), [identity(nodes.dim)], degree
        )
        columns = np.concatenate([index, ghosts[:, None]], axis=1) + field * len(nodes.x)
        entries = np.concatenate([-weights[0], np.ones((len(ghosts), 1))], axis=1)
        blocks.append((columns, entries))
    return blocks


def _free(discretisation: Discretisation) -> list[Int[ndarray, " _"]]:
    """Return for each field the boundary nodes where no condition determines its ghost value."""
    nodes, n_fields = discretisation.nodes, discretisation.n_fields
    conditions = [c for c in discretisation.conditions if (c.rows >= nodes.n_interior).all()]
    holds = np.zeros((nodes.n_boundary, len(conditions)), dtype=bool)
    for k, condition in enumerate(conditions):
        holds[condition.rows - nodes.n_interior, k] = True
    free: list[list[Int[ndarray, " _"]]] = [[] for _ in range(n_fields)]
    patterns, group = np.unique(holds, axis=0, return_inverse=True)
    for g, pattern in enumerate(patterns):
        boundary = nodes.n_interior + np.flatnonzero(group == g)
        here = [conditions[k] for k in np.flatnonzero(pattern)]
        for field in _unclaimed(here, n_fields):
            free[field].append(boundary)
    return [np.concatenate([*places, np.empty(0, dtype=int)]) for places in free]


def _unclaimed(conditions: Sequence[Condition], n_fields: int) -> list[int]:
    """Return the fields left over when each condition claims one."""
    from scipy.optimize import linear_sum_assignment

    claim = np.zeros((len(conditions), n_fields), dtype=int)
    for k, condition in enumerate(conditions):
        for field, op in condition.residual.terms:
            claim[k, field] = max(claim[k, field], 100 + op.order)  # first match, then by order
    claims, fields = linear_sum_assignment(claim, maximize=True)
    claimed = {int(f) for k, f in zip(claims, fields, strict=True) if claim[k, f]}
    left = [field for field in range(n_fields) if field not in claimed]
    missing = max(n_fields - len(conditions), 0)
    return left[len(left) - missing :]
