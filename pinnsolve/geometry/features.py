"""How fine nodes must be to see a domain: `refine = "auto"`.

Features of the boundary in the plane ask for a spacing s: where it bends, that of 64 nodes on the
circle of curvature; a short piece, that of five nodes on it; where the domain is narrow, a quarter
of its width, and at a gap between walls twice that of the gap. Where values jump at a corner the
spacing is a fifth of what it would be. Away from features it grows by 0.07 of the distance,

    h(x) = min(h, min_i s_i + 0.07 |x - x_i|).

Such gradings follow the local feature size: Persson (2006), doi:10.1007/s00366-006-0014-1.

Where the number of nodes is given, gathering some leaves fewer for the rest: with the mean over the
domain, h becomes sqrt(mean((h/h(x))^2)) times as long, and grows as many times faster. Features
then ask for fewer nodes, all by one factor, such that it is no more than twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.jumps import at_corners
from pinnsolve.geometry.patches import FEWEST_ROUND, Curve, Spacing, join
from pinnsolve.problem import Problem

ROUND = 64  # nodes around a circle of curvature
PIECES = 4  # spacings on the shortest piece
ACROSS = 4  # spacings across a narrow part
GAP = 2.0  # spacing at a gap between walls, in gaps
AT_JUMPS = 0.2  # spacing where values jump, of that elsewhere
# of the spacing with the distance: a stencil of order 4 next to a small hole must not reach beyond
# what its polynomials can follow
GROWTH = 0.07
SAMPLES = 400  # on each curve
WIDTHS = 48  # tried, from the smallest to the size of the domain
OPPOSITE = -0.7  # cosine of the angle between normals of walls that face each other
NEAR = 6  # features that are looked at
STRETCHED = 2.0  # longest spacing, in those of as many uniform nodes
TRIALS = 40  # factors on what features ask for that are tried, from one to the size of the domain
DRAWN = 20_000  # points at which the nodes that a spacing takes are counted

Factor = Callable[[Float[ndarray, "N d"]], Float[ndarray, " N"]]


def refinement(
    problem: Problem,
    domain: Domain,
    count: int | None = None,
    parts: Sequence[Domain] = (),
) -> Factor | None:
    """Return the factor on the local spacing that a problem asks for; None if it is one.

    Parameters
    ----------
    problem, domain
        What is solved, and where.
    count
        Number of nodes, if not that of the problem.
    parts
        The regions of the domain, if there are several.
    """
    settings = problem.settings.nodes
    if settings.refine != "auto" or domain.nodes is not None or domain.dim != 2:
        return problem.refine
    inside = _drawn(domain)
    area = float(np.prod(domain.upper - domain.lower)) * len(inside) / DRAWN
    given = None if count else settings.spacing
    h = given or float(np.sqrt(area / (np.sqrt(0.75) * (count or settings.count or 1))))
    found = [features(part) for part in parts or (domain,)]
    x, size = (np.concatenate(some) for some in zip(*found, strict=True))
    jumps = _jumps(problem, domain)
    x = np.concatenate([x, jumps])
    size = np.concatenate([size, np.full(len(jumps), AT_JUMPS * h)])
    x, size = x[size < h], size[size < h]
    if not len(x):
        return None
    grading = _Grading(KDTree(x), size, h)
    return grading if given is not None else grading.bounded(inside)


@dataclass(frozen=True)
class _Grading:
    """The factor on a spacing that features ask for.

    Attributes
    ----------
    places
        Of the features.
    size
        The spacing that each of them asks for.
    h
        The spacing away from all of them.
    less
        Factor on all sizes: how many times as long as features ask for.
    """

    places: KDTree
    size: Float[ndarray, " F"]
    h: float
    less: float = 1.0

    def __call__(self, y: Float[ndarray, "N d"]) -> Float[ndarray, " N"]:
        """Return the factor at points."""
        return self._factor(*self._near(y), self.less)

    def bounded(self, inside: Float[ndarray, "n d"]) -> "_Grading":
        """Return the one whose features leave as many nodes elsewhere as they should.

        Parameters
        ----------
        inside
            Points spread evenly over the domain.
        """
        size, gap = self._near(inside)
        for less in np.geomspace(1, self.h / self.size.min(), TRIALS):  # the last asks for nothing
            if np.sqrt(np.mean(self._factor(size, gap, less) ** -2.0)) <= STRETCHED:
                break
        return replace(self, less=float(less))

    def _near(
        self, y: Float[ndarray, "N d"]
    ) -> tuple[Float[ndarray, "N k"], Float[ndarray, "N k"]]:
        """Return the sizes of the features next to points, and how far they are."""
        k = min(NEAR, len(self.size))
        gap, near = (part.reshape(len(y), k) for part in self.places.query(y, k))
        return self.size[near], gap

    def _factor(
        self, size: Float[ndarray, "N k"], gap: Float[ndarray, "N k"], less: float
    ) -> Float[ndarray, " N"]:
        """Return the factor that features near points make."""
        return np.minimum(1.0, (less * size + GROWTH * gap).min(axis=1) / self.h)


def local_spacing(
    problem: Problem, domain: Domain, x: Float[ndarray, "N d"]
) -> Float[ndarray, " N"] | None:
    """Return the factor on the spacing of nodes at points; None if it is one everywhere.

    Parameters
    ----------
    problem, domain
        What is solved, and where.
    x
        The points.
    """
    factor = refinement(problem, domain)
    return None if factor is None else factor(x)


@lru_cache(maxsize=8)
def features(domain: Domain) -> tuple[Float[ndarray, "F 2"], Float[ndarray, " F"]]:
    """Return places on the boundary of a domain in the plane, and the spacings they ask for."""
    parts = [_samples(curve) for curve in domain.curves]
    x, normals, size = (np.concatenate(part) for part in zip(*parts, strict=True))
    widths = domain.size * np.geomspace(1e-4, 1, WIDTHS)
    size = np.minimum(size, _width(x, normals, -widths) / ACROSS)
    size = np.minimum(size, _width(x, normals, widths) * GAP)
    return x, size


def _samples(curve: Curve) -> tuple[ndarray, ndarray, ndarray]:
    """Return points of a curve, its normals, and the spacing that bends and length ask for."""
    t = curve.start + (curve.stop - curve.start) * (np.arange(SAMPLES) + 0.5) / SAMPLES
    x = curve.point(t)
    normals = curve.sides[0].normal(x)
    turning = np.arccos(np.clip((normals[1:] * normals[:-1]).sum(axis=1), -1, 1))
    bend = turning / np.linalg.norm(np.diff(x, axis=0), axis=1)
    bend = np.append(bend, bend[-1])
    size = 2 * np.pi / ROUND / np.maximum(bend, 1e-12)
    return x, normals, size if curve.is_closed else np.minimum(size, curve.length / PIECES)


def _width(
    x: Float[ndarray, "F 2"], normals: Float[ndarray, "F 2"], steps: Float[ndarray, " W"]
) -> Float[ndarray, " F"]:
    """Return the distance of the wall that faces each point, along its normal; infinity if none."""
    tree, found = KDTree(x), np.full(len(x), np.inf)
    for step in steps[::-1]:
        gap, near = tree.query(x + step / 2 * normals)
        facing = (normals * normals[near]).sum(axis=1) < OPPOSITE
        # the middle between two walls is as far from the one as from the other, or nearer to it
        found[facing & (gap <= np.abs(step) / 2)] = np.abs(step)
    return found


def _jumps(problem: Problem, domain: Domain) -> Float[ndarray, "J 2"]:
    """Return the corners where the values given on two pieces differ."""
    coarse = [curve.nodes(_all_of(curve), domain.pieces) for curve in domain.curves]
    rim = join(coarse)
    names = np.array([*domain.pieces, *(name for name, _ in problem.pieces)])
    tags = rim.tags.copy()
    for i, (_, where) in enumerate(problem.pieces):
        tags[where(rim.probe)] = len(domain.pieces) + i
    found = at_corners(problem, rim, names[tags], domain.size)
    return np.concatenate([np.empty((0, 2)), *(places for _, _, places in found)])


def _all_of(curve: Curve) -> Spacing:
    """Return the spacing of four nodes on a curve."""
    return lambda x: np.full(len(x), curve.length / FEWEST_ROUND)


def _drawn(domain: Domain) -> Float[ndarray, "n d"]:
    """Return the points of a domain among those that are drawn from its box."""
    x = np.random.default_rng(0).uniform(domain.lower, domain.upper, (DRAWN, domain.dim))
    return x[domain.distance(x) < 0]
