"""Fields that are made of others, each of which counts in a slab of time."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.process import State
from pinnsolve.solution.fields import Fields


@dataclass(frozen=True)
class Slabs:
    """Fields that are made of those of slabs of time.

    Attributes
    ----------
    parts
        The fields of each slab. Where the next begins it is still the one before that counts.
    ends
        When the first begins, and when each ends. Later the fields stay as they are at the last.
    """

    parts: tuple[Fields, ...]
    ends: tuple[float, ...]

    @property
    def size(self) -> int:
        """The number of values or weights."""
        return sum(part.size for part in self.parts)

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values of the fields at points of space and time."""
        found = [(here, own(points)) for own, here, points in self._by_slab(x)]
        values = np.empty((len(x), found[0][1].shape[1] if found else 0))
        for here, own in found:
            values[here] = own
        return values

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of the fields at points."""
        jet = {term: np.empty(len(x)) for term in terms}
        for own, here, points in self._by_slab(x):
            for term, values in own.jet(points, terms).items():
                jet[term][here] = values
        return jet

    def state(self) -> State:
        """Return the ends, and the states of the parts, led by their numbers."""
        return {
            "ends": np.array(self.ends),
            **{
                f"{k}.{name}": value
                for k, own in enumerate(self.parts)
                for name, value in own.state().items()
            },
        }

    def _by_slab(
        self, x: Float[ndarray, "n D"]
    ) -> Iterator[tuple[Fields, Bool[ndarray, " n"], Float[ndarray, "m D"]]]:
        """Yield the fields of each slab, which points lie in it, and those points."""
        time = np.minimum(x[:, -1], self.ends[-1])
        number = np.searchsorted(self.ends[1:-1], time)
        points = np.column_stack([x[:, :-1], time])
        for k in np.unique(number) if len(x) else range(1):
            here = number == k
            yield self.parts[k], here, points[here]


def read_slabs(state: State, read: Callable[[tuple[float, float], State], Fields]) -> Slabs:
    """Return fields from what `Slabs.state` has given.

    Parameters
    ----------
    state
        That.
    read
        The fields of a slab, from when it begins and ends and their own state.
    """
    ends = tuple(np.asarray(state["ends"], dtype=float).tolist())
    parts = []
    for k, time in enumerate(pairwise(ends)):
        start = f"{k}."
        own = {name.removeprefix(start): state[name] for name in state if name.startswith(start)}
        parts.append(read(time, own))
    return Slabs(tuple(parts), ends)
