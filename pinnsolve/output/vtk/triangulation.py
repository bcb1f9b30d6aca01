"""Cells between scattered nodes, so that a picture can be drawn: Delaunay, trimmed to the domain.

Delaunay's triangulation fills the convex hull of the nodes. What lies outside the domain is
removed, by tests that need only the signed distance φ and the normals at boundary nodes:

- a cell whose corners all lie on the boundary stays only if φ < 0 at its centroid: this opens
  holes and notches, however small;
- a cell is removed if the midpoint of an edge, or its centroid, lies outside by more than a part
  of the edge's length: a chord of a concave arc is outside by its sagitta only, which is less;
- a cell is removed if one of its edges leaves the domain along the normal at both its ends: this
  cuts slots that are thinner than the spacing;
- flat cells are peeled off the surface: coplanar nodes of a face of the domain span such slivers,
  which have rounding error for volume.

Source: P.-O. Persson and G. Strang (2004), DOI 10.1137/S0036144503429121, for trimming a Delaunay
triangulation by a signed distance.
"""

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.geometry import Domain
from pinnsolve.geometry.nodes import Nodes

OUTSIDE = 0.2  # of an edge's length: beyond the sagitta of a resolved arc, below that of a notch
FACING = 0.5  # cosine between edge and outward normal, at both ends of an edge that leaves
FLAT = 1e-3  # volume over longest edge to the power of the dimension, times dim!


def triangulation(nodes: Nodes, domain: Domain) -> Int[ndarray, "M v"]:
    """Return the cells that join interior and boundary nodes without leaving the domain.

    Parameters
    ----------
    nodes
        The nodes; ghosts take no part.
    domain
        Where they lie; asked for its signed distance.

    Returns
    -------
    Int[ndarray, "M v"]
        Rows of the nodes: lines in 1-D, triangles in 2-D, tetrahedra in 3-D, oriented
        alike. Above three dimensions there is nothing to draw cells for, and each node is its
        own cell.
    """
    x = nodes.x[nodes.rows]
    if nodes.dim > 3 or len(x) < nodes.dim + 2:
        return np.arange(len(x))[:, None]
    cells = _lines(x) if nodes.dim == 1 else _delaunay(x)
    normals = np.full(x.shape, np.nan)
    normals[nodes.boundary] = nodes.normals
    cells = cells[_inside(cells, x, normals, domain.distance)]
    return _peeled(cells, x, np.isfinite(normals[:, 0]))


def volumes(x: Float[ndarray, "N d"], cells: Int[ndarray, "M v"]) -> Float[ndarray, "M"]:
    """Return the signed length, area or volume of each cell."""
    corners = x[cells]
    edges = corners[:, 1:] - corners[:, :1]
    return np.linalg.det(edges) / factorial(x.shape[1])


def _lines(x: Float[ndarray, "N 1"]) -> Int[ndarray, "M 2"]:
    """Return the lines between neighbours on the axis."""
    order = np.argsort(x[:, 0])
    return np.column_stack([order[:-1], order[1:]])


def _delaunay(x: Float[ndarray, "N d"]) -> Int[ndarray, "M v"]:
    """Return Delaunay's cells, all oriented alike."""
    from scipy.spatial import Delaunay  # slow to import

    cells = Delaunay(x).simplices.astype(np.int64)
    signed = volumes(x, cells)
    cells[signed < 0, :2] = cells[signed < 0, 1::-1]
    return cells


def _inside(
    cells: Int[ndarray, "M v"],
    x: Float[ndarray, "N d"],
    normals: Float[ndarray, "N d"],
    distance: Callable[[ndarray], ndarray],
) -> Bool[ndarray, "M"]:
    """Tell for each cell whether it lies inside the domain; normals are NaN off the boundary."""
    on_boundary = np.isfinite(normals[:, 0])
    keep = np.ones(len(cells), dtype=bool)
    near = np.flatnonzero(on_boundary[cells].any(axis=1))  # others cannot leave the domain
    all_on = on_boundary[cells[near]].all(axis=1)

    corners = x[cells[near]]
    pairs = list(combinations(range(cells.shape[1]), 2))
    edges = np.sort(cells[near][:, pairs], axis=2)  # (cells, pairs, 2)
    unique, which = np.unique(edges.reshape(-1, 2), axis=0, return_inverse=True)
    vectors = x[unique[:, 1]] - x[unique[:, 0]]
    lengths = np.linalg.norm(vectors, axis=1)
    leaves = distance(x[unique].mean(axis=1)) > OUTSIDE * lengths
    with np.errstate(invalid="ignore"):  # comparisons with the NaN of interior nodes are false
        away = np.einsum("ed,ed->e", vectors, normals[unique[:, 0]]) > FACING * lengths
        back = np.einsum("ed,ed->e", -vectors, normals[unique[:, 1]]) > FACING * lengths
    bad = (leaves | (away & back))[which.reshape(edges.shape[:2])].any(axis=1)

    longest = lengths[which.reshape(edges.shape[:2])].max(axis=1)
    depth = -distance(corners.mean(axis=1))
    bad |= (depth < -OUTSIDE * longest) | (all_on & (depth <= 0))
    keep[near[bad]] = False
    return keep


def _peeled(
    cells: Int[ndarray, "M v"], x: Float[ndarray, "N d"], on_boundary: Bool[ndarray, "N"]
) -> Int[ndarray, "K v"]:
    """Return the cells without the flat ones that lie on the surface, layer by layer."""
    dim = x.shape[1]
    corners = x[cells]
    size = np.linalg.norm(corners - corners[:, :1], axis=2).max(axis=1)
    is_flat = volumes(x, cells) * factorial(dim) < FLAT * size**dim
    is_flat &= on_boundary[cells].all(axis=1)
    while is_flat.any():
        facets, owners = _facets(cells)
        known = on_boundary[facets].all(axis=1)  # only these can be facets of a flat cell
        _, first, counts = np.unique(facets[known], axis=0, return_index=True, return_counts=True)
        outer = np.zeros(len(cells), dtype=bool)
        outer[owners[known][first[counts == 1]]] = True
        if not (outer & is_flat).any():
            break
        keep = ~(outer & is_flat)
        cells, is_flat = cells[keep], is_flat[keep]
    return cells


def _facets(cells: Int[ndarray, "M v"]) -> tuple[Int[ndarray, "F k"], Int[ndarray, "F"]]:
    """Return the facets of all cells, corners ascending, and the cell that each belongs to."""
    corners = cells.shape[1]
    without = [[j for j in range(corners) if j != i] for i in range(corners)]
    facets = np.sort(cells[:, without].reshape(-1, corners - 1), axis=1)
    return facets, np.repeat(np.arange(len(cells)), corners)
