"""Jacobians of residuals with respect to a network's weights, kept in factors where possible.

The residual of an RBF-FD discretisation depends on the weights only through the nodal values,
``r = R(u_theta(X))``, so ``J = S J_u`` with ``S = dR/du`` sparse. For a multilayer perceptron
with layer inputs ``A_l`` and signals ``D_l^k = du_k/dz_l`` the rows of ``J_u`` are outer
products of theirs, and

    (J_u J_u^T)_{kk'} = sum_l (D_l^k D_l^k'^T) * (A_l A_l^T + 1),

which costs ``2 N^2 w`` operations a layer instead of ``2 N^2 P`` for ``P`` weights. The same
identity is behind the neural tangent kernel (Jacot et al., 2018, arXiv:1806.07572).

Weights are ordered as ``torch.nn.utils.parameters_to_vector`` orders them.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.discrete import SparseMatrix
from pinnsolve.networks.mlp import MLP


@runtime_checkable
class Jacobian(Protocol):
    """What a least-squares solver may ask of a Jacobian with ``R`` rows and ``P`` columns."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""

    def gram(self) -> Float[Tensor, "R R"]:
        """Return ``J J^T``."""

    def normal(self) -> Float[Tensor, "P P"]:
        """Return ``J^T J``."""

    def times(self, v: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return ``J v``."""

    def transposed_times(self, y: Float[Tensor, " R"]) -> Float[Tensor, " P"]:
        """Return ``J^T y``."""


@dataclass(frozen=True)
class DenseJacobian:
    """A Jacobian in full.

    Attributes
    ----------
    J
        Its entries.
    """

    J: Float[Tensor, "R P"]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.J.shape[0], self.J.shape[1]

    def gram(self) -> Float[Tensor, "R R"]:
        """Return ``J J^T``."""
        return self.J @ self.J.mT

    def normal(self) -> Float[Tensor, "P P"]:
        """Return ``J^T J``."""
        return self.J.mT @ self.J

    def times(self, v: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return ``J v``."""
        return self.J @ v

    def transposed_times(self, y: Float[Tensor, " R"]) -> Float[Tensor, " P"]:
        """Return ``J^T y``."""
        return self.J.mT @ y


@dataclass(frozen=True)
class Layer:
    """One linear layer ``z = W a + b`` as every node saw it.

    Attributes
    ----------
    inputs
        Its input ``a`` at each node.
    signals
        Derivatives ``du_k/dz`` of each field component at each node.
    """

    inputs: Float[Tensor, "N w"]
    signals: Float[Tensor, "c N v"]


@dataclass(frozen=True)
class NodalJacobian:
    """The product of a sparse ``S`` with the network's Jacobian at the nodes.

    Attributes
    ----------
    S
        Derivative of the residual with respect to the nodal values, field by field.
    layers
        The network's layers, first to last.
    """

    S: SparseMatrix
    layers: tuple[Layer, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.S.shape[0], sum(
            (layer.inputs.shape[1] + 1) * layer.signals.shape[2] for layer in self.layers
        )

    def gram(self) -> Float[Tensor, "R R"]:
        """Return ``J J^T = S (J_u J_u^T) S^T``; memory ``(c N)^2``."""
        c, N, _ = self.layers[0].signals.shape
        K = torch.zeros(c * N, c * N, dtype=self.S.dtype, device=self.layers[0].inputs.device)
        blocks = K.view(c, N, c, N)
        for layer in self.layers:
            inputs = layer.inputs @ layer.inputs.mT + 1
            for k in range(c):
                for m in range(k + 1):
                    blocks[k, :, m] += (layer.signals[k] @ layer.signals[m].mT) * inputs
        for k in range(c):
            for m in range(k):
                blocks[m, :, k] = blocks[k, :, m].mT
        return self.S.times(self.S.times(K).mT.contiguous())

    def dense(self) -> Float[Tensor, "R P"]:
        """Return all entries."""
        parts = []
        for layer in self.layers:
            weights = torch.einsum("kni,nj->knij", layer.signals, layer.inputs).flatten(2)
            parts += [weights, layer.signals]
        return self.S.times(torch.cat(parts, 2).flatten(0, 1))

    def normal(self) -> Float[Tensor, "P P"]:
        """Return ``J^T J``."""
        J = self.dense()
        return J.mT @ J

    def times(self, v: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return ``J v``."""
        u = torch.zeros_like(self.layers[0].signals[..., 0])
        start = 0
        for layer in self.layers:
            rows, columns = layer.signals.shape[2], layer.inputs.shape[1]
            W = v[start : start + rows * columns].view(rows, columns)
            b = v[start + rows * columns : start + rows * (columns + 1)]
            u += (layer.signals * (layer.inputs @ W.mT + b)).sum(2)
            start += rows * (columns + 1)
        return self.S.times(u.flatten())

    def transposed_times(self, y: Float[Tensor, " R"]) -> Float[Tensor, " P"]:
        """Return ``J^T y``."""
        nodal = self.S.times(y, transposed=True).view(self.layers[0].signals.shape[:2])
        parts = []
        for layer in self.layers:
            weighted = torch.einsum("kn,kni->ni", nodal, layer.signals)
            parts += [(weighted.mT @ layer.inputs).flatten(), weighted.sum(0)]
        return torch.cat(parts)


def layers(net: MLP, x: Float[Tensor, "N d"]) -> tuple[Layer, ...]:
    """Return what each layer of ``net`` sees at points ``x``."""
    inputs = [(x - net.center) / net.half_width]
    outputs: list[Tensor] = []
    with torch.enable_grad():
        for linear in net.layers:
            # cutting the graph at the weights leaves only the path from z to u
            z = inputs[-1] @ linear.weight.detach().mT + linear.bias.detach()
            outputs.append(z if z.requires_grad else z.requires_grad_())
            inputs.append(net.activation(outputs[-1]))
        u = inputs[-1] @ net.head.weight.detach().mT + net.head.bias.detach()
        # points are independent, so the gradient of a sum holds each point's own derivative
        by_field = [torch.autograd.grad(u_k.sum(), outputs, retain_graph=True) for u_k in u.mT]
    signals = [torch.stack(signal) for signal in zip(*by_field, strict=True)]
    unit = torch.eye(u.shape[1], dtype=x.dtype, device=x.device)
    signals.append(unit[:, None].expand(-1, len(x), -1))
    return tuple(Layer(a.detach(), d) for a, d in zip(inputs, signals, strict=True))
