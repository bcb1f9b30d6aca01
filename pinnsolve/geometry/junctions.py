"""Corners of interfaces: points in the plane at which they bend, or several of them meet.

There no side has a normal, and gradients of ``div(k grad u) = f`` are infinite as a rule: solutions
are sums of ``r^s g(angle)``, with ``s`` below one for nearly all wedges (Kellogg, 1974,
doi:10.1080/00036817408839086). What holds is the balance over a small disk,

    sum_r  ( integral of n . q_r over the arc in r  +  integral of rest_r over the sector )  =  0,

for equations ``div q_r + rest_r = 0``. The arcs end where the circle passes from one region into
another, found by bisection; points and weights are those of Gauss, on arcs and along radii.

Where an interface ends at the boundary of the domain, not at right angles, it has a corner as well:
that with its image in the mirror. Of the circle the part in the domain counts there, and what goes
through the boundary in it, which conditions give.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import INTERFACE, Junction

BENT = 1.0  # degrees, from which on a joint is a corner
SAME = 1e-6  # of the domain's size: ends of curves so near to each other are one point
RADII = (1.0, 0.7, 0.5, 0.35, 0.25)  # of the circle, in distances to the nearest node
LOOKS = 360  # directions in which is looked what the circle passes
BISECTIONS = 50
WIDEST = np.pi / 2  # of the parts of arcs that have points of their own
POINTS = 8  # on each of them
RADIAL = 4  # circles within the disk
OUTSIDE = -1  # in the place of a region: where there is none


def junctions(
    parts: Sequence[Domain],
    locate: Callable[[Float[ndarray, "n d"]], Int[ndarray, " n"]],
    x: Float[ndarray, "N d"],
    rows: slice,
    is_shared: Bool[ndarray, " N"],
) -> tuple[Junction, ...]:
    """Return the corners of the interfaces, each with the nodes that are in its place.

    Left out are those so near to the boundary of the domain that no circle has room, and ends at
    the boundary where values are given.

    Parameters
    ----------
    parts
        The regions.
    locate
        The region in which points lie.
    x
        The nodes.
    rows
        Which of them are on the boundary of a region.
    is_shared
        Mask of those at which interface conditions hold.
    """
    if parts[0].dim != 2:
        return ()
    ends = np.concatenate([wall_ends(part, 0.0) for part in parts])
    places = [f(part, BENT) for f in (corners, wall_ends) for part in parts]
    tree, found, taken = KDTree(x[: rows.stop]), list[Junction](), set[int]()
    for place in np.concatenate(places):
        here = np.sort(tree.query_ball_point(place, SAME * parts[0].size))
        here = here[here >= rows.start]
        is_end = (np.linalg.norm(ends - place, axis=1) < SAME * parts[0].size).any()
        if len(here) < 2 or int(here[0]) in taken or (is_end and not is_shared[here].all()):
            continue
        taken.add(int(here[0]))
        apart = float(tree.query(place, len(here) + 1)[0][-1])
        made = (
            _around(place, part * apart, here, parts, locate, at_wall=bool(is_end))
            for part in RADII
        )
        found += [own for own in made if own is not None][:1]
    return tuple(found)


def corners(part: Domain, bent: float) -> Float[ndarray, "k 2"]:
    """Return the points at which the boundary that a region shares with others has a bend.

    Parameters
    ----------
    part
        The region, in the plane.
    bent
        From which angle on it is one, in degrees.
    """
    x, normals, is_shared = _ends(part)
    i, j = KDTree(x).query_pairs(SAME * part.size, output_type="ndarray").T
    is_bent = (normals[i] * normals[j]).sum(axis=1) < np.cos(np.radians(bent))
    return np.asarray(x[i[is_bent & is_shared[i] & is_shared[j]]])


def wall_ends(part: Domain, bent: float) -> Float[ndarray, "k 2"]:
    """Return the points at which what a region shares with others meets its other boundary aslant.

    Parameters
    ----------
    part
        The region, in the plane.
    bent
        From which angle between both, less a right one, it is aslant, in degrees.
    """
    x, normals, is_shared = _ends(part)
    i, j = KDTree(x).query_pairs(SAME * part.size, output_type="ndarray").T
    is_bent = np.abs((normals[i] * normals[j]).sum(axis=1)) >= np.sin(np.radians(bent))
    return np.asarray(x[i[is_bent & (is_shared[i] != is_shared[j])]])


def _ends(part: Domain) -> tuple[Float[ndarray, "k 2"], Float[ndarray, "k 2"], Bool[ndarray, " k"]]:
    """Return the ends of a region's curves, their normals, and whether others share the curve."""
    curves = [c for c in part.curves if not c.is_closed]
    if not curves:
        return np.empty((0, 2)), np.empty((0, 2)), np.empty(0, dtype=bool)
    x = np.concatenate([c.point(np.array([c.start, c.stop])) for c in curves])
    ends = x.reshape(-1, 2, 2)
    normals = np.concatenate([c.sides[0].normal(e) for c, e in zip(curves, ends, strict=True)])
    return x, normals, np.repeat([c.sides[0].piece == INTERFACE for c in curves], 2)


def _around(
    place: Float[ndarray, " 2"],
    radius: float,
    nodes: Int[ndarray, " k"],
    parts: Sequence[Domain],
    locate: Callable[[Float[ndarray, "n d"]], Int[ndarray, " n"]],
    *,
    at_wall: bool,
) -> Junction | None:
    """Return a corner with a circle around it; None if that leaves the domain where it may not."""

    def circle(angle: Float[ndarray, " n"]) -> Float[ndarray, "n 2"]:
        return place + radius * _unit(angle)

    def region(angle: Float[ndarray, " n"], beyond: float = 0.0) -> Int[ndarray, " n"]:
        x = circle(angle)
        is_outside = np.min([part.distance(x) for part in parts], axis=0) > beyond
        return np.where(is_outside, OUTSIDE, locate(x))

    angle = 2 * np.pi * np.arange(LOOKS + 1) / LOOKS
    of = region(angle, SAME * radius)  # on an interface rounding leaves a gap
    change = np.flatnonzero(of[1:] != of[:-1])
    leaves = np.sum((of[1:] == OUTSIDE) != (of[:-1] == OUTSIDE))
    if len(change) < 2 or leaves != (2 if at_wall else 0):
        return None
    a, b = angle[change], angle[change + 1]
    for _ in range(BISECTIONS):
        middle = (a + b) / 2
        is_before = region(middle) == of[change]
        a, b = np.where(is_before, middle, a), np.where(is_before, b, middle)
    start, stop, own = a, np.append(a[1:], a[0] + 2 * np.pi), of[change + 1]
    is_in = own != OUTSIDE
    first, last = is_in & ~np.roll(is_in, 1), is_in & ~np.roll(is_in, -1)
    at, measures = _along_arcs(start[is_in], stop[is_in], radius)
    walls = np.concatenate([start[first], stop[last]])  # which the domain lies to the left of, then
    turn = np.repeat([-np.pi / 2, np.pi / 2], [first.sum(), last.sum()])  # to the right of
    beside = np.concatenate([own[first], own[last]])
    depth, shares = np.polynomial.legendre.leggauss(RADIAL)
    part, shares = (depth[:, None] + 1) / 2, shares[:, None] / 2
    inner, along = (
        (place + part[..., None] * (circle(angles) - place)).reshape(-1, 2)
        for angles in (at, walls)
    )
    x = np.concatenate([circle(at), inner, along])
    outward = [
        np.tile(_unit(angles), (n, 1)) for angles, n in ((at, 1 + RADIAL), (walls + turn, RADIAL))
    ]
    on_circle, in_disk, on_rim = np.zeros((3, len(x)))
    on_circle[: len(at)] = measures
    in_disk[len(at) : len(x) - len(along)] = (shares * part * radius * measures).ravel()
    on_rim[len(x) - len(along) :] = np.repeat(shares * radius, len(walls))
    of_points = np.concatenate([locate(x[: len(x) - len(along)]), np.tile(beside, RADIAL)])
    normals = np.concatenate(outward)
    return Junction(
        nodes, x, normals, on_circle, in_disk, on_rim, of_points, tuple(beside.tolist())
    )


def _along_arcs(
    start: Float[ndarray, " k"], stop: Float[ndarray, " k"], radius: float
) -> tuple[Float[ndarray, " m"], Float[ndarray, " m"]]:
    """Return the angles of points on arcs of a circle, and the lengths that they stand for."""
    count = np.maximum(np.ceil((stop - start) / WIDEST), 1).astype(int)
    width = np.repeat((stop - start) / count, count)
    number = np.concatenate([np.arange(n) for n in count])
    middle = np.repeat(start, count) + (number + 0.5) * width
    knots, weights = np.polynomial.legendre.leggauss(POINTS)
    angles = middle[:, None] + width[:, None] / 2 * knots
    return angles.ravel(), radius * (width[:, None] / 2 * weights).ravel()


def _unit(angle: Float[ndarray, " n"]) -> Float[ndarray, "n 2"]:
    """Return the directions of angles."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)
