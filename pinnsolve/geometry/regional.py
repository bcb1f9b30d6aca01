"""Nodes of a domain of several regions, which have those on their interfaces in common.

Each region has its own nodes, as a domain of its own would have; but on an interface those of the
region named first are the other's, too: two nodes in one place, one for each side, and each with
a ghost beyond the interface. So a field may have two values there, and derivatives on either side
are taken from that side alone (`pinnsolve.geometry.sight`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.errors import NodesError
from pinnsolve.geometry.cuts import Pieces, Predicate, cut
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.generation import (
    CELL,
    Draft,
    Factor,
    boundary_nodes,
    check_memory,
    measured,
    probes_of,
    search,
)
from pinnsolve.geometry.interior import start
from pinnsolve.geometry.junctions import junctions
from pinnsolve.geometry.nodes import INTERFACE, Nodes, Regions
from pinnsolve.geometry.patches import Boundary, Spacing, join
from pinnsolve.geometry.regions import located_in
from pinnsolve.geometry.sight import Sight
from pinnsolve.progress import Progress, Watch, unwatched

EDGE = 1e-9  # of the domain's size: what is so near to its boundary is on it
CORNER = 1e-4  # spacings: how far apart two regions may have found the end of a wall
ON = 1e-6  # spacings: what is so near to a boundary is on it, and to a node is the node


@dataclass(frozen=True)
class Drafts:
    """Nodes of several regions before relaxation.

    Attributes
    ----------
    parts
        Those of each region.
    """

    parts: tuple[Draft, ...]

    @property
    def count(self) -> int:
        """Number of nodes; those on interfaces count twice."""
        return sum(part.count for part in self.parts)

    def trimmed(self, excess: int) -> "Drafts":
        """Return the drafts with fewer interior nodes in the largest of them."""
        k = int(np.argmax([len(part.interior) for part in self.parts]))
        parts = list(self.parts)
        parts[k] = parts[k].trimmed(min(excess, len(parts[k].interior) - 1))
        return Drafts(tuple(parts))


def generate_apart(
    domain: Domain,
    parts: Sequence[Domain],
    *,
    count: int | None = None,
    spacing: float | None = None,
    seed: int = 0,
    refine: Factor | None = None,
    preferred: Sequence[str] = (),
    pieces: Pieces = (),
    watch: Watch = unwatched,
) -> list[Nodes]:
    """Return the nodes of each region, without ghosts.

    Parameters
    ----------
    domain, parts
        The domain and its regions.
    count, spacing, seed, refine, preferred, pieces, watch
        As of `generate`; the count is that of all regions.

    Raises
    ------
    NodesError
        If a region is too small for the nodes, or three regions meet where two of them know no
        corner.
    """
    watch(Progress("nodes", fraction=0.0))
    dim = parts[0].dim

    def size(h: float) -> Spacing:
        if refine is None:
            return lambda x: np.full(len(x), h)
        return lambda x: h * refine(x)

    def on_rim(where: Predicate) -> Predicate:
        """Let a condition hold on the boundary of the domain alone."""
        return lambda x: where(x) & (np.abs(domain.distance(x)) < EDGE * domain.size)

    outer = [(name, on_rim(where)) for name, where in pieces]
    edged = [cut(part, outer) for part in parts]
    measure = sum(measured(part, size(1.0)(probes_of(part))) for part in parts)

    def draft(h: float) -> Drafts:
        watch(Progress("nodes"))
        check_memory(measure / h**dim, h)
        rims = list[Boundary]()
        drafts = list[Draft]()
        for k, part in enumerate(parts):
            rng = np.random.default_rng(seed)
            rim = boundary_nodes(edged[k], size(h), rng, preferred, outer)
            for other, known in zip(parts[:k], rims, strict=True):
                rim = _shared(rim, part, known, other, size(h))
            rims.append(rim)
            drafts.append(Draft(rim, start(part, size(h), refine is not None, rng), h))
        return Drafts(tuple(drafts))

    if spacing is not None:
        plan = draft(spacing)
    elif count is not None:
        plan = search(draft, count, (measure / CELL[dim] / count) ** (1 / dim), dim)
    else:
        raise NodesError("give one of nodes.count and nodes.spacing.")
    found = []
    for part, own in zip(parts, plan.parts, strict=True):
        interior = own.settled(part, size(own.h), watch)
        names = (*part.pieces, *(name for name, _ in pieces))
        x = np.concatenate([interior, own.boundary.x])
        h = _within(own.h, x)
        found.append(Nodes(x, len(interior), own.boundary.normals, own.boundary.tags, names, h))
    watch(Progress("nodes", fraction=1.0))
    return found


def united(parts: Sequence[Domain], names: Sequence[str], nodes: Sequence[Nodes]) -> Nodes:
    """Return the nodes of all regions as one set.

    Parameters
    ----------
    parts, names
        The regions.
    nodes
        Those of each region, ghosts included.
    """
    rings = nodes[0].rings
    blocks = [[own.interior for own in nodes], [own.boundary for own in nodes]]
    blocks += [
        [
            slice(
                own.rows.stop + ring * own.n_boundary, own.rows.stop + (ring + 1) * own.n_boundary
            )
            for own in nodes
        ]
        for ring in range(rings)
    ]
    order = [(k, own) for block in blocks for k, own in enumerate(block)]
    region = np.concatenate([np.full(len(nodes[k].x[rows]), k) for k, rows in order])
    x = np.concatenate([nodes[k].x[rows] for k, rows in order])
    pieces = tuple(dict.fromkeys(name for own in nodes for name in own.pieces))
    tags = np.concatenate(
        [np.array([pieces.index(name) for name in own.pieces])[own.tags] for own in nodes]
    )
    held = np.unique(tags)
    looks = [own.x if own.sight is None else own.sight.places for own in nodes]
    walls = tuple(None if own.sight is None else own.sight.walls for own in nodes)
    places = np.concatenate([looks[k][rows] for k, rows in order])
    n_interior = sum(own.n_interior for own in nodes)
    spacing = max(own.spacing for own in nodes)
    rim = slice(n_interior, sum(own.rows.stop for own in nodes))
    is_shared = np.zeros(len(x), dtype=bool)
    is_shared[rim] = tags == pieces.index(INTERFACE) if INTERFACE in pieces else False
    regions = regions_of(parts, names, x, rim, region, spacing, is_shared)
    for corner in regions.junctions:  # where no side has a normal along which a ghost could lie
        base = corner.nodes + (rim.stop - rim.start) * np.arange(1, rings + 1)[:, None]
        places[base] = np.nan
    return Nodes(
        x,
        n_interior,
        np.concatenate([own.normals for own in nodes]),
        np.searchsorted(held, tags),
        tuple(pieces[k] for k in held),
        spacing,
        sight=Sight(places, None, region, regions.locate, walls, tuple(names)),
        regions=regions,
    )


def divided(
    nodes: Nodes, *, with_interfaces: bool = True
) -> list[tuple[Int[ndarray, " n"], Nodes]]:
    """Return the interior and boundary nodes of each region, and which of all they are.

    Parameters
    ----------
    nodes
        Those of all regions.
    with_interfaces
        Whether those on interfaces are among them.
    """
    assert nodes.regions is not None
    of, found = nodes.regions.of[nodes.rows], []
    is_kept = np.ones(len(of), dtype=bool)
    is_kept[nodes.boundary] = with_interfaces | ~nodes.on_interface
    for r in range(len(nodes.regions.names)):
        rows = np.flatnonzero((of == r) & is_kept)
        rim = rows[rows >= nodes.n_interior] - nodes.n_interior
        own = Nodes(
            nodes.x[rows],
            len(rows) - len(rim),
            nodes.normals[rim],
            nodes.tags[rim],
            nodes.pieces,
            _within(nodes.spacing, nodes.x[rows]),
        )
        found.append((rows, own))
    return found


def _within(h: float, x: Float[ndarray, "N d"]) -> float:
    """Return a spacing, but no more than nodes span: in a small region it is refined."""
    span = float(np.ptp(x, axis=0).max())
    return min(h, span) if span else h


def regions_of(
    parts: Sequence[Domain],
    names: Sequence[str],
    x: Float[ndarray, "N d"],
    rows: slice,
    region: Int[ndarray, " N"],
    spacing: float,
    is_shared: Bool[ndarray, " N"],
) -> Regions:
    """Return the regions of a node set.

    Parameters
    ----------
    parts, names
        The regions.
    x, rows
        The nodes, and which of them are on the boundary of a region.
    region
        That of each node.
    spacing
        Distance between neighbours.
    is_shared
        Mask of the nodes at which interface conditions hold.
    """
    pairs = _pairs(x, rows.start, rows.stop, region, spacing)
    locate = partial(located_in, tuple(parts))
    return Regions(
        tuple(names), region, pairs, locate, junctions(parts, locate, x, rows, is_shared)
    )


def _shared(
    rim: Boundary, part: Domain, known: Boundary, other: Domain, spacing: Spacing
) -> Boundary:
    """Return the boundary nodes of a region with those on another's boundary taken from there.

    Raises
    ------
    NodesError
        If a corner of one is not among the nodes of the other.
    """
    if INTERFACE not in part.pieces or INTERFACE not in other.pieces:
        return rim
    h = spacing(rim.x)
    own_tag, other_tag = part.pieces.index(INTERFACE), other.pieces.index(INTERFACE)
    is_on = np.abs(other.distance(rim.x)) < ON * h
    replaced = np.flatnonzero(is_on & (rim.tags == own_tag))
    theirs = np.abs(part.distance(known.x)) < ON * spacing(known.x)
    is_face = known.tags == other_tag
    if len(replaced):
        tree = KDTree(rim.x[replaced])
        is_twin = tree.query(known.x)[0] < CORNER * spacing(known.x)
    else:
        is_twin = np.zeros(len(known.x), dtype=bool)
    kept = np.setdiff1d(np.arange(len(rim.x)), replaced)
    near = KDTree(rim.x[kept]).query(known.x)[0] if len(kept) else np.full(len(known.x), np.inf)
    taken = np.flatnonzero(theirs & (is_face | is_twin) & (near > ON * spacing(known.x)))
    corners = replaced[rim.rank[replaced] == 0]
    missed = [
        k
        for k in corners
        if not len(taken) or KDTree(known.x[taken]).query(rim.x[k])[0] > CORNER * h[k]
    ]
    if missed:
        place = ", ".join(f"{value:.4g}" for value in np.round(rim.x[missed[0]], 9) + 0.0)
        raise NodesError(
            f"regions meet at ({place}), in the middle of a side of one of them, which has "
            "no node there. State the regions that have a corner there first, or raise nodes.count "
            "if a region is thinner than the spacing."
        )
    twins = known[taken]
    count = len(taken)
    shared = Boundary(twins.x, -twins.normals, np.full(count, own_tag), twins.probe, twins.rank)
    if len(taken) and len(replaced):  # at the ends the normal is that of this region's own node
        apart, which = KDTree(rim.x[replaced]).query(twins.x)
        is_end = (apart < CORNER * spacing(twins.x)) & ~is_face[taken]
        shared.normals[is_end] = rim.normals[replaced[which[is_end]]]
    return join([rim[kept], shared])


def _pairs(
    x: Float[ndarray, "N d"],
    n_interior: int,
    n_rows: int,
    region: Int[ndarray, " N"],
    spacing: float,
) -> Int[ndarray, "P 2"]:
    """Return the pairs of boundary nodes that are one point; of three the first with each other."""
    tree = KDTree(x[n_interior:n_rows])
    pairs = n_interior + tree.query_pairs(ON * spacing, output_type="ndarray")
    low = np.where(region[pairs[:, 0]] < region[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
    high = pairs.sum(axis=1) - low
    order = np.lexsort((region[low], high))
    _, first = np.unique(high[order], return_index=True)
    return np.stack([low, high], axis=1)[order][first]
