"""Three dimensions on paper: the surface of a grid seen from afar, and plane sections of it.

The view is orthographic. A section of tetrahedra by a plane is made of triangles and
quadrilaterals, whose corners divide edges in the ratio of the corners' distances from the plane
("marching tetrahedra"; A. Doi and A. Koide, 1991, IEICE Transactions E74).
"""

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

VIEW = np.array([0.52, -0.72, 0.46])  # towards the eye: front, right and top are seen
VIEW = VIEW / np.linalg.norm(VIEW)


def project(points: Float[ndarray, "N 3"], view: Float[ndarray, "3"]) -> Float[ndarray, "N 2"]:
    """Return points as seen from afar, the third axis pointing up."""
    right = np.cross([0.0, 0.0, 1.0], view)
    right /= np.linalg.norm(right)
    return points @ np.column_stack([right, np.cross(view, right)])


def is_facing(normals: Float[ndarray, "N 3"], view: Float[ndarray, "3"]) -> Bool[ndarray, "N"]:
    """Tell which outward normals point towards the eye."""
    return normals @ view > 0


def surface(cells: Int[ndarray, "M 4"]) -> Int[ndarray, "F 3"]:
    """Return the outer faces of tetrahedra, their corners counter-clockwise seen from outside.

    Parameters
    ----------
    cells
        Tetrahedra with positive volume.
    """
    faces = cells[:, [[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]]].reshape(-1, 3)
    _, first, counts = np.unique(
        np.sort(faces, axis=1), axis=0, return_index=True, return_counts=True
    )
    return faces[first[counts == 1]]


def slopes(corners: Float[ndarray, "F 3 3"]) -> Float[ndarray, "F 3"]:
    """Return the unit normals of triangles, pointing to where they are counter-clockwise."""
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return normals / np.where(lengths > 0, lengths, 1.0)


def quartered(corners: Float[ndarray, "F 3 k"]) -> Float[ndarray, "G 3 k"]:
    """Return triangles divided at the midpoints of their edges, the four parts in sequence."""
    a, b, c = corners.swapaxes(0, 1)
    ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
    parts = [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
    return np.array(parts).transpose(2, 0, 1, 3).reshape(-1, 3, corners.shape[2])


def section(
    points: Float[ndarray, "N 3"],
    cells: Int[ndarray, "M 4"],
    values: Float[ndarray, "N c"],
    heights: Float[ndarray, "N"],
) -> tuple[Float[ndarray, "P 3"], Int[ndarray, "T 3"], Float[ndarray, "P c"]]:
    """Cut tetrahedra where a function of position, linear in each, is zero.

    Parameters
    ----------
    points, cells
        The tetrahedra.
    values
        Values at the points, interpolated linearly.
    heights
        The function at the points, as the signed distance from a plane.

    Returns
    -------
    tuple
        Points of the section, its triangles, and the values at its points.
    """
    below = heights < 0
    order = np.argsort(heights[cells], axis=1)
    sorted_cells = np.take_along_axis(cells, order, axis=1)
    n_below = below[cells].sum(axis=1)
    edges = {
        1: [[0, 1], [0, 2], [0, 3]],
        2: [[0, 2], [0, 3], [1, 3], [0, 2], [1, 3], [1, 2]],  # a quadrilateral: two triangles
        3: [[3, 0], [3, 1], [3, 2]],
    }
    crossed = [sorted_cells[n_below == n][:, pairs] for n, pairs in edges.items()]
    ends = np.concatenate([pairs.reshape(-1, 2) for pairs in crossed])
    a, b = heights[ends].T
    share = (a / (a - b))[:, None]
    cut = [(1 - share) * z[ends[:, 0]] + share * z[ends[:, 1]] for z in (points, values)]
    return cut[0], np.arange(len(ends)).reshape(-1, 3), cut[1]
