"""The values of a network at the nodes, and in time their derivatives there."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from pinnsolve.derivatives.taylor import derivatives, features_of_outputs
from pinnsolve.diffop import DiffOp
from pinnsolve.leastsquares.layers import AnyLayer
from pinnsolve.leastsquares.network import trace
from pinnsolve.networks.backpropagation import Pullback, values_and_pullback
from pinnsolve.networks.mlp import MLP


@dataclass(frozen=True)
class NodalValues:
    """A network at nodes.

    Attributes
    ----------
    net
        The network.
    x
        The nodes, in time each at all levels in turn.
    rows
        Which of all nodes they are; None if they are all.
    ops
        The derivatives in time, of order zero on, that stand for fields; None without time.
    reverse
        Precision of the way back from the fields to the weights.
    """

    net: MLP
    x: Float[Tensor, "M d"]
    rows: Int[Tensor, " M"] | None
    ops: tuple[DiffOp, ...] | None
    reverse: torch.dtype | None

    def fields(self) -> Float[Tensor, "c M"]:
        """Return the values, and after them those of the derivatives in time."""
        if self.ops is None:
            return self.net(self.x).mT
        found = derivatives(self.net, self.x, self.ops)
        return torch.cat([found[op].mT for op in self.ops])

    def with_pullback(self) -> tuple[Float[Tensor, "c M"], Pullback]:
        """Return the fields, and the way back from them to the weights."""
        if self.ops is None and not self.net.bumps:
            return values_and_pullback(self.net, self.x, self.reverse)
        weights = list(self.net.parameters())
        with torch.enable_grad():
            u = self.fields()
        return u, lambda d: parameters_to_vector(torch.autograd.grad(u, weights, d))

    def traced(self, value: DiffOp) -> tuple[Float[Tensor, "c M"], tuple[AnyLayer, ...]]:
        """Return the fields and the layers of their Jacobian, in double precision.

        Parameters
        ----------
        value
            The operator that takes the values.
        """
        ops = self.ops or (value,)
        with torch.enable_grad():
            seen = trace(self.net, self.x, ops)
            fields = [field for op in ops for field in seen.values[op].mT]
            layers = seen.jacobian(fields).layers
        return torch.stack(fields).detach().double(), tuple(layer.double() for layer in layers)

    def features(self) -> tuple[Float[Tensor, "c M w"], ...]:
        """Return the features that each output's weights multiply, and their time derivatives."""
        if self.ops is None:
            features = (image.features(self.x) for image in self.net.images())
            return (self.net.of_outputs(*features).double(),)
        found = features_of_outputs(self.net, self.x, self.ops)
        return tuple(found[op].double() for op in self.ops)
