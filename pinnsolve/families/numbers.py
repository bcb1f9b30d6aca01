"""A number that varies, evenly between two ends: a function without any coordinate."""

from dataclasses import dataclass
from math import inf

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import MultiIndex


@dataclass(frozen=True)
class Uniform:
    """Numbers between two ends.

    Attributes
    ----------
    lower, upper
        The ends.
    """

    lower: float
    upper: float
    smoothness: float = inf

    @property
    def sensors(self) -> Float[ndarray, "1 0"]:
        """The one place, which has no coordinates."""
        return np.empty((1, 0))

    def draw(self, count: int, generator: np.random.Generator) -> Float[ndarray, "M 1"]:
        """Return some of the numbers."""
        return generator.uniform(self.lower, self.upper, (count, 1))

    def values(
        self, coefficients: Float[ndarray, "M 1"], x: Float[ndarray, "n d"], alpha: MultiIndex = ()
    ) -> Float[ndarray, "M n"]:
        """Return the numbers, the same at all points; their derivatives are zero."""
        return (0.0 if any(alpha) else 1.0) * np.repeat(coefficients, len(x), axis=1)

    def codes(self, coefficients: Float[ndarray, "M 1"]) -> Float[ndarray, "M 1"]:
        """Return the numbers."""
        return coefficients

    def codes_of(self, readings: Float[ndarray, "M 1"]) -> Float[ndarray, "M 1"]:
        """Return the numbers."""
        return readings
