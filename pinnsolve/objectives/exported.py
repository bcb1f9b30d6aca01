"""Solutions as modules of torch that take and give tensors, and need nothing of this package.

A network, and what a hard condition makes of it, are elementary steps on tensors already. Of a
family the codes of functions are linear in their values at the sensors, and the branch follows. The
inverse that a kernel between functions needs is multiplied by, and its result improved once by its
own residual, for a triangular system has no counterpart in ONNX.
"""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn

from pinnsolve.constraints.ansatz import Ansatz, Exponential
from pinnsolve.equations.program import Program, program
from pinnsolve.equations.variables import coordinate
from pinnsolve.networks.activations import ACTIVATIONS
from pinnsolve.networks.branch import Branch, Kernel, Layers, Products, between
from pinnsolve.objectives.family_fields import FamilyFields
from pinnsolve.objectives.joint_fields import JointFields
from pinnsolve.objectives.network_fields import NetworkFields
from pinnsolve.problem import Problem
from pinnsolve.solution.fields import Fields


class _Ansatz(nn.Module):
    """Fields from the outputs of a network.

    Parameters
    ----------
    ansatz
        The fields in terms of these.
    """

    def __init__(self, ansatz: Ansatz) -> None:
        super().__init__()
        names = [coordinate(name) for name in ansatz.symbols.coordinates]
        self._steps: list[Program | str] = []
        for part in ansatz.parts:
            if isinstance(part, Exponential):
                self._steps.append("exp")
            else:
                self._steps.append(
                    "" if part is None else program([part.factor, part.offset], names)
                )

    def forward(self, outputs: Tensor, x: Tensor) -> Tensor:
        """Return the fields at points: outputs may have an axis of functions before theirs."""
        columns = x.unbind(-1)
        found = []
        for i, steps in enumerate(self._steps):
            own = outputs[..., i]
            if isinstance(steps, Program):
                factor, offset = steps(*columns)
                own = offset + factor * own
            elif steps:
                own = own.exp()
            found.append(own)
        return torch.stack(found, -1)


class OfPosition(nn.Module):
    """The fields of one problem at points.

    Parameters
    ----------
    fields
        The same as arrays.
    """

    def __init__(self, fields: NetworkFields) -> None:
        super().__init__()
        self._net, self._ansatz = deepcopy(fields.net), _Ansatz(fields.ansatz)

    def forward(self, x: Tensor) -> Tensor:
        """Return the fields, a row for each point."""
        return self._ansatz(self._net(x.to(self._net.like.dtype)).double(), x)


class _Coordinates(nn.Module):
    """The principal coordinates of functions, from their values at the sensors.

    Parameters
    ----------
    branch
        Which has the spaces of the inputs.
    problem
        Of the family.
    """

    def __init__(self, branch: Branch, problem: Problem) -> None:
        super().__init__()
        assert problem.family is not None
        self._are_exponents = [own.is_exponent for own in problem.family.inputs]
        for i, (own, space) in enumerate(zip(problem.family.inputs, branch.spaces, strict=True)):
            codes = own.family.codes_of(np.eye(len(own.family.sensors)))
            self.register_buffer(f"_codes_{i}", _tensor(codes))
            self.register_buffer(f"_mean_{i}", _tensor(space.mean))
            self.register_buffer(f"_directions_{i}", _tensor(space.directions))
            self.register_buffer(f"_deviations_{i}", _tensor(space.deviations))

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        """Return the coordinates of all inputs side by side, a row for each function."""
        found = []
        for i, (own, is_exponent) in enumerate(zip(values, self._are_exponents, strict=True)):
            codes = (own.log() if is_exponent else own) @ self.get_buffer(f"_codes_{i}")
            apart = (codes - self.get_buffer(f"_mean_{i}")) @ self.get_buffer(f"_directions_{i}")
            found.append(apart / self.get_buffer(f"_deviations_{i}"))
        return torch.cat(found, -1)


class _Functions(nn.Module):
    """The functions of the branch, from the coordinates of inputs.

    Parameters
    ----------
    branch
        The same of arrays.
    """

    def __init__(self, branch: Branch) -> None:
        super().__init__()
        self._kind = type(branch)
        self.register_buffer("_shares", _tensor(branch.shares))
        if isinstance(branch, Products):
            self._has_products = branch.multiplied > 0
            if not self._has_products:  # and empty arrays cannot be written
                return
            i, j = np.triu_indices(branch.multiplied)
            first = np.argsort(-branch.shares, kind="stable")[: branch.multiplied]
            self.register_buffer("_first", torch.as_tensor(first[i]))
            self.register_buffer("_second", torch.as_tensor(first[j]))
        elif isinstance(branch, Kernel):
            G = between(branch.squares(branch.centres), branch.length)
            weights = branch.shares**branch.power
            arrays = {"weights": weights, "centres": branch.centres * weights}
            for name, array in {**arrays, "G": G, "inverse": np.linalg.inv(G)}.items():
                self.register_buffer(f"_{name}", _tensor(array))
            self._length = branch.length
        else:
            assert isinstance(branch, Layers)
            self._activation = ACTIVATIONS[branch.activation]
            for k, (weight, bias) in enumerate(branch.layers):
                self.register_buffer(f"_weight_{k}", _tensor(weight))
                self.register_buffer(f"_bias_{k}", _tensor(bias))
            self._depth = len(branch.layers)

    def forward(self, z: Tensor) -> Tensor:
        """Return the functions, a row for each problem."""
        one = torch.ones_like(z[:, :1])
        if self._kind is Products and self._has_products:
            return torch.cat(
                [one, z, z[:, self.get_buffer("_first")] * z[:, self.get_buffer("_second")]], 1
            )
        if self._kind is Products:
            return torch.cat([one, z], 1)
        if self._kind is Kernel:
            return torch.cat([one, self._told(z)], 1)
        psi = z * self.get_buffer("_shares")
        for k in range(self._depth):
            weight, bias = self.get_buffer(f"_weight_{k}"), self.get_buffer(f"_bias_{k}")
            psi = self._activation(psi @ weight.mT + bias)
        return torch.cat([one, psi], 1)

    def _told(self, z: Tensor) -> Tensor:
        """Return the shares of the centres in functions."""
        a, b = z * self.get_buffer("_weights"), self.get_buffer("_centres")
        apart = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.mT
        r = (5 * apart.clamp(min=0.0)).sqrt() / self._length
        k = (1 + r + r**2 / 3) * (-r).exp()
        shares = k @ self.get_buffer("_inverse")
        return shares + (k - shares @ self.get_buffer("_G")) @ self.get_buffer("_inverse")


class OfFunctions(nn.Module):
    """The fields of many problems of a family: functions by their values at the sensors, points.

    Parameters
    ----------
    fields
        The same of arrays.
    problem
        Of the family.
    """

    def __init__(self, fields: FamilyFields, problem: Problem) -> None:
        super().__init__()
        self._net, self._ansatz = deepcopy(fields.net), _Ansatz(fields.ansatz)
        self._coordinates = _Coordinates(fields.branch, problem)
        self._functions = _Functions(fields.branch)
        self.register_buffer("_C", _tensor(fields.C))

    def forward(self, *given: Tensor) -> Tensor:
        """Return the fields by function and point, from the inputs' values and the points."""
        *values, x = given
        net, C = self._net, self.get_buffer("_C")
        heads = self._functions(self._coordinates(values)) @ C.mT
        features, w = net.features(x.to(net.like.dtype)).double(), net.head.in_features
        c = net.head.out_features
        outputs = [
            heads[:, i * w : (i + 1) * w] @ features.mT + heads[:, c * w + i, None]
            for i in range(c)
        ]
        return self._ansatz(torch.stack(outputs, -1), x)


class OfBoth(nn.Module):
    """The same of one network of position and input.

    Parameters
    ----------
    fields
        The same of arrays.
    problem
        Of the family.
    """

    def __init__(self, fields: JointFields, problem: Problem) -> None:
        super().__init__()
        self._net, self._ansatz = deepcopy(fields.net), _Ansatz(fields.ansatz)
        self._coordinates = _Coordinates(fields.branch, problem)
        self.register_buffer("_shares", _tensor(fields.branch.shares))

    def forward(self, *given: Tensor) -> Tensor:
        """Return the fields by function and point, from the inputs' values and the points."""
        *values, x = given
        z = self._coordinates(values) * self.get_buffer("_shares")
        M, n = z.shape[0], x.shape[0]  # which may be symbols, as `len` is not
        pairs = [x.expand(M, -1, -1), z[:, None].expand(-1, n, -1)]
        outputs = self._net(torch.cat(pairs, -1).to(self._net.like.dtype))
        return self._ansatz(outputs.double(), x)


def module_of(fields: Fields, problem: Problem) -> nn.Module | None:
    """Return the module of a solution, which takes points last; None if it is no such network.

    Parameters
    ----------
    fields
        The solution.
    problem
        What it solves.
    """
    ansatz = getattr(fields, "ansatz", None)
    if isinstance(ansatz, Ansatz) and (ansatz.symbols.data or ansatz.symbols.revolved is not None):
        return None  # these are known by arrays alone
    module: nn.Module | None = None
    if isinstance(fields, NetworkFields):
        module = OfPosition(fields)
    elif isinstance(fields, FamilyFields):
        module = OfFunctions(fields, problem)
    elif isinstance(fields, JointFields):
        module = OfBoth(fields, problem)
    return None if module is None else module.cpu().eval().requires_grad_(requires_grad=False)


def _tensor(array: ndarray) -> Tensor:
    return torch.as_tensor(np.ascontiguousarray(array), dtype=torch.float64)
