"""Damped least squares ``min |J v + r|^2 + mu |v|^2``, where it is cheapest.

    sample space     v = -J^T (J J^T + mu I)^-1 r        when there are fewer rows than weights
    parameter space  v = -(J^T J + mu I)^-1 J^T r        when there are fewer weights than rows

Both give the same step; the matrix is formed once and factorised for each ``mu``. Source:
Levenberg (1944), doi:10.1090/qam/10666; Marquardt (1963), doi:10.1137/0111030.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.jacobian import Jacobian


@dataclass(frozen=True)
class DampedStep:
    """The step as a function of its damping.

    Attributes
    ----------
    scale
        Mean square of the Jacobian's rows (or columns): the unit in which damping is measured.
    """

    scale: float
    _solve: Callable[[float], Tensor | None]

    def __call__(self, damping: float) -> Float[Tensor, " P"] | None:
        """Return the step for ``mu = damping * scale``; None if the matrix is not definite."""
        return self._solve(damping * self.scale)


def damped_step(J: Jacobian, r: Float[Tensor, " R"]) -> DampedStep:
    """Form the smaller of the two matrices, and return the step for any damping."""
    rows, columns = J.shape
    in_sample_space = rows <= columns
    A = J.gram() if in_sample_space else J.normal()
    right = r if in_sample_space else J.transposed_times(r)
    diagonal = A.diagonal().clone()

    def solve(mu: float) -> Tensor | None:
        A.diagonal().copy_(diagonal + mu)
        factor, failed = torch.linalg.cholesky_ex(A)
        if failed:
            return None
        y = torch.cholesky_solve(right[:, None], factor)[:, 0]
        return -J.transposed_times(y) if in_sample_space else -y

    return DampedStep(float(diagonal.mean()), solve)
