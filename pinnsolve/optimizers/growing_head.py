"""The head of a network that grows: solved anew whenever features have joined.

Of a linear problem the factor of the columns before is extended; of a nonlinear one Newton's method
goes on from the weights before, those of the new features being zero.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pinnsolve.leastsquares.extended import ExtendedFactor
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
        self._taken = 0  # blocks whose columns are in the factor
        self.residual: Float[Tensor, " R"] = torch.empty(0)

    @torch.no_grad()
    def solve(self) -> float:
        """Solve for the weights of all features, set them, and return the loss that is left."""
        self._net.set(self._net.vector())  # laid out as in a run that is taken up, to the bit
        problem = self._objective.head()
        c = problem.vector()
        if problem.is_linear:
            factor, order = self._extended(*problem.linearise(torch.zeros_like(c)))
            c[order] = factor.solution().to(c)
            problem.set(c)
            self.residual = factor.residual()
        else:
            c, _ = newton(problem, c, STEPS)
            problem.set(c)
            self.residual = problem.residual(c)
        return float(self.residual @ self.residual)

    def _extended(
        self, M: Float[Tensor, "R P"], t: Float[Tensor, " R"]
    ) -> tuple[ExtendedFactor, Int[Tensor, " P"]]:
        """Return the factor with the columns of what has joined, and in which order all came."""
        order = self._order()
        if self._factor is None:
            self._factor = ExtendedFactor(t, (self._most + 1) * self._net.head.out_features)
        for columns in order[self._taken :]:
            self._factor.extend(M[:, columns.to(M.device)])
        self._taken = len(order)
        return self._factor, torch.cat(order).to(M.device)

    def _order(self) -> list[Int[Tensor, " m"]]:
        """Return for each block its places among the head's weights: all fields, then biases."""
        outputs, w = self._net.head.weight.shape
        starts = torch.arange(outputs)[:, None] * w
        first, *bumps = torch.arange(w).split(self._net.blocks)
        pairs = [torch.cat(bumps[k : k + 2]) for k in range(0, len(bumps), 2)]
        places = [(starts + features).flatten() for features in (first, *pairs)]
        biases = torch.arange(outputs * w, outputs * (w + 1))
        return [torch.cat([places[0], biases]), *places[1:]]
