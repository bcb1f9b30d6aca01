"""Least squares with two factors: ``min |A C Ψᵀ - F|`` over ``C``.

The solution is ``C = A⁺ F Ψ⁺ᵀ``: two small factorisations in place of one whose columns are all
pairs of columns. Rows ``RIDGE |A_j|`` below the columns keep a factor regular where columns are
nearly dependent, as in `pinnsolve.leastsquares.head`. Source: Golub & Van Loan (2013), Matrix
Computations, section 12.3.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.head import RIDGE


@dataclass(frozen=True)
class Factor:
    """A matrix of many rows, factorised, above rows of a share of the length of its columns.

    Its orthogonal factor stays a product of reflections: to write it out takes as long as to find
    it, and mostly a few right-hand sides are all that it is for.

    Attributes
    ----------
    reflections, scales
        The reflections, as LAPACK has them, and the triangular factor above them.
    """

    reflections: Float[Tensor, "S P"]
    scales: Float[Tensor, " P"]

    @classmethod
    def of(cls, A: Float[Tensor, "R P"], ridge: float = RIDGE) -> "Factor":
        """Return the factors of a matrix, above rows of a share of the length of its columns."""
        lengths = torch.linalg.vector_norm(A, dim=0)
        below = torch.diag(ridge * torch.where(lengths > 0, lengths, 1.0))
        return cls(*torch.geqrf(torch.cat([A, below])))

    @property
    def triangle(self) -> Float[Tensor, "P P"]:
        """The triangular factor."""
        return self.reflections[: self._size].triu()

    def solve(self, b: Float[Tensor, "R M"]) -> Float[Tensor, "P M"]:
        """Return ``c`` that minimises ``|A c - b|``, for many right-hand sides at once."""
        return self.step(b)[0]

    def step(self, b: Float[Tensor, "R M"]) -> tuple[Float[Tensor, "P M"], Float[Tensor, " M"]]:
        """Return the same, and by how much it lowers the square of the length of each side."""
        turned = self._turned(b)[: self._size]
        found = torch.linalg.solve_triangular(self.triangle, turned, upper=True)
        return found, (turned * turned).sum(0)

    def left(self, b: Float[Tensor, "R M"]) -> Float[Tensor, "R M"]:
        """Return ``b - A c`` for that ``c``."""
        turned = self._turned(b)
        turned[: self._size] = 0
        return torch.ormqr(self.reflections, self.scales, turned)[: len(b)]

    def _turned(self, b: Float[Tensor, "R M"]) -> Float[Tensor, "S M"]:
        """Return the product of the transposed orthogonal factor with right-hand sides."""
        whole = torch.cat([b, b.new_zeros(self._size, b.shape[1])])
        return torch.ormqr(self.reflections, self.scales, whole, transpose=True)

    @property
    def _size(self) -> int:
        return len(self.scales)
