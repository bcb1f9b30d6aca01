"""Equations for ghost values that no boundary condition determines.

A field with fewer conditions at some node than the node has ghosts (the pressure in the Stokes
equations, a transported quantity at the outflow) leaves values at them free. It is then continued
smoothly: the value is that of the RBF interpolant of the nearest nodes where the field is
determined,

    u(ghost) - sum_j w_j u(x_j) = 0,

so that in effect the field's derivatives next to the boundary become one-sided.
"""

import numpy as np

from pinnsolve.diffop import identity
from pinnsolve.rbffd.discretisation import Block, Discretisation
from pinnsolve.rbffd.matching import Matching
from pinnsolve.rbffd.stencils import nearest, polynomial_degree
from pinnsolve.rbffd.weights import stencil_weights


def closing_rows(discretisation: Discretisation, matching: Matching) -> list[Block]:
    """Return rows, with right-hand side zero, that determine all ghost values left free.

    Each block holds the rows of one field: their columns, numbered field * N + node and the
    ghost last, and their entries.

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
    for field, ghosts in enumerate(matching.free):
        if not len(ghosts):
            continue
        # as exact as the derivatives that will be taken of the continued values
        highest = max((op.order for f, op in terms if f == field), default=1)
        degree = polynomial_degree(order, highest)
        known = np.delete(np.arange(len(nodes.x)), ghosts)
        x, there = nodes.x[ghosts], nodes.x[known]
        index, weights = stencil_weights(
            x, there, nearest(x, there, degree), [identity(nodes.dim)], degree
        )
        columns = np.concatenate([known[index], ghosts[:, None]], axis=1) + field * len(nodes.x)
        entries = np.concatenate([-weights[0], np.ones((len(ghosts), 1))], axis=1)
        blocks.append((columns, entries))
    return blocks
