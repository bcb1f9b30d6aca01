"""What an optimiser is given: a residual vector, its linearisations, and when to stop.

Everything is least squares: the loss is ``r . r`` for the weighted residual vector ``r``. Adam
and L-BFGS differentiate it; Gauss-Newton asks for its Jacobian; the head solve for the residual
as a function of the last layer's weights, for which the features are evaluated once.
"""

from typing import Protocol, runtime_checkable

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
