"""Damped least squares ``min |J v + r|^2 + mu |v|^2``, where it is cheapest.

    sample space     v = -J^T (J J^T + mu I)^-1 r        when there are fewer rows than weights
    parameter space  v = -(J^T J + mu I)^-1 J^T r        when there are fewer weights than rows
    by products      conjugate gradients                 when there are many of both

All give the same step. A matrix is formed once and factorised for each ``mu``; of products alone,
what is known of the largest eigenvalues (`pinnsolve.leastsquares.nystrom`) serves all of them.
Source: Levenberg (1944), doi:10.1090/qam/10666; Marquardt (1963), doi:10.1137/0111030.
"""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.jacobian import Jacobian
from pinnsolve.leastsquares.krylov import conjugate_gradients
from pinnsolve.leastsquares.nystrom import Nystrom, trace_of
from pinnsolve.leastsquares.ways import RANK, Way, is_dense

TOLERANCE = 1e-8  # of iterated steps: what may be left of the gradient
MOST = 2000  # iterations
POWERS = 12  # of a matrix, by which its largest eigenvalue is found


class DampedStep(ABC):
    """The step as a function of its damping.

    Parameters
    ----------
    trace, count
        The trace of ``J^T J``, and of how many numbers: those on its diagonal or on that of
        ``J J^T``, whichever are fewer.

    Attributes
    ----------
    trace
        As above.
    scale
        Their mean: the unit in which damping is measured.
    iterations, left
        Those of the last step, and what they have left of its gradient; none where a matrix was
        factorised.
    """

    def __init__(self, trace: float, count: int) -> None:
        self.trace, self.scale = trace, trace / count
        self.iterations, self.left = 0, 0.0

    def __call__(self, damping: float) -> Float[Tensor, " P"] | None:
        """Return the step for ``mu = damping * scale``; None if there is none."""
        return self.at(damping * self.scale)

    @abstractmethod
    def at(self, mu: float) -> Float[Tensor, " P"] | None:
        """Return the step; None if there is none."""

    @property
    @abstractmethod
    def largest(self) -> float:
        """About the largest eigenvalue of ``J^T J``."""


def damped_step(
    J: Jacobian,
    r: Float[Tensor, " R"],
    way: Way = "auto",
    *,
    rank: int = RANK,
    tolerance: float = TOLERANCE,
    known: Nystrom | None = None,
) -> DampedStep:
    """Return the step for any damping.

    Parameters
    ----------
    J, r
        As above.
    way
        By a matrix, the smaller of both, or by conjugate gradients; by default the size decides.
    rank, tolerance
        Of the latter.
    known
        A preconditioner that serves where less has changed than is added by damping.
    """
    if is_dense(*J.shape, way):
        return Dense(J, r)
    return Krylov(J, r, rank=rank, tolerance=tolerance, known=known)


class Dense(DampedStep):
    """Steps by the smaller of the two matrices."""

    def __init__(self, J: Jacobian, r: Float[Tensor, " R"]) -> None:
        rows, columns = J.shape
        self._J, self._in_sample_space = J, rows <= columns
        self._A = J.gram() if self._in_sample_space else J.normal()
        self._right = r if self._in_sample_space else J.transposed_times(r)
        self._diagonal = self._A.diagonal().clone()
        super().__init__(float(self._diagonal.sum()), len(self._diagonal))

    def at(self, mu: float) -> Float[Tensor, " P"] | None:
        """Return the step; None if the matrix is not definite."""
        self._A.diagonal().copy_(self._diagonal + mu)
        factor, failed = torch.linalg.cholesky_ex(self._A)
        if failed:
            return None
        y = torch.cholesky_solve(self._right[:, None], factor)[:, 0]
        return -self._J.transposed_times(y) if self._in_sample_space else -y

    @property
    def largest(self) -> float:
        """The largest eigenvalue as some powers of the matrix show it, from below."""
        self._A.diagonal().copy_(self._diagonal)
        v = self._A.sum(0)
        for _ in range(POWERS):
            v = self._A @ (v / torch.linalg.vector_norm(v).clamp_min(1e-300))
        return float(torch.linalg.vector_norm(v))


class Krylov(DampedStep):
    """Steps by conjugate gradients, as `damped_step` makes them.

    Attributes
    ----------
    known
        The preconditioner.
    is_new
        Whether it was made for this Jacobian.
    """

    def __init__(
        self,
        J: Jacobian,
        r: Float[Tensor, " R"],
        *,
        rank: int,
        tolerance: float,
        known: Nystrom | None,
    ) -> None:
        super().__init__(trace_of(J, r), min(J.shape))
        self._J, self._r, self._rank, self._tolerance = J, r, rank, tolerance
        self._change = 0.0 if known is None else known.change(J)
        self.is_new = known is None
        self.known = known or Nystrom(J, r, rank)

    def at(self, mu: float) -> Float[Tensor, " P"] | None:
        """Return the step, as far as the iterations have led; None if they led nowhere."""
        if not self.is_new and not self._change < mu:
            self.known, self.is_new = Nystrom(self._J, self._r, self._rank), True
        if self.is_new:
            self.known.reach(mu)
        found = conjugate_gradients(
            self._J,
            -self._r,
            mu,
            lambda s: self.known.preconditioned(s, mu),
            tolerance=self._tolerance,
            most=MOST,
        )
        self.iterations, self.left = found.iterations, found.left
        return found.v if bool(torch.isfinite(found.v).all()) else None

    @property
    def largest(self) -> float:
        """The largest eigenvalue that the preconditioner knows."""
        return float(self.known.values[0])
