"""The smooth pieces a boundary is made of, and nodes placed along them.

A boundary of dimension zero is made of `Endpoint`s, one of dimension one of `Curve`s, one of
dimension two of `Face`s (see `surfaces`) that meet in curves. Nodes are spread over a curve at
equal steps of

    S(t) = integral of |x'(t)| / h(x(t)) dt,

with h the wanted spacing: equal arc length where h is constant. The ends of an open curve are
corners and are always nodes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.errors import NodesError

Spacing: TypeAlias = Callable[[Float[ndarray, "N d"]], Float[ndarray, "N"]]  # wanted distance
Normal: TypeAlias = Callable[[Float[ndarray, "N d"]], Float[ndarray, "N d"]]

CORNER, EDGE, SMOOTH = 0, 1, 2  # rank of a boundary node: which one stays if two are too close
FEWEST_ROUND = 4  # nodes on a closed curve: fewer cannot carry normals all around it
CORNER_PROBE = 1e-3  # how far inside its piece an end is asked for its piece, in spacings


@dataclass(frozen=True)
class Boundary:
    """Nodes on a boundary, a corner once for each piece that meets there.

    Attributes
    ----------
    x
        Coordinates.
    normals
        Outward unit normals.
    tags
        Index of the piece.
    probe
        The node itself, or at the rim of a piece a point slightly inside that piece.
    rank
        `CORNER`, `EDGE` or `SMOOTH`.
    """

    x: Float[ndarray, "B d"]
    normals: Float[ndarray, "B d"]
    tags: Int[ndarray, "B"]
    probe: Float[ndarray, "B d"]
    rank: Int[ndarray, "B"]

    def __getitem__(self, rows: Int[ndarray, "R"] | Bool[ndarray, "B"]) -> "Boundary":
        """Return some of the nodes."""
        return Boundary(
            self.x[rows], self.normals[rows], self.tags[rows], self.probe[rows], self.rank[rows]
        )


def join(parts: Sequence[Boundary]) -> Boundary:
    """Return several sets of boundary nodes as one."""
    return Boundary(
        np.concatenate([part.x for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.tags for part in parts]),
        np.concatenate([part.probe for part in parts]),
        np.concatenate([part.rank for part in parts]),
    )


@dataclass(frozen=True)
class Side:
    """One side of the boundary that a patch belongs to: its piece, and the normal there."""

    piece: str
    normal: Normal

    def flipped(self) -> "Side":
        """Return the side as seen from the other side of the boundary."""
        return replace(self, normal=lambda x: -self.normal(x))


@dataclass(frozen=True)
class Endpoint:
    """A boundary point of a one-dimensional domain."""

    x: float
    side: Side

    def flipped(self) -> "Endpoint":
        """Return the point as seen from the other side of the boundary."""
        return replace(self, side=self.side.flipped())


@dataclass(frozen=True)
class Curve:
    """A smooth curve in the plane, or an edge in space where several faces meet.

    Attributes
    ----------
    point
        Position at the parameter values given.
    sides
        The piece the curve belongs to, in the plane; empty in space, where faces tell.
    start, stop
        Range of the parameter.
    is_closed
        Whether the curve ends where it starts, without a corner.
    segments
        Of the polyline that measures arc length; by default its error is below 1e-6 of it.
    is_cut
        Whether either end is no corner, and only another piece begins there.
    """

    point: Callable[[Float[ndarray, "N"]], Float[ndarray, "N d"]]
    sides: tuple[Side, ...]
    start: float = 0.0
    stop: float = 1.0
    is_closed: bool = False
    segments: int = 2048
    is_cut: tuple[bool, bool] = (False, False)

    def flipped(self) -> "Curve":
        """Return the curve as seen from the other side of the boundary."""
        return replace(self, sides=tuple(side.flipped() for side in self.sides))

    @cached_property
    def polyline(self) -> tuple[Float[ndarray, "T"], Float[ndarray, "T d"]]:
        """Parameters and points of a fine polyline along the curve."""
        t = np.linspace(self.start, self.stop, self.segments + 1)
        return t, self.point(t)

    @property
    def length(self) -> float:
        """Arc length."""
        return float(np.linalg.norm(np.diff(self.polyline[1], axis=0), axis=1).sum())

    @property
    def area(self) -> float:
        """Half the integral of position times outward normal: the curve's share of the area."""
        x, found = self.polyline[1], []
        for step in (1, 2) if self.segments % 2 == 0 else (1,):
            start, stop = x[:-step:step], x[step::step]
            chord, normal = stop - start, self.sides[0].normal((start + stop) / 2)
            turned = np.column_stack([chord[:, 1], -chord[:, 0]])
            outward = np.sign((turned * normal).sum(axis=1))
            found.append(float((outward * (start * turned).sum(axis=1)).sum()) / 2)
        return found[0] + (found[0] - found[-1]) / 3  # extrapolated, as errors fall by four

    def parameters(self, spacing: Spacing) -> Float[ndarray, "n"]:
        """Return the parameters of nodes at the wanted spacing, in order.

        Raises
        ------
        NodesError
            If a closed curve is too short to carry nodes at this spacing.
        """
        t, x = self.polyline
        middle = (x[1:] + x[:-1]) / 2
        steps = np.linalg.norm(np.diff(x, axis=0), axis=1) / spacing(middle)
        travelled = np.concatenate([[0.0], np.cumsum(steps)])
        n = max(int(np.round(travelled[-1])), 1)
        if self.is_closed and n < FEWEST_ROUND:
            what = f'boundary piece "{self.sides[0].piece}"' if self.sides else "an edge"
            raise NodesError(
                f"{what} is {self.length:.3g} around, "
                f"{travelled[-1]:.2g} spacings: it needs at least {FEWEST_ROUND}. "
                'Raise nodes.count, lower nodes.spacing, or set nodes.refine = "auto".'
            )
        inner = np.interp(travelled[-1] * np.arange(1, n) / n, travelled, t)
        ends = [] if self.is_closed else [self.stop]
        return np.concatenate([[self.start], inner, ends])

    def nodes(self, spacing: Spacing, pieces: Sequence[str]) -> Boundary:
        """Return nodes along a curve in the plane; its ends are corners, or cuts."""
        t = self.parameters(spacing)
        x = self.point(t)
        rank = np.full(len(t), SMOOTH)
        t_probe = t.copy()
        if not self.is_closed:
            rank[[0, -1]] = [EDGE if is_cut else CORNER for is_cut in self.is_cut]
            step = CORNER_PROBE * (self.stop - self.start) / (len(t) - 1)
            t_probe[0] += step
            t_probe[-1] -= step
        tags = np.full(len(t), pieces.index(self.sides[0].piece))
        return Boundary(x, self.sides[0].normal(x), tags, self.point(t_probe), rank)
