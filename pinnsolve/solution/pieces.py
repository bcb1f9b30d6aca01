"""Fields that are made of others, each of which counts in one region."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.geometry.sight import Locate
from pinnsolve.process import State
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.localised import Supports, supports_of, together


@dataclass(frozen=True)
class Pieces:
    """Fields that are made of others.

    Attributes
    ----------
    parts
        Those of each region.
    locate
        The region in which points of space lie.
    dim
        Number of coordinates of space.
    """

    parts: tuple[Fields, ...]
    locate: Locate
    dim: int

    @property
    def size(self) -> int:
        """The number of values or weights."""
        return sum(part.size for part in self.parts)

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values of the fields at points of space, or of space and time."""
        return self.at(x, self.locate(x[:, : self.dim]))

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of the fields at points."""
        return self.jet_at(x, terms, self.locate(x[:, : self.dim]))

    def at(self, x: Float[ndarray, "n D"], region: Int[ndarray, " n"]) -> Float[ndarray, "n c"]:
        """Return the values at points whose region is known: on an interface there are two."""
        values = [part(x[region == r]) for r, part in enumerate(self.parts)]
        found = np.empty((len(x), values[0].shape[1]))
        for r, own in enumerate(values):
            found[region == r] = own
        return found

    def jet_at(
        self, x: Float[ndarray, "n D"], terms: Set[Term], region: Int[ndarray, " n"]
    ) -> Mapping[Term, ndarray]:
        """Return derivatives at points whose region is known."""
        found = {term: np.empty(len(x)) for term in terms}
        for r in np.unique(region):
            own = self.parts[r].jet(x[region == r], terms)
            for term in terms:
                found[term][region == r] = own[term]
        return found

    def state(self) -> State:
        """Return the states of the parts, their names numbered."""
        return {
            f"{r}.{name}": value
            for r, part in enumerate(self.parts)
            for name, value in part.state().items()
        }

    def supports(self) -> Supports | None:
        """Return the places of the bumps of all parts; None if there are none."""
        return together([supports_of(part) for part in self.parts])


def values_at(
    fields: Fields, x: Float[ndarray, "n D"], region: Int[ndarray, " n"] | None
) -> Float[ndarray, "n c"]:
    """Return fields at points, whose regions are known if there are several."""
    return fields.at(x, region) if isinstance(fields, Pieces) and region is not None else fields(x)


def jet_at(
    fields: Fields, x: Float[ndarray, "n D"], terms: Set[Term], region: Int[ndarray, " n"] | None
) -> Mapping[Term, ndarray]:
    """Return derivatives of fields at points, whose regions are known if there are several."""
    if isinstance(fields, Pieces) and region is not None:
        return fields.jet_at(x, terms, region)
    return fields.jet(x, terms)
