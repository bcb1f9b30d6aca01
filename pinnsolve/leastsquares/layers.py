"""One layer of a network as points saw it: its share of the Jacobian, kept in factors.

See `pinnsolve.leastsquares.network`.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.taylor import linear


@dataclass(frozen=True)
class Layer:
    """One linear layer as every point saw it.

    Attributes
    ----------
    inputs
        Its input in each channel.
    signals
        Derivatives of what is wanted by its output in each channel.
    n_values
        How many channels, the first, are values, to which the bias is added.
    """

    inputs: Float[Tensor, "C N w"]
    signals: Float[Tensor, "o C N v"]
    n_values: int = 1

    def dense(self) -> Float[Tensor, "R P"]:
        """Return the Jacobian by this layer's weights, then by its biases."""
        weights = torch.einsum("ocnv,cnw->onvw", self.signals, self.inputs)
        biases = self.signals[:, : self.n_values].sum(1)
        return torch.cat([weights.flatten(2), biases], 2).flatten(0, 1)

    @property
    def size(self) -> int:
        """Number of its weights and biases."""
        return (self.inputs.shape[2] + 1) * self.signals.shape[3]

    def times(self, v: Float[Tensor, " p"]) -> Float[Tensor, "o N"]:
        """Return the product with a change of its weights and biases."""
        w, u = self.inputs.shape[2], self.signals.shape[3]
        z = linear(self.inputs, v[: u * w].view(u, w))
        z[: self.n_values] += v[u * w :]
        pairs = zip(self.signals.unbind(1), z, strict=True)
        return torch.stack([(signals * change).sum(2) for signals, change in pairs]).sum(0)

    def transposed_times(self, y: Float[Tensor, "o N"]) -> Float[Tensor, " p"]:
        """Return the product of the transpose with a vector."""
        weighted = torch.einsum("on,ocnv->cnv", y, self.signals)
        W = weighted.flatten(0, 1).mT @ self.inputs.flatten(0, 1)
        return torch.cat([W.flatten(), weighted[: self.n_values].sum((0, 1))])

    def trace(self) -> float:
        """Return the sum of the squares of its entries."""
        inputs = torch.einsum("cnw,dnw->cdn", self.inputs, self.inputs)
        inputs[: self.n_values, : self.n_values] += 1
        signals = torch.einsum("ocnv,odnv->ocdn", self.signals, self.signals)
        return float((signals * inputs).sum())

    def points(self, some: slice) -> "Layer":
        """Return the layer as some points saw it."""
        return replace(self, inputs=self.inputs[:, some], signals=self.signals[:, :, some])

    def units(self, some: slice) -> "Layer":
        """Return the part of the layer that feeds some units."""
        return replace(self, signals=self.signals[..., some])

    def double(self) -> "Layer":
        """Return the layer in double precision."""
        return replace(self, inputs=self.inputs.double(), signals=self.signals.double())

    def with_image(self, image: "Layer") -> "Layer":
        """Return the layer as a point and its image, mirrored or across, saw it together."""
        n, m = self.n_values, image.n_values

        def joined(own: Tensor, other: Tensor) -> Tensor:
            return torch.cat([own[:n], other[:m], own[n:], other[m:]])

        signals = joined(self.signals.transpose(0, 1), image.signals.transpose(0, 1))
        return Layer(joined(self.inputs, image.inputs), signals.transpose(0, 1), n_values=n + m)


@dataclass(frozen=True)
class BumpLayer:
    """Bumps as every point saw them: a layer in the lifted inputs ``(y, |y|^2)``, ``y = a / s``.

    The argument of a bump is linear in them, ``z = (|y|^2 - 2 p . y + |p|^2) / r^2``, and so
    what centres and logarithms of radii change follows from what weights and bias of such a layer
    would.

    Attributes
    ----------
    lifted
        The layer.
    slopes
        Of each unit's weights and bias by its centre and the logarithm of its radius.
    """

    lifted: Layer
    slopes: Float[Tensor, "m w v"]

    @property
    def signals(self) -> Float[Tensor, "o C N m"]:
        """Derivatives of what is wanted by the bumps' arguments, in each channel."""
        return self.lifted.signals

    @property
    def size(self) -> int:
        """Number of coordinates of centres and of radii."""
        m, _, v = self.slopes.shape
        return m * v

    def dense(self) -> Float[Tensor, "R P"]:
        """Return the Jacobian by the centres, then by the logarithms of the radii."""
        return self._of_bumps(self.lifted.dense())

    def times(self, v: Float[Tensor, " p"]) -> Float[Tensor, "o N"]:
        """Return the product with a change of centres and logarithms of radii."""
        m, _, count = self.slopes.shape
        centres, radii = v[: m * (count - 1)].view(m, -1), v[m * (count - 1) :]
        own = (self.slopes @ torch.cat([centres, radii[:, None]], 1)[:, :, None])[:, :, 0]
        return self.lifted.times(torch.cat([own[:, :-1].flatten(), own[:, -1]]))

    def transposed_times(self, y: Float[Tensor, "o N"]) -> Float[Tensor, " p"]:
        """Return the product of the transpose with a vector."""
        return self._of_bumps(self.lifted.transposed_times(y)[None])[0]

    def trace(self) -> float:
        """Return the sum of the squares of its entries."""
        return float((self.dense() ** 2).sum())

    def points(self, some: slice) -> "BumpLayer":
        """Return the bumps as some points saw them."""
        return replace(self, lifted=self.lifted.points(some))

    def units(self, some: slice) -> "BumpLayer":
        """Return some of the bumps."""
        return BumpLayer(self.lifted.units(some), self.slopes[some])

    def double(self) -> "BumpLayer":
        """Return the bumps in double precision."""
        return BumpLayer(self.lifted.double(), self.slopes.double())

    def with_image(self, image: "BumpLayer") -> "BumpLayer":
        """Return the bumps as a point and its image saw them together."""
        return replace(self, lifted=self.lifted.with_image(image.lifted))

    def _of_bumps(self, rows: Float[Tensor, "R p"]) -> Float[Tensor, "R q"]:
        """Return rows by centres and radii from those by the layer's weights and biases."""
        m, w, _ = self.slopes.shape
        weights, biases = rows[:, : m * (w - 1)].unflatten(1, (m, w - 1)), rows[:, m * (w - 1) :]
        own = torch.einsum("rmw,mwv->rmv", torch.cat([weights, biases[:, :, None]], 2), self.slopes)
        return torch.cat([own[:, :, :-1].flatten(1), own[:, :, -1]], 1)


AnyLayer: TypeAlias = Layer | BumpLayer


def with_image(own: AnyLayer, image: AnyLayer) -> AnyLayer:
    """Return a layer as points and their images saw it together."""
    if isinstance(own, Layer) and isinstance(image, Layer):
        return own.with_image(image)
    assert isinstance(own, BumpLayer)
    assert isinstance(image, BumpLayer)
    return own.with_image(image)
