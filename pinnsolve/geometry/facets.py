"""Domains inside closed curves of segments and closed surfaces of triangles.

The domain is what the file says, corners and all. Where neighbouring cells meet at an angle of
less than `SMOOTH` degrees they are taken for pieces of one smooth surface: no edge is placed there,
and normals vary linearly between those of the vertices, the means of the cells' weighted by their
angles (Thürmer and Wüthrich, 1998, doi:10.1080/10867651.1998.10487487), which lie closer to the
surface that was cut into cells than the cells' own do. A flat part much larger than the cells
beside it is flat by intent: it keeps its normal up to its rim. Everything else is an edge, on
which nodes are placed first.

Distances come from a tree of boxes around the cells, their sign from the pseudonormal of the
closest one (Bærentzen and Aanæs, 2005, doi:10.1109/TVCG.2005.49): both are libigl's.
"""

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pinnsolve.errors import PackageError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.patches import Curve, Normal, Side
from pinnsolve.geometry.relaxation import PACKING, thin
from pinnsolve.geometry.surfaces import Face
from pinnsolve.problem.surface_files import Boundary

SMOOTH = 30.0  # degrees: cells that meet at less are pieces of one smooth surface
FLAT = 0.1  # degrees: cells that meet at less are one flat part
LARGE = 4.0  # times the size of its neighbours makes a flat part flat by intent
DENSE = 6  # points drawn for each that is kept
STRAIGHT = 8  # segments of the polyline on each cell of a curve, at least
MOST_IN_RULE = 20_000  # triangles


def faceted(boundary: Boundary) -> Domain:
    """Return the domain inside a closed curve or surface.

    Raises
    ------
    PackageError
        If libigl is not installed.
    """
    igl = _libigl()
    v, cells = boundary.vertices, boundary.cells
    kind = igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL

    def distance(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        if not len(x):
            return np.zeros(0)
        return igl.signed_distance(np.ascontiguousarray(x), v, cells, kind)[0].ravel()

    lower, upper = map(np.array, boundary.box)
    if v.shape[1] == 2:
        return Domain(lower, upper, distance, curves=tuple(_curves(boundary)))
    mesh = _Mesh(boundary)
    faces = [_face(mesh, patch) for patch in range(mesh.patches.max() + 1)]
    return Domain(lower, upper, distance, curves=tuple(_edges(mesh)), faces=tuple(faces))


def _libigl() -> ModuleType:
    try:
        import igl
    except ModuleNotFoundError:
        raise PackageError(
            "distances to surfaces from files are measured by the package libigl. "
            'Install it: pip install "pinnsolve[geometry]".'
        ) from None
    return igl


def _curves(boundary: Boundary) -> list[Curve]:
    """Return the stretches between corners of closed curves in the plane, each of one group."""
    v, cells = boundary.vertices, boundary.cells
    before = np.empty(len(v), dtype=int)  # by vertex, the cell that ends there
    before[cells[:, 1]] = np.arange(len(cells))
    step = v[cells[:, 1]] - v[cells[:, 0]]
    length = np.linalg.norm(step, axis=1)
    tangent = step / length[:, None]
    last = before[cells[:, 0]]  # by cell, the one before it
    turn = np.degrees(np.arccos(np.clip((tangent * tangent[last]).sum(axis=1), -1, 1)))
    begins = (turn >= SMOOTH) | (boundary.groups != boundary.groups[last])
    normal = np.column_stack([tangent[:, 1], -tangent[:, 0]])
    found = []
    after = np.empty(len(cells), dtype=int)
    after[last] = np.arange(len(cells))
    for chain, is_closed in _chains(after, begins):
        name = boundary.names[boundary.groups[chain[0]]]
        x = v[[*cells[chain, 0], cells[chain[-1], 1]]]
        side = Side(name, _normal_along(x, normal[chain], is_closed=is_closed))
        found.append(_polyline(x, (side,), is_closed=is_closed))
    return found


def _chains(after: Int[ndarray, " C"], begins: Bool[ndarray, " C"]) -> list[tuple[list[int], bool]]:
    """Return the chains of cells from one that begins up to the next, and whether they close."""
    seen = np.zeros(len(after), dtype=bool)
    found = []
    for start in [*np.flatnonzero(begins).tolist(), *range(len(after))]:
        if seen[start]:
            continue
        chain, at = [start], int(after[start])
        while at != start and not begins[at]:
            chain.append(at)
            at = int(after[at])
        seen[chain] = True
        found.append((chain, at == start and not begins[start]))
    return found


def _polyline(x: Float[ndarray, "T d"], sides: tuple[Side, ...] = (), *, is_closed: bool) -> Curve:
    """Return a curve through points by arc length."""
    length = np.linalg.norm(np.diff(x, axis=0), axis=1)
    s = np.concatenate([[0.0], np.cumsum(length)])

    def point(t: Float[ndarray, "N"]) -> Float[ndarray, "N d"]:
        t = np.mod(t, s[-1]) if is_closed else t
        return np.column_stack([np.interp(t, s, axis) for axis in x.T])

    fine = min(max(2048, STRAIGHT * len(length)), 1 << 17)
    return Curve(point, sides, 0.0, float(s[-1]), is_closed, fine)


def _normal_along(
    x: Float[ndarray, "T 2"], own: Float[ndarray, "C 2"], *, is_closed: bool
) -> Normal:
    """Return the normal along a polyline from those of its cells, linear between its vertices."""
    igl, length = _libigl(), np.linalg.norm(np.diff(x, axis=0), axis=1)
    before, theirs = np.roll(length, 1), np.roll(own, 1, axis=0)
    mean = before[:, None] * own + length[:, None] * theirs  # of the circle through three vertices
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    begin = np.where((length > LARGE * before)[:, None], own, mean)
    begin = np.where((before > LARGE * length)[:, None], theirs, begin)
    if not is_closed:
        begin[0] = own[0]
    end = np.roll(begin, -1, axis=0)
    if not is_closed:
        end[-1] = own[-1]
    cells = np.column_stack([np.arange(len(own)), np.arange(1, len(own) + 1)])

    def normal(y: Float[ndarray, "N d"]) -> Float[ndarray, "N d"]:
        if not len(y):
            return np.zeros((0, 2))
        _, cell, near = igl.point_mesh_squared_distance(np.ascontiguousarray(y), x, cells)
        share = (np.linalg.norm(near - x[cell], axis=1) / length[cell])[:, None]
        n = (1 - share) * begin[cell] + share * end[cell]
        return n / np.linalg.norm(n, axis=1, keepdims=True)

    return normal


@dataclass(frozen=True, eq=False)
class _Mesh:
    """A closed surface of triangles, parted into smooth patches."""

    boundary: Boundary

    @cached_property
    def normals(self) -> Float[ndarray, "C 3"]:
        """Of the triangles, of unit length."""
        return self._doubled / np.linalg.norm(self._doubled, axis=1, keepdims=True)

    @cached_property
    def areas(self) -> Float[ndarray, " C"]:
        """Of the triangles."""
        return np.linalg.norm(self._doubled, axis=1) / 2

    @cached_property
    def _doubled(self) -> Float[ndarray, "C 3"]:
        a, b, c = (self.boundary.vertices[self.boundary.cells[:, i]] for i in range(3))
        return np.cross(b - a, c - a)

    @cached_property
    def pairs(self) -> tuple[Int[ndarray, "E 2"], Int[ndarray, "E 2"], Float[ndarray, " E"]]:
        """The edges: their vertices, the triangles on both sides, the angles they meet at."""
        cells = self.boundary.cells
        edges = np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]])
        order = np.lexsort((edges.max(axis=1), edges.min(axis=1)))  # each edge twice in a row
        sides = (order % len(cells)).reshape(-1, 2)
        first, second = self.normals[sides[:, 0]], self.normals[sides[:, 1]]
        sine = np.linalg.norm(np.cross(first, second), axis=1)
        return edges[order[::2]], sides, np.degrees(np.arctan2(sine, (first * second).sum(axis=1)))

    @cached_property
    def is_edge(self) -> Bool[ndarray, " E"]:
        """Which edges are edges of the domain: sharp ones, and those between groups."""
        _, sides, angle = self.pairs
        groups = self.boundary.groups[sides]
        return (angle >= SMOOTH) | (groups[:, 0] != groups[:, 1])

    @cached_property
    def patches(self) -> Int[ndarray, " C"]:
        """By triangle, the number of the patch, which ends at edges."""
        return self._connected(~self.is_edge)

    def _connected(self, crosses: Bool[ndarray, " E"]) -> Int[ndarray, " C"]:
        sides = self.pairs[1][crosses]
        n = len(self.boundary.cells)
        graph = coo_array((np.ones(len(sides)), (sides[:, 0], sides[:, 1])), shape=(n, n))
        return connected_components(graph, directed=False)[1].astype(int)

    @cached_property
    def flat(self) -> Bool[ndarray, " C"]:
        """Which triangles lie in flat parts much larger than what is beside them."""
        _, sides, angle = self.pairs
        part = self._connected(~self.is_edge & (angle < FLAT))
        area = np.bincount(part, self.areas)
        across = ~self.is_edge & (part[sides[:, 0]] != part[sides[:, 1]])
        one, other = part[sides[across]].T
        both = np.concatenate([one, other]), np.concatenate([other, one])
        around = np.bincount(both[0], area[both[1]], minlength=len(area))
        count = np.bincount(both[0], minlength=len(area))
        is_large = area * np.maximum(count, 1) > LARGE**2 * around
        return is_large[part]

    @cached_property
    def corners(self) -> Float[ndarray, "C 3 3"]:
        """By triangle and corner, the normal there: the mean over what is smooth around it."""
        cells, v = self.boundary.cells, self.boundary.vertices
        x = v[cells]
        ahead, behind = np.roll(x, -1, axis=1) - x, np.roll(x, 1, axis=1) - x
        sine = np.linalg.norm(np.cross(ahead, behind), axis=2)
        angle = np.arctan2(sine, (ahead * behind).sum(axis=2))
        found = np.repeat(self.normals[:, None], 3, axis=1)
        # a corner is one of its vertex in a patch
        _, number = np.unique(
            cells * (self.patches.max() + 1) + self.patches[:, None], return_inverse=True
        )
        number = number.reshape(cells.shape)
        weight = np.where(self.flat[:, None], 1e6, 1.0) * angle  # flat parts decide at their rims
        mean = np.stack(
            [
                np.bincount(number.ravel(), (weight * self.normals[:, None, i]).ravel())
                for i in range(3)
            ],
            axis=1,
        )
        found = np.where(self.flat[:, None, None], found, mean[number])
        return found / np.linalg.norm(found, axis=2, keepdims=True)


def _face(mesh: _Mesh, patch: int) -> Face:
    """Return one smooth patch."""
    igl = _libigl()
    v = mesh.boundary.vertices
    own = np.flatnonzero(mesh.patches == patch)
    cells, corners, areas = mesh.boundary.cells[own], mesh.corners[own], mesh.areas[own]
    edges, sides, _ = mesh.pairs
    rim = edges[mesh.is_edge & (mesh.patches[sides] == patch).any(axis=1)]
    tree = igl.AABB()
    tree.init(v, cells)
    total = float(areas.sum())

    def nearest(x: Float[ndarray, "N 3"]) -> tuple[Int[ndarray, " N"], Float[ndarray, "N 3"]]:
        if not len(x):
            return np.zeros(0, dtype=int), np.zeros((0, 3))
        _, cell, near = tree.squared_distance(v, cells, np.ascontiguousarray(x))
        return cell.ravel().astype(int), near

    def normal(x: Float[ndarray, "N 3"]) -> Float[ndarray, "N 3"]:
        cell, near = nearest(x)
        n = np.einsum("nc,nci->ni", _barycentric(v[cells[cell]], near), corners[cell])
        return n / np.linalg.norm(n, axis=1, keepdims=True)

    def extent(x: Float[ndarray, "N 3"]) -> Float[ndarray, "N"]:
        if not len(x):
            return np.zeros(0)
        return np.sqrt(igl.point_mesh_squared_distance(np.ascontiguousarray(x), v, rim)[0]).ravel()

    def cover(h: float, rng: np.random.Generator) -> Float[ndarray, "N 3"]:
        count = max(int(total / (np.sqrt(0.75) * h**2)), 1)
        cell = rng.choice(len(own), DENSE * count, p=areas / total)
        a, b = rng.random((2, len(cell)))
        share = np.sqrt(a)
        weights = np.column_stack([1 - share, share * (1 - b), share * b])
        x = np.einsum("nc,nci->ni", weights, v[cells[cell]])
        kept = thin(x, np.full(len(x), PACKING[2] * h), np.zeros(len(x), dtype=int), rng)
        return x[kept]

    def rule(_: int) -> tuple[Float[ndarray, "Q 3"], Float[ndarray, " Q"]]:
        # the middles of the sides: exact for polynomials of degree two on each triangle
        x = v[cells]
        middles = (x + np.roll(x, 1, axis=1)) / 2
        return middles.reshape(-1, 3), np.repeat(areas / 3, 3)

    name = mesh.boundary.names[mesh.boundary.groups[own[0]]]
    return Face(
        Side(name, normal),
        cover,
        lambda x: nearest(x)[1],
        total,
        extent if len(rim) else None,
        rule=rule if len(own) <= MOST_IN_RULE else None,
    )


def _barycentric(x: Float[ndarray, "N 3 3"], p: Float[ndarray, "N 3"]) -> Float[ndarray, "N 3"]:
    """Return the barycentric coordinates of points in triangles, by the areas opposite."""
    ahead, behind = np.roll(x, -1, axis=1) - p[:, None], np.roll(x, -2, axis=1) - p[:, None]
    areas = np.linalg.norm(np.cross(ahead, behind), axis=2)
    return areas / areas.sum(axis=1, keepdims=True)


def _edges(mesh: _Mesh) -> list[Curve]:
    """Return the edges of the domain, cut at corners."""
    edges = mesh.pairs[0][mesh.is_edge]
    if not len(edges):
        return []
    v = mesh.boundary.vertices
    ends = np.concatenate([edges, edges[:, ::-1]])  # in both directions
    order = np.argsort(ends[:, 0], kind="stable")
    met = np.bincount(edges.ravel(), minlength=len(v))
    first = np.searchsorted(ends[order, 0], np.arange(len(v)))
    found, seen = [], np.zeros(len(edges), dtype=bool)

    def leaving(vertex: int) -> list[tuple[int, int]]:
        here = order[first[vertex] : first[vertex] + met[vertex]]
        return [(int(i % len(edges)), int(ends[i, 1])) for i in here]

    is_corner = met != 2
    between = np.flatnonzero(met == 2)
    one, other = (v[ends[order[first[between] + i], 1]] - v[between] for i in (0, 1))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    is_corner[between] = -(one * other).sum(axis=1) < np.cos(np.radians(SMOOTH)) * lengths
    starts = [*np.flatnonzero(is_corner & (met > 0)), *np.flatnonzero(met == 2)]
    for start in starts:
        for edge, end in leaving(int(start)):
            if seen[edge]:
                continue
            seen[edge], path = True, [int(start), end]
            while path[-1] != start and not is_corner[path[-1]]:
                edge, end = next((e, w) for e, w in leaving(path[-1]) if not seen[e])
                seen[edge] = True
                path.append(end)
            is_closed = path[-1] == start and not is_corner[start]
            found.append(_polyline(v[path], is_closed=bool(is_closed)))
    return found
