"""Residuals without what oscillates within a stencil.

Operators of flows and transport, of first order in some field, answer to a residual that oscillates
from node to node as if it were smooth, where the differential equations hardly do: a network with
exact derivatives, whose residual is rough but tiny, would seem fifty times worse than it is. So
each value is replaced by the mean over as many neighbours as a stencil has: what changes over
more than a stencil stays.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.stencils import polynomial_degree, stencil_size


def smoothed(residual: Float[ndarray, " R"], system: Discretisation) -> Float[ndarray, " R"]:
    """Return the residuals of all conditions, each averaged over its nodes' neighbourhoods.

    Parameters
    ----------
    residual
        Of all conditions, one after the other.
    system
        The discretisation.
    """
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    nodes, parts = system.nodes, []
    highest = max(term.op.order for c in system.conditions for term in c.residual.terms)
    degree = polynomial_degree(system.order, highest)
    stops = np.cumsum([condition.size for condition in system.conditions])
    for condition, part in zip(system.conditions, np.split(residual, stops[:-1]), strict=True):
        is_inside = condition.rows.min(initial=nodes.n_interior) < nodes.n_interior
        dim = nodes.dim if is_inside else nodes.dim - 1
        count = min(stencil_size(dim, degree), len(part)) if dim else 1
        is_at_nodes = condition.points is None and not condition.is_sum
        if condition.across is None and is_at_nodes and count > 1:
            _, near = KDTree(nodes.x[condition.rows]).query(nodes.x[condition.rows], count)
            part = part[near].mean(axis=1)
        parts.append(part)
    return np.concatenate(parts)
