"""The simplest objective there is, for tests of what lowers objectives."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import eye_array

from pinnsolve.derivatives.discrete import SparseMatrix
from pinnsolve.leastsquares.jacobian import NodalJacobian, layers
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.objective import by_reverse_mode


@dataclass
class Fit:
    """Fit a function on points: the simplest objective there is."""

    model: MLP
    x: torch.Tensor
    target: Callable[[torch.Tensor], torch.Tensor] = lambda x: torch.sin(3 * x)
    is_linear = True
    sizes = np.ones(1)

    @property
    def places(self):
        return self.x

    @property
    def owners(self):
        return np.zeros(len(self.x), dtype=int)

    @property
    def linear_rows(self):
        return torch.ones(len(self.x), dtype=torch.bool)

    def residual(self):
        return (self.model(self.x) - self.target(self.x))[:, 0] / len(self.x) ** 0.5

    @torch.enable_grad()
    def gradient(self):
        return by_reverse_mode(self.model.parameters(), self.residual())

    def value(self):
        with torch.no_grad():
            return self.residual()

    def linearise(self):
        S = SparseMatrix(eye_array(len(self.x), format="csr") / len(self.x) ** 0.5)
        return self.value(), NodalJacobian(S, layers(self.model, self.x))

    def head(self):
        features = self.model.features(self.x)
        ones = torch.ones_like(features[:, :1])
        M = torch.cat([features, ones], 1) * len(self.x) ** -0.5
        return Head(M, self.target(self.x)[:, 0] * len(self.x) ** -0.5, self.model)


@dataclass
class Head:
    """The same in the head's weights."""

    M: torch.Tensor
    t: torch.Tensor
    model: MLP
    is_linear = True
    n_constants = 0

    def vector(self):
        return self.model.head_vector()

    def set(self, c):
        self.model.set_head(c)

    def residual(self, c):
        return self.M @ c - self.t

    def linearise(self, _):
        return self.M, self.t


def fit(dtype: torch.dtype = torch.float64, device: str = "cpu") -> Fit:
    """Return the task of fitting 60 points by 20 features."""
    net = MLP([-1], [1], [20], 1, seed=3)
    net.randomise_head(3)
    x = torch.linspace(-1, 1, 60, dtype=torch.float64)[:, None]
    return Fit(net.to(device, dtype), x.to(device, dtype))


def lower(optimizer):
    """Take steps until the last; return why it was, and the losses."""
    steps = [optimizer.step()]
    while not steps[-1].done:
        steps.append(optimizer.step())
    return steps[-1].done, [step.loss for step in steps]
