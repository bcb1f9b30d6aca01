"""Solutions of many problems of a family, found by a classical solver at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.references.polynomials import Polynomials
from pinnsolve.references.waves import Waves
from pinnsolve.solution.norms import relative_l2_of_each


@dataclass(frozen=True)
class Together:
    """Solutions of many problems.

    Attributes
    ----------
    fields
        Of the first problem the fields, then of the second, and so on.
    error
        What a finer resolution changed, in the mean over the problems; of the field where that is
        largest.
    title
        What found them, and how fine it was.
    """

    fields: Polynomials | Waves
    error: float
    title: str

    def of(self, which: Sequence[int], count: int) -> Polynomials | Waves:
        """Return the fields of some of the problems, of which there are so many."""
        c = self.fields.count // count
        return self.fields.chosen([i * c + field for i in which for field in range(c)])


def mean_distance(a: Float[ndarray, "n M c"], b: Float[ndarray, "n M c"]) -> float:
    """Return the mean relative distance over the problems, of the field where it is largest."""
    own = [np.mean(relative_l2_of_each(a[..., i].T, b[..., i].T)) for i in range(a.shape[2])]
    return float(max(own))
