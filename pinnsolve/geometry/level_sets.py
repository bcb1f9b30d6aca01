"""The part of the plane in which a function of position is negative, bounded by smooth curves.

Where the function changes its sign is found on a grid. The points of a polyline are moved onto the
curve by Newton's method along the gradient,

    x <- x - g(x) grad g(x) / |grad g(x)|^2,

a spline through them gives points for all parameters, moved onto it likewise. So nodes are on the
curve to rounding, and normals are those of the gradient. Contours on a grid: Lorensen & Cline
(1987), doi:10.1145/37401.37422.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.patches import Curve, Side
from pinnsolve.geometry.relaxation import workers

# values of a function and of its gradient
Jet = Callable[[Float[ndarray, "N d"]], tuple[Float[ndarray, " N"], Float[ndarray, "N d"]]]

CELLS = 400  # of the grid, along a side
BEYOND = 0.05  # of the size of the box: how far the grid reaches out of it
NEWTON = 4  # steps onto the curve from a polyline of the grid
FOOT = 6  # steps to the nearest point
FLAT = 1e-3  # of the typical gradient: where it is less, curves cross
BENT = 20.0  # degrees, by which a curve turns at most from one point of the grid to the next
DISTINCT, ROUNDING = 0.2, 1e-9  # steps of the grid between points, and within which they are one
FEWEST = 5  # points on a curve: of fewer nothing is known


class NotSmooth(Exception):
    """The curve on which a function is zero has a corner, or crosses itself.

    Attributes
    ----------
    place
        Where.
    """

    def __init__(self, place: Float[ndarray, " 2"]) -> None:
        super().__init__("not smooth")
        self.place = place


@dataclass(frozen=True)
class _Level:
    """The curves on which a function is zero.

    Attributes
    ----------
    jet
        The function.
    step
        Distance of points along them, and how far Newton's method may go.
    """

    jet: Jet
    step: float

    def onto(self, x: Float[ndarray, "N 2"], steps: int = NEWTON) -> Float[ndarray, "N 2"]:
        """Return the points on the curve next to points near it."""
        for _ in range(steps):
            g, slope = self.jet(x)
            squared = np.maximum((slope * slope).sum(axis=1), np.finfo(float).tiny)
            away = -(g / squared)[:, None] * slope
            length = np.linalg.norm(away, axis=1, keepdims=True)
            x = x + np.nan_to_num(away * np.minimum(1, self.step / np.maximum(length, 1e-300)))
        return x

    def normal(self, x: Float[ndarray, "N 2"]) -> Float[ndarray, "N 2"]:
        """Return the directions in which the function rises."""
        slope = self.jet(x)[1]
        with np.errstate(invalid="ignore"):  # where it does neither
            return slope / np.linalg.norm(slope, axis=1, keepdims=True)

    def foot(self, x: Float[ndarray, "N 2"], start: Float[ndarray, "N 2"]) -> ndarray:
        """Return points of the curve nearest to points, from points of it that are near."""
        y = start
        for _ in range(FOOT):
            normal = self.normal(y)
            along = (x - y) - ((x - y) * normal).sum(axis=1, keepdims=True) * normal
            length = np.linalg.norm(along, axis=1, keepdims=True)
            y = self.onto(y + along * np.minimum(1, self.step / np.maximum(length, 1e-300)), 2)
        return y


def negative(jet: Jet, lower: Float[ndarray, " 2"], upper: Float[ndarray, " 2"]) -> Domain | None:
    """Return the part of the plane where a function is negative, as far as it is within a box.

    None if it is zero nowhere in the box.

    Parameters
    ----------
    jet
        The function.
    lower, upper
        Corners of the box; curves go on a little beyond it.

    Raises
    ------
    NotSmooth
        If what bounds it has a corner, or crosses itself.
    """
    from contourpy import LineType, contour_generator  # 0.1 s that `pinnsolve --help` need not pay

    margin = BEYOND * float((upper - lower).max())
    axes = [
        np.linspace(a - margin, b + margin, CELLS + 1) for a, b in zip(lower, upper, strict=True)
    ]
    grid = np.stack(np.meshgrid(*axes), axis=-1)
    z = jet(grid.reshape(-1, 2))[0].reshape(grid.shape[:2])
    z = np.ma.masked_invalid(z)  # where there is no value there is no curve
    x, y = axes
    generator = contour_generator(x=x, y=y, z=z, corner_mask=True, line_type=LineType.Separate)
    step = float(np.hypot(*(axis[1] - axis[0] for axis in axes)))
    level = _Level(jet, step)
    curves = []
    lines: Any = generator.lines(0.0)
    for line in lines:
        points = level.onto(np.asarray(line))
        apart = np.linalg.norm(np.diff(points, axis=0), axis=1)
        points = points[np.concatenate([[True], apart > DISTINCT * step])]
        if len(points) >= FEWEST:
            is_closed = bool(np.linalg.norm(line[0] - line[-1]) < ROUNDING * step)
            _check(level, points, lower, upper)
            curves.append(_curve(level, points, is_closed=is_closed))
    if not curves:
        return None
    samples = np.concatenate([curve.polyline[1] for curve in curves])
    tree = KDTree(samples)

    def distance(x: Float[ndarray, "N d"]) -> Float[ndarray, " N"]:
        gap, which = tree.query(x, workers=workers(len(x)))
        foot = level.foot(x, samples[which])
        least = np.fmin(np.linalg.norm(foot - x, axis=1), gap)
        return np.asarray(np.where(jet(x)[0] < 0, -least, least))

    return Domain(lower - margin, upper + margin, distance, curves=tuple(curves))


def _check(
    level: _Level,
    x: Float[ndarray, "n 2"],
    lower: Float[ndarray, " 2"],
    upper: Float[ndarray, " 2"],
) -> None:
    """Refuse a curve that is not smooth within the box."""
    slope = np.linalg.norm(level.jet(x)[1], axis=1)
    normal = level.normal(x)
    is_bent = np.zeros(len(x), dtype=bool)
    is_bent[1:] = (normal[1:] * normal[:-1]).sum(axis=1) < np.cos(np.radians(BENT))
    is_flat = ~(slope > FLAT * np.median(slope))
    is_within = ((x >= lower) & (x <= upper)).all(axis=1)
    wrong = np.flatnonzero((is_bent | is_flat) & is_within)
    if len(wrong):
        raise NotSmooth(x[wrong[0]])


def _curve(level: _Level, x: Float[ndarray, "n 2"], *, is_closed: bool) -> Curve:
    """Return the curve through points of it, in order."""
    from scipy.interpolate import CubicSpline  # 0.1 s that `pinnsolve --help` need not pay

    if is_closed:
        x = np.concatenate([x[:-1], x[:1]])
    t = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(x, axis=0), axis=1))])
    spline = CubicSpline(t, x, bc_type="periodic" if is_closed else "not-a-knot")
    return Curve(
        lambda s: level.onto(spline(s)),
        (Side("surface", level.normal),),
        stop=float(t[-1]),
        is_closed=is_closed,
        segments=4 * len(x),
    )
