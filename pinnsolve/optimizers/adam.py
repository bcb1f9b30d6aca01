"""Adam, with its learning rate falling along a cosine to a hundredth.

    m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2,
    x <- x - rate * m / (1 - b1^k) / (sqrt(v / (1 - b2^k)) + epsilon)

at step ``k``. All weights are one vector. A step is arithmetic on tensors that stay in their
places, so that it can be replayed as a whole: rates and corrections of the next steps lie in a
table beside them, and nothing is read back from the device between two looks at the clock. Source:
Kingma & Ba (2015), arXiv:1412.6980; Loshchilov & Hutter (2017), arXiv:1608.03983.
"""

from math import cos, pi

import torch
from torch import Tensor

from pinnsolve.objectives.capture import repeated
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
        self._x = objective.model.vector().clone()
        self._m, self._v = torch.zeros_like(self._x), torch.zeros_like(self._x)
        self._iteration = 0
        self._ahead = self._x.new_zeros(RUN, 1 + len(DECAYS), dtype=torch.float64)
        self._place = torch.zeros(1, dtype=torch.int64, device=self._x.device)  # in the table
        with self._rule.running():
            loss, g = objective.gradient()
            self._loss, self._g = loss.clone(), g.clone()
            tensors = [*self._tensors().values(), self._place]
            self._advance = repeated(objective, self._iterate, tensors)

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of a run of iterations."""
        with self._rule.running():
            count = min(RUN, self._budget.iterations - self._iteration)
            self._look_ahead()
            for _ in range(count):
                self._advance()
            self._iteration += count
            self._objective.model.set(self._x.clone())  # whom a replay has not told
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
        self._objective.model.set(self._x.clone())

    def _look_ahead(self) -> None:
        """Fill the table of the next iterations: the rate, and what the means are divided by."""
        rows = []
        for k in range(self._iteration, self._iteration + RUN):
            falling = (1 + cos(pi * k / self._budget.iterations)) / 2
            rate = self._budget.learning_rate * (LEAST_RATE + (1 - LEAST_RATE) * falling)
            rows.append([rate, *(1 - b ** (k + 1) for b in DECAYS)])
        self._ahead.copy_(torch.tensor(rows, dtype=torch.float64))
        self._place.zero_()

    def _iterate(self) -> None:
        """Take a step, all of it in place."""
        rate, *corrections = self._ahead[self._place].unbind(1)
        self._place += 1
        g, running = self._g, (self._m, self._v)
        self._m.lerp_(g, 1 - DECAYS[0])
        self._v.lerp_(g * g, 1 - DECAYS[1])
        mean, square = (s / c.squeeze() for s, c in zip(running, corrections, strict=True))
        self._x.sub_(rate.squeeze() * mean / (square.sqrt() + EPSILON))
        self._objective.model.set(self._x.clone())
        loss, slope = self._objective.gradient()
        self._loss.copy_(loss)
        self._g.copy_(slope)

    def _tensors(self) -> dict[str, Tensor]:
        return {"x": self._x, "m": self._m, "v": self._v, "loss": self._loss, "g": self._g}
