"""What cells of a mesh bound: the facets that belong to one of them alone.

A mesh that fills a body, or a part of the plane, says where its boundary is, and where one material
ends and the next begins: at the facets of the cells of a group that no other cell of the group has
(M. Botsch et al., 2010, Polygon Mesh Processing, section 1.3). Facets that the file lists give
their group's name to these. Cells of triangles alone that do not lie in a plane are a surface.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.errors import FileError

SURFACE = "surface"
TAGS = ("gmsh:physical", "medit:ref", "cell_tags", "tag", "region", "group")  # numbers of groups
FLAT = 1e-9  # of the size: points so near to a plane z = const. are in it
FACETS: Mapping[str, tuple[tuple[int, ...], ...]] = {  # by kind of cell, their corners
    "triangle": ((0, 1), (1, 2), (2, 0)),
    "quad": ((0, 1), (1, 2), (2, 3), (3, 0)),
    "tetra": ((1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1)),
    "hexahedron": (
        (0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)
    ),
    "wedge": ((0, 2, 1), (3, 4, 5), (0, 1, 4, 3), (1, 2, 5, 4), (2, 0, 3, 5)),
    "pyramid": ((0, 3, 2, 1), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)),
}  # fmt: skip
CORNERS = {"line": 2, "triangle": 3, "quad": 4, "tetra": 4, "hexahedron": 8, "wedge": 6}
CORNERS |= {"pyramid": 5}
KINDS = {1: ("line",), 2: ("triangle", "quad"), 3: ("tetra", "hexahedron", "wedge", "pyramid")}


@dataclass(frozen=True, eq=False)
class Mesh:
    """Cells of a file, by kind.

    Attributes
    ----------
    points
        Of three coordinates, or of two.
    blocks
        Kind, corners (a row for each cell) and group of the cells.
    names
        Of the groups, by their dimension and number.
    """

    points: Float[ndarray, "V d"]
    blocks: tuple[tuple[str, ndarray, ndarray], ...]  # of different shapes
    names: Mapping[tuple[int, int], str]

    @property
    def dim(self) -> int:
        """Of what the cells fill; a surface in space is what bounds three dimensions."""
        kinds = {kind for kind, _, _ in self.blocks}
        is_flat = self.points.shape[1] == 2 or not kinds & set(KINDS[3])
        if self.points.shape[1] == 3 and is_flat:
            z = self.points[:, 2]
            is_flat = float(np.ptp(z)) <= FLAT * float(np.ptp(self.points, axis=0).max())
        return 2 if is_flat else 3

    @property
    def fills(self) -> bool:
        """Whether there are cells that have the dimension of what they fill."""
        return any(kind in KINDS[self.dim] for kind, _, _ in self.blocks)

    def name(self, dim: int, tag: int) -> str:
        """Return the name of a group, or its number; empty for what is in no group."""
        return self.names.get((dim, tag), str(tag) if tag else "")

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups of cells that fill."""
        if not self.fills:
            return ()
        tags = [np.unique(own) for kind, _, own in self.blocks if kind in KINDS[self.dim]]
        found = (self.name(self.dim, int(tag)) for tag in np.unique(np.concatenate(tags)))
        return tuple(name for name in found if name)


def read_mesh(path: Path) -> Mesh:
    """Return the cells of what meshio reads; of curved ones the corners.

    Raises
    ------
    FileError
        If the file cannot be read.
    """
    import contextlib
    import io

    import meshio

    try:
        # it tells on the screen what it makes of a file, and overflows where it guesses the kind
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(over="ignore"):
            mesh = meshio.read(path)
    except (Exception, SystemExit) as error:  # meshio raises whatever a reader runs into
        text = " ".join(str(error).split()) or type(error).__name__
        raise FileError(f"{path}: the file cannot be read: {text[:200]}") from None
    points = np.asarray(mesh.points, dtype=float)
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        raise FileError(f"{path}: the vertices have not three coordinates.")
    told = next((mesh.cell_data[key] for key in TAGS if key in mesh.cell_data), None)
    blocks = []
    for i, block in enumerate(mesh.cells):
        kind = block.type.rstrip("0123456789")  # tetra10 has the corners of tetra first
        if kind in CORNERS:
            tags = np.zeros(len(block.data)) if told is None else np.asarray(told[i]).ravel()
            cells = np.asarray(block.data)[:, : CORNERS[kind]].astype(int)
            blocks.append((kind, cells, tags.astype(int)))
    names = {(int(dim), int(tag)): name for name, (tag, dim) in _fields(mesh).items()}
    return Mesh(points, tuple(blocks), names)


def _fields(mesh: Any) -> Mapping[str, Any]:
    """Return the named groups of a file: number and dimension, by name."""
    return {name: own for name, own in mesh.field_data.items() if np.size(own) == 2}


def facets_of(
    mesh: Mesh, group: str | None = None
) -> tuple[Int[ndarray, "F d"], Int[ndarray, " F"], tuple[str, ...]]:
    """Return the facets that bound the cells of a group.

    Parameters
    ----------
    mesh
        The mesh.
    group
        The name of the group; None for all cells.

    Returns
    -------
    tuple
        Segments in the plane, with the inside on their left, or triangles in space, with the
        inside behind; the group of each, and the names of these.
    """
    dim = mesh.dim
    if not mesh.fills:
        return _named(mesh, *_surface(mesh))
    known: dict[tuple[int, ...], int] = {}
    for kind, cells, tags in mesh.blocks:
        if kind in KINDS[dim - 1]:
            keys = map(tuple, np.sort(cells, axis=1).tolist())
            known.update(zip(keys, tags.tolist(), strict=True))
    corners, middles = [], []
    for kind, cells, tags in mesh.blocks:
        if kind not in KINDS[dim]:
            continue
        kept = cells[_is_of(mesh, tags, group)]
        for facet in FACETS[kind]:
            corners.append(kept[:, facet])
            middles.append(mesh.points[kept].mean(axis=1))
    found, groups = [], []
    for count in {own.shape[1] for own in corners}:
        own = np.concatenate([c for c in corners if c.shape[1] == count])
        inside = np.concatenate(
            [m for c, m in zip(corners, middles, strict=True) if c.shape[1] == count]
        )
        key = np.sort(own, axis=1)
        _, first, times = np.unique(key, axis=0, return_index=True, return_counts=True)
        outer = np.sort(first[times == 1])
        numbers = [known.get(tuple(row), 0) for row in key[outer].tolist()]
        parts = ([0, 1, 2], [0, 2, 3]) if count == 4 else (list(range(count)),)
        for which in parts:
            found.append(_turned(mesh.points, own[outer][:, which], inside[outer], dim))
            groups.append(np.array(numbers, dtype=int))
    return _named(mesh, np.concatenate(found), np.concatenate(groups))


def _is_of(mesh: Mesh, tags: Int[ndarray, " C"], group: str | None) -> Bool[ndarray, " C"]:
    """Tell for each cell whether it is of a group."""
    if group is None:
        return np.ones(len(tags), dtype=bool)
    wanted = [tag for tag in np.unique(tags) if mesh.name(mesh.dim, int(tag)) == group]
    return np.isin(tags, wanted)


def _surface(mesh: Mesh) -> tuple[Int[ndarray, "F 3"], Int[ndarray, " F"]]:
    """Return the triangles of a surface in space, as they are turned; quadrilaterals halved."""
    cells, groups = [np.empty((0, 3), dtype=int)], [np.empty(0, dtype=int)]
    for kind, own, tags in mesh.blocks:
        if kind in KINDS[2]:
            for which in ([0, 1, 2],) if kind == "triangle" else ([0, 1, 2], [0, 2, 3]):
                cells.append(own[:, which])
                groups.append(tags)
    return np.concatenate(cells), np.concatenate(groups)


def _named(
    mesh: Mesh, facets: Int[ndarray, "F d"], tags: Int[ndarray, " F"]
) -> tuple[Int[ndarray, "F d"], Int[ndarray, " F"], tuple[str, ...]]:
    """Return facets with their groups counted from zero, and the names of these."""
    known, numbered = np.unique(tags, return_inverse=True)
    names = [mesh.names.get((mesh.dim - 1, int(tag)), SURFACE) for tag in known]
    unique = tuple(dict.fromkeys(names))
    places = np.array([unique.index(name) for name in names], dtype=int)
    return facets, places[numbered.ravel()], unique


def _turned(
    x: Float[ndarray, "V k"],
    facets: Int[ndarray, "F d"],
    inside: Float[ndarray, "F k"],
    dim: int,
) -> Int[ndarray, "F d"]:
    """Return facets turned so that a point inside is left of a segment or behind a triangle."""
    a, b = x[facets[:, 0]], x[facets[:, 1]]
    if dim == 2:
        ahead, aside = (b - a)[:, :2], (inside - a)[:, :2]
        is_wrong = ahead[:, 0] * aside[:, 1] - ahead[:, 1] * aside[:, 0] < 0
    else:
        normal = np.cross(b - a, x[facets[:, 2]] - a)
        is_wrong = (normal * (inside - a)).sum(axis=1) > 0
    found = facets.copy()
    found[is_wrong] = found[is_wrong][:, ::-1]
    return found
