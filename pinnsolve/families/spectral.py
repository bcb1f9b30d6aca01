"""Periodic functions of given spectrum on an interval ``[a, a + L]``.

    f(x) = m + sum_k σ_k (a_k cos(2πk (x - a) / L) + b_k sin(2πk (x - a) / L)),   a_k, b_k ~ N(0, 1)

with the variance ``σ_k²`` of each wave as an expression of its number ``k = 1, 2, …``. Waves that
are shorter than twice the distance of the sensors are left out.
"""

from dataclasses import dataclass
from math import inf, pi

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import MultiIndex


@dataclass(frozen=True)
class Spectral:
    """Periodic functions of given spectrum.

    Attributes
    ----------
    variances
        Of the waves ``k = 1, 2, …``.
    mean
        The mean of all members.
    lower, upper
        Ends of the period.
    sensors
        Where a network is given the values.
    """

    variances: Float[ndarray, " k"]
    mean: float
    lower: float
    upper: float
    sensors: Float[ndarray, "s 1"]
    smoothness: float = inf

    def draw(self, count: int, generator: np.random.Generator) -> Float[ndarray, "M q"]:
        """Return the coefficients of some members: standard normal numbers."""
        return generator.standard_normal((count, 2 * len(self.variances)))

    def values(
        self, coefficients: Float[ndarray, "M q"], x: Float[ndarray, "n 1"], alpha: MultiIndex = ()
    ) -> Float[ndarray, "M n"]:
        """Return a derivative of members at points; by default their values."""
        order = sum(alpha)
        waves = 2 * pi * np.arange(1, len(self.variances) + 1) / (self.upper - self.lower)
        # each derivative turns a wave by a quarter
        phase = (x - self.lower) * waves + order * pi / 2
        amplitude = np.sqrt(self.variances) * waves**order
        basis = np.hstack([amplitude * np.cos(phase), amplitude * np.sin(phase)])
        return (0.0 if order else self.mean) + coefficients @ basis.T

    def codes(self, coefficients: Float[ndarray, "M q"]) -> Float[ndarray, "M s"]:
        """Return the values of members at the sensors."""
        return self.values(coefficients, self.sensors)

    def codes_of(self, readings: Float[ndarray, "M s"]) -> Float[ndarray, "M s"]:
        """Return the values at the sensors, of any functions."""
        return readings
