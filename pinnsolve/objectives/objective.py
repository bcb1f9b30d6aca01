"""What an optimiser is given: a model, its residual vector, and the linearisations of that.

Everything is least squares: the loss is ``r . r`` for the weighted residual vector ``r``. Each
optimiser asks for no more than it needs: Adam and L-BFGS for the gradient of the loss;
Gauss-Newton for the Jacobian of ``r``; the head solve for ``r`` as a function of the last layer's
weights. So whatever has those can be trained, a network or not.
"""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from pinnsolve.leastsquares.jacobian import Jacobian
from pinnsolve.networks.several import AnyNetwork


@runtime_checkable
class Model(Protocol):
    """What is trained, unknown constants included: a vector of weights."""

    @property
    def size(self) -> int:
        """Number of weights."""

    def vector(self) -> Float[Tensor, " P"]:
        """Return a copy of all weights."""

    def set(self, weights: Float[Tensor, " P"]) -> None:
        """Take a vector for the weights, which nobody else changes afterwards."""

    def initialise(self, seed: int) -> None:
        """Draw first weights, from which gradients reach all others."""


@runtime_checkable
class Objective(Protocol):
    """A weighted residual vector that depends on the weights of a model."""

    @property
    def model(self) -> Model:
        """Whose weights are sought."""

    def value(self) -> Float[Tensor, " R"]:
        """Return the residual vector outside of any graph, by the cheapest route."""

    def gradient(self) -> tuple[Float[Tensor, ""], Float[Tensor, " P"]]:
        """Return the loss and its gradient with respect to all weights, outside of any graph."""


@runtime_checkable
class Linearisable(Objective, Protocol):
    """One with a Jacobian."""

    def linearise(self) -> tuple[Float[Tensor, " R"], Jacobian]:
        """Return the residual vector and its Jacobian with respect to all weights."""


@runtime_checkable
class HeadProblem(Protocol):
    """A residual vector that depends on the weights of the last layer, the head, alone."""

    @property
    def is_linear(self) -> bool:
        """Whether it is affine in them."""

    @property
    def n_constants(self) -> int:
        """How many of them, the last, are unknown constants of the equations."""

    def vector(self) -> Float[Tensor, " q"]:
        """Return a copy of the head's weights as they are in the model."""

    def set(self, c: Float[Tensor, " q"]) -> None:
        """Copy weights of the head into the model."""

    def residual(self, c: Float[Tensor, " q"]) -> Float[Tensor, " R"]:
        """Return the weighted residual vector."""

    def linearise(self, c: Float[Tensor, " q"]) -> tuple[Float[Tensor, "R q"], Float[Tensor, " R"]]:
        """Return ``M, t`` such that the residual linearised at ``c`` is ``M c' - t`` at ``c'``."""


@runtime_checkable
class WithHead(Objective, Protocol):
    """One whose model ends in a linear layer."""

    def head(self) -> HeadProblem:
        """Return the residual as a function of the head's weights, all others as they are."""


@runtime_checkable
class Sampled(Objective, Protocol):
    """One whose points, or functions, can be drawn anew."""

    def draw(self, generator: np.random.Generator) -> None:
        """Draw them."""


@runtime_checkable
class OfNetwork(WithHead, Protocol):
    """One whose model is a network, the features under whose head can be drawn."""

    @property
    def model(self) -> AnyNetwork:
        """The network, or those of the regions."""

    def head(self, of: AnyNetwork | None = None) -> HeadProblem:
        """Return the residual as a function of the head's weights, or of another network's."""

    @property
    def x(self) -> Float[Tensor, "N d"]:
        """Where the fields are wanted."""

    @property
    def is_linear(self) -> bool:
        """Whether the residual is affine in the fields, and so in the head's weights."""

    @property
    def linear_rows(self) -> Bool[Tensor, " R"]:
        """Which rows of the residual are affine in the fields."""

    @property
    def sizes(self) -> Float[ndarray, " c"]:
        """About how large the fields will be, in their units."""

    @property
    def places(self) -> Float[Tensor, "R d"]:
        """Where each row of the residual holds; not a number for a sum over many points."""

    @property
    def owners(self) -> Int[ndarray, " R"]:
        """Of each row of the residual the network that it is about, by its number."""


@runtime_checkable
class InStrips(OfNetwork, Protocol):
    """One whose rows can be had some at a time."""

    def head_within(self, of: AnyNetwork, rows: slice) -> HeadProblem:
        """Return some rows of the residual as a function of the heads' weights of networks."""


def by_reverse_mode(
    weights: Iterable[Tensor], r: Float[Tensor, " R"]
) -> tuple[Float[Tensor, ""], Float[Tensor, " P"]]:
    """Return the loss ``r . r`` and its gradient with respect to all weights.

    Parameters
    ----------
    weights
        The weights, one array after the other.
    r
        A residual vector that is differentiable with respect to them.
    """
    loss = torch.dot(r, r)
    parts = torch.autograd.grad(loss, list(weights), materialize_grads=True)
    return loss.detach(), torch.cat([part.flatten() for part in parts])
