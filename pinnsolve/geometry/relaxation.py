"""Spreading points evenly: lattices to start from, thinning, and repulsion.

A jittered hexagonal lattice (face-centred cubic in space) already has the right density. A few
sweeps of short-range repulsion against the fixed boundary nodes then remove the crowding at
the boundary and the jitter's extremes:

    x_i += step h sum_j max(0, 1 - r_ij / (reach h))^2 (x_i - x_j) / r_ij

over the nearest neighbours. They stop long before the points freeze into a lattice, on which
polynomials are not determined by stencils. The repulsion is that of node placement by bubbles:
Shimada and Gossard (1995), doi:10.1145/218013.218095; Fornberg and Flyer (2015),
doi:10.1016/j.camwa.2015.01.009.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.geometry.patches import Spacing
from pinnsolve.progress import Progress, Watch, unwatched

JITTER = 0.3  # of the lattice spacing, each way: enough to break every row of the lattice
SLENDER = 4.0  # ratio of the sides of a box from which its lattice is not turned
# cell of the lattice for neighbours one apart, and the sites in it, by dimension
CELLS = {
    2: (np.array([1.0, np.sqrt(3)]), np.array([[0.0, 0.0], [0.5, 0.5]])),
    3: (
        np.full(3, np.sqrt(2)),
        np.array([[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]),
    ),
}
SWEEPS = 20
REBUILD = 4  # sweeps between searches for neighbours; points move by a fraction of h meanwhile
REACH = 1.5  # of the repulsion, in spacings
STEP = 0.5
LONGEST_STEP = 0.2  # in spacings
NEIGHBOURS = {1: 4, 2: 7, 3: 14}  # by dimension
CLOSEST = 0.7  # in spacings: smallest distance between nodes
PACKING = {
    1: 0.75,
    2: 0.77,
    3: 0.78,
}  # thinning to this leaves one spacing on average, by dimension
UNIFORM = 1.001  # ratio of local spacings up to which nodes count as uniform
THREADED = 2000  # points from which a search on all cores pays for starting its threads


def workers(count: int) -> int:
    """Return the number of threads for a search among ``count`` points: -1 is all cores."""
    return -1 if count >= THREADED else 1


def lattice(
    lower: Float[ndarray, "d"], upper: Float[ndarray, "d"], h: float, rng: np.random.Generator
) -> Float[ndarray, "N d"]:
    """Return a jittered, randomly turned densest lattice that covers a box.

    Parameters
    ----------
    lower, upper
        Corners of the box.
    h
        Distance between neighbours before the jitter.
    rng
        Turns, shifts and jitters the lattice.
    """
    dim = len(lower)
    cell, sites = CELLS[dim]
    sides = upper - lower + 2 * h
    turn, _ = np.linalg.qr(rng.normal(size=(dim, dim)))
    if sides.max() > SLENDER * sides.min():
        turn = np.eye(dim)  # a turned box would waste too many points
    reach = np.abs(turn) @ sides  # of the turned box, along the axes of the lattice
    counts = np.ceil(reach / (h * cell)).astype(int) + 1
    index = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), -1).reshape(-1, 1, dim)
    points = ((index + sites).reshape(-1, dim) - counts / 2 + rng.uniform(-0.5, 0.5, dim)) * cell
    points = h * points @ turn + (lower + upper) / 2
    points = points[((points > lower - h) & (points < upper + h)).all(axis=1)]
    return points + h * JITTER * rng.uniform(-1, 1, points.shape)


def golden_sphere(n: int) -> Float[ndarray, "n 3"]:
    """Return points spread over the unit sphere along a golden spiral.

    Source: Swinbank and Purser (2006), doi:10.1256/qj.05.227.
    """
    i = np.arange(n) + 0.5
    z = 1 - 2 * i / n
    angle = np.pi * (1 + np.sqrt(5)) * i
    r = np.sqrt(1 - z**2)
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], -1)


def thin(
    x: Float[ndarray, "N d"],
    radius: Float[ndarray, "N"],
    rank: Int[ndarray, "N"],
    rng: np.random.Generator,
) -> Bool[ndarray, "N"]:
    """Return the indices of points of which none is closer to another than its radius.

    The points dropped are each closer than the radius to a kept one (a maximal independent
    set, drawn as by Luby, 1986, doi:10.1137/0215074).

    Parameters
    ----------
    x
        Points.
    radius
        Smallest distance allowed; of two points, the smaller radius counts.
    rank
        Lower ranks stay before higher ones; equal ranks are drawn by lot.
    """
    pairs = _conflicts(x, radius)
    order = np.empty(len(x), dtype=int)
    order[np.lexsort((rng.random(len(x)), rank))] = np.arange(len(x))
    winner = np.where(order[pairs[:, 0]] < order[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
    loser = pairs.sum(axis=1) - winner

    kept = np.ones(len(x), dtype=bool)
    while len(winner):
        # a point that beats every rival left is safe; it ends whoever it beats
        beaten = np.zeros(len(x), dtype=bool)
        beaten[loser] = True
        ended = np.zeros(len(x), dtype=bool)
        ended[loser[~beaten[winner]]] = True
        kept &= ~ended
        alive = ~(ended[winner] | ended[loser])
        winner, loser = winner[alive], loser[alive]
    return kept


def _conflicts(x: Float[ndarray, "N d"], radius: Float[ndarray, "N"]) -> Int[ndarray, "P 2"]:
    """Return the pairs of points closer than the smaller of their radii."""
    parts = [np.empty((0, 2), dtype=int)]
    rest = np.arange(len(x))
    # octave by octave, since a search goes to one distance for all
    while len(rest):
        is_small = radius[rest] <= 2 * radius[rest].min()
        small, reach = rest[is_small], float(radius[rest[is_small]].max())
        within = KDTree(x[small]).query_pairs(reach, output_type="ndarray")
        parts.append(small[within])
        rest = rest[~is_small]
        if len(rest):
            across = KDTree(x[small]).sparse_distance_matrix(
                KDTree(x[rest]), reach, output_type="ndarray"
            )
            parts.append(np.stack([small[across["i"]], rest[across["j"]]], axis=-1))
    pairs = np.concatenate(parts)
    gap = np.linalg.norm(x[pairs[:, 0]] - x[pairs[:, 1]], axis=1)
    return pairs[gap < np.minimum(radius[pairs[:, 0]], radius[pairs[:, 1]])]


def relax(
    x: Float[ndarray, "N d"],
    fixed: Float[ndarray, "B d"],
    spacing: Spacing,
    allowed: Callable[[Float[ndarray, "K d"], Float[ndarray, "K"]], Bool[ndarray, "K"]],
    *,
    dim: int | None = None,
    project: Callable[[Float[ndarray, "N d"]], Float[ndarray, "N d"]] | None = None,
    watch: Watch = unwatched,
) -> Float[ndarray, "N d"]:
    """Return the points after repelling each other and the fixed points.

    Parameters
    ----------
    x
        Points that move.
    fixed
        Points that do not.
    spacing
        Wanted distance between neighbours.
    allowed
        Which positions, with the spacing wanted there, a point near a fixed one may take.
    dim
        Dimension of the manifold the points lie on; by default that of space.
    project
        Brings moved points back onto their manifold.
    """
    n = len(x)
    k = min(NEIGHBOURS[dim or x.shape[1]] + 1, n + len(fixed))
    if n == 0 or k < 2:
        return x
    points = np.concatenate([x, fixed])
    h = spacing(points)
    for sweep in range(SWEEPS):
        if sweep % REBUILD == 0:
            watch(Progress("nodes", fraction=sweep / SWEEPS))
            _, near = KDTree(points).query(points[:n], k, workers=workers(n))
            near = near[:, 1:]
            reach = REACH * (h[:n, None] + h[near]) / 2
            h[:n] = spacing(points[:n])
            watched = np.flatnonzero((near >= n).any(axis=1))
        push = _repulsion(points, near, reach)
        length = np.sqrt(np.einsum("ij,ij->i", push, push))
        scale = h[:n] * STEP * np.minimum(1, LONGEST_STEP / STEP / np.maximum(length, 1e-30))
        moved = points[:n] + scale[:, None] * push
        if project is not None:
            moved = project(moved)
        refused = watched[~allowed(moved[watched], h[watched])]
        moved[refused] = points[refused]
        points[:n] = moved
    return points[:n]


def _repulsion(
    points: Float[ndarray, "M d"], near: Int[ndarray, "N k"], reach: Float[ndarray, "N k"]
) -> Float[ndarray, "N d"]:
    """Return the dimensionless push on the first points by their neighbours."""
    away = points[: len(near), None, :] - points[near]
    r = np.sqrt(np.einsum("ijk,ijk->ij", away, away))
    strength = np.maximum(0, 1 - r / reach) ** 2 / np.maximum(r, 1e-300)
    return np.einsum("ij,ijk->ik", strength, away)
