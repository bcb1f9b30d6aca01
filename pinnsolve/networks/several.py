"""Several networks, one for each region of a domain: fields, or their derivatives, jump between.

A network is smooth, and fields with a kink are not: one network for two materials is wrong by a
tenth and more, whatever its size. So each region has one of its own, with features of its own on
the box around it, and conditions tie them together where regions meet. Source: Jagtap &
Karniadakis (2020), Extended physics-informed neural networks, doi:10.4208/cicp.OA-2020-0164.

All weights are one vector, those of the first network first; and so are those of all heads.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from pinnsolve.networks.mlp import MLP


class Networks(nn.Module):
    """A network for each region.

    Parameters
    ----------
    nets
        The networks, all of as many outputs, none with unknown constants.
    """

    unknowns = None

    def __init__(self, nets: Sequence[MLP]) -> None:
        super().__init__()
        self._nets = nn.ModuleList(nets)

    @property
    def nets(self) -> tuple[MLP, ...]:
        """The networks, in the order of the regions."""
        return tuple(net for net in self._nets if isinstance(net, MLP))

    @property
    def like(self) -> Tensor:
        """A tensor on the device of the networks, in their precision."""
        return self.nets[0].like

    @property
    def size(self) -> int:
        """Number of weights."""
        return sum(net.size for net in self.nets)

    def vector(self) -> Float[Tensor, " P"]:
        """Return all weights."""
        return parameters_to_vector(self.parameters()).detach()

    def set(self, weights: Float[Tensor, " P"]) -> None:
        """Take such a vector, parts of which the weights become."""
        vector_to_parameters(weights, self.parameters())

    def initialise(self, seed: int) -> None:
        """Draw first weights, from which gradients reach all others."""
        for k, net in enumerate(self.nets):
            net.initialise(seed + k)

    def draw(self, seed: int, frequency: float) -> None:
        """Draw the hidden layers' weights and set the heads to zero.

        The frequency is per half width of each region's own box.
        """
        for k, net in enumerate(self.nets):
            net.draw(seed + k, frequency)

    @torch.no_grad()
    def prune(self, blocks: int) -> None:
        """Leave some of the blocks of bumps of each network, the first."""
        for net in self.nets:
            net.prune(blocks)

    def of_layers(self) -> "Networks":
        """Return networks of the hidden layers alone, under heads of zeros."""
        return Networks([net.of_layers() for net in self.nets])

    def of_bumps(self, block: int) -> "Networks":
        """Return networks of one block of bumps each alone, under heads of zeros."""
        return Networks([net.of_bumps(block) for net in self.nets])

    def form(self) -> dict[str, ndarray]:
        """Return the forms of all networks, by number and name."""
        forms = (
            (f"{k}.{name}", v) for k, n in enumerate(self.nets) for name, v in n.form().items()
        )
        return dict(forms)

    def reform(self, form: Mapping[str, Any]) -> None:
        """Return to such numbers of features; all weights are to be set anew."""
        for k, net in enumerate(self.nets):
            start = f"{k}."
            own = {name[len(start) :]: v for name, v in form.items() if name.startswith(start)}
            net.reform(own)

    def head_vector(self) -> Float[Tensor, " q"]:
        """Return the weights and biases of the heads, one after the other."""
        return torch.cat([net.head_vector() for net in self.nets])

    def set_head(self, c: Float[Tensor, " q"]) -> None:
        """Copy such a vector into the heads."""
        for net, part in zip(self.nets, c.split([net.head_size for net in self.nets]), strict=True):
            net.set_head(part)

    def head_of(self, values: Float[Tensor, " c"]) -> Float[Tensor, " q"]:
        """Return weights of the heads whose fields are constants."""
        return torch.cat([net.head_of(values) for net in self.nets])


AnyNetwork: TypeAlias = MLP | Networks
