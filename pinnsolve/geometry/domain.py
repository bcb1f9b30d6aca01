"""What node generation needs to know of a domain: a signed distance and the boundary's patches."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.patches import Boundary, Curve, Endpoint, Spacing, join
from pinnsolve.geometry.surfaces import Face, surface_nodes

Distance: TypeAlias = Callable[[Float[ndarray, "N d"]], Float[ndarray, "N"]]


@dataclass(frozen=True, eq=False)
class Domain:
    """A bounded open set with a piecewise smooth boundary, or all of space, which has none.

    Attributes
    ----------
    lower, upper
        Corners of a box that holds the domain; of all of space, one in which it is shown.
    distance
        Signed distance to the boundary, negative inside; exact for the simple shapes, for
        combinations exact in sign and nowhere too large.
    ends, curves, faces
        Patches of the boundary: end points on a line; curves in the plane; faces in space, where
        the curves are the edges between them.
    nodes
        The nodes of a domain that is known by its nodes only; None otherwise.
    """

    lower: Float[ndarray, "d"]
    upper: Float[ndarray, "d"]
    distance: Distance
    ends: tuple[Endpoint, ...] = ()
    curves: tuple[Curve, ...] = ()
    faces: tuple[Face, ...] = ()
    nodes: Nodes | None = field(default=None, repr=False)

    @property
    def dim(self) -> int:
        """Number of coordinates."""
        return len(self.lower)

    @property
    def bounds(self) -> tuple[Float[ndarray, "d"], Float[ndarray, "d"]]:
        """Corners of a box that holds the domain."""
        return self.lower, self.upper

    @property
    def size(self) -> float:
        """Diagonal of the bounding box."""
        return float(np.linalg.norm(self.upper - self.lower))

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """Names of the boundary pieces, in the order of the shape's description."""
        if self.nodes is not None:
            return self.nodes.pieces
        sides = [end.side for end in self.ends] + [face.side for face in self.faces]
        if self.dim == 2:
            sides += [curve.sides[0] for curve in self.curves]
        return tuple(dict.fromkeys(side.piece for side in sides))

    @property
    def size_within(self) -> float | None:
        """Length or area of a domain on a line or in the plane; None if that is not known."""
        if self.nodes is not None or self.dim > 2:
            return None
        if self.dim == 1:
            ends = _end_nodes(self.ends, self.pieces)
            return float((ends.x * ends.normals).sum())
        return sum(curve.area for curve in self.curves)

    @property
    def surface_area(self) -> float | None:
        """Area of the boundary of a domain in space; None if it is not known, as of cut faces."""
        if self.nodes is not None or self.dim != 3 or any(face.margins for face in self.faces):
            return None
        return sum(face.area for face in self.faces)

    def boundary(self, spacing: Spacing, rng: np.random.Generator) -> Boundary:
        """Return nodes on the boundary; where pieces meet, one for each piece.

        Parameters
        ----------
        spacing
            Wanted distance between neighbours.
        rng
            Places the nodes on faces; curves need no chance.

        Raises
        ------
        NodesError
            If a piece is too small to carry nodes at this spacing.
        """
        if self.dim == 1:
            return _end_nodes(self.ends, self.pieces)
        if self.dim == 2:
            return join([curve.nodes(spacing, self.pieces) for curve in self.curves])
        return surface_nodes(self.faces, self.curves, spacing, self.pieces, rng)


def _end_nodes(ends: tuple[Endpoint, ...], pieces: tuple[str, ...]) -> Boundary:
    """Return the boundary nodes of a set of intervals."""
    x = np.array([[end.x] for end in ends])
    normals = np.concatenate([end.side.normal(x[i : i + 1]) for i, end in enumerate(ends)])
    tags = np.array([pieces.index(end.side.piece) for end in ends])
    return Boundary(x, normals, tags, x, np.zeros(len(ends), dtype=int))
