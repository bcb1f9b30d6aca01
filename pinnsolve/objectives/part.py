"""A condition at its points, as the PINN objective has it on a device."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from pinnsolve.diffop import DiffOp, Term
from pinnsolve.problem import Residual


@dataclass(frozen=True)
class Side:
    """What a condition takes from one network.

    Attributes
    ----------
    number
        Of the network.
    terms
        The condition's terms as those of the network's own fields.
    x
        Where, and after that the points across if it is periodic.
    """

    number: int
    terms: Mapping[Term, Term]
    x: Float[Tensor, "M d"]

    @property
    def ops(self) -> frozenset[DiffOp]:
        """The operators that it needs."""
        return frozenset(term.op for term in self.terms.values())


@dataclass(frozen=True)
class Part:
    """One condition on the networks' device.

    Attributes
    ----------
    residual
        What vanishes.
    sides
        What it takes from which network.
    factor
        Of each row of the residual.
    is_periodic
        Whether what holds at the points across is subtracted.
    is_sum
        Whether the residual is one, the sum over the points.
    """

    residual: Residual
    sides: tuple[Side, ...]
    factor: Float[Tensor, " R"]
    is_periodic: bool
    is_sum: bool = False

    def rows(self, values: Float[Tensor, "M *q"]) -> Float[Tensor, "R *q"]:
        """Return the values that the residual needs, of those at all points."""
        if not self.is_periodic:
            return values
        here, across = values.tensor_split(2)
        return here - across

    @property
    def count(self) -> int:
        """At how many points the residual is evaluated."""
        return len(self.sides[0].x) // (1 + self.is_periodic)

    def summed(self, values: Float[Tensor, "R *q"]) -> Float[Tensor, "r *q"]:
        """Return the values at the points, or their sum where it is the sum that counts."""
        return values.sum(0, keepdim=True) if self.is_sum else values
