"""Corners of interfaces: points in the plane at which they bend, or several of them meet.

There no side has a normal, and gradients of ``div(k grad u) = f`` are infinite as a rule: solutions
are sums of ``r^s g(angle)``, with ``s`` below one for nearly all wedges (Kellogg, 1974,
doi:10.1080/00036817408839086). What holds is the balance over a small disk,

    sum_r  ( integral of n . q_r over the arc in r  +  integral of rest_r over the sector )  =  0,

for equations ``div q_r + rest_r = 0``. The arcs end where the circle passes from one region into
another, found by bisection; points and weights are those of Gauss, on arcs and along radii.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int
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


def junctions(
    parts: Sequence[Domain],
    locate: Callable[[Float[ndarray, "n d"]], Int[ndarray, " n"]],
    x: Float[ndarray, "N d"],
    rows: slice,
) -> tuple[Junction, ...]:
    """Return the corners of the interfaces, each with the nodes that are in its place.

    Left out are those so near to the boundary of the domain that no circle has room.

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
    """
    if parts[0].dim != 2:
        return ()
    places = np.concatenate([np.empty((0, 2)), *(corners(part, BENT) for part in parts)])
    tree, found, taken = KDTree(x[: rows.stop]), list[Junction](), set[int]()
    for place in places:
        here = np.sort(tree.query_ball_point(place, SAME * parts[0].size))
        here = here[here >= rows.start]
        if len(here) < 2 or int(here[0]) in taken:
            continue
        taken.add(int(here[0]))
        apart = float(tree.query(place, len(here) + 1)[0][-1])
        made = (_around(place, part * apart, here, parts, locate) for part in RADII)
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
    curves = [c for c in part.curves if c.sides[0].piece == INTERFACE and not c.is_closed]
    if not curves:
        return np.empty((0, 2))
    x = np.concatenate([c.point(np.array([c.start, c.stop])) for c in curves])
    ends = x.reshape(-1, 2, 2)
    normals = np.concatenate([c.sides[0].normal(e) for c, e in zip(curves, ends, strict=True)])
    i, j = KDTree(x).query_pairs(SAME * part.size, output_type="ndarray").T
    is_bent = (normals[i] * normals[j]).sum(axis=1) < np.cos(np.radians(bent))
    return np.asarray(x[i[is_bent]])


def _around(
    place: Float[ndarray, " 2"],
    radius: float,
    nodes: Int[ndarray, " k"],
    parts: Sequence[Domain],
    locate: Callable[[Float[ndarray, "n d"]], Int[ndarray, " n"]],
) -> Junction | None:
    """Return a corner with a circle around it; None if that leaves the domain."""

    def circle(angle: Float[ndarray, " n"]) -> Float[ndarray, "n 2"]:
        return place + radius * _unit(angle)

    angle = 2 * np.pi * np.arange(LOOKS + 1) / LOOKS
    x = circle(angle)
    if (np.min([part.distance(x) for part in parts], axis=0) > SAME * radius).any():
        return None
    of = locate(x)
    change = np.flatnonzero(of[1:] != of[:-1])
    if len(change) < 2:
        return None
    a, b = angle[change], angle[change + 1]
    for _ in range(BISECTIONS):
        middle = (a + b) / 2
        is_before = locate(circle(middle)) == of[change]
        a, b = np.where(is_before, middle, a), np.where(is_before, b, middle)
    start, stop = a, np.append(a[1:], a[0] + 2 * np.pi)
    count = np.maximum(np.ceil((stop - start) / WIDEST), 1).astype(int)
    width = np.repeat((stop - start) / count, count)
    first = np.concatenate([np.arange(n) for n in count])
    middle = np.repeat(start, count) + (first + 0.5) * width
    knots, weights = np.polynomial.legendre.leggauss(POINTS)
    at = (middle[:, None] + width[:, None] / 2 * knots).ravel()
    measures = radius * (width[:, None] / 2 * weights).ravel()
    outer = circle(at)
    depth, shares = np.polynomial.legendre.leggauss(RADIAL)
    part = (depth[:, None] + 1) / 2
    inner = (place + part[..., None] * (outer - place)).reshape(-1, 2)
    areas = (shares[:, None] / 2 * part * radius * measures).ravel()
    x = np.concatenate([outer, inner])
    measures = np.concatenate([measures, np.zeros(len(inner))])
    areas = np.concatenate([np.zeros(len(outer)), areas])
    normals = np.tile(_unit(at), (1 + RADIAL, 1))
    return Junction(nodes, x, normals, measures, areas, locate(x))


def _unit(angle: Float[ndarray, " n"]) -> Float[ndarray, "n 2"]:
    """Return the directions of angles."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)
