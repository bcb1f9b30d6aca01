"""Which nodes a derivative is taken from: the nearest ones, as many as its accuracy needs.

For accuracy ``O(h^p)`` of an operator of order ``theta`` the weights reproduce polynomials of
degree ``l = p + theta - 1``, and a stencil has ``2 C(l+d, d) + 1`` nodes: about twice as many as
there are polynomials, which keeps the weights small where the stencil is one-sided.
Source: Flyer, Fornberg, Bayona & Barnett (2016), doi:10.1016/j.jcp.2016.05.026.
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.errors import NodesError
from pinnsolve.machine import threads

COINCIDENT = 1e-9  # distance of two nodes, relative to a stencil's radius, that counts as none


@dataclass(frozen=True)
class Stencils:
    """The nearest nodes of each of ``R`` points.

    Attributes
    ----------
    index
        Which nodes, nearest first.
    radius
        Distance to the farthest of them.
    """

    index: Int[ndarray, "R n"]
    radius: Float[ndarray, " R"]

    def where(self, chosen: Bool[ndarray, " R"]) -> "Stencils":
        """Return the stencils of some of the points."""
        return Stencils(self.index[chosen], self.radius[chosen])


def polynomial_degree(order: int, operator_order: int) -> int:
    """Return the degree of the polynomials that weights have to reproduce.

    An operator of order zero, interpolation, is treated as of order one: its error is then
    ``O(h^(order+1))``, and the splines have the polynomials they need.
    """
    return order + max(operator_order, 1) - 1


def stencil_size(dim: int, degree: int) -> int:
    """Return the number of nodes of a stencil.

    >>> stencil_size(2, 5)
    43
    """
    return 2 * comb(degree + dim, dim) + 1


def nearest(x: Float[ndarray, "R d"], nodes: Float[ndarray, "N d"], degree: int) -> Stencils:
    """Find the stencil of each point.

    Parameters
    ----------
    x
        Where a derivative is wanted.
    nodes
        Where values are known.
    degree
        Degree of the polynomials that the weights reproduce.

    Raises
    ------
    NodesError
        If there are fewer nodes than a stencil needs, or two of them coincide.
    """
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    size = stencil_size(nodes.shape[1], degree)
    if len(nodes) < size:
        raise NodesError(
            f"derivatives exact to degree {degree} in {nodes.shape[1]}-D need stencils of {size} "
            f"nodes, but there are {len(nodes)}. Raise nodes.count (or lower nodes.spacing), or "
            "lower solver.order."
        )
    distance, index = KDTree(nodes).query(x, size, workers=threads())
    radius = distance[:, -1]
    twins = distance[:, 1] <= COINCIDENT * radius
    if twins.any():
        place = ", ".join(f"{coordinate:.4g}" for coordinate in x[np.argmax(twins)])
        raise NodesError(
            f"two nodes coincide at ({place}), or nearly so: {np.sum(twins)} such places among "
            f"{len(x)}. Remove one of each pair from the node set."
        )
    return Stencils(index, radius)
