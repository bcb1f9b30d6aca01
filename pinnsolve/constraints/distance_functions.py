"""Functions that are zero on one piece of a shape's boundary and positive inside, as formulas.

Each is smooth, of size one inside the shape, and its slope across the boundary is not zero there,
so that a field ``G + L N`` with the product ``L`` of some of them takes the values ``G`` on these
pieces whatever ``N`` is, and any slope. From the shape's own data:

    side of a box or polygon     distance from its line, divided by half the shape's depth
    circle, sphere, ellipse      1 - q from inside, (q - 1) / (q + 1) from outside,
                                 with q = |x - c|² / R²
    star                         the same with q = (r / r(θ))⁴, which is smooth enough at the centre
    side of a cylinder or cone   (r(s)² - ρ²) / R², ρ from the axis, s along it
    extrusion                    those of the shape in the plane, and of its ends

Sources: Lagaris, Likas & Fotiadis (1998), doi:10.1109/72.712178; Sukumar & Srivastava (2022),
doi:10.1016/j.cma.2021.114333.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import sympy
from sympy import Expr

from pinnsolve.equations.algebra import exact
from pinnsolve.equations.functions import Atan2, Cos
from pinnsolve.equations.variables import coordinate
from pinnsolve.geometry.planar import counterclockwise
from pinnsolve.problem.placement import Placement

Formulas = dict[str, Expr]
Position: TypeAlias = tuple[Expr, ...]
HALF = sympy.Rational(1, 2)


def vanishing(shape: Any, coordinates: Sequence[str]) -> Formulas:
    """Return for each piece of a shape's boundary a function that is zero there alone.

    Parameters
    ----------
    shape
        The ``[domain]`` section of a problem file.
    coordinates
        Names of the space coordinates.

    Returns
    -------
    dict
        Formulas by piece; none for a shape that is known by its points only. Positive inside the
        shape they belong to, of which a combination may be another part.
    """
    return _formulas(shape, tuple(map(coordinate, coordinates)), 1)


def sides(shape: Any) -> dict[str, tuple[int, Expr]]:
    """Return the axis of each side of a box and where it lies on it; of other shapes none."""
    if not shape.is_box:
        return {}
    pairs = zip(*shape.box, strict=True)
    ends = ((axis, exact(end)) for axis, pair in enumerate(pairs) for end in pair)
    return dict(zip(shape.surfaces, ends, strict=True))


def _formulas(shape: Any, x: Position, sign: int) -> Formulas:
    """Return the functions of a shape's pieces, of its outside if the sign is -1."""
    if shape.is_moved:
        x = _back(shape.placement, x)
    if shape.shape in SHAPES:
        return SHAPES[shape.shape](shape, x, sign)
    found: Formulas = {}
    for i, (part, names) in enumerate(zip(shape.of, shape.renames, strict=True)):
        flipped = -sign if shape.shape == "difference" and i > 0 else sign
        found |= {names[piece]: f for piece, f in _formulas(part, x, flipped).items()}
    return found


def _back(put: Placement, x: Position) -> Position:
    """Return the position in a shape's own coordinates."""
    moved = [axis - exact(b) for axis, b in zip(x, put.shift.tolist(), strict=True)]
    columns = put.turn.T.tolist()
    rows = ([exact(r) * axis for r, axis in zip(column, moved, strict=True)] for column in columns)
    return tuple(sympy.Add(*row) / exact(put.scale) for row in rows)


def _flat(shape: Any, x: Position, sign: int) -> Formulas:
    """Return the functions of the sides of a box."""
    found = {}
    names = iter(shape.surfaces)
    for axis, low, high in zip(x, *shape.unmoved_box, strict=True):
        half = (exact(high) - exact(low)) * HALF
        found[next(names)] = sign * (axis - exact(low)) / half
        found[next(names)] = sign * (exact(high) - axis) / half
    return found


def _polygon(shape: Any, x: Position, sign: int) -> Formulas:
    """Return the functions of the edges of a polygon."""
    v = counterclockwise(np.asarray(shape.vertices, dtype=float))
    edges = np.roll(v, -1, axis=0) - v
    inward = np.stack([-edges[:, 1], edges[:, 0]], axis=1)
    found = {}
    for piece, corner, normal in zip(shape.surfaces, v, inward, strict=True):
        depth = float(((v - corner) @ normal).max())
        steps = (exact(n) * (axis - exact(c)) for n, axis, c in zip(normal, x, corner, strict=True))
        found[piece] = sign * sympy.Add(*steps) / (exact(depth) * HALF)
    return found


def _ball(shape: Any, x: Position, sign: int) -> Formulas:
    return {"surface": _round(_square(shape.center, x) / exact(shape.radius) ** 2, sign)}


def _ellipse(shape: Any, x: Position, sign: int) -> Formulas:
    a, b = (axis - exact(c) for axis, c in zip(x, shape.center, strict=True))
    cos, sin = exact(float(np.cos(shape.angle))), exact(float(np.sin(shape.angle)))
    along, across = (a * cos + b * sin), (b * cos - a * sin)
    first, second = map(exact, shape.radii)
    return {"surface": _round((along / first) ** 2 + (across / second) ** 2, sign)}


def _annulus(shape: Any, x: Position, sign: int) -> Formulas:
    square = _square(shape.center, x)
    return {
        "inner": _round(square / exact(shape.inner) ** 2, -sign),
        "outer": _round(square / exact(shape.outer) ** 2, sign),
    }


def _star(shape: Any, x: Position, sign: int) -> Formulas:
    a, b = (axis - exact(c) for axis, c in zip(x, shape.center, strict=True))
    wave = exact(shape.amplitude) * Cos(shape.points * Atan2(b, a))
    reach = exact(shape.radius) * (1 + wave)
    return {"surface": _round(((a**2 + b**2) / reach**2) ** 2, sign)}


def _cone(shape: Any, x: Position, sign: int) -> Formulas:
    """Return the functions of a cylinder or cone: of the side r(s)² - ρ², s along the axis."""
    radii = getattr(shape, "radii", None) or (shape.radius, shape.radius)
    first, second = map(exact, radii)
    axis = [exact(b - a) for a, b in zip(shape.start, shape.end, strict=True)]
    away = [c - exact(a) for c, a in zip(x, shape.start, strict=True)]
    length2 = sympy.Add(*(a**2 for a in axis))
    share = sympy.Add(*(a * c for a, c in zip(axis, away, strict=True))) / length2
    across2 = sympy.Add(*((c - share * a) ** 2 for a, c in zip(axis, away, strict=True)))
    reach2 = (first + (second - first) * share) ** 2
    side = (reach2 - across2) / exact(max(radii)) ** 2
    found = {"side": side, "start": share / HALF, "end": (1 - share) / HALF}
    return {piece: sign * found[piece] for piece in shape.surfaces}


def _torus(shape: Any, x: Position, sign: int) -> Formulas:
    norm = float(np.linalg.norm(shape.axis))
    away = [c - exact(a) for c, a in zip(x, shape.center, strict=True)]
    up = sympy.Add(*(exact(a / norm) * c for a, c in zip(shape.axis, away, strict=True)))
    around = sympy.sqrt(sympy.Add(*(c**2 for c in away)) - up**2)
    square = (around - exact(shape.radius)) ** 2 + up**2
    return {"surface": _round(square / exact(shape.tube) ** 2, sign)}


def _extrusion(shape: Any, x: Position, sign: int) -> Formulas:
    half = exact(shape.height) * HALF
    ends = {"front": sign * x[2] / half, "back": sign * (exact(shape.height) - x[2]) / half}
    return _formulas(shape.of, x[:2], sign) | ends


def _square(center: Sequence[float], x: Position) -> Expr:
    """Return the squared distance from a centre."""
    return sympy.Add(*((axis - exact(c)) ** 2 for axis, c in zip(x, center, strict=True)))


def _round(q: Expr, sign: int) -> Expr:
    """Return the function of a closed surface ``q = 1`` from inside, or from outside."""
    return 1 - q if sign > 0 else (q - 1) / (q + 1)


SHAPES: Mapping[str, Callable[[Any, Position, int], Formulas]] = {
    "interval": _flat,
    "rectangle": _flat,
    "box": _flat,
    "disk": _ball,
    "ball": _ball,
    "ellipse": _ellipse,
    "annulus": _annulus,
    "star": _star,
    "polygon": _polygon,
    "cylinder": _cone,
    "cone": _cone,
    "torus": _torus,
    "extrusion": _extrusion,
    "revolution": lambda *_: {},
    "surface": lambda *_: {},
    "points": lambda *_: {},
}
