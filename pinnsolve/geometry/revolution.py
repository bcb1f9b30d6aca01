"""Solids that a shape of the half plane sweeps as it turns about an axis.

The shape lies in the plane of the distance r = √(x² + y²) from the third axis and of the place z
along it. What it has of a distance, a closest point, a normal, the solid has in the plane through
the axis and the point:

    d(x, y, z) = d₂(r, z),        n = (n_r x / r, n_r y / r, n_z).

Where the shape reaches the axis, its boundary there is none of the solid's, and distances are those
of the shape together with its mirror image. A curve becomes a face of area ∫ 2πr ds (Pappus and
Guldin), a corner off the axis an edge.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import NodesError
from pinnsolve.geometry import csg, planar
from pinnsolve.geometry.alongside import FINE, PER_PANEL, Alongside
from pinnsolve.geometry.domain import Distance, Domain
from pinnsolve.geometry.patches import Curve, Side
from pinnsolve.geometry.placement import placed
from pinnsolve.geometry.relaxation import JITTER
from pinnsolve.geometry.surfaces import Face
from pinnsolve.problem.placement import Placement, along

ON_AXIS = 1e-9  # of the shape's size: closer to the axis is on it
MIRROR = Placement(1.0, np.diag([-1.0, 1.0]), np.zeros(2))
PER_TURN = 8  # points around the axis, half of the fewest
ROW = np.sqrt(0.75)  # distance of rows of a lattice of triangles, in spacings


def revolution(shape: Domain) -> Domain:
    """Return the solid that a shape in the half plane x ≥ 0 sweeps around the third axis.

    Its boundary pieces have the names of the shape's; what lies on the axis is none.

    Raises
    ------
    NodesError
        If the shape reaches across the axis.
    """
    reach = [curve.polyline[1][:, 0] for curve in shape.curves]
    least = min(float(r.min()) for r in reach)
    if least < -ON_AXIS * shape.size:
        raise NodesError(
            f"the shape reaches across the axis x = 0, to x = {least:.4g}. Cut it off by an "
            "intersection with a rectangle, or move it by translate."
        )
    off = [c for c, r in zip(shape.curves, reach, strict=True) if r.max() > ON_AXIS * shape.size]
    if least > ON_AXIS * shape.size:
        return _swept(off, shape.distance, shape)
    return _swept(off, csg.union(shape, placed(shape, MIRROR)).distance, shape)


def cylinder(start: Sequence[float], end: Sequence[float], radius: float) -> Domain:
    """Return a cylinder between two points of its axis: ``side``, ``start`` and ``end``."""
    return cone(start, end, (radius, radius))


def cone(start: Sequence[float], end: Sequence[float], radii: Sequence[float]) -> Domain:
    """Return a cone, or what is left below a cut, by the radii at two points of its axis.

    Its pieces are ``side``, and ``start`` and ``end`` where the radius is not zero.
    """
    axis = np.subtract(end, start)
    length, (first, second) = float(np.linalg.norm(axis)), radii
    right = [(first, 0.0), (second, length)]
    profile = [(r, z) for r, z in right if r > 0]
    half = planar.polygon([*profile, *((0.0, z) for _, z in right[::-1])])
    left = [(-r, z) for r, z in profile[::-1]]
    tips = [[(0.0, z)] if r == 0 else [] for r, z in right]
    whole = planar.polygon([*tips[0], *profile, *tips[1], *left])
    names = {f"edge{i + 1}": name for i, name in enumerate(_names(first, second))}
    curves = [curve for curve in half.curves if names[curve.sides[0].piece] != "axis"]
    solid = _swept(curves, whole.distance, half)
    put = Placement(1.0, along(axis.tolist()), np.array(start, dtype=float))
    return csg.renamed(placed(solid, put), lambda piece: names[piece])


def _names(first: float, second: float) -> list[str]:
    """Return the pieces of a cone's half section, in the order of its polygon's edges."""
    if first == 0:  # the vertices: the far rim, both points of the axis
        return ["end", "axis", "side"]
    if second == 0:
        return ["side", "axis", "start"]
    return ["side", "end", "axis", "start"]


def torus(center: Sequence[float], axis: Sequence[float], radius: float, tube: float) -> Domain:
    """Return a torus: the radius of the circle in its middle, and that of the tube around it."""
    put = Placement(1.0, along(axis), np.array(center, dtype=float))
    return placed(revolution(planar.disk((radius, 0.0), tube)), put)


def _swept(curves: Sequence[Curve], distance: Distance, shape: Domain) -> Domain:
    """Return the solid of curves in the half plane, with the distance in the whole plane."""
    radius = max(float(curve.polyline[1][:, 0].max()) for curve in curves)
    low, high = shape.lower[1], shape.upper[1]
    tolerance = ON_AXIS * shape.size
    rims = [
        curve.point(np.array([end]))[0]
        for curve in curves
        if not curve.is_closed
        for end in (curve.start, curve.stop)
    ]
    corners: list[Float[ndarray, " 2"]] = []
    for rim in rims:
        if rim[0] > tolerance and all(np.abs(rim - c).max() > tolerance for c in corners):
            corners.append(rim)
    return Domain(
        np.array([-radius, -radius, low]),
        np.array([radius, radius, high]),
        lambda x: distance(_meridian(x)),
        curves=tuple(_circle(float(r), float(z)) for r, z in corners),
        faces=tuple(_face(curve, tolerance) for curve in curves),
    )


def _meridian(x: Float[ndarray, "N 3"]) -> Float[ndarray, "N 2"]:
    """Return distances from the axis, and places along it."""
    return np.column_stack([np.hypot(x[:, 0], x[:, 1]), x[:, 2]])


def _turned(p: Float[ndarray, "N 2"], x: Float[ndarray, "N 3"]) -> Float[ndarray, "N 3"]:
    """Return vectors of the half plane in the plane through the axis and each point."""
    r = np.hypot(x[:, 0], x[:, 1])
    safe = np.maximum(r, 1e-300)
    cos, sin = np.where(r > 0, x[:, 0] / safe, 1.0), x[:, 1] / safe
    return np.column_stack([p[:, 0] * cos, p[:, 0] * sin, p[:, 1]])


def _circle(r: float, z: float) -> Curve:
    """Return the edge that a corner sweeps."""
    return Curve(
        lambda t: np.column_stack([r * np.cos(t), r * np.sin(t), np.full(len(t), z)]),
        (),
        stop=2 * np.pi,
        is_closed=True,
    )


def _face(curve: Curve, tolerance: float) -> Face:
    """Return the face that a curve sweeps."""
    tips = curve.point(np.array([curve.start, curve.stop]))[:, 0]
    ends = () if curve.is_closed else tuple(i for i in (0, 1) if tips[i] > tolerance)
    beside = Alongside(curve, ends)
    s, ds = beside.rule(FINE)
    area = float(2 * np.pi * (s[:, 0] * ds).sum())

    def project(x: Float[ndarray, "N 3"]) -> Float[ndarray, "N 3"]:
        p = curve.point(beside.parameter(_meridian(x)))
        return _turned(np.column_stack([np.maximum(p[:, 0], 0.0), p[:, 1]]), x)

    def normal(x: Float[ndarray, "N 3"]) -> Float[ndarray, "N 3"]:
        return _turned(curve.sides[0].normal(_meridian(x)), x)

    def extent(x: Float[ndarray, "N 3"]) -> Float[ndarray, "N"]:
        return beside.depth(beside.parameter(_meridian(x)))

    def cover(h: float, rng: np.random.Generator) -> Float[ndarray, "N 3"]:
        rows = max(round(beside.length / (ROW * h)), 1)
        share = np.clip((np.arange(rows) + 0.5 + JITTER * rng.uniform(-1, 1, rows)) / rows, 0, 1)
        p = curve.point(beside.at(share))
        around = np.maximum(np.rint(2 * np.pi * p[:, 0] / h).astype(int), 1)
        of = np.repeat(np.arange(rows), around)
        first = np.repeat(np.cumsum(around) - around, around)
        turn = np.arange(len(of)) - first + rng.uniform(0, 1, rows)[of]
        angle = 2 * np.pi * (turn + JITTER * rng.uniform(-1, 1, len(of))) / around[of]
        return np.column_stack([p[of, 0] * np.cos(angle), p[of, 0] * np.sin(angle), p[of, 1]])

    def rule(count: int) -> tuple[Float[ndarray, "Q 3"], Float[ndarray, " Q"]]:
        # evenly around the axis: exact for waves, as many points as along for the same spacing
        ratio = area / beside.length**2
        p, weights = beside.rule(max(round(np.sqrt(count / ratio)), 4 * PER_PANEL))
        n = max(round(count / len(p)), 2 * PER_TURN)
        angle = 2 * np.pi * (np.arange(n) + 0.5) / n
        around = np.column_stack([np.cos(angle), np.sin(angle)])
        flat = (p[:, None, :1] * around).reshape(-1, 2)
        x = np.column_stack([flat, np.repeat(p[:, 1], n)])
        return x, np.repeat(weights * p[:, 0], n) * 2 * np.pi / n

    extents = extent if ends else None
    return Face(Side(curve.sides[0].piece, normal), cover, project, area, extents, rule=rule)
