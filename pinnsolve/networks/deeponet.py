"""Branch and trunk: solutions of a family as sums of features of position.

    u_i(x) = Φ(x) C ψ_i

with features ``Φ``, the last hidden layer of the trunk, and functions ``ψ`` of what varies, those
of the branch: given numbers, or what further layers make of them. Source: Lu, Jin, Pang, Zhang &
Karniadakis (2021), Learning nonlinear operators via DeepONet, doi:10.1038/s42256-021-00302-5.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from pinnsolve.networks.activations import ACTIVATIONS
from pinnsolve.networks.mlp import FREQUENCY, MLP


@dataclass(frozen=True)
class Heads:
    """The heads of some problems, for each field.

    Attributes
    ----------
    weights
        Of each feature.
    biases
        What is added.
    """

    weights: Float[Tensor, "c M w"]
    biases: Float[Tensor, "c M"]


class DeepONet(nn.Module):
    """Branch and trunk.

    Parameters
    ----------
    trunk
        Its hidden layers are the features of position; its head is of no account.
    functions
        How many the branch has.
    layers
        Weights and biases of the layers of the branch; without any its functions are what it is
        given.
    activation
        Of these layers.
    sizes
        Of the fields; by default ones.

    Attributes
    ----------
    C
        The weights of each function of the branch in those of the head.
    factor
        Multiplies all fields, as to keep conditions on the boundary; None for one.
    """

    C: nn.Parameter

    def __init__(
        self,
        trunk: MLP,
        functions: int,
        layers: Sequence[tuple[ndarray, ndarray]] = (),
        activation: str = "tanh",
        sizes: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.trunk, self.activation_name = trunk, activation
        self.activation = ACTIVATIONS[activation]
        self.branch = nn.ModuleList(_layer(weight, bias) for weight, bias in layers)
        self.C = nn.Parameter(torch.zeros(trunk.head_size, functions, dtype=torch.float64))
        self.sizes = [1.0] * trunk.head.out_features if sizes is None else list(sizes)
        self.factor: Callable[[Tensor], Tensor] | None = None
        self.to(trunk.like)

    @property
    def size(self) -> int:
        """Number of weights."""
        return sum(p.numel() for p in self.weights)

    @property
    def weights(self) -> list[nn.Parameter]:
        """All that is trained: of the trunk, of the branch, and between them."""
        return [*self.trunk.hidden.parameters(), *self.branch.parameters(), self.C]

    def vector(self) -> Float[Tensor, " P"]:
        """Return a copy of all weights."""
        return parameters_to_vector(self.weights).detach()

    def set(self, weights: Float[Tensor, " P"]) -> None:
        """Take such a vector, parts of which the weights become."""
        vector_to_parameters(weights, self.weights)

    @torch.no_grad()
    def initialise(self, seed: int) -> None:
        """Draw first weights, whose fields are about as large as their sizes."""
        self.trunk.draw(seed, FREQUENCY)
        draw = torch.Generator().manual_seed(seed + 1)
        w, c = self.trunk.head.in_features, self.trunk.head.out_features
        values = torch.randn(c, w, self.C.shape[1], generator=draw, dtype=torch.float64)
        values *= torch.tensor(self.sizes)[:, None, None] / sqrt(w * self.C.shape[1])
        self.C.zero_()
        self.C[: c * w] = values.flatten(0, 1)

    @property
    def layers(self) -> tuple[tuple[ndarray, ndarray], ...]:
        """The layers of the branch."""
        return tuple(
            (
                layer.weight.detach().cpu().double().numpy().copy(),
                layer.bias.detach().cpu().double().numpy().copy(),
            )
            for layer in self.branch
            if isinstance(layer, nn.Linear)
        )

    def functions(self, inputs: Float[Tensor, "M q"]) -> Float[Tensor, "M K"]:
        """Return the functions of the branch."""
        if not len(self.branch):
            return inputs
        psi = inputs
        for layer in self.branch:
            psi = self.activation(layer(psi))
        return torch.cat([torch.ones_like(psi[:, :1]), psi], 1)

    def heads(self, inputs: Float[Tensor, "M q"]) -> Heads:
        """Return the heads of some problems."""
        w, c = self.trunk.head.in_features, self.trunk.head.out_features
        found = self.functions(inputs) @ self.C.mT
        weights, biases = found[:, : c * w], found[:, c * w :]
        return Heads(weights.unflatten(1, (c, w)).movedim(1, 0), biases.mT)

    def features(self, x: Float[Tensor, "*N d"]) -> Float[Tensor, "c *N w"]:
        """Return the features that the weights of each field multiply."""
        net = self.trunk
        return net.of_outputs(*(image.features(x) for image in net.images()))

    def fields(self, heads: Heads, x: Float[Tensor, "N d"]) -> Float[Tensor, "c M N"]:
        """Return the fields of some problems at points."""
        u = heads.weights @ self.features(x).mT
        u = u + (self.trunk.constant[:, None] * heads.biases)[..., None]
        return u if self.factor is None else u * self.factor(x)


def _layer(weight: Float[ndarray, "n m"], bias: Float[ndarray, " n"]) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(weight))
        layer.bias.copy_(torch.as_tensor(bias))
    return layer
