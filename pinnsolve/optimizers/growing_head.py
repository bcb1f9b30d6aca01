"""The head of a network that grows: solved anew whenever features have joined.

Of a linear problem the factor of the columns before is extended; of a nonlinear one Newton's method
goes on from the weights before, those of the new features being zero.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pinnsolve.leastsquares.extended import ExtendedFactor
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.objective import OfNetwork
from pinnsolve.optimizers.head import newton

STEPS = 20  # of Newton's method after each block


class GrowingHead:
    """The least-squares problem for the head of a network that grows.

    Parameters
    ----------
    objective
        What to lower; its network is one.
    most
        Features that may come.
    """

    def __init__(self, objective: OfNetwork, most: int) -> None:
        self._objective, self._most = objective, most
        (self._net,) = objective.model.nets
        self._factor: ExtendedFactor | None = None
        self._taken = 0  # blocks of bumps whose columns are in the factor
        self.residual: Float[Tensor, " R"] = torch.empty(0)

    @torch.no_grad()
    def solve(self) -> float:
        """Solve for the weights of all features, set them, and return the loss that is left."""
        net = self._net
        net.set(net.vector())  # laid out as in a run that is taken up, to the bit
        if self._objective.is_linear:
            factor = self._extended()
            c = net.head_vector()
            c[self._order().to(c.device)] = factor.solution().to(c)
            net.set_head(c)
            self.residual = factor.residual()
        else:
            problem = self._objective.head()
            c, _ = newton(problem, problem.vector(), STEPS)
            problem.set(c)
            self.residual = problem.residual(c)
        return float(self.residual @ self.residual)

    def _extended(self) -> ExtendedFactor:
        """Return the factor with the columns of what has joined."""
        net = self._net
        factor = self._factor
        if factor is None:
            first = net.of_layers()
            M, t = self._rows(first)
            factor = self._factor = ExtendedFactor(t, (self._most + 1) * net.head.out_features)
            factor.extend(M)
        while self._taken < len(net.bumps):
            part = net.of_bumps(self._taken)
            M, _ = self._rows(part)
            factor.extend(M[:, : part.head.weight.numel()])  # the biases have come
            self._taken += 1
        return factor

    def _rows(self, part: MLP) -> tuple[Float[Tensor, "R P"], Float[Tensor, " R"]]:
        """Return the columns of a part of the network, and what they shall be equal to."""
        problem = self._objective.head(part)
        return problem.linearise(torch.zeros_like(problem.vector()))

    def _order(self) -> Int[Tensor, " P"]:
        """Return the places among the head's weights of the columns as they came."""
        outputs, w = self._net.head.weight.shape
        starts = torch.arange(outputs)[:, None] * w
        biases = torch.arange(outputs * w, outputs * (w + 1))
        blocks = torch.arange(w).split(self._net.blocks)
        first, *joined = [(starts + features).flatten() for features in blocks]
        return torch.cat([first, biases, *joined])
