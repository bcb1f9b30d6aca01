"""Quasi-uniform nodes in a domain.

Boundary nodes come first and stay; the interior starts at the same density, cut where it comes
too close to the boundary, and is relaxed by repulsion (`interior`, `relaxation`). A number of
nodes is met by adjusting the spacing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.errors import NodesError
from pinnsolve.geometry.cuts import Pieces, cut
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.ghosts import with_ghosts
from pinnsolve.geometry.interior import MOST_CELLS, settle, start
from pinnsolve.geometry.nodes import COINCIDENT, Nodes
from pinnsolve.geometry.patches import SMOOTH, Boundary, Spacing, join
from pinnsolve.geometry.relaxation import CLOSEST, thin
from pinnsolve.geometry.sampling import sample
from pinnsolve.progress import Progress, Watch, unwatched

MOST_ON_BOUNDARY = 0.5

__all__ = ["Nodes", "generate", "retagged", "with_ghosts"]

Factor: TypeAlias = Callable[[Float[ndarray, "N d"]], Float[ndarray, "N"]]

HIGHEST_SPACED = 3  # dimension up to which nodes are spaced
SHRINK = 0.8  # of a spacing that proved too large
SEARCHES = 16  # drafts made to meet a number of nodes
TOLERANCE = 0.02  # of that number
TRIMMED = 0.05  # of that number: what may be left out of a draft
CELL = {1: 1.0, 2: np.sqrt(0.75), 3: np.sqrt(0.5)}  # measure per lattice point, in spacings
PROBES = 20_000  # random points that estimate the measure of a domain


@runtime_checkable
class Plan(Protocol):
    """Nodes before relaxation, in one part or several."""

    @property
    def count(self) -> int:
        """Number of nodes."""

    def trimmed(self, excess: int) -> Any:
        """Return the plan with fewer interior nodes."""


D = TypeVar("D", bound=Plan)


@dataclass(frozen=True)
class Draft:
    """Nodes before relaxation.

    Attributes
    ----------
    boundary
        Boundary nodes, one at each place.
    interior
        Where the interior nodes start.
    h
        Spacing where its local factor is one.
    """

    boundary: Boundary
    interior: Float[ndarray, "N d"]
    h: float

    @property
    def count(self) -> int:
        """Number of nodes, interior and boundary."""
        return len(self.boundary.x) + len(self.interior)

    def trimmed(self, excess: int) -> "Draft":
        """Return the draft without the interior points most crowded by the boundary."""
        if excess <= 0:
            return self
        room, _ = KDTree(self.boundary.x).query(self.interior)
        keep = np.sort(np.argsort(room, kind="stable")[excess:])
        return replace(self, interior=self.interior[keep])

    def settled(self, domain: Domain, spacing: Spacing, watch: Watch) -> Float[ndarray, "N d"]:
        """Return the interior nodes, relaxed.

        Raises
        ------
        NodesError
            If there are none.
        """
        if len(self.interior) == 0:
            raise NodesError(
                f"no node fits inside the domain at a spacing of {self.h:.3g}: it is too thin, or "
                "the nodes too few. Raise nodes.count or lower nodes.spacing."
            )
        return settle(domain, self.interior, self.boundary.x, spacing, watch)


def generate(
    domain: Domain,
    *,
    count: int | None = None,
    spacing: float | None = None,
    seed: int = 0,
    refine: Factor | None = None,
    preferred: Sequence[str] = (),
    pieces: Pieces = (),
    watch: Watch = unwatched,
) -> Nodes:
    """Return quasi-uniform nodes of a given number, or at a given spacing.

    Parameters
    ----------
    domain
        Where. A domain known by its nodes only gives these.
    count
        Number of interior and boundary nodes, met within 2 %.
    spacing
        Distance between neighbours, if no count is given.
    seed
        Of all chance; equal seeds give equal nodes.
    refine
        Local factor on the spacing, positive.
    preferred
        Pieces that own the corners they share with others, first ones before later ones.
    pieces
        Names and predicates of further pieces, which take the boundary nodes where they hold.
    watch
        Told of the progress.

    Raises
    ------
    NodesError
        If neither or both of count and spacing are given; if the domain is too thin or small for
        the nodes; or if a piece named in ``pieces`` holds on no node.
    """
    watch(Progress("nodes", fraction=0.0))
    if domain.nodes is not None:
        return retagged(domain.nodes, pieces)
    if (count is None) == (spacing is None):
        raise NodesError("give one of nodes.count and nodes.spacing.")
    if domain.dim > HIGHEST_SPACED:
        return retagged(_scattered(domain, count, spacing, seed), pieces)

    def size(h: float) -> Spacing:
        if refine is None:
            return lambda x: np.full(len(x), h)
        return lambda x: h * refine(x)

    edged = cut(domain, pieces)
    probes = probes_of(domain)
    measure = measured(domain, size(1.0)(probes))
    box = 0.0 if refine is not None else float(np.prod(domain.upper - domain.lower))

    def draft(h: float) -> Draft:
        watch(Progress("nodes"))
        check_memory(max(measure, box) / h**domain.dim, h)
        rng = np.random.default_rng(seed)
        boundary = boundary_nodes(edged, size(h), rng, preferred, pieces)
        return Draft(boundary, start(domain, size(h), refine is not None, rng), h)

    if spacing is not None:
        plan = draft(spacing)
    elif count is not None:
        h = (measure / CELL[domain.dim] / count) ** (1 / domain.dim)
        plan = search(draft, count, h, domain.dim)
    boundary, interior = plan.boundary, plan.settled(domain, size(plan.h), watch)
    watch(Progress("nodes", fraction=1.0))
    x = np.concatenate([interior, boundary.x])
    tags, names = held_pieces(boundary.tags, domain.pieces, pieces)
    return Nodes(x, len(interior), boundary.normals, tags, names, plan.h)


def retagged(nodes: Nodes, pieces: Pieces) -> Nodes:
    """Return the nodes with further pieces, which take the boundary nodes where they hold.

    Parameters
    ----------
    nodes
        Nodes with the pieces they were made with.
    pieces
        Names and predicates of the further pieces.

    Raises
    ------
    NodesError
        If a piece holds on no node.
    """
    if not pieces:
        return nodes
    tags = nodes.tags.copy()
    for i, (_, where) in enumerate(pieces):
        tags[where(nodes.x[nodes.boundary])] = len(nodes.pieces) + i
    tags, names = held_pieces(tags, nodes.pieces, pieces)
    return replace(nodes, tags=tags, pieces=names)


def held_pieces(
    tags: Int[ndarray, "B"], own: Sequence[str], pieces: Pieces
) -> tuple[Int[ndarray, "B"], tuple[str, ...]]:
    """Return tags and names without the domain's own pieces on which no node is left.

    Raises
    ------
    NodesError
        If a further piece has no node.
    """
    names = [*own, *(name for name, _ in pieces)]
    held = np.isin(np.arange(len(names)), tags)
    for i, (name, is_held) in enumerate(zip(names[len(own) :], held[len(own) :], strict=True)):
        if not is_held:
            raise NodesError(
                f'the boundary piece "{name}" has no node: its condition holds on none. '
                "Change where in [[domain.pieces]], or raise nodes.count.",
                ("domain", "pieces", i, "where"),
            )
    number = np.cumsum(held) - 1
    return number[tags], tuple(name for name, is_held in zip(names, held, strict=True) if is_held)


def boundary_nodes(
    domain: Domain,
    spacing: Spacing,
    rng: np.random.Generator,
    preferred: Sequence[str],
    pieces: Pieces,
) -> Boundary:
    """Return the boundary nodes, tagged, one at each place, none too close to another."""
    raw = domain.boundary(spacing, rng)
    for i, (_, where) in enumerate(pieces):
        raw.tags[where(raw.probe)] = len(domain.pieces) + i
    names = [*domain.pieces, *(name for name, _ in pieces)]
    chosen = [preferred.index(name) if name in preferred else len(preferred) for name in names]
    # the side that is to own a corner comes first
    raw = raw[np.lexsort((raw.tags, np.array(chosen)[raw.tags]))]
    h = spacing(raw.x)
    shared = np.flatnonzero(raw.rank != SMOOTH)
    single = np.ones(len(raw.x), dtype=bool)
    if len(shared):
        pairs = KDTree(raw.x[shared]).query_pairs(COINCIDENT * h.min(), output_type="ndarray")
        single[shared[pairs.max(axis=1, initial=0)[: len(pairs)]]] = False
    raw = raw[single]
    raw = raw[thin(raw.x, CLOSEST * h[single], raw.rank, rng)]
    return raw[np.argsort(raw.tags, kind="stable")]


def search(draft: Callable[[float], D], count: int, h: float, dim: int) -> D:
    """Return the draft whose number of nodes is closest to the one wanted, trimmed to it."""
    best: D | None = None
    too_small: NodesError | None = None
    above, below = np.inf, 0.0  # spacings known to give too few, too many nodes
    for i in range(SEARCHES):
        try:
            plan = draft(h)
        except NodesError as error:  # a piece of the boundary is too small for this spacing
            too_small = too_small or error
            if i == SEARCHES - 1 and best is None:
                raise
            above = min(above, h)
            h = max(SHRINK * h, np.sqrt(below * above))
            continue
        excess = plan.count - count
        if best is None or _miss(plan, count, dim) < _miss(best, count, dim):
            best = plan
        # a line is spaced exactly and cannot spare nodes; elsewhere ask for less with time
        spare = 0 if dim == 1 else TOLERANCE * count * (i + 1) / SEARCHES
        if 0 <= excess <= spare:
            break
        if excess > 0:
            below = max(below, h)
        else:
            above = min(above, h)
        h *= (max(plan.count, 1) / count) ** (1 / dim)
        if not below < h < above:
            h = np.sqrt(below * above)
    if best is None or _miss(best, count, dim)[0] > max(TOLERANCE * count, 1):
        if too_small is not None:
            raise too_small
        raise NodesError(
            f"{count} nodes cannot be spread evenly over this domain; the nearest number is "
            f"{best.count if best else 0}. Change nodes.count, or give nodes.spacing instead."
        )
    excess = best.count - count
    return best if dim == 1 or excess > TRIMMED * count else best.trimmed(excess)


def _miss(plan: Plan, count: int, dim: int) -> tuple[int, int]:
    """Return the distance of a draft from the number wanted, if it can be trimmed and if not."""
    excess = plan.count - count
    can_trim = dim > 1 and 0 <= excess <= TRIMMED * count
    return 0 if can_trim else abs(excess), abs(excess)


def probes_of(domain: Domain) -> Float[ndarray, "K d"]:
    """Return the random points inside a domain, of `PROBES` in its box."""
    x = np.random.default_rng(0).uniform(domain.lower, domain.upper, (PROBES, domain.dim))
    return x[domain.distance(x) < 0]


def measured(domain: Domain, factor: Float[ndarray, "K"]) -> float:
    """Return the length, area or volume of a domain in units of the local spacing, roughly.

    Raises
    ------
    NodesError
        If the local factor of the spacing is not a positive number.
    """
    wrong = factor[~((factor > 0) & np.isfinite(factor))]
    if len(wrong):
        raise NodesError(
            "the local factor of the spacing must be positive everywhere in the domain, but is "
            f"{wrong[0]:.3g} somewhere. Change nodes.refine.",
            ("nodes", "refine"),
        )
    box = np.prod(domain.upper - domain.lower)
    return float(box * max(np.sum(factor**-domain.dim), 1.0) / PROBES)


def check_memory(cells: float, h: float) -> None:
    """Refuse a spacing by far too small."""
    if cells > MOST_CELLS:
        raise NodesError(
            f"a spacing of {h:.3g} needs {cells:.1e} points in the box around the domain, more "
            "than fit in memory. Raise nodes.spacing or lower nodes.count."
        )


def _scattered(domain: Domain, count: int | None, spacing: float | None, seed: int) -> Nodes:
    """Return the nodes of a domain above three dimensions."""
    volume = measured(domain, np.ones(len(probes_of(domain))))
    if count is None:
        assert spacing is not None
        count = max(int(volume / spacing**domain.dim), 1)
    h = (volume / count) ** (1 / domain.dim)
    interior, boundary = scattered(domain, count, h, seed)
    x = np.concatenate([interior, boundary.x])
    return Nodes(x, len(interior), boundary.normals, boundary.tags, domain.pieces, h)


def scattered(domain: Domain, count: int, h: float, seed: int) -> tuple[np.ndarray, Boundary]:
    """Return interior points and boundary nodes, ``count`` together up to the rounding of faces.

    Parameters
    ----------
    domain
        Where, with faces.
    count
        Number of nodes.
    h
        Spacing that nodes of this number would have; decides how many lie on the boundary.
    seed
        Of all chance.
    """
    rng = np.random.default_rng(seed)
    area = sum(face.area for face in domain.faces)
    power = domain.dim - 1
    wanted = min(area / h**power, MOST_ON_BOUNDARY * count)
    h = (area / max(wanted, len(domain.faces))) ** (1 / power)
    parts = []
    for face in domain.faces:
        x = face.cover(h, rng)
        x = x[face.depth(x) > 0]
        tags = np.full(len(x), domain.pieces.index(face.side.piece))
        parts.append(Boundary(x, face.side.normal(x), tags, x, np.full(len(x), SMOOTH)))
    boundary = join(parts)
    return sample(domain, max(count - len(boundary.x), 1), seed), boundary
