"""Sides of a domain that are one: where the domain goes on from one side into another.

Both are flat, across the same coordinate, one is the other moved along that coordinate, and the
domain lies between them. Rolled up there is no boundary: its nodes are those that are left without
the second side and without the ghosts of both, and every stencil takes the nearest ones, those
across included (`unrolled`). The nodes left out are tied to the points across.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.errors import NodesError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Joint, Nodes
from pinnsolve.geometry.sight import Sight

FLAT = 1e-6  # how far off in spacings a node of a side may be, or the end of a normal
NEAR = 3.0  # in local spacings: how far from a side's nodes those of the other may come to lie
ROUNDING = 1e-9  # in periods: what is so close to the second side lies on it
BAND = 0.5  # of a period: how far to each side of the domain nodes are repeated


@dataclass(frozen=True)
class Tie:
    """Nodes that have the values of points across.

    Attributes
    ----------
    rows
        The nodes: first the boundary nodes, then ghosts.
    across
        The points.
    n_boundary
        How many of the nodes are on the boundary.
    axis
        The coordinate that is periodic.
    """

    rows: Int[ndarray, " R"]
    across: Float[ndarray, "R d"]
    n_boundary: int
    axis: int


def joint(nodes: Nodes, sides: tuple[str, str]) -> Joint:
    """Return the joint of two sides of a domain.

    Parameters
    ----------
    nodes
        The nodes, with some on each side.
    sides
        Names of the two pieces of the boundary.

    Raises
    ------
    NodesError
        If they are no translates of one another along one coordinate, or not the ends of the
        domain.
    """
    rows = [_nodes_on(nodes, side) for side in sides]
    axes = [_axis(nodes, here, side) for here, side in zip(rows, sides, strict=True)]
    if axes[0] != axes[1]:
        raise NodesError(f"{sides[0]} and {sides[1]} are not parallel.")
    axis = axes[0]
    first, second = (nodes.x[here] for here in rows)
    if first[0, axis] > second[0, axis]:
        return joint(nodes, (sides[1], sides[0]))
    low, high = float(first[0, axis]), float(second[0, axis])
    x = nodes.x[nodes.rows]
    slack = FLAT * nodes.spacing
    if x[:, axis].min() < low - slack or x[:, axis].max() > high + slack or high - low < slack:
        raise NodesError(f"the domain does not lie between {sides[0]} and {sides[1]}.")
    move = np.zeros(nodes.dim)
    move[axis] = high - low
    around = KDTree(x)
    for here, there, step in ((first, second, move), (second, first, -move)):
        local = around.query(here, 2)[0][:, 1]
        gap, _ = KDTree(there).query(here + step)
        worst = int(np.argmax(gap / local))
        if gap[worst] > NEAR * local[worst]:
            place = ", ".join(f"{c:.4g}" for c in here[worst])
            raise NodesError(
                f"{sides[0]} and {sides[1]} are not of the same shape: moved across, the node at "
                f"({place}) lies on neither."
            )
    return Joint(sides, axis, low, high)


def ties(nodes: Nodes) -> list[Tie]:
    """Return for each joint the nodes that it ties to points across.

    They are the boundary nodes of the second side, those of other pieces where these meet it
    included, with their ghosts, and the ghosts of the first side. A corner that several joints
    could tie is left to the first of them.
    """
    base = nodes.x[nodes.boundary]
    at = [
        [_is_at(nodes, base, joint.axis, end) for end in (joint.low, joint.high)]
        for joint in nodes.joints
    ]
    is_left_over = np.any([second for _, second in at], axis=0)
    is_side, is_free = on_joints(nodes), np.ones(nodes.n_boundary, dtype=bool)
    found = []
    for joint, (first, second) in zip(nodes.joints, at, strict=True):
        own = second & is_free
        ghosted = own | (first & is_side & is_free & ~is_left_over)
        is_free &= ~ghosted
        rings = nodes.rows.stop + nodes.n_boundary * np.arange(nodes.rings)[:, None]
        boundary = nodes.n_interior + np.flatnonzero(own)
        rows = np.concatenate([boundary, (np.flatnonzero(ghosted) + rings).ravel()])
        across = wrapped(nodes.x[rows], nodes.joints)
        found.append(Tie(rows, across, len(boundary), joint.axis))
    return found


def tied(nodes: Nodes) -> Bool[ndarray, " N"]:
    """Return the mask of the nodes that a joint ties, and no stencil takes."""
    is_tied = np.zeros(len(nodes.x), dtype=bool)
    for tie in ties(nodes):
        is_tied[tie.rows] = True
    return is_tied


def wrapped(x: Float[ndarray, "N d"], joints: Sequence[Joint]) -> Float[ndarray, "N d"]:
    """Return points moved by whole periods to where they lie between the joined sides."""
    x = x.copy()
    for joint in joints:
        turns = np.floor((x[:, joint.axis] - joint.low) / joint.period + ROUNDING)
        x[:, joint.axis] -= joint.period * turns
    return x


def unrolled(nodes: Nodes) -> tuple[Float[ndarray, "M d"], Int[ndarray, " M"]]:
    """Return the nodes that stencils may take, again across each joint, and which they are.

    Those that nobody is to see are still among them (`seen`).
    """
    if not nodes.joints:
        return nodes.x, np.arange(len(nodes.x))
    owner = np.flatnonzero(~tied(nodes))
    parts, owners = [], []
    for turns in product((0, -1, 1), repeat=len(nodes.joints)):
        x, near = nodes.x[owner].copy(), np.ones(len(owner), dtype=bool)
        for turn, joint in zip(turns, nodes.joints, strict=True):
            x[:, joint.axis] += turn * joint.period
            low, high = joint.low - BAND * joint.period, joint.high + BAND * joint.period
            near &= (turn == 0) | ((x[:, joint.axis] > low) & (x[:, joint.axis] < high))
        parts.append(x[near])
        owners.append(owner[near])
    return np.concatenate(parts), np.concatenate(owners)


def seen(nodes: Nodes, x: Float[ndarray, "M d"], owner: Int[ndarray, " M"]) -> Sight | None:
    """Return the sight of nodes that are `unrolled`."""
    if nodes.sight is None:
        return None
    own = nodes.sight.of(owner)
    return replace(own, places=own.places + (x - nodes.x[owner]))


def rolled(domain: Domain, joints: Sequence[Joint]) -> Domain:
    """Return a domain that goes on beyond joined sides, as the sign of its distance tells."""
    return replace(domain, distance=lambda x: domain.distance(wrapped(x, joints)))


def on_joints(nodes: Nodes) -> Bool[ndarray, " B"]:
    """Return the mask of the boundary nodes on a joined side, whatever piece of it has a name."""
    base, on_any = nodes.x[nodes.boundary], np.zeros(nodes.n_boundary, dtype=bool)
    for joint in nodes.joints:
        is_across = np.abs(np.abs(nodes.normals[:, joint.axis]) - 1) < FLAT
        for end in (joint.low, joint.high):
            on_any |= is_across & _is_at(nodes, base, joint.axis, end)
    return on_any


def _is_at(nodes: Nodes, x: Float[ndarray, "R d"], axis: int, place: float) -> Bool[ndarray, " R"]:
    """Return the mask of the points that have a coordinate, but for rounding."""
    return np.abs(x[:, axis] - place) < FLAT * nodes.spacing


def _nodes_on(nodes: Nodes, piece: str) -> Int[ndarray, " R"]:
    """Return the rows of the boundary nodes on a piece; where it meets others, they may own it.

    Raises
    ------
    NodesError
        If there is none.
    """
    tags = [k for k, name in enumerate(nodes.pieces) if name == piece]
    rows = nodes.n_interior + np.flatnonzero(np.isin(nodes.tags, tags))
    if not len(rows):
        raise NodesError(f"no node lies on {piece}: nothing of it is left, or it is too small.")
    return rows


def _axis(nodes: Nodes, rows: Int[ndarray, " R"], side: str) -> int:
    """Return the coordinate that is constant on a side."""
    x, normals = nodes.x[rows], nodes.normals[rows - nodes.n_interior]
    axis = int(np.argmax(np.abs(normals).sum(axis=0)))
    is_straight = np.abs(np.abs(normals[:, axis]) - 1).max() < FLAT
    if not is_straight or np.ptp(x[:, axis]) > FLAT * nodes.spacing:
        raise NodesError(f"{side} is no flat side across a coordinate.")
    return axis
