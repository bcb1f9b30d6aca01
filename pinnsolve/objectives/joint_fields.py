"""The solutions of a family as one network of position and input."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.constraints.ansatz import Ansatz
from pinnsolve.diffop import Term
from pinnsolve.machine import EVALUATED
from pinnsolve.networks.branch import Products, branch_from
from pinnsolve.networks.form import form_of
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.family_fields import FamilyFields, part_of
from pinnsolve.objectives.joint import network_of_member
from pinnsolve.objectives.network_fields import NetworkFields
from pinnsolve.process import State


@dataclass(frozen=True)
class JointFields:
    """The solutions of a family; as fields, that of one of its problems.

    Attributes
    ----------
    net
        The network of position and of the coordinates of the input.
    alone
        Solutions over features of position alone, for heads that problems have of their own: what
        refines a solution, and judges it.
    branch
        Where the inputs lie; of the branch no more than that is used.
    shown
        The codes of the inputs of the problem whose solution is shown, a row for each.
    """

    net: MLP
    alone: FamilyFields
    branch: Products
    shown: tuple[Float[ndarray, "1 _"], ...]

    @property
    def ansatz(self) -> Ansatz:
        """The fields in terms of the outputs of such a network."""
        return self.alone.ansatz

    @property
    def size(self) -> int:
        """The number of weights."""
        return self.net.size

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

    def showing(self, codes: Sequence[Float[ndarray, "1 _"]]) -> "JointFields":
        """Return the solutions, another problem's being shown."""
        return replace(self, shown=tuple(codes))

    @torch.no_grad()
    def evaluated(
        self, codes: Sequence[Float[ndarray, "M _"]], x: Float[ndarray, "n D"]
    ) -> Float[ndarray, "M n c"]:
        """Return the fields of many problems at points."""
        z = self.branch.scaled(codes)
        found = np.empty((len(z) * len(x), self.net.head.out_features))
        for start in range(0, len(found), EVALUATED):
            pair = np.arange(start, min(start + EVALUATED, len(found)))
            points = np.hstack([x[pair % len(x)], z[pair // len(x)]])
            found[pair] = self.net(torch.as_tensor(points).to(self.net.like)).cpu().numpy()
        values = found.reshape(len(z), len(x), -1)
        if not any(self.ansatz.parts):
            return values
        nothing = self.ansatz(np.zeros(values.shape[1:]), x)
        return nothing + (self.ansatz(np.ones(values.shape[1:]), x) - nothing) * values

    def outside(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the largest share of an input that no member of the family has."""
        return self.branch.outside(codes)

    def distance(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the root mean square of the coordinates of all inputs, about one of a member."""
        return self.branch.distance(codes)

    def state(self) -> State:
        """Return the weights by name, the coordinates, and the codes of what is shown."""
        weights = {f"joint:{k}": v.cpu().numpy() for k, v in self.net.state_dict().items()}
        of_branch = {f"branch:{k}": v for k, v in self.branch.arrays().items()}
        codes = {f"shown:{i}": own for i, own in enumerate(self.shown)}
        return {**weights, **of_branch, **codes}

    @cached_property
    def _member(self) -> NetworkFields:
        (z,) = self.branch.scaled(self.shown)
        return NetworkFields(network_of_member(self.net, z), self.ansatz)


def stored_weights(state: State) -> dict[str, ndarray]:
    """Return the weights of the network whose solutions' state is given, by name."""
    return {name: np.asarray(value) for name, value in part_of(state, "joint").items()}


def widths(weights: Mapping[str, ndarray]) -> list[int]:
    """Return the widths of the hidden layers of a network whose weights are given."""
    return form_of(weights)["hidden"].tolist()


def stored_branch(state: State) -> Products:
    """Return the spaces of the inputs, from the state of solutions."""
    found = branch_from(part_of(state, "branch"))
    assert isinstance(found, Products)
    return found


def stored_codes(state: State) -> tuple[Float[ndarray, "1 _"], ...]:
    """Return the codes of what is shown, from the state of solutions."""
    return tuple(np.asarray(code) for code in part_of(state, "shown").values())
