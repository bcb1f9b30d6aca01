"""The faces that bound a domain in space, and nodes spread over them.

Faces meet in edges: curves known beforehand (those of a box), and rims, where a face enters
another part of a combination. Edges get their nodes first. Rims are found by projecting points
of the face onto the zeros of its margin; then each face is filled from a lattice, which is
relaxed on the face while edge nodes stay.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.errors import NodesError
from pinnsolve.geometry.patches import CORNER, EDGE, SMOOTH, Boundary, Curve, Side, Spacing, join
from pinnsolve.geometry.relaxation import CLOSEST, PACKING, UNIFORM, relax, thin

Margin: TypeAlias = Callable[[Float[ndarray, "N d"]], Float[ndarray, "N"]]
Cover: TypeAlias = Callable[[float, np.random.Generator], Float[ndarray, "N d"]]
Rule: TypeAlias = Callable[[int], tuple[Float[ndarray, "Q d"], Float[ndarray, " Q"]]]

NEWTON_STEPS = 12
CONVERGED = 1e-13  # in spacings
ON_FACE = 1e-8  # in spacings: how far from a face or rim a point may be to lie on it
PROBE = 1e-3  # in spacings: how far inside a face a point of its rim is asked for its piece
START = 0.5  # in spacings: how far from the rim the points are that find it, or fill the face
MARGIN = 0.4  # in spacings: how close relaxation may bring a node to the rim
FLAT = 0.05  # slope of the margin below which boundaries touch rather than cross
FINER = 0.4  # spacing of points that are to be thinned, in spacings
AROUND = 16  # directions in which a node on a rim is asked for its faces
PROBES = 4096  # points that tell whether the spacing varies over a face
MOST_POINTS = 5_000_000  # on one face


@dataclass(frozen=True)
class Face:
    """A smooth surface, of which the domain's boundary has the part with positive margins.

    Attributes
    ----------
    side
        Piece and outward normal.
    cover
        Points spread over the whole surface at a spacing.
    project
        The closest point of the whole surface.
    area
        Of the whole surface.
    extent
        How deep a point of the surface lies inside the surface's own edges; None if it has none.
    margins
        How deep a point lies inside the other parts of a combination.
    depths
        The same, but plus or minus infinity where the surface is also that of another part.
    rule
        About so many points of the whole surface, and their weights in an integral; if known.
    """

    side: Side
    cover: Cover
    project: Callable[[Float[ndarray, "N d"]], Float[ndarray, "N d"]]
    area: float
    extent: Margin | None = None
    margins: tuple[Margin, ...] = ()
    depths: tuple[Margin, ...] = ()
    rule: Rule | None = None

    def flipped(self) -> "Face":
        """Return the face as seen from the other side of the boundary."""
        return replace(self, side=self.side.flipped())

    def margin(self, x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        """Return the continuous function whose zeros on the surface are the part's rim."""
        return self._least(x, self.margins)

    def depth(self, x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        """Return the depth of points of the surface inside the boundary's part of it."""
        return self._least(x, self.depths)

    def _least(self, x: Float[ndarray, "N d"], bounds: tuple[Margin, ...]) -> Float[ndarray, "N"]:
        all_bounds = bounds if self.extent is None else (self.extent, *bounds)
        return np.min([np.full(len(x), np.inf), *(bound(x) for bound in all_bounds)], axis=0)

    def inward(self, x: Float[ndarray, "N d"], step: Float[ndarray, "N"]) -> Float[ndarray, "N d"]:
        """Return the gradient of the margin along the surface, by differences over a step."""
        axes = step[:, None, None] * np.eye(x.shape[1])
        ahead, behind = (x[:, None] + axes).reshape(-1, 3), (x[:, None] - axes).reshape(-1, 3)
        rise = (self.margin(ahead) - self.margin(behind)).reshape(x.shape)
        gradient = rise / (2 * step[:, None])
        normal = self.side.normal(x)
        return gradient - (gradient * normal).sum(axis=1, keepdims=True) * normal

    def to_rim(self, x: Float[ndarray, "N d"], h: Float[ndarray, "N"]) -> Float[ndarray, "N d"]:
        """Return the points moved onto the zeros of the margin, where that converges."""
        for _ in range(NEWTON_STEPS):
            margin = self.margin(x)
            if (np.abs(margin) < CONVERGED * h).all():
                break
            slope = self.inward(x, PROBE * h)
            squared = np.maximum((slope**2).sum(axis=1), 0.01)
            step = -(margin / squared)[:, None] * slope
            length = np.linalg.norm(step, axis=1)
            x = self.project(x + step * np.minimum(1, h / np.maximum(length, 1e-300))[:, None])
        return x

    def spread(
        self, spacing: Spacing, rng: np.random.Generator, fine: float = 1.0
    ) -> Float[ndarray, "N d"]:
        """Return points over the whole surface at ``fine`` times the wanted spacing.

        Raises
        ------
        NodesError
            If they are more than fit in memory.
        """
        h = spacing(self.cover(np.sqrt(self.area / PROBES), rng))
        smallest = float(h[h > 0].min(initial=np.inf))
        is_graded = h.max() > UNIFORM * smallest
        finest = fine * smallest * (FINER if is_graded else 1.0)
        if self.area > MOST_POINTS * finest**2:
            raise NodesError(
                f'a spacing of {smallest:.3g} on the boundary piece "{self.side.piece}" asks for '
                "more nodes than fit in memory. Raise nodes.spacing or lower nodes.count."
            )
        x = self.cover(finest, rng)
        if not is_graded:
            return x
        radius = fine * PACKING[2] * spacing(x)
        return x[thin(x, radius, np.zeros(len(x), dtype=int), rng)]


def surface_nodes(
    faces: Sequence[Face],
    edges: Sequence[Curve],
    spacing: Spacing,
    pieces: Sequence[str],
    rng: np.random.Generator,
) -> Boundary:
    """Return nodes on faces, their edges and rims; where faces meet, one for each face.

    Parameters
    ----------
    faces, edges
        Patches of the boundary.
    spacing
        Wanted distance between neighbours.
    pieces
        Names of the pieces, which the tags count.
    rng
        Of the lattices.

    Raises
    ------
    NodesError
        If the spacing asks for more nodes than fit in memory.
    """
    x, rank = _edge_nodes(edges, spacing, rng)
    for face in faces:
        if face.margins:
            rim = _rim_nodes(face, x, spacing, rng)
            x = np.concatenate([x, rim])
            rank = np.concatenate([rank, np.full(len(rim), EDGE)])
    parts = [_shared_nodes(face, x, rank, pieces, spacing) for face in faces if len(x)]
    parts += [_inner_nodes(face, x, pieces, spacing, rng) for face in faces]
    return join(parts)


def _edge_nodes(
    edges: Sequence[Curve], spacing: Spacing, rng: np.random.Generator
) -> tuple[Float[ndarray, "E 3"], Int[ndarray, "E"]]:
    """Return the nodes on edges, each once, and their ranks."""
    points, ranks = [np.empty((0, 3))], [np.empty(0, dtype=int)]
    for edge in edges:
        line = edge.point(edge.parameters(spacing))
        rank = np.full(len(line), EDGE)
        if not edge.is_closed:
            rank[[0, -1]] = CORNER
        points.append(line)
        ranks.append(rank)
    x, rank = np.concatenate(points), np.concatenate(ranks)
    keep = thin(x, CLOSEST * spacing(x), rank, rng)
    return x[keep], rank[keep]


def _rim_nodes(
    face: Face,
    x: Float[ndarray, "E 3"],
    spacing: Spacing,
    rng: np.random.Generator,
) -> Float[ndarray, "R 3"]:
    """Return nodes where a face enters another part, apart from the nodes there are."""
    start = face.spread(spacing, rng, FINER)
    start = start[np.abs(face.margin(start)) < START * spacing(start)]
    start = face.to_rim(start, spacing(start))
    start = start[_is_on_rim(face, start, spacing)]

    def apart(rim: Float[ndarray, "R 3"], from_: Float[ndarray, "E 3"]) -> Float[ndarray, "S 3"]:
        both = np.concatenate([from_, rim])
        order = np.repeat([CORNER, EDGE], [len(from_), len(rim)])
        return rim[thin(both, PACKING[1] * spacing(both), order, rng)[len(from_) :]]

    rim = relax(
        apart(start, x),
        x,
        spacing,
        lambda y, _: np.ones(len(y), dtype=bool),
        dim=1,
        project=lambda y: face.to_rim(y, spacing(y)),
    )
    rim = rim[_is_on_rim(face, rim, spacing)]
    # what strayed at a corner of the rim leaves a gap: fill it
    return np.concatenate([rim, apart(start, np.concatenate([x, rim]))])


def _is_on_rim(face: Face, x: Float[ndarray, "N 3"], spacing: Spacing) -> Bool[ndarray, "N"]:
    """Return whether points are zeros of the margin, and not inside an area of zeros."""
    h = spacing(x)
    slope = np.linalg.norm(face.inward(x, PROBE * h), axis=1)
    return (np.abs(face.margin(x)) < ON_FACE * h) & (slope > FLAT)


def _shared_nodes(
    face: Face,
    x: Float[ndarray, "E 3"],
    rank: Int[ndarray, "E"],
    pieces: Sequence[str],
    spacing: Spacing,
) -> Boundary:
    """Return those of the nodes where faces meet that belong to one face."""
    h = spacing(x)
    on_face = np.linalg.norm(face.project(x) - x, axis=1) < ON_FACE * h
    x, rank, h = x[on_face], rank[on_face], h[on_face]
    normal = face.side.normal(x)
    # a node belongs to the face if some place near it on the surface is inside the face
    first = np.cross(normal, np.eye(3)[np.abs(normal).argmin(axis=1)])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(normal, first)
    angle = 2 * np.pi * (np.arange(AROUND) + 0.5) / AROUND
    ring = np.cos(angle)[:, None] * first[:, None] + np.sin(angle)[:, None] * second[:, None]
    near = face.project((x[:, None] + PROBE * h[:, None, None] * ring).reshape(-1, 3))
    depth = face.depth(near).reshape(len(x), AROUND)
    deepest = depth.argmax(axis=1)
    rows = np.arange(len(x))
    belongs = depth[rows, deepest] > 0.05 * PROBE * h
    probe = near.reshape(len(x), AROUND, 3)[rows, deepest]
    tags = np.full(len(x), pieces.index(face.side.piece))
    return Boundary(x, normal, tags, probe, rank)[belongs]


def _inner_nodes(
    face: Face,
    shared: Float[ndarray, "E 3"],
    pieces: Sequence[str],
    spacing: Spacing,
    rng: np.random.Generator,
) -> Boundary:
    """Return the nodes inside one face."""
    x = face.spread(spacing, rng)
    x = x[face.depth(x) > START * spacing(x)]
    both = np.concatenate([shared, x])
    rank = np.repeat([CORNER, SMOOTH], [len(shared), len(x)])
    # a face may end where its margin does not see it, at an edge shared with a coplanar face
    x = x[thin(both, START * spacing(both), rank, rng)[len(shared) :]]
    x = relax(
        x, shared, spacing, lambda y, h: face.depth(y) > MARGIN * h, dim=2, project=face.project
    )
    tags = np.full(len(x), pieces.index(face.side.piece))
    return Boundary(x, face.side.normal(x), tags, x, np.full(len(x), SMOOTH))
