"""A node set: where a problem is discretised."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.errors import NodesError
from pinnsolve.geometry.sight import Locate, Sight

UNIT = 1e-6  # how far from 1 the length of a normal may be: published node sets give 6 digits
COINCIDENT = 1e-6  # nodes closer than this many spacings count as one
INTERFACE = "interface"  # the piece that regions have in common; no condition may name it


@dataclass(frozen=True)
class Joint:
    """Two sides of a domain that are one.

    Attributes
    ----------
    sides
        Names of their boundary pieces, the lower one first.
    axis
        The coordinate across which they lie.
    low, high
        Where the first and the second side lie.
    """

    sides: tuple[str, str]
    axis: int
    low: float
    high: float

    @property
    def period(self) -> float:
        """How far the sides are apart."""
        return self.high - self.low


@dataclass(frozen=True, eq=False)
class Junction:
    """A corner of interfaces in the plane, and a circle around it.

    Attributes
    ----------
    nodes
        Those in its place, one of each region that has one there.
    x, normals
        Points of the circle and of the disk in it, and the directions to them.
    measures, areas, rims
        Their shares of the circle, of the disk in it, and of the boundary of the domain that is in
        it; each is zero for all other points.
    of
        The region of each.
    walls
        The regions that are beside that boundary.
    """

    nodes: Int[ndarray, " k"]
    x: Float[ndarray, "m 2"]
    normals: Float[ndarray, "m 2"]
    measures: Float[ndarray, " m"]
    areas: Float[ndarray, " m"]
    rims: Float[ndarray, " m"]
    of: Int[ndarray, " m"]
    walls: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Regions:
    """Regions of a domain between which fields or their derivatives jump.

    Attributes
    ----------
    names
        Of the regions.
    of
        The region of each node, ghosts included.
    pairs
        Interface nodes that are one point, as two nodes of different regions, the lower one first.
    locate
        The region in which points lie; on an interface any of both.
    junctions
        Corners of interfaces.
    """

    names: tuple[str, ...]
    of: Int[ndarray, " N"]
    pairs: Int[ndarray, "P 2"]
    locate: Locate
    junctions: tuple[Junction, ...] = ()


@dataclass(frozen=True, eq=False)
class Nodes:
    """Quasi-uniform nodes, ordered interior, boundary, ghost.

    Ghosts come in rings around the domain, the innermost first, each with one ghost for every
    boundary node, in their order.

    Attributes
    ----------
    x
        Coordinates, dimensionless.
    n_interior
        How many nodes come before the first boundary node.
    normals
        Outward unit normals of the boundary nodes; at a corner that of the node's piece.
    tags
        For each boundary node the index of its piece.
    pieces
        Names of the boundary pieces.
    spacing
        Typical distance between neighbours.
    joints
        Where the domain is periodic.
    sight
        Which nodes see one another; None if all do.
    regions
        Those of the nodes, if there are several.

    Raises
    ------
    NodesError
        If the parts do not fit together, a normal is not of length one, or nodes coincide.
    """

    x: Float[ndarray, "N d"]
    n_interior: int
    normals: Float[ndarray, "B d"]
    tags: Int[ndarray, "B"]
    pieces: tuple[str, ...]
    spacing: float
    joints: tuple[Joint, ...] = ()
    sight: Sight | None = None
    regions: Regions | None = None

    def __post_init__(self) -> None:
        """Refuse a node set on which no method could be trusted."""
        self._check_shapes()
        self._check_counts()
        self._check_normals()
        self._check_distinct()

    @property
    def dim(self) -> int:
        """Number of coordinates."""
        return self.x.shape[1]

    @property
    def n_boundary(self) -> int:
        """Number of boundary nodes."""
        return len(self.normals)

    @property
    def interior(self) -> slice:
        """Rows of the nodes inside the domain."""
        return slice(0, self.n_interior)

    @property
    def boundary(self) -> slice:
        """Rows of the nodes on the boundary."""
        return slice(self.n_interior, self.n_interior + self.n_boundary)

    @property
    def rows(self) -> slice:
        """Rows of the nodes of the closed domain: interior and boundary."""
        return slice(0, self.n_interior + self.n_boundary)

    @property
    def ghost(self) -> slice:
        """Rows of the nodes outside the domain; empty before `with_ghosts`."""
        return slice(self.rows.stop, len(self.x))

    @property
    def alone(self) -> Int[ndarray, " n"]:
        """Rows of the interior and boundary nodes that share their place with no other."""
        rows = np.arange(self.rows.stop)
        return rows if self.regions is None else np.setdiff1d(rows, self.regions.pairs)

    @property
    def on_interface(self) -> Bool[ndarray, "B"]:
        """Mask of the boundary nodes on interfaces between regions."""
        return np.array([piece == INTERFACE for piece in self.pieces], dtype=bool)[self.tags]

    @property
    def has_ghosts(self) -> bool:
        """Whether there are nodes outside the domain."""
        return self.rings > 0

    @property
    def rings(self) -> int:
        """How many ghosts each boundary node has."""
        return (len(self.x) - self.rows.stop) // max(self.n_boundary, 1)

    def _check_shapes(self) -> None:
        if self.x.ndim != 2 or not self.x.size:
            raise NodesError("there are no nodes, or not a row of coordinates for each.")
        if self.normals.ndim != 2 or self.normals.shape[1] != self.dim:
            raise NodesError(
                f"the normals have the shape {self.normals.shape}; each must have as many "
                f"components as a node has coordinates, {self.dim}."
            )
        if self.tags.shape != (self.n_boundary,):
            raise NodesError(
                f"there are {self.tags.size} tags, but {self.n_boundary} normals: each boundary "
                "node needs one of both."
            )
        for what, values in (("node", self.x), ("the normal of boundary node", self.normals)):
            wrong = np.flatnonzero(~np.isfinite(values).all(axis=1))
            if len(wrong):
                found = ", ".join(f"{c:.6g}" for c in values[wrong[0]])
                raise NodesError(f"{what} {wrong[0]} is ({found}), but must be finite numbers.")

    def _check_counts(self) -> None:
        ghosts = len(self.x) - self.n_interior - self.n_boundary
        if min(self.n_interior, ghosts) < 0 or ghosts != self.rings * self.n_boundary:
            raise NodesError(
                f"{len(self.x)} nodes cannot be {self.n_interior} interior and {self.n_boundary} "
                "boundary nodes with no ghosts, or equally many for each boundary node."
            )
        wrong = np.flatnonzero((self.tags < 0) | (self.tags >= len(self.pieces)))
        if len(wrong):
            raise NodesError(
                f"boundary node {wrong[0]} has piece {self.tags[wrong[0]]}, but there are "
                f"{len(self.pieces)} pieces, counted from 0."
            )
        span = float(np.ptp(self.x, axis=0).max())
        if self.spacing > span > 0:
            raise NodesError(
                f"the spacing of nodes is {self.spacing:.3g}, more than the {span:.3g} that they "
                "span. Give the distance between neighbours."
            )
        if not 0 < self.spacing < np.inf:
            raise NodesError(
                f"the spacing of nodes must be positive and finite, but is {self.spacing:g}."
            )

    def _check_normals(self) -> None:
        with np.errstate(over="ignore"):  # of components that no normal has
            off = np.abs(np.linalg.norm(self.normals, axis=1) - 1)
        if off.max(initial=0) > UNIT:
            worst = int(np.argmax(off))
            length = off[worst] + 1 if off[worst] > 1 else np.linalg.norm(self.normals[worst])
            raise NodesError(
                f"the normal of boundary node {worst} has length {length:.6g}; "
                "normals must have length 1."
            )

    def _check_distinct(self) -> None:
        pairs = KDTree(self.x).query_pairs(COINCIDENT * self.spacing, output_type="ndarray")
        if self.regions is not None:
            pairs = pairs[self.regions.of[pairs[:, 0]] == self.regions.of[pairs[:, 1]]]
        if len(pairs):
            i, j = pairs[0]
            place = ", ".join(f"{c:.6g}" for c in self.x[i])
            raise NodesError(
                f"nodes {i} and {j} are the same point ({place}), one of {len(pairs)} such pairs. "
                "Remove one of each pair."
            )
