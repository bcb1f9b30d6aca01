"""How the boundary lies around its nodes: the spacing there, and where outside is.

At a corner outside is its middle, the mean of the directions that leave the domain.
"""

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.periodic import rolled
from pinnsolve.geometry.relaxation import golden_sphere

FEELER = 1e-3  # in spacings: how far around a boundary node is looked for a corner
FEELERS = {2: 128, 3: 512}  # directions, by dimension
# ratio of local spacings at the boundary to that of the set from which nodes count as graded; those
# of uniform nodes lie between 0.8 and 1.15
GRADED = 1.3


def local_spacing(nodes: Nodes) -> Float[ndarray, "B"]:
    """Return the spacing at the boundary nodes: that of the set, unless it is graded."""
    k = 2 * nodes.dim - 1  # the node itself and neighbours on two sides, or around
    x = nodes.x[nodes.rows]
    uniform = np.full(nodes.n_boundary, nodes.spacing)
    if len(x) < k:
        return uniform
    near = KDTree(x).query(nodes.x[nodes.boundary], k)[0].reshape(nodes.n_boundary, k)
    local = near[:, 1:].mean(axis=1) if k > 1 else uniform
    small, large = np.quantile(local, (0.05, 0.95)) / nodes.spacing
    return uniform if max(large, 1 / small) < GRADED else local


def outward_directions(
    base: Float[ndarray, "B d"],
    normals: Float[ndarray, "B d"],
    h: Float[ndarray, "B"],
    domain: Domain,
) -> Float[ndarray, "B d"]:
    """Return unit directions out of the domain: the normal, at corners the middle of outside."""
    if domain.dim not in FEELERS:
        return normals
    corner, reach = np.flatnonzero(_turns(base, normals, h, domain)), FEELER * h
    if len(corner) == 0:
        return normals
    fan = directions(domain.dim)
    feelers = base[corner, None, :] + reach[corner, None, None] * fan
    is_out = domain.distance(feelers.reshape(-1, domain.dim)).reshape(len(corner), -1) > 0
    middle = is_out @ fan - ~is_out @ fan
    length = np.linalg.norm(middle, axis=1, keepdims=True)
    outward = normals.copy()
    outward[corner] = np.where(length > 1e-9, middle / np.maximum(length, 1e-9), normals[corner])
    return outward


def corners(nodes: Nodes, domain: Domain) -> Int[ndarray, " K"]:
    """Return the boundary nodes, counted among these, at which the normal jumps.

    Parameters
    ----------
    nodes, domain
        The nodes, and the domain they lie in.
    """
    if nodes.dim not in FEELERS or domain.nodes is not None:
        return np.empty(0, dtype=int)
    base, domain = nodes.x[nodes.boundary], rolled(domain, nodes.joints)
    return np.flatnonzero(_turns(base, nodes.normals, local_spacing(nodes), domain))


def _turns(
    base: Float[ndarray, "B d"],
    normals: Float[ndarray, "B d"],
    h: Float[ndarray, "B"],
    domain: Domain,
) -> Bool[ndarray, "B"]:
    """Return the mask of nodes along whose normal the distance changes as at no smooth boundary."""
    reach = FEELER * h
    out = domain.distance(base + reach[:, None] * normals)
    back = domain.distance(base - reach[:, None] * normals)
    return (np.abs(out - reach) > reach / 10) | (np.abs(back + reach) > reach / 10)


def directions(dim: int) -> Float[ndarray, "F d"]:
    """Return evenly spread unit vectors."""
    n = FEELERS[dim]
    if dim == 2:
        angle = 2 * np.pi * (np.arange(n) + 0.5) / n
        return np.stack([np.cos(angle), np.sin(angle)], -1)
    return golden_sphere(n)
