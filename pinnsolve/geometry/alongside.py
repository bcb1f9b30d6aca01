"""Curves in the plane as others need them: closest points, arc length, points for integrals.

The parameter t of the closest point satisfies (c(t) - p) · c'(t) = 0. It is sought by Newton's
method from the nearest of many points along the curve, and may lie beyond an end: the curve goes
on there, so that the depth inside its ends is a smooth function that changes its sign. Slopes come
from differences of c, whose error does not move the zero on the curve itself.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.polynomial import legendre
from scipy.spatial import KDTree

from pinnsolve.geometry.patches import Curve
from pinnsolve.geometry.relaxation import workers

PER_PANEL = 8  # points of Gauss and Legendre
FINE = 32 * PER_PANEL  # points that tell a length or an area
NEWTON_STEPS = 8
PROBE = 1e-5  # of the range of the parameter: step of the differences
BEYOND = 0.1  # of the range: how far a curve goes on beyond an end


@dataclass(frozen=True, eq=False)
class Alongside:
    """A curve in the plane, as seen from points near it.

    Attributes
    ----------
    curve
        The curve.
    ends
        Those of its ends, 0 and 1, beyond which it goes on.
    """

    curve: Curve
    ends: tuple[int, ...]

    @cached_property
    def length(self) -> float:
        """Arc length."""
        return float(self.rule(FINE)[1].sum())

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.curve.polyline[1])

    def parameter(self, p: Float[ndarray, "N 2"]) -> Float[ndarray, " N"]:
        """Return the parameters of the points of the curve that are closest to given ones."""
        curve, width = self.curve, self.curve.stop - self.curve.start
        t = curve.polyline[0][self._tree.query(p, workers=workers(len(p)))[1]]
        low, high = (
            end if side not in self.ends else end + sign * BEYOND * width
            for side, end, sign in ((0, curve.start, -1), (1, curve.stop, 1))
        )
        step = PROBE * width
        for _ in range(NEWTON_STEPS):
            here, ahead, behind = (curve.point(t + by) for by in (0.0, step, -step))
            away, slope = here - p, (ahead - behind) / (2 * step)
            bend = (ahead - 2 * here + behind) / step**2
            speed = (slope**2).sum(axis=1)
            # on the far side of the centre of curvature Newton would seek the farthest point
            curvature = np.maximum(speed + (away * bend).sum(axis=1), 0.1 * speed)
            t = t - (away * slope).sum(axis=1) / curvature
            if not curve.is_closed:
                t = np.clip(t, low, high)
        return t

    def depth(self, t: Float[ndarray, " N"]) -> Float[ndarray, " N"]:
        """Return the depth of points of the curve inside its ends; negative beyond one."""
        curve, found = self.curve, np.full(len(t), np.inf)
        x = curve.point(t)
        for side, end, sign in ((0, curve.start, 1), (1, curve.stop, -1)):
            if side in self.ends:
                chord = np.linalg.norm(x - curve.point(np.array([end])), axis=1)
                found = np.minimum(found, np.sign(sign * (t - end)) * chord)
        return found

    def at(self, share: Float[ndarray, " N"]) -> Float[ndarray, " N"]:
        """Return the parameters where given shares of the arc length have been travelled."""
        t, x = self.curve.polyline
        travelled = np.cumsum(np.linalg.norm(np.diff(x, axis=0), axis=1))
        return np.interp(share * travelled[-1], np.concatenate([[0.0], travelled]), t)

    def rule(self, count: int) -> tuple[Float[ndarray, "Q 2"], Float[ndarray, " Q"]]:
        """Return about so many points, at least eight, and their weights in an integral."""
        panels = max(round(count / PER_PANEL), 1)
        return gauss_along(self.curve, np.linspace(self.curve.start, self.curve.stop, panels + 1))


def gauss_along(
    curve: Curve, ends: Float[ndarray, " P"]
) -> tuple[Float[ndarray, "Q d"], Float[ndarray, " Q"]]:
    """Return points along a curve between the ends of panels, and weights of an integral.

    The length of the tangent is that of the polynomial through a panel's points.
    """
    nodes, weights, slopes = _gauss()
    half = np.diff(ends)[:, None] / 2
    t = ends[:-1, None] + half * (1 + nodes)
    flat = curve.point(t.ravel())
    tangent = np.einsum("ij,pjd->pid", slopes, flat.reshape(*t.shape, -1))
    return flat, (np.linalg.norm(tangent, axis=2) * weights).ravel()


@cache
def _gauss() -> tuple[Float[ndarray, " q"], Float[ndarray, " q"], Float[ndarray, "q q"]]:
    """Return nodes and weights on [-1, 1], and the matrix that differentiates at the nodes."""
    nodes, weights = legendre.leggauss(PER_PANEL)
    slopes = legendre.legval(nodes, legendre.legder(np.eye(PER_PANEL))).T
    return nodes, weights, slopes @ np.linalg.inv(legendre.legvander(nodes, PER_PANEL - 1))
