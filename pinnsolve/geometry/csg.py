r"""Unions, intersections and differences of domains.

Every combination is an intersection of parts or of their complements,

    A ∩ B:  max(a, b)        A \ B:  max(a, -b)        A ∪ B:  -max(-a, -b),

so a patch of one part's boundary belongs to the whole where all *other* parts (or complements)
contain it: where its margin, the least of minus their distances, is positive. Curves are cut
where the margin changes sign, found by bisection. Where boundaries coincide the margin is zero
along a stretch; there the two sides of the boundary are looked at. Nesting needs nothing more.
Source of the distances: Ricci (1973), doi:10.1093/comjnl/16.2.157.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.geometry.domain import Distance, Domain
from pinnsolve.geometry.patches import Curve, Endpoint, Side
from pinnsolve.geometry.relaxation import golden_sphere, workers
from pinnsolve.geometry.surfaces import Face

SAMPLES = 4096  # at least, along a curve, to find where it enters and leaves other parts
BISECTIONS = 60
SURFACE_SAMPLES = 40_000  # on all faces of a union in space, to find how deep a point lies
LAX = 0.5  # by how much of itself the depth of a point in a union may come out too small
FACE_SAMPLES = 20_000  # on a face, to find whether anything is left of it
COINCIDE = 1e-12  # of the domain's size: boundaries closer than this are the same
AROUND = golden_sphere(64)  # directions in which an edge in space is looked at
ASIDE = 1e-6  # of the domain's size: how far from a boundary its two sides are looked at


def union(*parts: Domain) -> Domain:
    """Return all parts together."""
    lower = np.min([part.lower for part in parts], axis=0)
    upper = np.max([part.upper for part in parts], axis=0)
    whole = _combine(parts, (-1.0,) * len(parts), -1.0, lower, upper)
    return replace(whole, distance=_deeper(whole))


def intersection(*parts: Domain) -> Domain:
    """Return the intersection of all parts."""
    lower = np.max([part.lower for part in parts], axis=0)
    upper = np.min([part.upper for part in parts], axis=0)
    return _combine(parts, (1.0,) * len(parts), 1.0, lower, np.maximum(lower, upper))


def difference(whole: Domain, *holes: Domain) -> Domain:
    """Return the first part without the others."""
    signs = (1.0,) + (-1.0,) * len(holes)
    return _combine((whole, *holes), signs, 1.0, whole.lower, whole.upper)


def renamed(domain: Domain, rename: Callable[[str], str]) -> Domain:
    """Return the domain with new names for its boundary pieces."""

    def side(old: Side) -> Side:
        return replace(old, piece=rename(old.piece))

    return replace(
        domain,
        ends=tuple(replace(end, side=side(end.side)) for end in domain.ends),
        curves=tuple(replace(c, sides=tuple(map(side, c.sides))) for c in domain.curves),
        faces=tuple(replace(face, side=side(face.side)) for face in domain.faces),
    )


def _combine(
    parts: Sequence[Domain],
    signs: Sequence[float],
    outer: float,
    lower: Float[ndarray, "d"],
    upper: Float[ndarray, "d"],
) -> Domain:
    """Return the intersection of parts or complements (sign -1), complemented if outer is -1."""

    def distance(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        signed = [s * part.distance(x) for s, part in zip(signs, parts, strict=True)]
        return outer * np.max(signed, axis=0)

    size = max(part.size for part in parts)
    ends: list[Endpoint] = []
    curves: list[Curve] = []
    faces: list[Face] = []
    for i, part in enumerate(parts):
        others = tuple(
            (s, other.distance)
            for j, (s, other) in enumerate(zip(signs, parts, strict=True))
            if j != i
        )
        clip = Clip(distance, others, n_earlier=i, size=size)
        own_ends = [end for end in part.ends if clip.keeps_end(end)]
        own_curves = [stretch for curve in part.curves for stretch in clip.curve(curve)]
        own_faces = [face for face in map(clip.face, part.faces) if face is not None]
        if signs[i] != outer:  # the domain lies outside this part
            own_ends = [end.flipped() for end in own_ends]
            own_curves = [curve.flipped() for curve in own_curves]
            own_faces = [face.flipped() for face in own_faces]
        ends += own_ends
        curves += own_curves
        faces += own_faces
    return Domain(lower, upper, distance, tuple(ends), tuple(curves), tuple(faces))


def _deeper(whole: Domain) -> Distance:
    """Return the distance of a union, which min(a, b) makes too small where parts overlap.

    Deep inside, the distance to samples of the boundary counts, less the gaps between them: that
    too is never too large. Where parts only touch, min(a, b) is zero, but nothing is near.
    """

    @cache
    def samples() -> tuple[KDTree, float]:
        if whole.dim == 1:
            return KDTree([[end.x] for end in whole.ends]), 0.0
        if whole.dim == 2:
            lines = [curve.polyline[1] for curve in whole.curves]
            gap = max(np.linalg.norm(np.diff(x, axis=0), axis=1).max() for x in lines) / 2
            return KDTree(np.concatenate(lines)), float(gap)
        h = np.sqrt(sum(face.area for face in whole.faces) / SURFACE_SAMPLES)
        rng = np.random.default_rng(0)
        covers = [(face, face.cover(h, rng)) for face in whole.faces]
        return KDTree(np.concatenate([x[face.depth(x) > 0] for face, x in covers])), 1.5 * h

    def distance(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        least = whole.distance(x)
        inside = np.flatnonzero(least < COINCIDE * whole.size)
        if len(inside) and whole.pieces:
            tree, gap = samples()
            # an exact search would compare all samples with the centre of a ball
            near, _ = tree.query(x[inside], eps=LAX, workers=workers(len(inside)))
            depth = near / (1 + LAX) - gap
            is_deep = depth > np.maximum(-least[inside], 0)
            least[inside[is_deep]] = -depth[is_deep]
        return least

    return distance


@dataclass(frozen=True)
class Clip:
    """Decides where the boundary of one part is the boundary of the whole.

    Attributes
    ----------
    distance
        Signed distance of the whole.
    others
        Sign and distance of the other parts, in order.
    n_earlier
        How many of them come before this part; boundaries they share are theirs.
    size
        Size of the largest part.
    """

    distance: Distance
    others: tuple[tuple[float, Distance], ...]
    n_earlier: int
    size: float

    def margin(self, x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        """Return the depth of points inside all other parts; negative outside one."""
        return np.min([-sign * distance(x) for sign, distance in self.others], axis=0)

    def keeps(self, x: Float[ndarray, "N d"], normals: Float[ndarray, "N d"]) -> Bool[ndarray, "N"]:
        """Return whether points of the part's boundary are on the boundary of the whole."""
        margin = self.margin(x)
        kept = margin > 0
        near = np.flatnonzero(np.abs(margin) <= COINCIDE * self.size)
        if len(near):
            aside = ASIDE * self.size * normals[near]
            one, other = self.distance(x[near] - aside), self.distance(x[near] + aside)
            kept[near] = ((one < 0) != (other < 0)) & ~self._is_earlier(x[near])
        return kept

    def keeps_end(self, end: Endpoint) -> bool:
        """Return whether an end point is on the boundary of the whole."""
        x = np.array([[end.x]])
        return bool(self.keeps(x, end.side.normal(x))[0])

    def keeps_edge(self, x: Float[ndarray, "N 3"]) -> Bool[ndarray, "N"]:
        """Return whether points of an edge in space are on the boundary of the whole."""
        margin = self.margin(x)
        kept = margin > 0
        near = np.flatnonzero(np.abs(margin) <= COINCIDE * self.size)
        if len(near):
            around = x[near, None, :] + ASIDE * self.size * AROUND
            depth = self.distance(around.reshape(-1, 3)).reshape(len(near), -1)
            kept[near] = (depth < 0).any(axis=1) & (depth > 0).any(axis=1)
        return kept

    def face(self, face: Face) -> Face | None:
        """Return the face cut to its part on the boundary of the whole, or None."""

        def depth(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
            depth = self.margin(x)
            near = np.flatnonzero(np.abs(depth) <= COINCIDE * self.size)
            if len(near):
                kept = self.keeps(x[near], face.side.normal(x[near]))
                depth[near] = np.where(kept, np.inf, -np.inf)
            return depth

        clipped = replace(face, margins=(*face.margins, self.margin), depths=(*face.depths, depth))
        h = np.sqrt(face.area / FACE_SAMPLES)
        x = face.project(face.cover(h, np.random.default_rng(0)))
        return clipped if (clipped.depth(x) > 0).any() else None

    def curve(self, curve: Curve) -> list[Curve]:
        """Return the stretches of a curve that are on the boundary of the whole."""

        def keeps(t: Float[ndarray, "N"]) -> Bool[ndarray, "N"]:
            x = curve.point(t)
            return self.keeps(x, curve.sides[0].normal(x)) if curve.sides else self.keeps_edge(x)

        t = np.linspace(curve.start, curve.stop, max(SAMPLES, curve.segments) + 1)
        if curve.is_closed:
            t = t[:-1]
        kept = keeps(t)
        if kept.all():
            return [curve]
        if not kept.any():
            return []
        if curve.is_closed:
            # start where the curve is outside, so that no stretch spans the start
            first = int(np.argmin(kept))
            period = curve.stop - curve.start
            t = np.concatenate([t[first:], t[: first + 1] + period])
            kept = np.concatenate([kept[first:], kept[: first + 1]])
        change = np.flatnonzero(kept[1:] != kept[:-1])
        cut = _bisect(keeps, t[change], t[change + 1], kept[change])
        bounds = [*([t[0]] if kept[0] else []), *cut, *([t[-1]] if kept[-1] else [])]
        stretches = [
            replace(curve, start=float(a), stop=float(b), is_closed=False)
            for a, b in zip(bounds[::2], bounds[1::2], strict=True)
        ]
        # where corners of parts meet, rounding leaves stretches that are points
        return [own for own in stretches if own.length > ASIDE * self.size]

    def _is_earlier(self, x: Float[ndarray, "N d"]) -> Bool[ndarray, "N"]:
        """Return whether points are on the boundary of a part that comes before this one."""
        found = np.zeros(len(x), dtype=bool)
        for _, distance in self.others[: self.n_earlier]:
            found |= np.abs(distance(x)) <= COINCIDE * self.size
        return found


def _bisect(
    holds: Callable[[Float[ndarray, "N"]], Bool[ndarray, "N"]],
    a: Float[ndarray, "N"],
    b: Float[ndarray, "N"],
    at_a: Bool[ndarray, "N"],
) -> Float[ndarray, "N"]:
    """Return the point between a and b at which a property changes."""
    for _ in range(BISECTIONS):
        middle = (a + b) / 2
        is_first = holds(middle) == at_a
        a, b = np.where(is_first, middle, a), np.where(is_first, b, middle)
    return (a + b) / 2
