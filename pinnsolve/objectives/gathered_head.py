"""A residual as a function of the head, its many rows of data in the place of which few stand.

Where what was observed is linear in the fields, the rows of a set of data are ``M c - t`` for any
``c``. With orthonormal columns ``U``,

    [M t] = U R,

those of the triangle ``R`` have the same sum of squares, and are no more than the columns that are
not zero and one: thousands of data are looked at once, and not at every step. The triangle grows
from one block of rows to the next, so that they are never there together. Its last row, which is
zero but for the last number, is what no weights can take from the data: the least misfit that these
features can have. Source: as of `pinnsolve.leastsquares.head`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.machine import ROWS_PER_COLUMN
from pinnsolve.networks.several import AnyNetwork
from pinnsolve.objectives.part import Part
from pinnsolve.objectives.pointwise_head import PointwiseHead

WORTH = 1.5  # times as many rows as stand for them, and more
STRIP = 2048  # rows of a block, at least


@dataclass(frozen=True)
class Triangle:
    """The rows that stand for data, with any head of the same features.

    Attributes
    ----------
    M, t
        The rows, and what they shall be equal to.
    counts
        How many of them stand for each set of data.
    least
        Of each set the least root of its sum of squares, with any weights; zero where it has not
        more rows than weights.
    """

    M: Float[Tensor, "m P"]
    t: Float[Tensor, " m"]
    counts: tuple[int, ...]
    least: tuple[float, ...]


def triangle(
    parts: Sequence[Part], head_of: Callable[[Sequence[Part]], PointwiseHead]
) -> Triangle | None:
    """Return the rows that stand for data; None if they are not linear, or hardly fewer.

    Parameters
    ----------
    parts
        The sets of data.
    head_of
        Returns the residual of some conditions as a function of the head's weights.
    """
    if not parts or not all(p.residual.is_linear and not p.residual.constants for p in parts):
        return None
    found = [_standing(part, head_of) for part in parts]
    counts = tuple(len(rows) for rows, _ in found)
    if sum(part.count for part in parts) < WORTH * sum(counts):
        return None
    rows = torch.cat([rows for rows, _ in found])
    return Triangle(rows[:, :-1], rows[:, -1], counts, tuple(least for _, least in found))


def _standing(
    part: Part, head_of: Callable[[Sequence[Part]], PointwiseHead]
) -> tuple[Float[Tensor, "m q"], float]:
    """Return the rows that stand for a set of data, the right-hand side last, and its least misfit.

    They are its own where a triangle would be hardly smaller.
    """
    columns = _columns(part, head_of([]).model)
    if part.count < WORTH * (len(columns) + 1):
        return _rows(head_of([part])), 0.0
    R = None
    for piece in part.pieces(max(ROWS_PER_COLUMN * len(columns), STRIP)):
        whole = _rows(head_of([piece]))
        rows = whole[:, [*columns, -1]].double()
        R = torch.linalg.qr(rows if R is None else torch.cat([R, rows]), mode="r").R
    assert R is not None
    found = whole.new_zeros(len(R), whole.shape[1])
    found[:, [*columns, -1]] = R.to(whole)
    return found, abs(float(R[-1, -1]))


def _rows(head: PointwiseHead) -> Float[Tensor, "r q"]:
    """Return the rows of a linear residual, and what they shall be equal to as a last column."""
    M, t = head.linearise(head.vector())
    return torch.cat([M, t[:, None]], 1)


def _columns(part: Part, model: AnyNetwork) -> list[int]:
    """Return the places of the weights of the fields that a condition is about."""
    (side,) = part.sides
    head, fields = model.nets[side.number].head, {t.field for t in side.terms.values()}
    w, c = head.in_features, head.out_features
    return sorted([*(i * w + k for i in fields for k in range(w)), *(c * w + i for i in fields)])


@dataclass(frozen=True)
class GatheredHead:
    """The residual with a triangle in the place of the data; see `HeadProblem`.

    Attributes
    ----------
    equations
        The residual without data.
    data
        What stands in their place, below it.
    """

    equations: PointwiseHead
    data: Triangle

    @property
    def is_linear(self) -> bool:
        """Whether the residual is affine in the fields."""
        return self.equations.is_linear

    @property
    def n_constants(self) -> int:
        """How many of the weights, the last, are those of the unknown constants."""
        return self.equations.n_constants

    def vector(self) -> Float[Tensor, " P"]:
        """Return the head's weights as they are; the last are those of the unknown constants."""
        return self.equations.vector()

    def set(self, c: Float[Tensor, " P"]) -> None:
        """Copy weights of the head into the network."""
        self.equations.set(c)

    def residual(self, c: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return the weighted residual vector."""
        return torch.cat([self.equations.residual(c), self.data.M @ c - self.data.t])

    def linearise(self, c: Float[Tensor, " P"]) -> tuple[Float[Tensor, "R P"], Float[Tensor, " R"]]:
        """Return ``M, t`` such that the residual linearised at ``c`` is ``M c' - t`` at ``c'``."""
        M, t = self.equations.linearise(c)
        return torch.cat([M, self.data.M]), torch.cat([t, self.data.t])

    def by_constants(self, c: Float[Tensor, " P"]) -> Float[Tensor, "R k"]:
        """Return the slopes of the residual by the unknown constants themselves."""
        B = self.equations.by_constants(c)
        return torch.cat([B, B.new_zeros(len(self.data.t), B.shape[1])])
