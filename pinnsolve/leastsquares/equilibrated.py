"""Least squares ``min |J v - f|^2`` for many right-hand sides, the columns of ``J`` scaled alike.

The normal matrix is formed and factorised once, damped relative to its diagonal, and each solution
is improved with what it has left: what rounding and damping take is squared each time. Columns that
are nearly zero are not made as large as the others: their floor is a part of the median. Source:
Björck (1996), Numerical Methods for Least Squares Problems, doi:10.1137/1.9781611971484, section
2.9.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.accumulate import normal_matrix

BLOCK = 4096  # rows formed into the matrix at a time
FLOOR = 1e-3  # of the median column
IMPROVED = 2  # times that a solution is improved
ROUNDING = 1e-14  # of the diagonal: damping below that a factorisation cannot do without


@dataclass(frozen=True)
class Equilibrated:
    """A factor of the damped normal matrix.

    Attributes
    ----------
    J
        The matrix.
    scales
        Sizes of its columns.
    A
        The normal matrix of the scaled columns.
    """

    J: Float[Tensor, "R P"]
    scales: Float[Tensor, " P"]
    A: Float[Tensor, "P P"]

    def __call__(self, f: Float[Tensor, " R"], damping: float) -> Float[Tensor, " P"] | None:
        """Return the solution; None if the matrix is not definite.

        Parameters
        ----------
        f
            The right-hand side.
        damping
            Relative to the diagonal.
        """
        damped = self.A.clone()
        damped.diagonal().add_(max(damping, ROUNDING))
        factor, failed = torch.linalg.cholesky_ex(damped)
        if failed:
            return None
        v = torch.zeros_like(self.scales)
        for _ in range(1 + IMPROVED):
            left = self.J.mT @ (f - self.J @ v) / self.scales
            v = v + torch.cholesky_solve(left[:, None], factor)[:, 0] / self.scales
        return v


def equilibrated(J: Float[Tensor, "R P"]) -> Equilibrated:
    """Form the normal matrix of a matrix whose columns are scaled."""
    A = normal_matrix(J.split(BLOCK), J, J.shape[1])
    sizes = A.diagonal().clamp_min(0).sqrt()
    scales = sizes.clamp_min(max(FLOOR * float(sizes.median()), 1e-150))
    return Equilibrated(J, scales, A / scales / scales[:, None])
