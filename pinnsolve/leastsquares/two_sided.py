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
    """A matrix of many rows, factorised.

    Attributes
    ----------
    orthogonal
        Its rows of the orthogonal factor.
    triangle
        The triangular factor.
    """

    orthogonal: Float[Tensor, "R P"]
    triangle: Float[Tensor, "P P"]

    @classmethod
    def of(cls, A: Float[Tensor, "R P"], ridge: float = RIDGE) -> "Factor":
        """Return the factors of a matrix, above rows of a share of the length of its columns."""
        lengths = torch.linalg.vector_norm(A, dim=0)
        below = torch.diag(ridge * torch.where(lengths > 0, lengths, 1.0))
        Q, R = torch.linalg.qr(torch.cat([A, below]))
        return cls(Q[: len(A)], R)

    def solve(self, b: Float[Tensor, "R M"]) -> Float[Tensor, "P M"]:
        """Return ``c`` that minimises ``|A c - b|``, for many right-hand sides at once."""
        return torch.linalg.solve_triangular(self.triangle, self.orthogonal.mT @ b, upper=True)

    def left(self, b: Float[Tensor, "R M"]) -> Float[Tensor, "R M"]:
        """Return ``b - A c`` for that ``c``."""
        return b - self.orthogonal @ (self.orthogonal.mT @ b)
