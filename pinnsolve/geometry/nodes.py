"""A node set: where a problem is discretised."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.errors import NodesError

UNIT = 1e-6  # how far from 1 the length of a normal may be: published node sets give 6 digits
COINCIDENT = 1e-6  # nodes closer than this many spacings count as one


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

    def __post_init__(self) -> None:
        """Refuse a node set on which no method could be trusted."""
        if not (self.x.size and np.isfinite(self.x).all() and np.isfinite(self.normals).all()):
            raise NodesError("every node and normal must have finite coordinates.")
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
    def has_ghosts(self) -> bool:
        """Whether there are nodes outside the domain."""
        return self.rings > 0

    @property
    def rings(self) -> int:
        """How many ghosts each boundary node has."""
        return (len(self.x) - self.rows.stop) // max(self.n_boundary, 1)

    def _check_counts(self) -> None:
        ghosts = len(self.x) - self.n_interior - self.n_boundary
        if min(self.n_interior, ghosts) < 0 or ghosts != self.rings * self.n_boundary:
            raise NodesError(
                f"{len(self.x)} nodes cannot be {self.n_interior} interior and {self.n_boundary} "
                "boundary nodes with no ghosts, or equally many for each boundary node."
            )
        if len(self.tags) and not 0 <= self.tags.min() <= self.tags.max() < len(self.pieces):
            raise NodesError(
                f"a boundary node has piece {self.tags.max()}, but there are {len(self.pieces)} "
                "pieces, counted from 0."
            )
        if not self.spacing > 0:
            raise NodesError(f"the spacing of nodes must be positive, but is {self.spacing:g}.")

    def _check_normals(self) -> None:
        off = np.abs(np.linalg.norm(self.normals, axis=1) - 1)
        if off.max(initial=0) > UNIT:
            worst = int(np.argmax(off))
            length = np.linalg.norm(self.normals[worst])
            raise NodesError(
                f"the normal of boundary node {worst} has length {length:.6g}; "
                "normals must have length 1."
            )

    def _check_distinct(self) -> None:
        pairs = KDTree(self.x).query_pairs(COINCIDENT * self.spacing, output_type="ndarray")
        if len(pairs):
            i, j = pairs[0]
            place = ", ".join(f"{c:.6g}" for c in self.x[i])
            raise NodesError(
                f"nodes {i} and {j} are the same point ({place}), one of {len(pairs)} such pairs. "
                "Remove one of each pair."
            )
