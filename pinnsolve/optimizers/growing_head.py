"""The head of a network that grows: solved anew whenever features have joined.

Of a linear problem the factor of the columns before is extended; of a nonlinear one Newton's method
goes on from the weights before, those of the new features being zero.
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pinnsolve.leastsquares.extended import ExtendedFactor
from pinnsolve.networks.several import AnyNetwork
from pinnsolve.objectives.objective import InStrips, OfNetwork
from pinnsolve.optimizers.head import newton

STEPS = 20  # of Newton's method after each block


class GrowingHead:
    """The least-squares problem for the head of a network that grows.

    Parameters
    ----------
    objective
        What to lower.
    most
        Features that may come.
    """

    def __init__(self, objective: OfNetwork, most: int) -> None:
        self._objective, self._most, self._model = objective, most, objective.model
        self._factor: ExtendedFactor | None = None
        self._taken = 0  # blocks of bumps whose columns are in the factor
        self.residual: Float[Tensor, " R"] = torch.empty(0)

    @torch.no_grad()
    def solve(self) -> float:
        """Solve for the weights of all features, set them, and return the loss that is left."""
        model = self._model
        model.set(model.vector())  # laid out as in a run that is taken up, to the bit
        if self._objective.is_linear:
            factor = self._extended()
            c = model.head_vector()
            c[self._order().to(c.device)] = factor.solution().to(c)
            model.set_head(c)
            self.residual = factor.residual()
        else:
            problem = self._objective.head()
            c, _ = newton(problem, problem.vector(), STEPS)
            problem.set(c)
            self.residual = problem.residual(c)
        return float(self.residual @ self.residual)

    def _extended(self) -> ExtendedFactor:
        """Return the factor with the columns of what has joined."""
        nets = self._model.nets
        factor = self._factor
        if factor is None:
            most = (self._most + len(nets)) * nets[0].head.out_features
            factor = self._factor = ExtendedFactor(self._wanted(), most)
            part = self._model.of_layers()
            everything = torch.ones(len(part.head_vector()), dtype=torch.bool)
            factor.extend_by(self._columns(part, everything))
        while self._taken < len(nets[0].bumps):
            part = self._model.of_bumps(self._taken)
            factor.extend_by(self._columns(part, _weights(part)))  # the biases have come
            self._taken += 1
        return factor

    def _wanted(self) -> Float[Tensor, " R"]:
        """Return the right-hand side of the columns: what fields that are zero leave, negative."""
        model = self._model
        c = model.head_vector()
        model.set_head(torch.zeros_like(c))
        t = -self._objective.value()
        model.set_head(c)
        return t

    def _columns(
        self, part: AnyNetwork, some: Bool[Tensor, " P"]
    ) -> Callable[[slice], Float[Tensor, "r m"]]:
        """Return a function that gives rows of some columns of a part of the network."""
        objective, zero = self._objective, torch.zeros_like(part.head_vector())
        if isinstance(objective, InStrips):
            return lambda rows: objective.head_within(part, rows).linearise(zero)[0][:, some]
        M = objective.head(part).linearise(zero)[0][:, some]
        return lambda rows: M[rows]

    def _order(self) -> Int[Tensor, " P"]:
        """Return the places among the head's weights of the columns as they came."""
        start, columns = 0, []
        for net in self._model.nets:
            outputs, w = net.head.weight.shape
            starts = start + torch.arange(outputs)[:, None] * w
            biases = torch.arange(start + outputs * w, start + net.head_size)
            blocks = torch.arange(w).split(net.blocks)
            first, *joined = [(starts + features).flatten() for features in blocks]
            columns.append([torch.cat([first, biases]), *joined])
            start += net.head_size
        return torch.cat([own for block in zip(*columns, strict=True) for own in block])


def _weights(model: AnyNetwork) -> Bool[Tensor, " P"]:
    """Return a mark for each of the heads' weights that is no bias."""
    sizes = [(net.head.weight.numel(), len(net.head.bias)) for net in model.nets]
    parts = [torch.arange(sum(own)) < own[0] for own in sizes]
    return torch.cat(parts)
