"""Jacobians of residuals with respect to a network's weights, kept in factors where possible.

The residual of an RBF-FD discretisation depends on the weights only through the nodal values,
``r = R(u_theta(X))``, so ``J = S J_u`` with ``S = dR/du`` sparse, and with the rows of ``J_u``
in the factors of `pinnsolve.leastsquares.network`

    J J^T = S (J_u J_u^T) S^T

costs ``2 N^2 w`` operations a layer instead of ``2 N^2 P`` for ``P`` weights.

Weights are ordered as ``torch.nn.utils.parameters_to_vector`` orders them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pinnsolve.diffop import identity
from pinnsolve.leastsquares.accumulate import normal_matrix
from pinnsolve.leastsquares.layers import AnyLayer
from pinnsolve.leastsquares.network import NetworkJacobian, StackedJacobian, trace
from pinnsolve.networks.mlp import MLP

__all__ = [
    "BorderedJacobian",
    "DenseJacobian",
    "Explicit",
    "Jacobian",
    "LinearMap",
    "NodalJacobian",
    "layers",
]


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


@runtime_checkable
class Explicit(Jacobian, Protocol):
    """One whose entries can be formed."""

    def dense(self) -> Float[Tensor, "R P"]:
        """Return all entries."""


@runtime_checkable
class LinearMap(Protocol):
    """A matrix that is known by its products."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""

    def times(self, u: Tensor, transposed: bool = False) -> Tensor:
        """Return the product with a vector, or with every column of a matrix."""

    def split(self) -> Iterator[tuple["LinearMap", slice]]:
        """Yield matrices that share no rows, and the points whose values each takes."""


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

    def dense(self) -> Float[Tensor, "R P"]:
        """Return all entries."""
        return self.J

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
class BorderedJacobian:
    """A Jacobian with further columns, those of unknown constants of the equations.

    Attributes
    ----------
    J
        By the network's weights.
    columns
        By the constants.
    """

    J: Jacobian
    columns: Float[Tensor, "R k"]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.J.shape[0], self.J.shape[1] + self.columns.shape[1]

    def dense(self) -> Float[Tensor, "R P"]:
        """Return all entries."""
        assert isinstance(self.J, Explicit)
        return torch.cat([self.J.dense(), self.columns], 1)

    def gram(self) -> Float[Tensor, "R R"]:
        """Return ``J J^T``."""
        return self.J.gram().addmm_(self.columns, self.columns.mT)

    def normal(self) -> Float[Tensor, "P P"]:
        """Return ``J^T J``."""
        mixed = torch.stack([self.J.transposed_times(c) for c in self.columns.mT])
        below = torch.cat([mixed, self.columns.mT @ self.columns], 1)
        return torch.cat([torch.cat([self.J.normal(), mixed.mT], 1), below])

    def times(self, v: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return ``J v``."""
        weights, constants = v.tensor_split([self.J.shape[1]])
        return self.J.times(weights) + self.columns @ constants

    def transposed_times(self, y: Float[Tensor, " R"]) -> Float[Tensor, " P"]:
        """Return ``J^T y``."""
        return torch.cat([self.J.transposed_times(y), self.columns.mT @ y])


@dataclass(frozen=True)
class ExtendedJacobian:
    """A Jacobian with further rows in full, those of sums over many points.

    Attributes
    ----------
    J
        Of what is pointwise.
    rows
        The further ones.
    order
        Of all rows: for each its number among those of ``J`` and, after them, the further ones.
    """

    J: Jacobian
    rows: Float[Tensor, "k P"]
    order: Int[Tensor, " R"]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.order), self.rows.shape[1]

    def dense(self) -> Float[Tensor, "R P"]:
        """Return all entries."""
        assert isinstance(self.J, Explicit)
        return torch.cat([self.J.dense(), self.rows])[self.order]

    def gram(self) -> Float[Tensor, "R R"]:
        """Return ``J J^T``."""
        mixed = torch.stack([self.J.times(row) for row in self.rows])
        below = torch.cat([mixed, self.rows @ self.rows.mT], 1)
        whole = torch.cat([torch.cat([self.J.gram(), mixed.mT], 1), below])
        return whole[self.order][:, self.order]

    def normal(self) -> Float[Tensor, "P P"]:
        """Return ``J^T J``."""
        return self.J.normal().addmm_(self.rows.mT, self.rows)

    def times(self, v: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return ``J v``."""
        return torch.cat([self.J.times(v), self.rows @ v])[self.order]

    def transposed_times(self, y: Float[Tensor, " R"]) -> Float[Tensor, " P"]:
        """Return ``J^T y``."""
        own, further = y[self.order.argsort()].tensor_split([self.J.shape[0]])
        return self.J.transposed_times(own) + self.rows.mT @ further


@dataclass(frozen=True)
class NodalJacobian:
    """The product of a matrix ``S`` with the Jacobian of a network's values at the nodes.

    Attributes
    ----------
    S
        Derivative of the residual with respect to the nodal values, quantity by quantity.
    layers
        The network's layers as the nodes saw them, first to last.
    """

    S: LinearMap
    layers: tuple[AnyLayer, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.S.shape[0], self.network.shape[1]

    @property
    def network(self) -> NetworkJacobian:
        """Derivative of the nodal values with respect to the weights."""
        return NetworkJacobian(self.layers)

    def gram(self) -> Float[Tensor, "R R"]:
        """Return ``J J^T``; memory ``(o N)^2``."""
        return self.S.times(self.S.times(self.network.gram()).mT.contiguous())

    def dense(self) -> Float[Tensor, "R P"]:
        """Return all entries."""
        return self.S.times(self.network.dense())

    def normal(self) -> Float[Tensor, "P P"]:
        """Return ``J^T J``, one time level after the other."""
        rows = (S.times(self.network.points(some).dense()) for S, some in self.S.split())
        return normal_matrix(rows, self.layers[0].signals, self.shape[1])

    def times(self, v: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return ``J v``."""
        return self.S.times(self.network.times(v))

    def transposed_times(self, y: Float[Tensor, " R"]) -> Float[Tensor, " P"]:
        """Return ``J^T y``."""
        return self.network.transposed_times(self.S.times(y, transposed=True))


@torch.enable_grad()
def layers(net: MLP, x: Float[Tensor, "N d"]) -> tuple[AnyLayer, ...]:
    """Return the inputs of each layer of ``net`` at points ``x``, for the values of all outputs."""
    value = identity(x.shape[1])
    seen = trace(net, x, [value])
    return seen.jacobian(list(seen.values[value].mT)).layers


def stacked(parts: Sequence[NetworkJacobian], is_sum: Sequence[bool]) -> Jacobian:
    """Return Jacobians of the same network below one another, some of them summed to one row."""
    whole = StackedJacobian(tuple(p for p, total in zip(parts, is_sum, strict=True) if not total))
    if not any(is_sum):
        return whole
    sums = [p for p, total in zip(parts, is_sum, strict=True) if total]
    ones = [p.layers[0].signals.new_ones(p.shape[0]) for p in sums]
    rows = torch.stack([p.transposed_times(one) for p, one in zip(sums, ones, strict=True)])
    order, before, further = list[int](), 0, whole.shape[0]
    for part, total in zip(parts, is_sum, strict=True):
        if total:
            order.append(further)
            further += 1
        else:
            order += range(before, before + part.shape[0])
            before += part.shape[0]
    return ExtendedJacobian(whole, rows, torch.tensor(order, device=rows.device))
