"""A residual as a function of the head, its many rows of data in the place of which few stand.

Where what was observed is linear in the fields, its rows are ``M_d c - t_d`` for any ``c``. With

    [M_d t_d] = U R,

those of the triangle ``R`` have the same sum of squares, and are no more than the columns that are
not zero: thousands of data are looked at once, and not at every step. Source: as of
`pinnsolve.leastsquares.head`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.head import NOTHING
from pinnsolve.leastsquares.inference import Gathered
from pinnsolve.objectives.pointwise_head import PointwiseHead

WORTH = 1.5  # times as many rows as stand for them, and more


@dataclass(frozen=True)
class Triangle:
    """The rows that stand for data, with any head of the same features.

    Attributes
    ----------
    M, t
        The rows, and what they shall be equal to.
    grams
        Of each set of data the products of its rows' coefficients in those of the triangle.
    """

    M: Float[Tensor, "m P"]
    t: Float[Tensor, " m"]
    grams: tuple[Float[Tensor, "m m"], ...]


def triangle(head: PointwiseHead, counts: Sequence[int]) -> Triangle | None:
    """Return the rows that stand for data; None if they are not linear, or hardly fewer.

    Parameters
    ----------
    head
        The residual, whose last parts are data.
    counts
        How many rows each of these has.
    """
    data = replace(head, parts=head.parts[len(head.parts) - len(counts) :])
    if not counts or not all(p.residual.is_linear for p in data.parts):
        return None
    if any(part.residual.constants for part in data.parts):
        return None
    M, t = data.linearise(head.vector())
    sizes = M.abs().amax(0)
    used = sizes > NOTHING * sizes.max()
    if len(M) < WORTH * (int(used.sum()) + 1):
        return None
    U, R = torch.linalg.qr(torch.cat([M[:, used], t[:, None]], 1).double())
    rows = R.new_zeros(len(R), M.shape[1])
    rows[:, used] = R[:, :-1]
    grams = tuple(own.mT @ own for own in U.split(list(counts)))
    return Triangle(rows.to(M), R[:, -1].to(M), grams)


@dataclass(frozen=True)
class GatheredHead:
    """The residual with a triangle in the place of the data; see `HeadProblem`.

    Attributes
    ----------
    whole
        With all rows.
    data
        What stands in the place of the last.
    """

    whole: PointwiseHead
    data: Triangle

    @property
    def equations(self) -> PointwiseHead:
        """The residual without data."""
        return replace(self.whole, parts=self.whole.parts[: -len(self.data.grams)])

    @property
    def is_linear(self) -> bool:
        """Whether the residual is affine in the fields."""
        return self.whole.is_linear

    @property
    def n_constants(self) -> int:
        """How many of the weights, the last, are those of the unknown constants."""
        return self.whole.n_constants

    def vector(self) -> Float[Tensor, " P"]:
        """Return the head's weights as they are; the last are those of the unknown constants."""
        return self.whole.vector()

    def set(self, c: Float[Tensor, " P"]) -> None:
        """Copy weights of the head into the network."""
        self.whole.set(c)

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

    def gathered(self, c: Float[Tensor, " P"]) -> Gathered:
        """Return the sums over the rows for which the triangle stands."""
        data = replace(self.whole, parts=self.whole.parts[-len(self.data.grams) :])
        parts = (factor.factor * factor.residual(*values) for factor, values in data.evaluated(c))
        return Gathered(self.data.grams, [float(r @ r) for r in parts])
