"""Gaussian processes on a box.

Of the values at knots ``K`` the covariance is ``k(K, K)``. Pivots ``P`` among them are chosen until
they explain all others but for a share `NEGLIGIBLE`, and with ``k(P, P) = L Lᵀ``

    f(x) = m + k(x, P) L^-T z,        z ~ N(0, 1),

has that covariance at the knots. Between knots ``f`` is what the process is expected to be, given
its values there, and as smooth as the covariance is; its derivatives are those of ``k``. Source:
Harbrecht, Peters & Schneider (2012), On the low-rank approximation by the pivoted Cholesky
decomposition, Appl. Numer. Math. 62, doi:10.1016/j.apnum.2011.10.001.
"""

from dataclasses import dataclass
from functools import cached_property
from math import ceil, sqrt

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.linalg import cholesky, solve_triangular

from pinnsolve.diffop import MultiIndex
from pinnsolve.families.family import evenly
from pinnsolve.families.kernels import SMOOTHNESS, covariance

NEGLIGIBLE = 1e-12  # of the variance: what pivots leave unexplained at the knots
KNOTS = {1: 200, 2: 600}  # at most, by dimension
MORE_KNOTS = 1000  # in more dimensions
PER_LENGTH = 8  # knots for each length scale, if there are not too many


@dataclass(frozen=True)
class GaussianProcess:
    """A Gaussian process of a stationary covariance on a box.

    Attributes
    ----------
    kernel
        A key of `SMOOTHNESS`.
    length, variance, mean
        Length scale, variance and mean.
    lower, upper
        Corners of the box.
    sensors
        Where a network is given its values.
    """

    kernel: str
    length: float
    variance: float
    mean: float
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    sensors: Float[ndarray, "s d"]

    @property
    def smoothness(self) -> float:
        """Highest order of a derivative that its members have."""
        return SMOOTHNESS[self.kernel]

    def draw(self, count: int, generator: np.random.Generator) -> Float[ndarray, "M k"]:
        """Return the coefficients of some members: standard normal numbers."""
        return generator.standard_normal((count, len(self._pivots)))

    def values(
        self, coefficients: Float[ndarray, "M k"], x: Float[ndarray, "n d"], alpha: MultiIndex = ()
    ) -> Float[ndarray, "M n"]:
        """Return a derivative of members at points; by default their values."""
        k = covariance(self.kernel, x, self._pivots, self.length, alpha)
        basis = solve_triangular(self._factor, k.T, lower=True)
        mean = 0.0 if any(alpha) else self.mean
        return mean + sqrt(self.variance) * coefficients @ basis

    def codes(self, coefficients: Float[ndarray, "M k"]) -> Float[ndarray, "M s"]:
        """Return the values of members at the sensors."""
        return self.values(coefficients, self.sensors)

    def codes_of(self, readings: Float[ndarray, "M s"]) -> Float[ndarray, "M s"]:
        """Return the values at the sensors, of any functions."""
        return readings

    @cached_property
    def _pivots(self) -> Float[ndarray, "k d"]:
        knots = evenly(self.lower, self.upper, self._counts)
        return knots[_pivots(covariance(self.kernel, knots, knots, self.length))]

    @cached_property
    def _factor(self) -> Float[ndarray, "k k"]:
        k = covariance(self.kernel, self._pivots, self._pivots, self.length)
        return cholesky(k, lower=True)

    @property
    def _counts(self) -> list[int]:
        """The number of knots along each axis."""
        most = KNOTS.get(len(self.lower), MORE_KNOTS)
        sides = np.subtract(self.upper, self.lower) / self.length
        wanted = [max(4, ceil(PER_LENGTH * side)) for side in sides]
        if self.smoothness < np.inf:  # the rougher, the more of it lies between knots
            wanted = [most] * len(wanted)
        factor = min(1.0, (most / np.prod(wanted)) ** (1 / len(wanted)))
        return [max(4, int(factor * n)) for n in wanted]


def _pivots(k: Float[ndarray, "n n"]) -> Int[ndarray, " k"]:
    """Return the knots that explain all others, the one of which most is left first."""
    left, columns, chosen = np.diag(k).copy(), np.empty((len(k), len(k))), list[int]()
    while left.max() > NEGLIGIBLE and len(chosen) < len(k):
        pivot, n = int(np.argmax(left)), len(chosen)
        column = k[:, pivot] - columns[:, :n] @ columns[pivot, :n]
        columns[:, n] = column / sqrt(left[pivot])
        left = left - columns[:, n] ** 2
        left[pivot] = 0.0
        chosen.append(pivot)
    return np.array(chosen)
