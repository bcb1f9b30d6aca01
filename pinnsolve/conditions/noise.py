"""What is known of the errors of data before anything has been fitted to them.

The misfit of a few rows may vanish by chance, and that of rows that repeat others does. So a row
that is there twice tells no more of errors than one, and of few rows the errors are no less than
those of numbers that were rounded to the digits they have: of a unit ``q`` of the last digit the
standard deviation is ``q/12^(1/2)``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.data import Observed

DIGITS = 15  # significant ones of a number in double precision


@dataclass(frozen=True)
class Noise:
    """What is known of the errors of a set of rows.

    Attributes
    ----------
    count
        Number of rows.
    sigma
        Standard deviation as given; None if it is not.
    copies
        How many rows repeat others.
    least
        Standard deviation that rounding alone has, for rows too few to show it.
    """

    count: int
    sigma: float | None = None
    copies: int = 0
    least: float = 0.0

    @classmethod
    def of(
        cls, x: Float[ndarray, "n D"], values: Float[ndarray, " n"], sigma: float | None = None
    ) -> "Noise":
        """Return the knowledge of the errors of values at points."""
        copies = len(x) - len(np.unique(np.column_stack([x, values]), axis=0))
        return cls(len(x), sigma, copies, _rounding(values))

    def times(self, factor: float) -> "Noise":
        """Return that of the rows multiplied by a factor."""
        sigma = None if self.sigma is None else factor * self.sigma
        return replace(self, sigma=sigma, least=factor * self.least)


def noise_of(observed: Sequence[Observed], factors: Sequence[float]) -> list[Noise]:
    """Return the knowledge of the errors of each set of data, whose rows have factors."""
    return [
        Noise.of(own.x, own.values, own.sigma).times(factor)
        for own, factor in zip(observed, factors, strict=True)
    ]


def _rounding(values: Float[ndarray, " n"]) -> float:
    """Return the standard deviation of the errors of rounding to the digits that values have."""
    size = float(np.abs(values).max(initial=0.0))
    if not size:
        return 0.0
    first = int(np.floor(np.log10(size)))
    for digits in range(DIGITS):
        unit = 10.0 ** (first - digits)
        if np.allclose(values, unit * np.round(values / unit), rtol=0, atol=10**-DIGITS * size):
            return unit / sqrt(12)
    return 0.0
