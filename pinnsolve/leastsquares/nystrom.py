"""The largest eigenvalues of ``M = J^T J`` from a few products, and a preconditioner made of them.

With orthonormal random columns ``W`` and ``Y = M W`` (Nyström's approximation)

    M  ~  Y (W^T Y)^-1 Y^T  =  U diag(l) U^T,

    P^-1 = I + U diag((l_k + mu) / (l + mu) - 1) U^T,

``P^-1 (M + mu)`` has a condition number of about ``1 + l_k/mu``, ``l_k`` being the smallest
eigenvalue that is known. Columns are added, as many as there are, as long as they cost less than
the iterations that they save; those that there are stay, so that no product is computed twice.
Source: Frangella, Tropp & Udell (2023), Randomized Nyström preconditioning, doi:10.1137/21M1466244.
"""

from math import sqrt
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.jacobian import Jacobian
from pinnsolve.leastsquares.ways import MOST

ITERATIONS = 9.0  # of conjugate gradients, by the root of the condition number
COLUMN = 0.4  # what a column costs, in iterations: products with many at once are faster
PROBES = 8  # columns by which a change of the matrix is measured
DRAWS = 30  # of random signs, by which a trace is estimated


@runtime_checkable
class Blocked(Jacobian, Protocol):
    """A Jacobian that is multiplied by many vectors at once."""

    def normal_times(self, V: Float[Tensor, "P k"]) -> Float[Tensor, "P k"]:
        """Return ``J^T J V``."""

    def trace(self) -> float:
        """Return the trace of ``J^T J``."""


class Nystrom:
    """What is known of the largest eigenvalues of ``J^T J``.

    Parameters
    ----------
    J
        The Jacobian.
    like
        A tensor of the same kind, on the same device.
    rank
        How many eigenvalues are sought first.

    Attributes
    ----------
    values
        The eigenvalues that are known, the largest first.
    """

    def __init__(self, J: Jacobian, like: Tensor, rank: int) -> None:
        self._J, P = J, J.shape[1]
        self._most = max(1, int(MOST * P))
        self._draw = torch.Generator().manual_seed(0)
        self._W: Float[Tensor, "P k"] = like.new_zeros(P, 0)
        self._Y = self._W
        self._extend(min(rank, self._most))

    @property
    def rank(self) -> int:
        """Number of columns."""
        return self._W.shape[1]

    def reach(self, mu: float) -> None:
        """Add columns until they cost more than the iterations that they save."""
        while self.rank < self._most:
            saved = ITERATIONS * sqrt(float(self.values[-1]) / mu) if mu else float("inf")
            if saved < COLUMN * self.rank:
                break
            self._extend(min(self.rank, self._most - self.rank))

    def preconditioned(self, s: Float[Tensor, " P"], mu: float) -> Float[Tensor, " P"]:
        """Return ``P^-1 s``."""
        known = self.values
        return s + self._U @ (((known[-1] + mu) / (known + mu) - 1) * (self._U.mT @ s))

    def change(self, J: Jacobian) -> float:
        """Return the difference of the matrix from that of another Jacobian, in Frobenius' norm."""
        some = min(PROBES, self.rank)
        apart = products(J, self._W[:, :some]) - self._Y[:, :some]
        return sqrt(J.shape[1] / some) * float(torch.linalg.matrix_norm(apart))

    def _extend(self, count: int) -> None:
        """Add columns."""
        P = self._J.shape[1]
        W = torch.randn(P, count, generator=self._draw, dtype=torch.float64).to(self._W)
        for _ in range(2):  # the second time takes off what rounding has left of the others
            W, _ = torch.linalg.qr(W - self._W @ (self._W.mT @ W))
        self._W = torch.cat([self._W, W], 1)
        self._Y = torch.cat([self._Y, products(self._J, W)], 1)
        size = float(torch.linalg.matrix_norm(self._Y))
        shift = sqrt(P) * torch.finfo(self._Y.dtype).eps * max(size, 1e-300)
        Y = self._Y + shift * self._W
        core = self._W.mT @ Y
        factor = torch.linalg.cholesky((core + core.mT) / 2)
        B = torch.linalg.solve_triangular(factor, Y.mT, upper=False).mT
        self._U, sigma, _ = torch.linalg.svd(B, full_matrices=False)
        self.values: Float[Tensor, " k"] = (sigma**2 - shift).clamp_min(0)


def products(J: Jacobian, V: Float[Tensor, "P k"]) -> Float[Tensor, "P k"]:
    """Return ``J^T J V``."""
    if isinstance(J, Blocked):
        return J.normal_times(V)
    return torch.stack([J.transposed_times(J.times(v)) for v in V.mT], 1)


def trace_of(J: Jacobian, like: Tensor) -> float:
    """Return the trace of ``J^T J``, estimated by random signs where that is not known."""
    if isinstance(J, Blocked):
        return J.trace()
    draw = torch.Generator().manual_seed(0)
    signs = 2 * torch.randint(2, (DRAWS, J.shape[1]), generator=draw).to(like) - 1
    return float(sum((J.times(v) ** 2).sum() for v in signs)) / DRAWS
