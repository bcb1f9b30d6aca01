"""The solutions of a family of problems: features of position, times functions of the inputs."""

from collections.abc import Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.constraints.ansatz import Ansatz
from pinnsolve.diffop import Term
from pinnsolve.machine import EVALUATED
from pinnsolve.networks.branch import Branch, branch_from
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.network_fields import NetworkFields
from pinnsolve.process import State


@dataclass(frozen=True)
class FamilyFields:
    """The solutions of a family; as fields, that of one of its problems.

    Attributes
    ----------
    net
        The features of position; its head is of no account.
    ansatz
        The fields in terms of the outputs of such a network.
    branch
        The functions of the inputs.
    C
        The weights of each function of the branch in those of the head.
    shown
        The codes of the inputs of the problem whose solution is shown, a row for each.
    """

    net: MLP
    ansatz: Ansatz
    branch: Branch
    C: Float[ndarray, "P K"]
    shown: tuple[Float[ndarray, "1 _"], ...]

    @property
    def alone(self) -> "FamilyFields":
        """Solutions for heads that problems have of their own: these."""
        return self

    @property
    def size(self) -> int:
        """The number of weights: of the features, and of the products with the branch."""
        hidden = sum(p.numel() for layer in self.net.layers for p in layer.parameters())
        return hidden + self.C.size

    @property
    def device(self) -> str:
        """Where the network is: ``cpu``, or the name of the GPU."""
        return self._member.device

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the fields of the problem that is shown, at points."""
        return self._member(x)

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of these, exact and in double precision."""
        return self._member.jet(x, terms)

    def showing(self, codes: Sequence[Float[ndarray, "1 _"]]) -> "FamilyFields":
        """Return the solutions, another problem's being shown."""
        return replace(self, shown=tuple(codes))

    def over(self, net: MLP) -> "FamilyFields":
        """Return solutions over other features, for heads of their own."""
        return replace(self, net=net)

    def heads(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, "P M"]:
        """Return the head of each of some problems."""
        return self.C @ self.branch(codes).T

    def evaluated(
        self, codes: Sequence[Float[ndarray, "M _"]], x: Float[ndarray, "n D"]
    ) -> Float[ndarray, "M n c"]:
        """Return the fields of many problems at points."""
        return self.values(self.heads(codes), x)

    def outside(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the largest share of an input that no member of the family has."""
        return self.branch.outside(codes)

    def distance(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the root mean square of the coordinates of all inputs, about one of a member."""
        return self.branch.distance(codes)

    def member(self, head: Float[ndarray, " P"]) -> NetworkFields:
        """Return the fields of the problem whose head is given."""
        net = deepcopy(self.net)
        net.set_head(torch.as_tensor(head).to(net.like))
        return NetworkFields(net, self.ansatz)

    @torch.no_grad()
    def values(
        self, heads: Float[ndarray, "P M"], x: Float[ndarray, "n D"]
    ) -> Float[ndarray, "M n c"]:
        """Return the fields of many problems at points, all by products of matrices."""
        net, weights = self.net, torch.as_tensor(heads).to(self.net.like)
        w, c = net.head.in_features, net.head.out_features
        found = np.empty((heads.shape[1], len(x), c))
        for start in range(0, len(x), EVALUATED):
            some = torch.as_tensor(x[start : start + EVALUATED]).to(net.like)
            features = net.of_outputs(*(image.features(some) for image in net.images()))
            for i in range(c):
                own = weights[i * w : (i + 1) * w].mT @ features[i].mT  # rows are functions
                own += net.constant[i] * weights[c * w + i, :, None]
                found[:, start : start + len(some), i] = own.cpu().numpy()
        if any(self.ansatz.parts):
            offset = self.ansatz(np.zeros((len(x), c)), x)
            found *= self.ansatz(np.ones((len(x), c)), x) - offset
            found += offset
        return found

    def rows(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "m P"]:
        """Return the change of all fields at points by each weight of a head."""
        size = self.net.head_size
        values = self.values(np.eye(size), x) - self.values(np.zeros((size, 1)), x)
        return np.moveaxis(values, 2, 1).reshape(size, -1).T

    def state(self) -> State:
        """Return the weights by name, the branch, and the codes of what is shown."""
        weights = {f"net:{k}": v.cpu().numpy() for k, v in self.net.state_dict().items()}
        of_branch = {f"branch:{k}": v for k, v in self.branch.arrays().items()}
        codes = {f"shown:{i}": own for i, own in enumerate(self.shown)}
        return {**weights, **of_branch, **codes, "C": self.C}

    @cached_property
    def _member(self) -> NetworkFields:
        return self.member(self.heads(self.shown)[:, 0])


def family_fields(net: MLP, ansatz: Ansatz, state: State) -> FamilyFields:
    """Return the solutions whose state is given.

    Parameters
    ----------
    net
        A network like that of the features, whose weights are set.
    ansatz
        The fields in terms of its outputs.
    state
        The state.
    """
    weights = part_of(state, "net")
    net.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})
    shown = tuple(np.asarray(code) for code in part_of(state, "shown").values())
    own = branch_from(part_of(state, "branch"))
    return FamilyFields(net, ansatz, own, np.asarray(state["C"]), shown)


def part_of(state: State, name: str) -> State:
    """Return a part of a state, by the rest of its names."""
    start = f"{name}:"
    return {key.removeprefix(start): state[key] for key in sorted(state) if key.startswith(start)}
