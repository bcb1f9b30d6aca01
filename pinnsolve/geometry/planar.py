"""Shapes in the plane: signed distances and boundary curves.

For smooth closed curves without a formula for the distance, the closest point is sought from the
nearest of many samples by Newton's method on (x(t) - p) . x'(t) = 0.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.patches import Curve, Normal, Side
from pinnsolve.geometry.relaxation import workers

Position: TypeAlias = Sequence[float]
Jet: TypeAlias = Callable[[Float[ndarray, "N"]], tuple[ndarray, ndarray, ndarray]]  # x, x', x''

TURN = 2 * np.pi
STRAIGHT = 256  # segments of an edge: enough to follow a spacing that varies along it
NEWTON_STEPS = 8
PAIRS_AT_ONCE = 4_000_000  # points times edges of a polygon: bounds the memory to 100 MB


def disk(center: Position, radius: float) -> Domain:
    """Return a disk; its boundary is ``surface``."""
    c = np.asarray(center, dtype=float)
    return Domain(
        c - radius,
        c + radius,
        lambda x: np.linalg.norm(x - c, axis=1) - radius,
        curves=(_circle(c, radius, "surface"),),
    )


def annulus(center: Position, inner: float, outer: float) -> Domain:
    """Return the ring between two circles, ``inner`` and ``outer``."""
    c = np.asarray(center, dtype=float)

    def distance(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        r = np.linalg.norm(x - c, axis=1)
        return np.maximum(inner - r, r - outer)

    curves = (_circle(c, inner, "inner", outward=-1.0), _circle(c, outer, "outer"))
    return Domain(c - outer, c + outer, distance, curves=curves)


def ellipse(center: Position, radii: Position, angle: float = 0.0) -> Domain:
    """Return an ellipse whose first half axis is turned by an angle in radians."""
    c = np.asarray(center, dtype=float)
    a, b = radii
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

    def jet(t: Float[ndarray, "N"]) -> tuple[ndarray, ndarray, ndarray]:
        cos, sin = np.cos(t), np.sin(t)
        x = np.stack([a * cos, b * sin], -1) @ turn
        return c + x, np.stack([-a * sin, b * cos], -1) @ turn, -x

    def is_inside(x: Float[ndarray, "N d"]) -> Bool[ndarray, "N"]:
        return (((x - c) @ turn.T / (a, b)) ** 2).sum(axis=1) < 1

    half = np.sqrt((np.array([a, b]) ** 2) @ turn**2)
    return _loop(c - half, c + half, jet, is_inside, samples=512)


def star(center: Position, radius: float, amplitude: float, points: int) -> Domain:
    """Return a star with rounded points, r(θ) = radius (1 + amplitude cos(points θ))."""
    c = np.asarray(center, dtype=float)

    def jet(t: Float[ndarray, "N"]) -> tuple[ndarray, ndarray, ndarray]:
        cos, sin = np.cos(t), np.sin(t)
        along, across = np.stack([cos, sin], -1), np.stack([-sin, cos], -1)
        wave = radius * amplitude * np.cos(points * t)
        r = (radius + wave)[:, None]
        dr = (-radius * amplitude * points * np.sin(points * t))[:, None]
        ddr = (-(points**2) * wave)[:, None]
        return c + r * along, dr * along + r * across, (ddr - r) * along + 2 * dr * across

    def is_inside(x: Float[ndarray, "N d"]) -> Bool[ndarray, "N"]:
        away = x - c
        theta = np.arctan2(away[:, 1], away[:, 0])
        return np.hypot(*away.T) < radius * (1 + amplitude * np.cos(points * theta))

    reach = radius * (1 + abs(amplitude))
    return _loop(c - reach, c + reach, jet, is_inside, samples=max(512, 128 * points))


def rectangle(lower: Position, upper: Position) -> Domain:
    """Return a rectangle with the sides ``left``, ``right``, ``bottom``, ``top``."""
    low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    corners = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    bottom, right, top, left = _edges(corners, ("bottom", "right", "top", "left"))

    def distance(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        beyond = np.abs(x - (low + high) / 2) - (high - low) / 2
        outside = np.linalg.norm(np.maximum(beyond, 0), axis=1)
        return outside + np.minimum(beyond.max(axis=1), 0)

    return Domain(low, high, distance, curves=(left, right, bottom, top))


def polygon(vertices: Sequence[Position]) -> Domain:
    """Return a simple polygon with edges ``edge1``, … counter-clockwise from the first vertex."""
    v = counterclockwise(np.asarray(vertices, dtype=float))
    names = tuple(f"edge{i + 1}" for i in range(len(v)))
    return Domain(v.min(axis=0), v.max(axis=0), _polygon_distance(v), curves=_edges(v, names))


def counterclockwise(v: Float[ndarray, "E 2"]) -> Float[ndarray, "E 2"]:
    """Return the vertices in counter-clockwise order, the first one first."""
    after = np.roll(v, -1, axis=0)
    area = np.sum(v[:, 0] * after[:, 1] - v[:, 1] * after[:, 0]) / 2
    return v if area > 0 else np.concatenate([v[:1], v[:0:-1]])


def crossing(v: Float[ndarray, "E 2"]) -> tuple[int, int] | None:
    """Return two edges of a polygon that touch without being neighbours, counted from 0.

    Neighbours that fold back onto each other count too.
    """
    n = len(v)
    after = np.roll(v, -1, axis=0)
    edge = after - v

    def side(i: ndarray, p: ndarray) -> ndarray:
        away = p - v[i]
        turn = edge[i, 0] * away[:, 1] - edge[i, 1] * away[:, 0]
        # round-off of the vertices must not decide on which side of an edge they lie
        scale = np.linalg.norm(edge[i], axis=1) * np.ptp(v, axis=0).max()
        return np.where(np.abs(turn) < 1e-13 * scale, 0, np.sign(turn))

    folded = np.flatnonzero(
        (side(np.arange(n), np.roll(v, -2, axis=0)) == 0)
        & ((edge * np.roll(edge, -1, axis=0)).sum(axis=1) < 0)
    )
    if len(folded):
        return int(folded[0]), int((folded[0] + 1) % n)
    i, j = np.triu_indices(n, 2)
    i, j = i[(j + 1) % n != i], j[(j + 1) % n != i]
    low, high = np.minimum(v, after), np.maximum(v, after)
    near = (low[i] <= high[j]).all(axis=1) & (low[j] <= high[i]).all(axis=1)
    i, j = i[near], j[near]
    meets = (side(i, v[j]) * side(i, after[j]) <= 0) & (side(j, v[i]) * side(j, after[i]) <= 0)
    first = np.flatnonzero(meets)
    return (int(i[first[0]]), int(j[first[0]])) if len(first) else None


def _circle(c: ndarray, radius: float, piece: str, outward: float = 1.0) -> Curve:
    """Return a circle as a curve; ``outward`` is -1 where the domain lies outside it."""

    def normal(x: Float[ndarray, "N d"]) -> Float[ndarray, "N d"]:
        away = x - c
        return outward * away / np.linalg.norm(away, axis=1, keepdims=True)

    return Curve(
        lambda t: c + radius * np.stack([np.cos(t), np.sin(t)], -1),
        (Side(piece, normal),),
        stop=TURN,
        is_closed=True,
    )


def _edges(v: Float[ndarray, "E 2"], names: Sequence[str]) -> tuple[Curve, ...]:
    """Return the edges of a counter-clockwise polygon."""

    def edge(a: ndarray, b: ndarray, name: str) -> Curve:
        along = (b - a) / np.linalg.norm(b - a)
        outward = np.array([along[1], -along[0]])
        # the form of the interpolation that meets both ends exactly
        return Curve(
            lambda t: (1 - t)[:, None] * a + t[:, None] * b,
            (Side(name, constant(outward)),),
            segments=STRAIGHT,
        )

    return tuple(map(edge, v, np.roll(v, -1, axis=0), names))


def constant(normal: Float[ndarray, "d"]) -> Normal:
    """Return the normal of a flat piece as a function of position."""
    return lambda x: np.broadcast_to(normal, x.shape).copy()


def _polygon_distance(v: Float[ndarray, "E 2"]) -> Callable[[ndarray], ndarray]:
    """Return the signed distance to a polygon: nearest edge, and the parity of crossings."""
    after = np.roll(v, -1, axis=0)
    edge = after - v
    squared = (edge**2).sum(axis=1)

    def chunk(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        away = x[:, None, :] - v
        t = np.clip(np.einsum("nei,ei->ne", away, edge) / squared, 0, 1)
        gap = away - t[..., None] * edge
        distance = np.sqrt(np.einsum("nei,nei->ne", gap, gap).min(axis=1))
        straddles = (v[:, 1] > x[:, 1:]) != (after[:, 1] > x[:, 1:])
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = v[:, 0] + (x[:, 1:] - v[:, 1]) / edge[:, 1] * edge[:, 0]
        is_inside = (straddles & (x[:, :1] < reach)).sum(axis=1) % 2 == 1
        return np.where(is_inside, -distance, distance)

    def distance(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        pieces = np.array_split(x, max(1, len(x) * len(v) // PAIRS_AT_ONCE))
        return np.concatenate([chunk(piece) for piece in pieces])

    return distance


def _loop(
    lower: Float[ndarray, "d"],
    upper: Float[ndarray, "d"],
    jet: Jet,
    is_inside: Callable[[Float[ndarray, "N d"]], Bool[ndarray, "N"]],
    samples: int,
) -> Domain:
    """Return the inside of a smooth closed curve x(t), counter-clockwise in t from 0 to 2 pi."""
    t_samples = TURN * np.arange(samples) / samples
    tree = KDTree(jet(t_samples)[0])

    def closest(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        """Return the parameter of the point of the curve closest to each point."""
        t = t_samples[tree.query(x, workers=workers(len(x)))[1]]
        for _ in range(NEWTON_STEPS):
            point, slope, bend = jet(t)
            away = point - x
            gradient = (away * slope).sum(axis=1)
            speed = (slope**2).sum(axis=1)
            curvature = speed + (away * bend).sum(axis=1)
            # on the far side of the centre of curvature Newton would seek the farthest point
            step = gradient / np.maximum(curvature, 0.1 * speed)
            t = t - np.clip(step, -TURN / samples, TURN / samples)
        return t

    def distance(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        gap = np.linalg.norm(jet(closest(x))[0] - x, axis=1)
        return np.where(is_inside(x), -gap, gap)

    def normal(x: Float[ndarray, "N d"]) -> Float[ndarray, "N d"]:
        slope = jet(closest(x))[1]
        return np.stack([slope[:, 1], -slope[:, 0]], -1) / np.linalg.norm(
            slope, axis=1, keepdims=True
        )

    curve = Curve(
        lambda t: jet(t)[0],
        (Side("surface", normal),),
        stop=TURN,
        is_closed=True,
        segments=8 * samples,
    )
    return Domain(lower, upper, distance, curves=(curve,))
