"""Explicit Runge-Kutta methods with an embedded one, whose difference tells the error of a step.

    k_i = f(t + c_i h, y + h sum_j a_ij k_j),    y' = y + h sum_i b_i k_i,    e = h sum_i d_i k_i,

with ``d`` the weights less those of the embedded method. In both methods the last stage is the
first of the next step. Sources: Bogacki & Shampine (1989), A 3(2) pair of Runge-Kutta formulas,
doi:10.1016/0893-9659(89)90079-7; Dormand & Prince (1980), A family of embedded Runge-Kutta
formulae, doi:10.1016/0771-050X(80)90013-3; for the length of steps Hairer, Nørsett & Wanner (1993),
Solving Ordinary Differential Equations I, doi:10.1007/978-3-540-78862-1, section II.4.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeAlias

Vector: TypeAlias = Any  # of NumPy or of torch: sums and products with numbers are all it needs

SAFETY = 0.9
LEAST, MOST = 0.2, 3.0  # factors on the length of a step


@dataclass(frozen=True)
class Embedded:
    """A pair of explicit methods that have their stages in common.

    Attributes
    ----------
    order
        Of the step; that of the embedded method is one less.
    nodes
        Instants of the stages, as parts of the step.
    stages
        Rows of the matrix; the last are the weights of the step.
    errors
        Weights of the difference of both methods.
    """

    order: int
    nodes: tuple[float, ...]
    stages: tuple[tuple[float, ...], ...]
    errors: tuple[float, ...]

    def step(
        self, rates: Callable[[float, Vector], Vector], t: float, y: Vector, h: float, first: Vector
    ) -> tuple[Vector, Vector, Vector]:
        """Return the state after a step, the error's estimate, and the rates there.

        Parameters
        ----------
        rates
            Of a time and a state.
        t, y, h
            Where the step begins, and its length.
        first
            The rates there.
        """
        k = [first]
        new = y
        for c, row in zip(self.nodes[1:], self.stages[1:], strict=True):
            new = y + h * _combined(row, k)
            k.append(rates(t + c * h, new))
        return new, h * _combined(self.errors, k), k[-1]

    def factor(self, error: float) -> float:
        """Return the factor on the length of the next step, or of this one if it is to be retried.

        Parameters
        ----------
        error
            Of the step, by what is tolerated: from one on it is too large.
        """
        return factor(error, self.order)


def factor(error: float, order: int) -> float:
    """Return the factor on the length of the next step, or of this one if it is to be retried.

    Parameters
    ----------
    error
        Of the step, by what is tolerated: from one on it is too large.
    order
        The power of the length with which it falls.
    """
    if not isfinite(error):
        return LEAST
    if error == 0:
        return MOST
    return min(MOST, max(LEAST, SAFETY * float(error ** (-1 / order))))


def _combined(weights: tuple[float, ...], k: list[Vector]) -> Vector:
    """Return a weighted sum."""
    terms = [w * own for w, own in zip(weights, k, strict=True) if w]
    return sum(terms[1:], terms[0])


PAIRS: dict[str, Embedded] = {
    "rk23": Embedded(
        3,
        (0.0, 1 / 2, 3 / 4, 1.0),
        ((), (1 / 2,), (0.0, 3 / 4), (2 / 9, 1 / 3, 4 / 9)),
        (-5 / 72, 1 / 12, 1 / 9, -1 / 8),
    ),
    "rk45": Embedded(
        5,
        (0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0),
        (
            (),
            (1 / 5,),
            (3 / 40, 9 / 40),
            (44 / 45, -56 / 15, 32 / 9),
            (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
            (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
            (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
        ),
        (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40),
    ),
}
