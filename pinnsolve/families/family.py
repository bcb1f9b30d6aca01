"""A family: functions that can be drawn, and evaluated anywhere with their derivatives.

A member is told by its *coefficients*, numbers from which its values follow at any point. What a
network is given of it are its *codes*: values at sensors, or the coefficients themselves. Functions
that someone else brings have codes too, without belonging to the family.

Shapes: ``M`` functions, ``k`` coefficients, ``q`` codes, ``s`` sensors, ``n`` points, ``d``
coordinates that a function depends on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.diffop import MultiIndex


@runtime_checkable
class Family(Protocol):
    """Functions to draw."""

    @property
    def sensors(self) -> Float[ndarray, "s d"]:
        """Where the values lie that a function of someone else is known by."""

    @property
    def smoothness(self) -> float:
        """Highest order of a derivative that its members have."""

    def draw(self, count: int, generator: np.random.Generator) -> Float[ndarray, "M k"]:
        """Return the coefficients of some members, drawn at random."""

    def values(
        self, coefficients: Float[ndarray, "M k"], x: Float[ndarray, "n d"], alpha: MultiIndex = ()
    ) -> Float[ndarray, "M n"]:
        """Return a derivative of members at points; by default their values."""

    def codes(self, coefficients: Float[ndarray, "M k"]) -> Float[ndarray, "M q"]:
        """Return the numbers that a network is given of members."""

    def codes_of(self, readings: Float[ndarray, "M s"]) -> Float[ndarray, "M q"]:
        """Return the same of any functions, from their values at the sensors."""


@runtime_checkable
class Functions(Protocol):
    """Some functions, of a family or not."""

    def __len__(self) -> int:
        """Return their number."""

    def values(self, x: Float[ndarray, "n d"], alpha: MultiIndex = ()) -> Float[ndarray, "M n"]:
        """Return a derivative of each at points; by default their values."""

    def codes(self) -> Float[ndarray, "M q"]:
        """Return the numbers that a network is given of each."""

    def chosen(self, which: Sequence[int] | Int[ndarray, " m"]) -> "Functions":
        """Return some of them."""


def number_of(functions: Mapping[str, Functions]) -> int:
    """Return the number of problems that functions pose, one of each input for each."""
    return len(next(iter(functions.values())))


@dataclass(frozen=True)
class Members:
    """Members of a family.

    Attributes
    ----------
    family
        The family.
    coefficients
        Those of each member.
    """

    family: Family
    coefficients: Float[ndarray, "M k"]

    def __len__(self) -> int:
        """Return their number."""
        return len(self.coefficients)

    def values(self, x: Float[ndarray, "n d"], alpha: MultiIndex = ()) -> Float[ndarray, "M n"]:
        """Return a derivative of each at points; by default their values."""
        return self.family.values(self.coefficients, x, alpha)

    def codes(self) -> Float[ndarray, "M q"]:
        """Return the numbers that a network is given of each."""
        return self.family.codes(self.coefficients)

    def chosen(self, which: Sequence[int] | Int[ndarray, " m"]) -> "Members":
        """Return some of them."""
        return Members(self.family, self.coefficients[np.asarray(which, dtype=int)])


def evenly(
    lower: Sequence[float], upper: Sequence[float], counts: Sequence[int]
) -> Float[ndarray, "n d"]:
    """Return the points of a grid on a box, evenly spaced, the last coordinate the fastest.

    >>> evenly([0.0], [1.0], [3]).ravel().tolist()
    [0.0, 0.5, 1.0]
    """
    axes = [np.linspace(a, b, n) for a, b, n in zip(lower, upper, counts, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
