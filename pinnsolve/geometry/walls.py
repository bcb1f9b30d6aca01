"""The walls of a domain in the plane, and how its nodes look around them.

Walls are chords of the boundary, a spacing long at most, and so short that they stay close to it.
Nodes on a wall look, and are looked at, from a place a little inside, the farther the more the wall
bends, so that one that bends little within a stencil hides nothing; a ghost is looked at from where
its boundary node is, wherever it lies itself. Where a domain has no hollows everyone sees everyone,
and there are no walls; neither are there in space.

Near a corner that points into the domain ghosts are seen from few nodes, and nearly undetermined:
there they are withheld, and the equations do not hold at their boundary nodes. Corners of an
interface are no such corners: the ghosts of the other side are what holds the field there.
"""

from itertools import product

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.spatial import ConvexHull, KDTree

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import INTERFACE, Joint, Nodes
from pinnsolve.geometry.outward import FEELER, directions, local_spacing, outward_directions
from pinnsolve.geometry.patches import Curve, Spacing
from pinnsolve.geometry.periodic import on_joints, rolled
from pinnsolve.geometry.sight import STEP, Sight, Walls

# how far inside nodes on a wall look from, in spacings: on a flat one, and at most; in between as
# far as the wall bends within half a stencil
LEAST, MOST = 0.02, 0.5
HALF_STENCIL = 4.0  # in spacings
SHORTER = 0.5 ** np.arange(8)  # parts of it, where walls are close
FIRST = 0.25  # of the way there: beyond the wall itself, which chords cut short
SAGITTA = 1e-2  # in spacings: how far chords may be from the boundary
HOLLOW = 1e-6  # of the domain's size: how deep a hollow must be to count
AT_ONCE = 2_000_000  # distances held at once
AROUND_CORNERS = 3.0  # in spacings: where ghosts are withheld
REENTRANT = 0.53  # share of the directions at a corner that stay in the domain


def sight(nodes: Nodes, domain: Domain, *, spares_corners: bool = False) -> Sight | None:
    """Return the sight of nodes, ghosts included; None if everyone sees everyone.

    Parameters
    ----------
    nodes, domain
        The nodes, and where they are.
    spares_corners
        Whether ghosts near corners that point into the domain are withheld.
    """
    if domain.dim != 2 or not domain.curves:
        return None
    x, base = nodes.x[nodes.rows], nodes.x[nodes.boundary]
    h = local_spacing(nodes)
    tree = KDTree(base)
    found = _walls(domain, lambda y: h[tree.query(y)[1]], nodes.joints)
    if found is None:
        return None
    walls, bend = found
    domain = rolled(domain, nodes.joints)
    nearest = KDTree(walls.chords.mean(axis=1)).query(base)[1]
    inset = h * np.clip(HALF_STENCIL**2 / 2 * bend[nearest] * h, LEAST, MOST)
    inward = -inset[:, None] * outward_directions(base, nodes.normals, h, domain)
    inward[on_joints(nodes)] = 0
    inside = _inside(base, inward, domain, walls)
    ghosts = inside.copy()
    if spares_corners:
        ghosts[_near_corners(domain, base, inside, h, walls)] = np.nan
    places = [x[nodes.interior], inside, *[ghosts] * nodes.rings]
    return Sight(np.concatenate(places), walls)


def _inside(
    base: Float[ndarray, "B 2"], inward: Float[ndarray, "B 2"], domain: Domain, walls: Walls
) -> Float[ndarray, "B 2"]:
    """Return the places from where nodes on a wall look, not beyond another one."""
    places, left = base.copy(), np.flatnonzero(inward.any(axis=1))
    for part in SHORTER:
        step = part * inward[left]
        there = places[left] = base[left] + step
        is_beyond = walls.block(base[left] + FIRST * step, there[:, None])[:, 0]
        left = left[is_beyond | (domain.distance(there) > 0)]
        if not len(left):
            break
    return places


def _near_corners(
    domain: Domain,
    base: Float[ndarray, "B 2"],
    inside: Float[ndarray, "B 2"],
    h: Float[ndarray, "B"],
    walls: Walls,
) -> Bool[ndarray, "B"]:
    """Return the mask of the nodes near a corner that points into the domain, who see it."""
    curves = [c for c in domain.curves if not c.is_closed and c.sides[0].piece != INTERFACE]
    ends = [c.point(np.array([c.start, c.stop])) for c in curves]
    corners = np.concatenate([np.empty((0, 2)), *ends])
    fan = FEELER * h.min() * directions(2)
    around = domain.distance((corners[:, None] + fan).reshape(-1, 2)).reshape(-1, len(fan))
    corners = corners[(around < 0).mean(axis=1) > REENTRANT]
    if not len(corners):
        return np.zeros(len(base), dtype=bool)
    gap, nearest = KDTree(corners).query(base)
    near = np.flatnonzero(gap < AROUND_CORNERS * h)
    found = np.zeros(len(base), dtype=bool)
    there = corners[nearest[near]] + STEP * (inside[near] - corners[nearest[near]])
    found[near] = ~walls.block(inside[near], there[:, None])[:, 0]
    return found


def _walls(
    domain: Domain, spacing: Spacing, joints: tuple[Joint, ...]
) -> tuple[Walls, Float[ndarray, " W"]] | None:
    """Return the walls of a domain and their curvature; None where they hide nothing.

    Parameters
    ----------
    domain
        Where.
    spacing
        Distance between neighbouring nodes on the boundary.
    joints
        Sides that are no walls, and beyond which the domain goes on.
    """
    parts = [_chords(curve, spacing) for curve in domain.curves]
    chords, bend = (np.concatenate(part) for part in zip(*parts, strict=True))
    off = HOLLOW * domain.size
    for joint in joints:
        off_side = np.abs(chords[:, :, joint.axis, None] - np.array([joint.low, joint.high]))
        is_wall = ~(off_side < off).all(axis=1).any(axis=1)
        chords, bend = chords[is_wall], bend[is_wall]
    moves = [[turn * joint.period for turn in (0, -1, 1)] for joint in joints]
    axes = [joint.axis for joint in joints]
    steps = np.zeros((3 ** len(joints), 1, 1, 2))
    for step, move in zip(steps, product(*moves), strict=True):
        step[..., axes] = move
    chords = (chords + steps).reshape(-1, 2, 2)
    if not _have_hollows(chords, off):
        return None
    return Walls(chords), np.tile(bend, len(steps))


def _chords(curve: Curve, spacing: Spacing) -> tuple[Float[ndarray, "W 2 2"], Float[ndarray, " W"]]:
    """Return chords of a curve, no longer than the spacing and close to it, and its curvature."""
    t, x = curve.polyline
    steps = np.diff(x, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    turning = np.abs(np.gradient(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))))
    h = spacing((x[1:] + x[:-1]) / 2)
    # a chord of length s that turns by an angle v is s v / 8 off the curve
    wanted = np.maximum(lengths / h, np.sqrt(turning * lengths / (8 * SAGITTA * h)))
    travelled = np.concatenate([[0.0], np.cumsum(wanted)])
    n = max(int(np.ceil(travelled[-1])), 1)
    ends = curve.point(np.interp(travelled[-1] * np.arange(n + 1) / n, travelled, t))
    middle = np.interp(travelled[-1] * (np.arange(n) + 0.5) / n, travelled, np.arange(len(t)))
    bend = (turning / lengths)[middle.astype(int)]
    return np.stack([ends[:-1], ends[1:]], axis=1), bend


def _have_hollows(chords: Float[ndarray, "W 2 2"], depth: float) -> bool:
    """Return whether some end of a chord is deep within the convex hull of all of them."""
    ends = chords.reshape(-1, 2)
    if len(ends) == 0 or np.linalg.matrix_rank(ends - ends[0], tol=depth) < 2:
        return False
    facets = ConvexHull(ends).equations
    parts = np.array_split(ends, max(1, len(ends) * len(facets) // AT_ONCE))
    return any(((x @ facets[:, :2].T + facets[:, 2]).max(axis=1) < -depth).any() for x in parts)
