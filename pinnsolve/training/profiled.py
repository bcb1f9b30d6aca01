"""The least misfit with one of the unknown constants at a value: the profile of the misfit."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.objectives.objective import HeadProblem
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.optimizers.head import newton

STEPS, CONVERGED = 10, 1 - 1e-9  # of Newton's method for all else


@dataclass(frozen=True)
class Held:
    """A residual as a function of the head's weights without one of them; see `HeadProblem`.

    Attributes
    ----------
    whole
        With all of them.
    at
        Which one is held, as it is trained.
    value
        What it is.
    """

    whole: HeadProblem
    at: int
    value: float

    @property
    def is_linear(self) -> bool:
        """Whether the residual is affine in the others."""
        return self.whole.is_linear

    @property
    def n_constants(self) -> int:
        """How many of the others are unknown constants."""
        return self.whole.n_constants - 1

    def vector(self) -> Float[Tensor, " q"]:
        """Return the others as they are."""
        return self.without(self.whole.vector())

    def set(self, c: Float[Tensor, " q"]) -> None:
        """Copy weights of the head into the model."""
        self.whole.set(self._all(c))

    def residual(self, c: Float[Tensor, " q"]) -> Float[Tensor, " R"]:
        """Return the weighted residual vector."""
        return self.whole.residual(self._all(c))

    def linearise(self, c: Float[Tensor, " q"]) -> tuple[Float[Tensor, "R q"], Float[Tensor, " R"]]:
        """Return ``M, t`` such that the residual linearised at ``c`` is ``M c' - t`` at ``c'``."""
        M, t = self.whole.linearise(self._all(c))
        return torch.cat([M[:, : self.at], M[:, self.at + 1 :]], 1), t - M[:, self.at] * self.value

    def without(self, c: Float[Tensor, " p"]) -> Float[Tensor, " q"]:
        """Return weights without the one that is held."""
        return torch.cat([c[: self.at], c[self.at + 1 :]])

    def _all(self, c: Float[Tensor, " q"]) -> Float[Tensor, " p"]:
        return torch.cat([c[: self.at], c.new_tensor([self.value]), c[self.at :]])


@torch.no_grad()
def least_misfits(
    objective: PointwiseObjective, constant: int, values: Sequence[float]
) -> list[float]:
    """Return the least sums of squares with a constant at values, its model as it was after it.

    Parameters
    ----------
    objective
        The residual, with drawn features: the head is what is sought beside the constants.
    constant, values
        Which one, and where it is held.
    """
    unknowns, head = objective.model.unknowns, objective.gathered_head()
    assert unknowns is not None
    c, found = head.vector(), list[float]()
    at = len(c) - head.n_constants + constant
    for value in values:
        own = Held(head, at, unknowns.ranges[constant].trained_at(value))
        found.append(newton(own, own.without(c), STEPS, CONVERGED)[1])
    return found
