"""Adam, with its learning rate falling along a cosine to a hundredth.

    m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2,
    x <- x - rate * m / (1 - b1^k) / (sqrt(v / (1 - b2^k)) + epsilon)

at step ``k``. All weights are one vector, and nothing is read back from the device between two
looks at the clock. Source: Kingma & Ba (2015), arXiv:1412.6980; Loshchilov & Hutter (2017),
arXiv:1608.03983.
"""

from math import cos, pi

import torch
from torch import Tensor

from pinnsolve.objectives.objective import Objective
from pinnsolve.optimizers.tensors import arrays, refill
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part

RUN = 10  # iterations between two looks at the clock
DECAYS = 0.9, 0.999  # of the running means, b1 and b2
EPSILON = 1e-8
LEAST_RATE = 0.01  # of the learning rate


class Adam:
    """Lower the loss by steps along a running mean of its gradient, a run of them at a time."""

    @torch.no_grad()
    def __init__(self, objective: Objective, budget: Budget) -> None:
        self._objective, self._budget, self._rule = objective, budget, StoppingRule(budget)
        self._x = objective.model.vector()
        self._m, self._v = torch.zeros_like(self._x), torch.zeros_like(self._x)
        self._iteration = 0
        with self._rule.running():
            self._loss, self._g = objective.gradient()

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of a run of iterations."""
        with self._rule.running():
            for _ in range(min(RUN, self._budget.iterations - self._iteration)):
                self._iterate()
            loss = float(self._loss)
        return self._rule.judge(self._iteration, loss)

    def state(self) -> State:
        """Return the weights, the gradient there, and its running means."""
        mine: State = {"iteration": self._iteration, **arrays(**self._tensors())}
        return {**mine, **nested(rule=self._rule.state())}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._iteration = int(state["iteration"])
        self._rule.restore(part(state, "rule"))
        refill(self._tensors(), state)
        self._objective.model.set(self._x)

    def _iterate(self) -> None:
        falling = (1 + cos(pi * self._iteration / self._budget.iterations)) / 2
        rate = self._budget.learning_rate * (LEAST_RATE + (1 - LEAST_RATE) * falling)
        self._iteration += 1
        g, running = self._g, (self._m, self._v)
        self._m.lerp_(g, 1 - DECAYS[0])
        self._v.lerp_(g * g, 1 - DECAYS[1])
        mean, square = (s / (1 - b**self._iteration) for s, b in zip(running, DECAYS, strict=True))
        self._x = self._x - rate * mean / (square.sqrt() + EPSILON)
        self._objective.model.set(self._x)
        self._loss, self._g = self._objective.gradient()

    def _tensors(self) -> dict[str, Tensor]:
        return {"x": self._x, "m": self._m, "v": self._v, "loss": self._loss, "g": self._g}
