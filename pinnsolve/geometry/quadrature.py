"""Integrals over pieces of the boundary, by points with weights and normals.

A curve is cut where its piece changes and divided into panels, with the points of Gauss and
Legendre on each; there the length of the tangent is that of the polynomial through the panel's
points, so the error falls with the seventh power of the panels' length, and faster. A face of
which the domain's boundary has all takes the rule of its shape, as exact; one that others cut into
takes points spread evenly over it, of equal weights, whose error is some thousandths. Source:
P. J. Davis and P. Rabinowitz (1984), Methods of Numerical Integration, sections 2.7 and 5.4.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.geometry.alongside import gauss_along
from pinnsolve.geometry.cuts import Pieces
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.patches import Curve
from pinnsolve.geometry.surfaces import Face

PANELS = (16, 400)  # on a curve: fewest and most
LENGTH = 2.0  # of a panel, in spacings
ON_FACE = (256, 2500)  # points on a whole face: fewest and most
ON_CUT_FACE = (4000, 8000)
DENSITY = 2.0  # points on a face for each node
SAMPLES, BISECTIONS = 4096, 60  # along a curve, to find where its piece changes

MOST_COMPARED = 4000  # points of which all distances are looked at


@dataclass(frozen=True)
class Quadrature:
    """Points on a piece of the boundary.

    Attributes
    ----------
    x
        The points.
    normals
        Outward unit normals of the domain there.
    weights
        The parts of the piece's length or area that they stand for.
    ends
        Further points of the piece: the ends of curves, and of the panels on them.
    """

    x: Float[ndarray, "Q d"]
    normals: Float[ndarray, "Q d"]
    weights: Float[ndarray, " Q"]
    ends: Float[ndarray, "E d"]

    def integral(self, values: Float[ndarray, "*k Q"]) -> Float[ndarray, "*k"]:
        """Return the integral over the piece of what has these values at the points."""
        return np.asarray(values @ self.weights)

    @property
    def centroid(self) -> Float[ndarray, " d"]:
        """The mean position on the piece."""
        return self.integral(self.x.T) / self.weights.sum()

    @property
    def diameter(self) -> float:
        """The largest distance between two points of the piece, of many points within a little."""
        from scipy.spatial.distance import pdist

        points = np.concatenate([self.ends, self.x])
        return float(pdist(points[:: -(-len(points) // MOST_COMPARED)]).max())


def over_pieces(domain: Domain, pieces: Pieces, spacing: float) -> dict[str, Quadrature]:
    """Return quadratures for all pieces of a boundary, by name.

    Parameters
    ----------
    domain
        The domain; of one that is known by its nodes only there is none.
    pieces
        Names and predicates of further pieces, which take the points where they hold.
    spacing
        Of the nodes between which integrands vary.
    """
    names = [*domain.pieces, *(name for name, _ in pieces)]
    if domain.nodes is not None or domain.dim == 1:
        return {}
    tags = _Tags(domain.pieces, pieces)
    found: dict[int, list[Quadrature]] = {}
    if domain.dim == 2:
        parts = (part for curve in domain.curves for part in _on_curve(curve, tags, spacing))
    else:
        parts = (part for face in domain.faces for part in _on_face(face, tags, spacing))
    for tag, part in parts:
        found.setdefault(tag, []).append(part)
    return {names[tag]: joined(found[tag]) for tag in sorted(found)}


def joined(parts: Iterable[Quadrature]) -> Quadrature:
    """Return the quadrature over several pieces, or parts of one."""
    arrays = ((part.x, part.normals, part.weights, part.ends) for part in parts)
    return Quadrature(*map(np.concatenate, zip(*arrays, strict=True)))


@dataclass(frozen=True)
class _Tags:
    """Which piece a point belongs to, by number."""

    own: Sequence[str]
    further: Pieces

    def __call__(self, x: Float[ndarray, "N d"], piece: str) -> Int[ndarray, " N"]:
        """Return the pieces of points on a patch of one of the domain's own pieces."""
        tags = np.full(len(x), self.own.index(piece))
        for i, (_, where) in enumerate(self.further):
            tags[where(x)] = len(self.own) + i
        return tags


def _on_curve(curve: Curve, tags: _Tags, spacing: float) -> Iterator[tuple[int, Quadrature]]:
    """Yield the pieces along a curve, each with its points."""
    piece = curve.sides[0].piece

    def tag(t: Float[ndarray, " N"]) -> Int[ndarray, " N"]:
        return tags(curve.point(t), piece)

    t = np.linspace(curve.start, curve.stop, SAMPLES + 1)
    t[[0, -1]] += (t[1] - t[0]) * np.array([1e-6, -1e-6])  # ends are corners of two pieces
    held = tag(t)
    change = np.flatnonzero(held[1:] != held[:-1])
    a, b = t[change], t[change + 1]
    for _ in range(BISECTIONS):
        middle = (a + b) / 2
        is_first = tag(middle) == held[change]
        a, b = np.where(is_first, middle, a), np.where(is_first, b, middle)
    ends = np.concatenate([[curve.start], (a + b) / 2, [curve.stop]])
    whole = curve.length / (LENGTH * spacing)
    for i, own in enumerate(held[[0, *(change + 1)]]):
        share = (ends[i + 1] - ends[i]) / (curve.stop - curve.start)
        count = int(np.clip(np.ceil(whole * share), *PANELS))
        yield int(own), _panels(curve, np.linspace(ends[i], ends[i + 1], count + 1))


def _panels(curve: Curve, ends: Float[ndarray, " P"]) -> Quadrature:
    """Return points along a curve between the ends of panels."""
    x, lengths = gauss_along(curve, ends)
    return Quadrature(x, curve.sides[0].normal(x), lengths, curve.point(ends))


def _on_face(face: Face, tags: _Tags, spacing: float) -> Iterator[tuple[int, Quadrature]]:
    """Yield the pieces on a face, each with its points."""
    piece = face.side.piece
    wanted = DENSITY * face.area / spacing**2
    x = weights = None
    if face.rule is not None:
        x, weights = face.rule(int(np.clip(wanted, *ON_FACE)))
    if x is None or (face.depth(x) <= 0).any() or len(np.unique(tags(x, piece))) > 1:
        count = np.clip(wanted, *ON_CUT_FACE)
        x = face.cover(np.sqrt(face.area / count), np.random.default_rng(0))
        weights = np.full(len(x), face.area / len(x))
        kept = face.depth(x) > 0
        x, weights = x[kept], weights[kept]
    assert weights is not None
    held = tags(x, piece)
    normals = face.side.normal(x)
    for tag in np.unique(held):
        here = held == tag
        yield int(tag), Quadrature(x[here], normals[here], weights[here], x[:0])
