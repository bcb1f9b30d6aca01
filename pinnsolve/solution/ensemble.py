"""Solutions of a family for functions that someone brings, and how far to trust each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray


@dataclass(frozen=True)
class Evaluated:
    """Solutions for functions that someone brings.

    Attributes
    ----------
    names
        Of the functions, as in their file.
    x
        Points.
    values
        The fields there, of each function; NaN outside of the domain.
    estimates
        By field the estimated relative error of each.
    outside, distance
        Of each the share that no function to train with has, and its distance from their middle.
    is_unlike
        Which are unlike the family.
    limit
        The largest error of a solution that is resolved.
    """

    names: tuple[str, ...]
    x: Float[ndarray, "n D"]
    values: Float[ndarray, "M n c"]
    estimates: Mapping[str, Float[ndarray, " M"]]
    outside: Float[ndarray, " M"]
    distance: Float[ndarray, " M"]
    is_unlike: Bool[ndarray, " M"]
    limit: float

    @property
    def is_resolved(self) -> Bool[ndarray, " M"]:
        """Which of the solutions are near enough to the truth."""
        return np.max([*self.estimates.values()], axis=0) <= self.limit
