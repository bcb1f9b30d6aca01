"""Closed curves and surfaces from files, as vertices and the segments or triangles between them.

Whatever the format, what is read is the same: vertices, each once, and cells of d vertices in d
dimensions, turned so that the inside is left of a segment and behind a triangle, each of a named
group. A curve or surface that has an end, whose cells are turned against one another, or that
crosses itself, bounds nothing and is refused with the place.

Source of the test: M. Botsch et al. (2010), Polygon Mesh Processing, section 1.3 (manifold,
closed, oriented where each edge is met once in either direction).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.errors import FileError, PackageError, place
from pinnsolve.outside import content, must_be_ordinary
from pinnsolve.problem.mesh_files import SURFACE, Mesh, facets_of, read_mesh
from pinnsolve.problem.svg_files import nested, read_rings

PLANE = (".geojson", ".json", ".wkt", ".svg")
SPACE = (".stl", ".obj", ".ply", ".vtk", ".vtu", ".msh", ".mesh")
MOST_BYTES = 500_000_000
MOST_CELLS = 2_000_000
SAME = 1e-7  # of the size: vertices closer to one another are one; files hold single precision


@dataclass(frozen=True, eq=False)
class Boundary:
    """What bounds a domain.

    Attributes
    ----------
    vertices
        Corners of the cells.
    cells
        Their indices: segments in the plane, triangles in space; the inside is left or behind.
    groups
        For each cell the number of its name.
    names
        Of the groups.
    """

    vertices: Float[ndarray, "V d"]
    cells: Int[ndarray, "C d"]
    groups: Int[ndarray, " C"]
    names: tuple[str, ...]

    @property
    def box(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Corners of the box around it."""
        x = self.vertices
        return tuple(x.min(axis=0).tolist()), tuple(x.max(axis=0).tolist())


def read_boundary(path: Path, group: str | None = None) -> Boundary:
    """Return the closed curve or surface of a file.

    Parameters
    ----------
    path
        The file.
    group
        Of a mesh, the group of cells that it bounds; None for all of them.

    Raises
    ------
    FileError
        If the file cannot be read, is of no known kind, or holds what bounds nothing.
    PackageError
        If a package that its kind needs is not installed.
    """
    size = must_be_ordinary(path, MOST_BYTES)
    return _read(path, group, path.stat().st_mtime_ns, size)


@lru_cache(maxsize=32)
def _read(path: Path, group: str | None, modified: int, size: int) -> Boundary:
    suffix = path.suffix.lower()
    if suffix in PLANE:
        return _rings(path)
    if suffix not in SPACE:
        known = ", ".join((*PLANE, *SPACE))
        raise FileError(f'{path}: surfaces are read from {known}, not from "{path.suffix}".')
    if suffix == ".obj":
        vertices, triangles, groups, names = _obj(path)
    else:
        mesh = _meshed(path, modified, size)
        vertices, (triangles, groups, names) = mesh.points, facets_of(mesh, group)
        if triangles.shape[1] == 2:
            return _closed_curves(path, vertices[:, :2], triangles, groups, names)
    if not len(triangles):
        raise FileError(f"{path}: there are no triangles in the file.")
    if len(triangles) > MOST_CELLS:
        raise FileError(
            f"{path}: {len(triangles):,} triangles are more than {MOST_CELLS:,}. "
            "Reduce them by the program that made the file."
        )
    if not np.isfinite(vertices).all():
        raise FileError(f"{path}: a vertex is not a number.")
    return _closed(path, vertices, triangles, groups, names)


def groups_of(path: Path) -> tuple[str, ...]:
    """Return the names of the groups of cells of a mesh that fills what it bounds.

    Raises
    ------
    FileError
        If the file cannot be read.
    """
    if path.suffix.lower() not in SPACE or path.suffix.lower() == ".obj":
        return ()
    size = must_be_ordinary(path, MOST_BYTES)
    return _meshed(path, path.stat().st_mtime_ns, size).groups


@lru_cache(maxsize=4)
def _meshed(path: Path, modified: int, size: int) -> Mesh:  # noqa: ARG001  # of the cache's key
    return read_mesh(path)


def _obj(path: Path) -> tuple[ndarray, ndarray, ndarray, tuple[str, ...]]:
    """Return vertices, triangles, groups and names of a Wavefront file; polygons become fans."""
    vertices: list[list[float]] = []
    triangles: list[tuple[int, int, int]] = []
    groups: list[str] = []
    group = SURFACE
    text = content(path, MOST_BYTES).decode("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        try:
            if words[:1] == ["v"]:
                vertices.append([float(word) for word in words[1:4]])
            elif words[:1] in (["g"], ["o"]):
                group = " ".join(words[1:]) or SURFACE
            elif words[:1] == ["f"]:
                corners = [int(word.split("/")[0]) for word in words[1:]]
                corners = [c - 1 if c > 0 else len(vertices) + c for c in corners]
                if not all(0 <= c < len(vertices) for c in corners):
                    raise ValueError("a face names a vertex that is not there")
                fan = [(corners[0], *pair) for pair in pairwise(corners[1:])]
                triangles += fan
                groups += [group] * len(fan)
        except ValueError as error:
            raise FileError(f"{path}:{number}: {error}.") from None
    names = tuple(dict.fromkeys(groups))
    index = {name: i for i, name in enumerate(names)}
    x = np.array(vertices, dtype=float).reshape(-1, 3)
    cells = np.array(triangles, dtype=int).reshape(-1, 3)
    return x, cells, np.array([index[name] for name in groups], dtype=int), names


def _closed_curves(
    path: Path, vertices: ndarray, segments: ndarray, groups: ndarray, names: tuple[str, ...]
) -> Boundary:
    """Return segments as closed curves, the inside on their left."""
    if not np.isfinite(vertices).all():
        raise FileError(f"{path}: a vertex is not a number.")
    used, numbered = np.unique(segments, return_inverse=True)
    segments, vertices = numbered.reshape(-1, 2), vertices[used]
    starts, ends = (np.bincount(column, minlength=len(used)) for column in segments.T)
    bad = np.flatnonzero((starts != 1) | (ends != 1))
    if len(bad):
        raise FileError(
            f"{path}: the outline of the cells touches itself, or cells are not joined at their "
            f"corners, at {place(vertices[bad[0]], 6)} ({len(bad):,} such points). Mend the mesh."
        )
    return Boundary(vertices, segments, groups, names)


def _closed(
    path: Path, vertices: ndarray, triangles: ndarray, groups: ndarray, names: tuple[str, ...]
) -> Boundary:
    """Return triangles as a closed surface, its vertices each once, the inside behind."""
    size = float(np.linalg.norm(np.ptp(vertices, axis=0)))
    if size == 0:
        raise FileError(f"{path}: all vertices are the same point.")
    _, first, of = np.unique(
        np.rint(vertices / (SAME * size)), axis=0, return_index=True, return_inverse=True
    )
    vertices, triangles = vertices[first], of.ravel()[triangles]
    is_triangle = (triangles != np.roll(triangles, 1, axis=1)).all(axis=1)
    triangles, groups = triangles[is_triangle], groups[is_triangle]
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    low, high = edges.min(axis=1), edges.max(axis=1)
    key = low * len(vertices) + high
    _, where, number, count = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    forward = np.bincount(number, weights=edges[:, 0] == low)
    for bad, said in (
        (count == 1, "has a hole: an edge has a triangle on one side alone"),
        (count > 2, "is not one surface: more than two triangles meet at an edge"),
        (forward != 1, "has triangles turned against their neighbours, at an edge"),
    ):
        if bad.any():
            x, y = vertices[edges[where[np.flatnonzero(bad)[0]]]]
            raise FileError(
                f"{path}: the surface {said}, from {place(x, 6)} to {place(y, 6)} "
                f"({int(bad.sum()):,} such edges). Repair it by the program that made it."
            )
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    volume = np.einsum("ni,ni->", a, np.cross(b, c)) / 6
    if volume < 0:  # turned inside out as a whole
        triangles = triangles[:, ::-1]
    used, numbered = np.unique(triangles, return_inverse=True)
    return Boundary(vertices[used], numbered.reshape(-1, 3), groups, names)


def _rings(path: Path) -> Boundary:
    """Return the outlines of polygons: ``surface``, around holes ``hole1`` and so on.

    Paths of a drawing that have ids are called by these.
    """
    try:
        import shapely
        from shapely.geometry.polygon import orient
    except ModuleNotFoundError:
        raise PackageError(
            f"{path}: outlines are read by the package shapely. "
            'Install it: pip install "pinnsolve[geometry]".'
        ) from None
    is_drawn = path.suffix.lower() == ".svg"
    drawn = read_rings(path) if is_drawn else []
    parts = nested(drawn, shapely) if is_drawn else _stated(path, shapely)
    if not parts:
        raise FileError(f"{path}: there is no polygon in the file.")
    whole = shapely.MultiPolygon(parts)
    if not whole.is_valid:
        raise FileError(f"{path}: the outline is none: {shapely.is_valid_reason(whole)}.")
    rings = [(SURFACE, orient(part).exterior) for part in parts]
    holes = [hole for part in parts for hole in orient(part).interiors]
    rings += [(f"hole{i + 1}", hole) for i, hole in enumerate(holes)]
    own = {frozenset(map(tuple, x.tolist())): name for name, x in drawn if name}
    rings = [(own.get(frozenset(ring.coords), name), ring) for name, ring in rings]
    names = tuple(dict.fromkeys(name for name, _ in rings))
    vertices, cells, groups, start = [], [], [], 0
    for name, ring in rings:
        x = np.asarray(ring.coords, dtype=float)[:-1, :2]
        x = x[(x != np.roll(x, 1, axis=0)).any(axis=1)]
        index = start + np.arange(len(x))
        vertices.append(x)
        cells.append(np.column_stack([index, np.roll(index, -1)]))
        groups.append(np.full(len(x), names.index(name)))
        start += len(x)
    return Boundary(np.concatenate(vertices), np.concatenate(cells), np.concatenate(groups), names)


def _stated(path: Path, shapely: Any) -> list[Any]:
    """Return the polygons of a file of geometries."""
    text = content(path, MOST_BYTES).decode("utf-8", "replace")
    try:
        shape = (shapely.from_wkt if path.suffix.lower() == ".wkt" else shapely.from_geojson)(text)
    except shapely.errors.ShapelyError as error:
        raise FileError(f"{path}: {' '.join(str(error).split())}") from None
    return list(_polygons(shape))


def _polygons(shape: Any) -> Sequence[Any]:
    """Return the polygons of what was read."""
    if shape.geom_type == "Polygon":
        return [shape]
    return [polygon for part in getattr(shape, "geoms", ()) for polygon in _polygons(part)]
