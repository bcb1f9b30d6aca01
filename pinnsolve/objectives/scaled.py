"""The objective of a network whose outputs are measured in units of the fields' own sizes.

With ``s_f`` the size of field ``f``, and ``W`` and ``b`` the weights and biases of the head,

    u_f = s_f (W'_f a + b'_f),        W_f = s_f W'_f,    b_f = s_f b'_f.

What steps along gradients, or is damped, sees ``W'`` and ``b'``, so that its steps are those of
fields of size one, whatever the unit. The network itself keeps ``W`` and ``b``: it is stored,
differentiated and solved for as if there were no units.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.jacobian import (
    BorderedJacobian,
    DenseJacobian,
    ExtendedJacobian,
    Jacobian,
    NodalJacobian,
)
from pinnsolve.leastsquares.layers import AnyLayer, Layer
from pinnsolve.leastsquares.network import NetworkJacobian, StackedJacobian
from pinnsolve.leastsquares.side_by_side import SideBySide
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.several import AnyNetwork
from pinnsolve.objectives.capture import Work, repeated
from pinnsolve.objectives.objective import Linearisable, Objective, OfNetwork


class ScaledModel:
    """A network whose head is known by its weights in units of the fields' sizes.

    Units come and go by a division and a product, each with its rounding. Whoever puts back the
    very vector that was taken finds the network as it was, to the bit: a search that finds no step
    leaves no trace.

    Parameters
    ----------
    net
        The network.
    sizes
        Of the fields.
    """

    def __init__(self, net: AnyNetwork, sizes: Float[Tensor, " c"]) -> None:
        self.net, self.sizes = net, sizes
        self._taken: tuple[Tensor, Tensor] | None = None  # the last vector, and the network's own

    @property
    def size(self) -> int:
        """Number of weights."""
        return self.net.size

    @cached_property
    def factors(self) -> Float[Tensor, " P"]:
        """What each weight in those units is multiplied by."""
        return torch.cat([_factors(net, self.sizes) for net in self.net.nets])

    def vector(self) -> Float[Tensor, " P"]:
        """Return a copy of all weights."""
        own = self.net.vector()
        self._taken = own / self.factors, own
        return self._taken[0]

    def set(self, weights: Float[Tensor, " P"]) -> None:
        """Take a vector for the weights."""
        if self._taken is not None and weights is self._taken[0]:
            self.net.set(self._taken[1].clone())
        else:
            self.net.set(weights * self.factors)

    def initialise(self, seed: int) -> None:
        """Draw first weights, whose fields are as large as their sizes."""
        self.net.initialise(seed)
        self.set(self.net.vector())


@dataclass(frozen=True)
class ScaledObjective:
    """The residual as a function of such weights.

    Attributes
    ----------
    plain
        The same as a function of the network's own.
    model
        The network.
    """

    plain: Objective
    model: ScaledModel

    def value(self) -> Float[Tensor, " R"]:
        """Return the residual vector outside of any graph."""
        return self.plain.value()

    def gradient(self) -> tuple[Float[Tensor, ""], Float[Tensor, " P"]]:
        """Return the loss and its gradient."""
        loss, slope = self.plain.gradient()
        return loss, slope * self.model.factors

    def repeated(self, work: Work, tensors: Iterable[Tensor]) -> Work:
        """Return a function that does the same, as the plain objective wants it."""
        return repeated(self.plain, work, tensors)

    def linearise(self) -> tuple[Float[Tensor, " R"], Jacobian]:
        """Return the residual vector and its Jacobian."""
        assert isinstance(self.plain, Linearisable)
        r, J = self.plain.linearise()
        return r, _scaled(J, self.model.factors, self.model.sizes)


def scaled(objective: Objective) -> Objective:
    """Return the objective in units of the fields' sizes; as it is, if it is not of a network."""
    if not isinstance(objective, OfNetwork):
        return objective
    sizes = torch.as_tensor(objective.sizes).to(objective.model.like)
    return ScaledObjective(objective, ScaledModel(objective.model, sizes))


def _factors(net: MLP, sizes: Float[Tensor, " c"]) -> Float[Tensor, " P"]:
    """Return the factor of each weight of a network."""
    head = net.head
    weights = sizes[:, None].expand_as(head.weight).flatten()
    ones = weights.new_ones(net.size)
    places = {id(p): n for p, n in zip(net.parameters(), _starts(net), strict=True)}
    ones[places[id(head.weight)] :][: len(weights)] = weights
    ones[places[id(head.bias)] :][: len(sizes)] = sizes
    return ones


def _starts(net: MLP) -> list[int]:
    """Return the place in the vector of all weights at which each array begins."""
    starts = [0]
    for p in net.parameters():
        starts.append(starts[-1] + p.numel())
    return starts[:-1]


def _scaled(J: Jacobian, factors: Float[Tensor, " P"], sizes: Float[Tensor, " c"]) -> Jacobian:
    """Return the Jacobian by weights in units of the fields' sizes."""
    if isinstance(J, SideBySide):
        own = factors.split([part.shape[1] for part in J.parts])
        pairs = zip(J.parts, own, strict=True)
        return replace(J, parts=tuple(_scaled(part, f, sizes) for part, f in pairs))
    if isinstance(J, BorderedJacobian):
        return replace(J, J=_scaled(J.J, factors, sizes))
    if isinstance(J, ExtendedJacobian):
        rows = J.rows * factors[: J.rows.shape[1]]
        return replace(J, J=_scaled(J.J, factors, sizes), rows=rows)
    if isinstance(J, NodalJacobian):
        return replace(J, layers=_with_head(J.layers, sizes))
    if isinstance(J, NetworkJacobian):
        return replace(J, layers=_with_head(J.layers, sizes))
    if isinstance(J, StackedJacobian):
        parts = (replace(p, layers=_with_head(p.layers, sizes)) for p in J.parts)
        return replace(J, parts=tuple(parts))
    assert isinstance(J, DenseJacobian)
    return DenseJacobian(J.J * factors)


def _with_head(layers: tuple[AnyLayer, ...], sizes: Float[Tensor, " c"]) -> tuple[AnyLayer, ...]:
    """Return the layers as the points saw them, the last in units of the fields' sizes."""
    *hidden, head = layers
    assert isinstance(head, Layer)
    return (*hidden, replace(head, signals=head.signals * sizes.to(head.signals)))
