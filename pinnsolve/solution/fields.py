"""The unknown fields as functions: what every method finds.

A method may hold them as values at nodes, as a network, as a formula; whoever asks for them
anywhere in the domain, for their derivatives, or for what must be stored to have them again, does
not see the difference.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.process import State


@runtime_checkable
class Fields(Protocol):
    """Functions of space, or of space and time, one for each unknown field."""

    @property
    def size(self) -> int:
        """How many numbers determine them: weights of a network, or values at nodes."""

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values of the fields at points."""

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of the fields at points, by term."""

    def state(self) -> State:
        """Return arrays and plain values from which the fields can be made again."""


@runtime_checkable
class OfFamily(Fields, Protocol):
    """The fields of one problem of a family, and of all others."""

    def showing(self, codes: Sequence[Float[ndarray, "1 _"]]) -> "OfFamily":
        """Return the fields of another problem, told by the codes of its inputs."""

    def evaluated(
        self, codes: Sequence[Float[ndarray, "M _"]], x: Float[ndarray, "n D"]
    ) -> Float[ndarray, "M n c"]:
        """Return the fields of many problems at points."""
