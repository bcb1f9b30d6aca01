"""Least squares of many problems at once by conjugate gradients, each with rows of its own.

    min |A_i c_i - b_i|        for each column ``i``

where ``A_i`` is known by what it and its transpose make of a vector. With the triangle ``R`` of a
matrix that is like all of them, gradients are conjugate in ``A_i R⁻¹``, whose condition is small:
a few steps are enough, each a few products of matrices for all columns together. A column stays as
it is when its gradient has fallen to the tolerance, a share of the first one or of the right-hand
side, beyond which rounding takes over; or to a share of the residual. Since ``A_i R⁻¹`` is nearly
orthogonal, the gradient is about as long as what is missing of ``A_i c_i``, and the residual all
that no ``c_i`` takes away: what the columns cannot hold is then many times what is missing. Source:
Björck (1996), Numerical Methods for Least Squares Problems, section 7.4 (CGLS),
doi:10.1137/1.9781611971484.
"""

from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

STEPS = 60  # at most
TOLERANCE = 1e-5  # of the gradient
SHARE = 0.03  # of the residual, below which a gradient is too small to matter
TINY = 1e-300

Map: TypeAlias = Callable[[Tensor], Tensor]


def conjugate_gradients(
    times: Map,
    transposed: Map,
    b: Float[Tensor, "R M"],
    triangle: Float[Tensor, "P P"],
    steps: int = STEPS,
    tolerance: float = TOLERANCE,
    share: float = SHARE,
) -> Float[Tensor, "P M"]:
    """Return the least-squares solution of each column.

    Parameters
    ----------
    times, transposed
        What the rows of each problem, and their transpose, make of its column.
    b
        The right-hand sides.
    triangle
        Of a matrix that is like all of theirs.
    steps
        How many at most.
    tolerance
        Share of the first gradient, or of the right-hand side, at which a column is solved.
    share
        Share of the residual at which the gradient is that small.
    """

    def solved(c: Tensor) -> Tensor:
        return torch.linalg.solve_triangular(triangle, c, upper=True)

    def gradient(r: Tensor) -> Tensor:
        return torch.linalg.solve_triangular(triangle.mT, transposed(r), upper=False)

    r, found = b.clone(), b.new_zeros(len(triangle), b.shape[1])
    direction = slope = gradient(r)
    size = (slope * slope).sum(0)
    enough = tolerance**2 * torch.maximum(size, (b * b).sum(0))
    for _ in range(steps):
        is_open = size > torch.maximum(enough, share**2 * (r * r).sum(0))
        if not is_open.any():
            break
        step = solved(direction)
        image = times(step)
        length = torch.where(is_open, size / (image * image).sum(0).clamp(min=TINY), 0.0)
        found += length * step
        r -= length * image
        slope = gradient(r)
        before, size = size, torch.where(is_open, (slope * slope).sum(0), size)
        direction = slope + size / before.clamp(min=TINY) * direction
    return found
