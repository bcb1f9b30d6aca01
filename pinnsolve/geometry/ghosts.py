"""Ghost nodes outside each boundary node, so that stencils at the boundary are centred.

A single ring of ghosts lies one spacing out along the normals, of two rings the first half a
spacing out: at full spacings their values are sometimes nearly undetermined. At a corner ghosts
lie along the middle of the outside, the mean of the directions that leave the domain. Where they
would collide, or land in the domain across a slot, they are shortened and tilted until they are
clear: whoever has to move looks through a fan of positions and takes the nearest clear one,
neighbours in turn. In a hole that is small by the spacing they would all collide: there they lie at
half its radius of curvature, each as far out as its neighbours, for what is uneven there lets heat
grow (`_lengths`). Beyond sides where the domain is periodic it goes on; the ghosts there, which no
stencil takes, keep their places.
Ghosts for RBF-FD: Fornberg and Flyer (2015), A Primer on Radial Basis Functions, SIAM, ch. 5.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.errors import NodesError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.outward import FEELERS, corners, local_spacing, outward_directions
from pinnsolve.geometry.periodic import on_joints, rolled
from pinnsolve.geometry.relaxation import workers
from pinnsolve.geometry.walls import sight

OFFSET = 1.0  # distance of ghosts from their boundary nodes, in spacings
OFFSET_OF_RINGS = 0.5  # the same for several rings, and of these from each other
CLEARANCE = 0.4  # wanted distance to every other node, in spacings
WITHIN = 0.5  # of the radius of a hole: how far out ghosts lie in it at most
AROUND = {2: 2, 3: 6}  # neighbours on the boundary, by dimension, that tell how it bends
OUTSIDE = 0.3  # wanted distance from the domain, in spacings
FLOOR = 0.05  # what both must be at least, in notches too sharp for more
LENGTHS = (1.0, 0.85, 0.7, 0.55, 0.42, 1.25, 1.5, 2.0)  # of the fan, in those of the ghost
TILTS = np.radians([20.0, 40.0, 60.0, 75.0, 85.0])
ROUNDS = 40


def with_ghosts(
    nodes: Nodes, domain: Domain, rings: int = 1, *, spares_corners: bool = False
) -> Nodes:
    """Return the nodes with ghosts for each boundary node; ghosts there were are replaced.

    Parameters
    ----------
    nodes
        Interior and boundary nodes.
    domain
        The domain they lie in.
    rings
        How many ghosts each boundary node gets.
    spares_corners
        Whether those near corners that point into the domain are withheld.

    Raises
    ------
    NodesError
        If there is no room for a ghost outside the boundary, as in a slot or a cusp.
    """
    x = nodes.x[nodes.rows]
    base = nodes.x[nodes.boundary]
    h = local_spacing(nodes)
    whole, domain = domain, rolled(domain, nodes.joints)
    free = ~on_joints(nodes)
    outward = outward_directions(base, nodes.normals, h, domain)
    offset = OFFSET if rings == 1 else OFFSET_OF_RINGS
    length = offset * h
    if rings == 1:
        length = _lengths(nodes, domain, length)
    h = length / offset
    for ring in range(1, rings + 1):
        steps = ring * length[:, None] * outward
        ghosts = base + steps
        if nodes.dim in FEELERS:
            ghosts[free] = _clear(base[free], steps[free], h[free], x, domain)
        x = np.concatenate([x, ghosts])
    found = replace(nodes, x=x)
    return replace(found, sight=sight(found, whole, spares_corners=spares_corners))


def _lengths(nodes: Nodes, domain: Domain, longest: Float[ndarray, "B"]) -> Float[ndarray, "B"]:
    """Return the distances of ghosts from the boundary: those wanted, but not in small holes.

    Where the boundary bends by the curvature ``k`` around outside, as around a hole, ghosts at the
    distance ``r`` are closer to one another than their boundary nodes by the factor ``1 - k r``.

    Parameters
    ----------
    nodes
        Interior and boundary nodes.
    domain
        The domain they lie in.
    longest
        The distance wanted.
    """
    x, normals, k = nodes.x[nodes.boundary], nodes.normals, AROUND.get(nodes.dim, 0)
    if not 0 < k < len(x):
        return longest
    near = KDTree(x).query(x, k + 1)[1][:, 1:]
    apart, turn = x[near] - x[:, None], normals[near] - normals[:, None]
    bend = -(turn * apart).sum(axis=2) / (apart * apart).sum(axis=2)
    is_corner = np.zeros(len(x), dtype=bool)
    is_corner[corners(nodes, domain)] = True
    is_smooth = (nodes.tags[near] == nodes.tags[:, None]) & ~is_corner[near] & ~is_corner[:, None]
    bend = np.where(is_smooth, bend, 0.0).max(axis=1)
    return np.asarray(longest / np.maximum(1.0, longest * bend / WITHIN))


def _clear(
    base: Float[ndarray, "B d"],
    steps: Float[ndarray, "B d"],
    h: Float[ndarray, "B"],
    x: Float[ndarray, "N d"],
    domain: Domain,
) -> Float[ndarray, "B d"]:
    """Return the ghosts, moved where they are too close to the domain or to another node."""
    ghosts = base + steps
    nodes = KDTree(x)
    order = np.random.default_rng(0).permutation(len(ghosts))
    outside = domain.distance(ghosts) / h
    for _ in range(ROUNDS):
        room = _room(ghosts, ghosts, np.arange(len(ghosts)), nodes) / h
        crowded = np.flatnonzero((room < CLEARANCE) | (outside < OUTSIDE))
        turn = _in_turn(ghosts, crowded, h, order)
        if len(turn) == 0:
            break
        fan = _fan(base[turn], steps[turn])
        flat = fan.reshape(-1, fan.shape[-1])
        wanted = base[turn] + steps[turn]
        owner = np.repeat(turn, fan.shape[1])
        fit = np.minimum(
            _room(flat, ghosts, owner, nodes) / h[owner] / CLEARANCE,
            domain.distance(flat) / h[owner] / OUTSIDE,
        ).reshape(fan.shape[:2])
        detour = np.linalg.norm(fan - wanted[:, None, :], axis=2) / h[turn, None]
        # the nearest clear position, or else the clearest
        best = np.argmax(np.where(fit >= 1, 1e3 - detour, fit), axis=1)
        moved = fan[np.arange(len(turn)), best]
        if np.array_equal(moved, ghosts[turn]):
            order = np.roll(order, 1)
        ghosts[turn] = moved
        outside[turn] = domain.distance(moved) / h[turn]
    _check_room(base, np.minimum(room, outside))
    return ghosts


def _room(
    x: Float[ndarray, "K d"], ghosts: Float[ndarray, "B d"], owner: Int[ndarray, "K"], nodes: KDTree
) -> Float[ndarray, "K"]:
    """Return the distance from positions to the nearest node or ghost other than their owner."""
    to_node, _ = nodes.query(x, workers=workers(len(x)))
    to_ghost, which = KDTree(ghosts).query(x, 2, workers=workers(len(x)))
    to_ghost = np.where(which[:, 0] == owner, to_ghost[:, 1], to_ghost[:, 0])
    return np.minimum(to_node, to_ghost)


def _in_turn(
    ghosts: Float[ndarray, "B d"],
    crowded: Int[ndarray, "K"],
    h: Float[ndarray, "B"],
    order: Int[ndarray, "B"],
) -> Int[ndarray, "M"]:
    """Return crowded ghosts that may move at once: no two of them near each other."""
    if len(crowded) == 0:
        return crowded
    reach = 3 * h[crowded]
    pairs = KDTree(ghosts[crowded]).query_pairs(float(reach.max()), output_type="ndarray")
    first, second = order[crowded[pairs[:, 0]]], order[crowded[pairs[:, 1]]]
    waits = np.zeros(len(crowded), dtype=bool)
    waits[np.where(first > second, pairs[:, 0], pairs[:, 1])] = True
    return crowded[~waits]


def _fan(base: Float[ndarray, "M d"], steps: Float[ndarray, "M d"]) -> Float[ndarray, "M F d"]:
    """Return the positions a ghost may take: along its direction and tilted, long and short."""
    dim = base.shape[1]
    length = np.linalg.norm(steps, axis=1)
    outward = steps / length[:, None]
    if dim == 2:
        sideways = np.stack([-outward[:, 1], outward[:, 0]], -1)
        around = np.stack([sideways, -sideways], axis=1)
    else:
        seed = np.eye(3)[np.abs(outward).argmin(axis=1)]
        e1 = np.cross(outward, seed)
        e1 /= np.linalg.norm(e1, axis=1, keepdims=True)
        e2 = np.cross(outward, e1)
        angle = 2 * np.pi * np.arange(8) / 8
        around = np.cos(angle)[:, None] * e1[:, None] + np.sin(angle)[:, None] * e2[:, None]
    straight = outward[:, None, :]
    rays = [straight] + [np.cos(a) * straight + np.sin(a) * around for a in TILTS]
    ray = np.concatenate(rays, axis=1)
    fan = length[:, None, None, None] * np.array(LENGTHS)[:, None, None] * ray[:, None]
    return base[:, None] + fan.reshape(len(base), -1, dim)


def _check_room(base: Float[ndarray, "B d"], room: Float[ndarray, "B"]) -> None:
    """Refuse ghosts with no room at all."""
    if len(room) and room.min() < FLOOR:
        worst = int(np.argmin(room))
        place = ", ".join(f"{c:.4g}" for c in base[worst])
        raise NodesError(
            f"no room for a ghost node outside the boundary at ({place}): the gap there is too "
            "narrow for this spacing. Raise nodes.count, lower nodes.spacing, set nodes.refine = "
            '"auto", or widen the gap.'
        )
