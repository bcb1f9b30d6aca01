"""What an optimiser is given: a residual vector, its linearisations, and when to stop.

Everything is least squares: the loss is ``r . r`` for the weighted residual vector ``r``. Adam
and L-BFGS differentiate it; Gauss-Newton asks for its Jacobian; the head solve for the residual
as a function of the last layer's weights, for which the features are evaluated once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pinnsolve.leastsquares.jacobian import Jacobian
from pinnsolve.networks.mlp import MLP


@runtime_checkable
class HeadProblem(Protocol):
    """A residual vector that depends on the weights of the last layer alone."""

    def residual(self, c: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return the weighted residual vector."""

    def linearise(self, c: Float[Tensor, " P"]) -> tuple[Float[Tensor, "R P"], Float[Tensor, " R"]]:
        """Return ``M, t`` such that the residual linearised at ``c`` is ``M c' - t`` at ``c'``."""


@runtime_checkable
class Objective(Protocol):
    """A residual vector that depends on the weights of a network."""

    @property
    def net(self) -> MLP:
        """The network whose weights are sought."""

    @property
    def x(self) -> Float[Tensor, "N d"]:
        """Where the fields are wanted."""

    @property
    def is_linear(self) -> bool:
        """Whether the residual is affine in the fields, and so in the head's weights."""

    @property
    def linear_rows(self) -> Bool[Tensor, " R"]:
        """Which rows of the residual are affine in the fields."""

    def gradient(self) -> tuple[Float[Tensor, ""], Float[Tensor, " P"]]:
        """Return the loss and its gradient with respect to all weights, outside of any graph."""

    def value(self) -> Float[Tensor, " R"]:
        """Return the residual vector outside of any graph, by the cheapest route."""

    def linearise(self) -> tuple[Float[Tensor, " R"], Jacobian]:
        """Return the residual vector and its Jacobian with respect to all weights."""

    def head(self) -> HeadProblem:
        """Return the residual as a function of the head's weights, the features as they are."""


def by_reverse_mode(
    net: MLP, r: Float[Tensor, " R"]
) -> tuple[Float[Tensor, ""], Float[Tensor, " P"]]:
    """Return the loss ``r . r`` and its gradient with respect to all weights.

    Parameters
    ----------
    net
        The network.
    r
        A residual vector that is differentiable with respect to its weights.
    """
    loss = torch.dot(r, r)
    parts = torch.autograd.grad(loss, list(net.parameters()), materialize_grads=True)
    return loss.detach(), torch.cat([part.flatten() for part in parts])


@dataclass(frozen=True)
class Budget:
    """When an optimiser stops, whatever it has reached.

    Attributes
    ----------
    iterations
        At most this many.
    seconds
        At most this long.
    tolerance
        As soon as the loss has fallen to this.
    patience
        As soon as this many iterations have lowered the loss by less than a tenth; 0 for never.
    """

    iterations: int
    seconds: float = float("inf")
    tolerance: float = 0.0
    patience: int = 0
    learning_rate: float = 1e-3


Note: TypeAlias = Callable[[int, float], float]  # (iteration, loss) -> seconds in this phase
Optimizer: TypeAlias = Callable[[Objective, Budget, Note], str]  # returns why it stopped


class StoppingRule:
    """Decide after each iteration whether a budget is spent.

    Parameters
    ----------
    budget
        What may be spent.
    note
        Told of every iteration; may raise to end the work at once.
    """

    def __init__(self, budget: Budget, note: Note) -> None:
        self._budget, self._note = budget, note
        self._losses: list[float] = []

    def __call__(self, iteration: int, loss: float) -> str:
        """Return why to stop, in words; empty to go on."""
        budget = self._budget
        seconds = self._note(iteration, loss)
        self._losses.append(loss)
        if loss <= budget.tolerance:
            return "the loss has reached its tolerance"
        if iteration >= budget.iterations:
            return "the iterations are spent"
        if seconds >= budget.seconds:
            return "the time is spent"
        before = self._losses[-1 - budget.patience :][0]
        if budget.patience and len(self._losses) > budget.patience and loss > 0.9 * before:
            return "further iterations do not pay"
        return ""
