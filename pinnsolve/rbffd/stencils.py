"""Which nodes a derivative is taken from: the nearest ones, as many as its accuracy needs.

For accuracy ``O(h^p)`` of an operator of order ``theta`` the weights reproduce polynomials of
degree ``l = p + theta - 1``, and a stencil has ``2 C(l+d, d) + 1`` nodes: about twice as many as
there are polynomials, which keeps the weights small where the stencil is one-sided.
Source: Flyer, Fornberg, Bayona & Barnett (2016), doi:10.1016/j.jcp.2016.05.026.

What is near `pinnsolve.rbffd.nearness` tells, in space by the local spacing. Where walls are in the
way only nodes that the point sees count (`pinnsolve.geometry.sight`), and only those of its own
region where there are several.

Stencils may be shared: a point near to the centre of another one's stencil takes that, and one
factorisation serves both (overlapped stencils: Shankar, 2017, doi:10.1016/j.jcp.2017.04.037). The
centres are a maximal set of nodes no two of which are near to each other, found by rounds in
which every node that precedes all its undecided neighbours in a random order becomes one (Luby,
1986, doi:10.1137/0215074). A point that does not see all of a stencil takes one of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import comb

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.errors import NodesError
from pinnsolve.geometry.sight import Sight
from pinnsolve.machine import threads
from pinnsolve.rbffd.nearness import neighbours

COINCIDENT = 1e-9  # distance of two nodes, relative to that of the farthest, that counts as none
# of the radius of a stencil, within which it serves: wider, and one-sided stencils and those with
# cubic polynomials, whose symmetry counts, become less accurate; a ghost, which may be one and a
# half spacings from the point that has to reach it, must be inside, too
REACH = 0.3
WIDER = 2  # times as many nodes as before are looked at where walls are in the way


@dataclass(frozen=True)
class Stencils:
    """Sets of ``n`` nodes around ``S`` centres, and which of them each of ``R`` points takes.

    Attributes
    ----------
    index
        The nodes of each stencil, nearest to its centre first.
    centre
        Where they are centred.
    radius
        Distance from there to the farthest node.
    taken
        The stencil of each point.
    """

    index: Int[ndarray, "S n"]
    centre: Float[ndarray, "S d"]
    radius: Float[ndarray, " S"]
    taken: Int[ndarray, " R"]

    def where(self, chosen: Bool[ndarray, " R"]) -> "Stencils":
        """Return the stencils of some of the points."""
        used, taken = np.unique(self.taken[chosen], return_inverse=True)
        return Stencils(self.index[used], self.centre[used], self.radius[used], taken)


def polynomial_degree(order: int, operator_order: int) -> int:
    """Return the degree of the polynomials that weights have to reproduce.

    An operator of order zero, interpolation, is treated as of order one: its error is then
    ``O(h^(order+1))``, and the splines have the polynomials they need.
    """
    return order + max(operator_order, 1) - 1


def stencil_size(dim: int, degree: int) -> int:
    """Return the number of nodes of a stencil.

    >>> stencil_size(2, 5)
    43
    """
    return 2 * comb(degree + dim, dim) + 1


def nearest(
    x: Float[ndarray, "R d"],
    nodes: Float[ndarray, "N d"],
    degree: int,
    sight: Sight | None = None,
    own: Sight | None = None,
) -> Stencils:
    """Find a stencil of its own for each point.

    Parameters
    ----------
    x
        Where a derivative is wanted.
    nodes
        Where values are known.
    degree
        Degree of the polynomials that the weights reproduce.
    sight
        Which nodes are seen from where; None if all are.
    own
        That of the points themselves, if they are not near to a node that they see.

    Raises
    ------
    NodesError
        If there are fewer nodes than a stencil needs, or two of them coincide, or too few are seen.
    """
    if sight is not None and sight.regions is not None:
        return _apart(nearest, x, nodes, degree, sight, own)
    size = _size(nodes, degree)
    distance, index = neighbours(x, nodes, size)
    radius = distance.max(axis=1)
    _refuse_twins(x, distance, radius)
    found = Stencils(index, x, radius, np.arange(len(x)))
    return found if sight is None else _seen(found, x, nodes, sight, own)


def shared(
    x: Float[ndarray, "R d"],
    nodes: Float[ndarray, "N d"],
    degree: int,
    sight: Sight | None = None,
    own: Sight | None = None,
) -> Stencils:
    """Find stencils around some of the nodes, so that each point is near to the centre of one.

    Parameters
    ----------
    x, nodes, degree, sight, own
        As for `nearest`.

    Raises
    ------
    NodesError
        If there are fewer nodes than a stencil needs, or two of them coincide, or too few are seen.
    """
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    if sight is not None and sight.regions is not None:
        return _apart(shared, x, nodes, degree, sight, own)
    size, dim = _size(nodes, degree), nodes.shape[1]
    around = min(3**dim, size)  # as on a lattice
    distance, near = KDTree(nodes).query(x, around, workers=threads())
    _refuse_twins(x, distance, distance[:, -1])
    reach = REACH * distance[:, -1:] * (size / around) ** (1 / dim)
    near = np.where(distance <= reach, near, near[:, :1])
    is_centre = _thinned(near, len(nodes))
    centre = near[np.arange(len(x)), np.argmax(is_centre[near], axis=1)]
    centres, taken = np.unique(centre, return_inverse=True)
    distance, index = neighbours(nodes[centres], nodes, size)
    found = Stencils(index, nodes[centres], distance.max(axis=1), taken)
    return found if sight is None else _seen(found, x, nodes, sight, own)


def _apart(
    find: Callable[..., Stencils],
    x: Float[ndarray, "R d"],
    nodes: Float[ndarray, "N d"],
    degree: int,
    sight: Sight,
    own: Sight | None,
) -> Stencils:
    """Return stencils of which every one lies in one region.

    Parameters
    ----------
    find
        `nearest` or `shared`, for one region.
    x, nodes, degree, sight, own
        As of `nearest`.
    """
    assert sight.regions is not None
    assert sight.locate is not None
    here = sight.locate(x) if own is None else own.regions
    assert here is not None
    taken, parts, count = np.empty(len(x), dtype=int), list[Stencils](), 0
    for region in np.unique(here).tolist():
        rows, known = np.flatnonzero(here == region), np.flatnonzero(sight.regions == region)
        seen_from = None if own is None else own.inside(rows, region)
        try:
            part = find(x[rows], nodes[known], degree, sight.inside(known, region), seen_from)
        except NodesError as error:
            own_name = (
                f'the region "{sight.names[region]}"' if sight.names else "one of the regions"
            )
            message = f"in {own_name}, {error}"
            if "nodes.refine" not in message:
                message = f'{message.rstrip(".")}, or set nodes.refine = "auto".'
            raise NodesError(message) from None
        taken[rows] = part.taken + count
        count += len(part.index)
        parts.append(Stencils(known[part.index], part.centre, part.radius, part.taken))
    index, centre, radius = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("index", "centre", "radius")
    )
    return Stencils(index, centre, radius, taken)


def _seen(
    stencils: Stencils,
    x: Float[ndarray, "R d"],
    nodes: Float[ndarray, "N d"],
    sight: Sight,
    own: Sight | None,
) -> Stencils:
    """Return stencils of which every point sees every node.

    Raises
    ------
    NodesError
        If a point sees too few nodes.
    """
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    here = sight.places_of(x, nodes) if own is None else own.places
    # outer walls, beyond which no node is, hide nothing
    reach = WIDER * float(stencils.radius.max(initial=0))
    near_sight = sight.within(reach)
    blind = np.flatnonzero(near_sight.hidden(here, stencils.index[stencils.taken]).any(axis=1))
    size, tree, left, k = stencils.index.shape[1], KDTree(nodes), blind, 0
    seen = np.empty((len(x), size), dtype=stencils.index.dtype)
    while len(left):
        if k == len(nodes):
            raise _shut_in(x[left[0]], size)
        k = min(WIDER * max(k, size), len(nodes))
        far, near = tree.query(x[left], k, workers=threads())
        is_seen = ~(near_sight if far.max() < reach else sight).hidden(here[left], near)
        first = np.argsort(~is_seen, axis=1, kind="stable")[:, :size]
        seen[left] = np.take_along_axis(near, first, axis=1)
        left = left[is_seen.sum(axis=1) < size]
    radius = np.linalg.norm(nodes[seen[blind, -1]] - x[blind], axis=1)
    used, taken = np.unique(np.delete(stencils.taken, blind), return_inverse=True)
    result = np.empty(len(x), dtype=int)
    result[np.delete(np.arange(len(x)), blind)] = taken
    result[blind] = len(used) + np.arange(len(blind))
    return Stencils(
        np.concatenate([stencils.index[used], seen[blind]]),
        np.concatenate([stencils.centre[used], x[blind]]),
        np.concatenate([stencils.radius[used], radius]),
        result,
    )


def _shut_in(x: Float[ndarray, " d"], size: int) -> NodesError:
    """Say that a point sees too few nodes."""
    place = ", ".join(f"{coordinate:.4g}" for coordinate in x)
    return NodesError(
        f"fewer than the {size} nodes of a stencil are seen from ({place}): walls close to each "
        'other shut it in. Raise nodes.count (or lower nodes.spacing), set nodes.refine = "auto", '
        "or lower solver.order."
    )


def _size(nodes: Float[ndarray, "N d"], degree: int) -> int:
    """Return the size of the stencils; refuse nodes that are fewer."""
    size = stencil_size(nodes.shape[1], degree)
    if len(nodes) < size:
        raise NodesError(
            f"derivatives exact to degree {degree} in {nodes.shape[1]}-D need stencils of {size} "
            f"nodes, but there are {len(nodes)}. Raise nodes.count (or lower nodes.spacing), or "
            "lower solver.order."
        )
    return size


def _refuse_twins(
    x: Float[ndarray, "R d"], distance: Float[ndarray, "R n"], radius: Float[ndarray, " R"]
) -> None:
    """Refuse points with two nodes in one place."""
    twins = distance[:, 1] <= COINCIDENT * radius
    if twins.any():
        place = ", ".join(f"{coordinate:.4g}" for coordinate in x[np.argmax(twins)])
        raise NodesError(
            f"two nodes coincide at ({place}), or nearly so: {np.sum(twins)} such places among "
            f"{len(x)}. Remove one of each pair from the node set."
        )


def _thinned(near: Int[ndarray, "R k"], n_nodes: int) -> Bool[ndarray, " N"]:
    """Choose nodes such that every row of ``near``, its own node first, has at least one."""
    own = near[:, 0]
    rank = np.full(n_nodes, -1)  # of those that are undecided
    rank[own] = np.random.default_rng(0).permutation(len(own))
    is_centre = np.zeros(n_nodes, dtype=bool)
    while len(near):
        is_first = rank[near[:, 0]] == rank[near].max(axis=1)
        is_centre[near[is_first, 0]] = True
        is_decided = is_centre[near].any(axis=1)
        rank[near[is_decided, 0]] = -1
        near = near[~is_decided]
    return is_centre
