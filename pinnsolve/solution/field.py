"""One field of a solution, as a function of points."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jaxtyping import Float
from numpy import ndarray


@dataclass(frozen=True)
class Field:
    """One field of a solution.

    Attributes
    ----------
    name
        Its name.
    of
        The solution: all fields as a function of points, one column for each.
    index
        Which of the columns is this field's.
    """

    name: str
    of: Callable[..., ndarray] = field(repr=False)
    index: int = field(repr=False)

    def __call__(self, points: Any, *, extrapolate: bool = False) -> Float[ndarray, " n"]:
        """Return the field at points; NaN outside the domain, unless it is to be extrapolated."""
        return self.of(points, extrapolate=extrapolate)[:, self.index]
