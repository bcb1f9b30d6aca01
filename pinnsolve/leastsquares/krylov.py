"""Conjugate gradients for ``min |J v - b|^2 + mu |v|^2``, from products with ``J`` and ``J^T``.

The residual ``b - J v`` is carried along and the gradient computed from it, so that the gradient is
that of the ``v`` that has been found, and no digits are lost in ``J^T J``. The iteration ends when
the gradient has fallen by a factor, in its own norm and in that of the preconditioner: the latter
is about that of what is left of ``v``, weighted by what each of its directions changes. Source:
Bjorck (1996), Numerical Methods for Least Squares Problems, doi:10.1137/1.9781611971484, section
7.4.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.jacobian import Jacobian


@dataclass(frozen=True, eq=False)
class Iterated:
    """A solution that has been iterated.

    Attributes
    ----------
    v
        The solution.
    iterations
        How many there were.
    left
        The gradient by that at zero.
    """

    v: Float[Tensor, " P"]
    iterations: int
    left: float


def conjugate_gradients(
    J: Jacobian,
    b: Float[Tensor, " R"],
    mu: float,
    preconditioned: Callable[[Tensor], Tensor] | None = None,
    *,
    tolerance: float,
    most: int,
) -> Iterated:
    """Return ``v`` that minimises ``|J v - b|^2 + mu |v|^2``.

    Parameters
    ----------
    J, b, mu
        As above.
    preconditioned
        A vector by the inverse of the preconditioner; itself by default.
    tolerance
        By which the gradient is to fall.
    most
        Iterations at most.
    """
    precondition = preconditioned or torch.clone
    r = b.clone()
    s = J.transposed_times(r)
    v = torch.zeros_like(s)
    z = precondition(s)
    p, gamma = z, s @ z
    first = torch.linalg.vector_norm(s), gamma
    left, k = 1.0, 0
    while k < most and gamma > 0:
        q = J.times(p)
        alpha = gamma / (q @ q + mu * (p @ p))
        v = v + alpha * p
        r = r - alpha * q
        s = J.transposed_times(r) - mu * v
        z = precondition(s)
        last, gamma, k = gamma, s @ z, k + 1
        own = torch.linalg.vector_norm(s) / first[0]
        left = float(torch.maximum(own, (gamma / first[1]).clamp_min(0).sqrt()))
        if not left > tolerance:
            break
        p = z + (gamma / last) * p
    return Iterated(v, k, left)
