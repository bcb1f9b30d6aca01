"""Fields that are made of the outputs of a network, with exact derivatives."""

from collections.abc import Mapping, Set
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from pinnsolve.constraints.ansatz import Ansatz
from pinnsolve.derivatives.taylor import Taylor
from pinnsolve.diffop import Term
from pinnsolve.errors import FileError
from pinnsolve.geometry.nodes import Regions
from pinnsolve.machine import EVALUATED
from pinnsolve.networks.form import form_of
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.several import AnyNetwork, Networks
from pinnsolve.process import State
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.localised import Supports, together
from pinnsolve.solution.pieces import Pieces

CHUNK = 1024  # points differentiated together, which bounds the memory
ANOTHER = "the stored weights are those of another network than the problem's."


@dataclass(frozen=True)
class NetworkFields:
    """Fields as functions of space, or of space and time.

    Attributes
    ----------
    net
        The network.
    ansatz
        The fields in terms of its outputs.
    """

    net: MLP
    ansatz: Ansatz

    @classmethod
    def of(cls, net: MLP, ansatz: Ansatz) -> "NetworkFields":
        """Return the fields of a network as it is now, whatever becomes of it.

        The order of the sums in a product depends on where its factors lie in memory. A copy has
        all weights laid out as those of a network that was read from a file: so it gives the same
        values to the bit.
        """
        return cls(deepcopy(net), ansatz)

    @property
    def size(self) -> int:
        """The number of weights."""
        return sum(p.numel() for p in self.net.parameters())

    @property
    def device(self) -> str:
        """Where the network is: ``cpu``, or the name of the GPU."""
        return device_of(self.net.like)

    @torch.no_grad()
    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values of the fields at points."""
        points = torch.as_tensor(x).to(self.net.head.weight)
        outputs = torch.cat([self.net(part) for part in points.split(EVALUATED)])
        return self.ansatz(outputs.double().cpu().numpy(), x)

    @torch.no_grad()
    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of the fields at points, exact and in double precision."""
        return self.ansatz.jet(self._outputs, x, terms)

    def state(self) -> State:
        """Return the weights by name."""
        return {name: value.cpu().numpy() for name, value in self.net.state_dict().items()}

    @torch.no_grad()
    def supports(self) -> Supports | None:
        """Return the places of the network's bumps; None if it has none.

        Those of periodic coordinates live on circles, and not where a radius could be told.
        """
        net, parts = self.net, list[Supports | None]()
        for bumps in filter(lambda own: own.is_local, net.bumps if net.embedding is None else ()):
            unit = net.half_width * bumps.scales
            centres = net.center + unit * bumps.centres
            radii = unit * bumps.log_radii.exp()[:, None]
            at, wide = (values.double().cpu().numpy() for values in (centres, radii))
            parts.append(Supports(at, wide, (bumps.profile,) * len(bumps)))
        return together(parts)

    def _outputs(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> dict[Term, ndarray]:
        """Return derivatives of the network's outputs at points, in double precision."""
        points = torch.as_tensor(x).to(self._double.head.weight)
        jets = [Taylor(part)(self._double, terms) for part in points.split(CHUNK)]
        return {term: np.concatenate([j[term].cpu().numpy() for j in jets]) for term in terms}

    @cached_property
    def _double(self) -> MLP:
        """The network in double precision, whatever its own."""
        return deepcopy(self.net).double()


def fields_of(net: AnyNetwork, ansatz: Ansatz, regions: Regions | None) -> Fields:
    """Return the fields of a network, or of one in each region, as they are now.

    Parameters
    ----------
    net
        The network, or several.
    ansatz
        The fields in terms of its outputs.
    regions
        Where its regions lie, if there are several.
    """
    if regions is None:
        (own,) = net.nets
        return NetworkFields.of(own, ansatz)
    parts = tuple(NetworkFields.of(own, ansatz) for own in net.nets)
    return Pieces(parts, regions.locate, len(ansatz.symbols.space))


def weights_of(net: AnyNetwork, state: State) -> State:
    """Return the state of fields as the weights of the network, or the networks, by name."""
    if isinstance(net, Networks):
        return {f"_nets.{name}": values for name, values in state.items()}
    return state


def device_of(like: Tensor) -> str:
    """Return the device of a tensor: ``cpu``, or the name of the GPU."""
    is_on_gpu = like.device.type == "cuda"
    return torch.cuda.get_device_name() if is_on_gpu else "cpu"


def take_weights(net: AnyNetwork, weights: State) -> None:
    """Give a network the weights that were stored by name.

    Raises
    ------
    FileError
        If they are those of another network.
    """
    expected = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    if expected != {name: np.shape(value) for name, value in weights.items()}:
        raise FileError(ANOTHER)
    net.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})


def take_form(net: AnyNetwork, weights: State) -> None:
    """Give a network that grows the numbers of features of weights that are given by name."""
    for k, own in enumerate(net.nets):
        start = f"_nets.{k}." if isinstance(net, Networks) else ""
        named = {name[len(start) :]: v for name, v in weights.items() if name.startswith(start)}
        form = form_of(named)
        if len(form["hidden"]):
            own.reform(form)
