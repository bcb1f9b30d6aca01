"""Gauss-Newton with Levenberg-Marquardt damping.

Each step solves ``min |J v + r|^2 + mu |v|^2``. The matrix is formed once an iteration and the
step tried with the last damping and a smaller one, the better one kept; if neither lowers the
loss, with ever larger ones. Each trial costs one factorisation and one evaluation of the
network. Source: Levenberg (1944), doi:10.1090/qam/10666; Marquardt
(1963), doi:10.1137/0111030.
"""

from math import inf, isfinite
from typing import NamedTuple

import torch
from torch import Tensor

from pinnsolve.leastsquares.damped import DampedStep, damped_step
from pinnsolve.objectives.objective import Linearisable
from pinnsolve.optimizers.tensors import arrays, refill
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part

TRIALS = (0.3, 1.0)  # of the last damping
FIRST_DAMPING = 1e-3
LEAST_DAMPING, MOST_DAMPING = 1e-15, 1e6
TOLERANCE = 1e-4  # of steps that are iterated: the next one makes up for what they leave


class _Trial(NamedTuple):
    """Where one damping leads."""

    loss: float
    damping: float
    weights: Tensor


class GaussNewton:
    """Lower the loss by damped Gauss-Newton steps, one at a time."""

    @torch.no_grad()
    def __init__(self, objective: Linearisable, budget: Budget) -> None:
        self._objective, self._budget, self._rule = objective, budget, StoppingRule(budget)
        self._iteration = 0
        with self._rule.running():
            self._now = _trial(objective, objective.model.vector(), FIRST_DAMPING)

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one iteration."""
        if self._now.loss <= self._budget.tolerance:
            done = "the loss was at its tolerance already"
            return self._rule.report(self._iteration, self._now.loss, done)
        with self._rule.running():
            best = _best_step(self._objective, self._now)
        if best.loss >= self._now.loss:
            done = "no damped step lowers the loss"
            return self._rule.report(self._iteration, self._now.loss, done)
        self._now, self._iteration = best, self._iteration + 1
        return self._rule.judge(self._iteration, best.loss)

    def state(self) -> State:
        """Return the weights, the loss there, and the damping that led to them."""
        loss, damping, weights = self._now
        mine: State = {"iteration": self._iteration, "loss": loss, "damping": damping}
        return {**mine, **arrays(weights=weights), **nested(rule=self._rule.state())}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._iteration = int(state["iteration"])
        self._rule.restore(part(state, "rule"))
        weights = torch.empty_like(self._now.weights)
        refill({"weights": weights}, state)
        if torch.equal(weights, self._now.weights):  # a model may know its own vector again
            weights = self._now.weights
        self._now = _Trial(float(state["loss"]), float(state["damping"]), weights)
        self._objective.model.set(weights)


def _best_step(objective: Linearisable, now: _Trial) -> _Trial:
    """Try steps from here until one lowers the loss, and leave the model at the best."""
    r, J = objective.linearise()
    step = damped_step(J, r, tolerance=TOLERANCE)

    def attempt(damping: float) -> _Trial:
        return _trial(objective, _moved(now.weights, step, damping), damping)

    trials = [attempt(max(now.damping * factor, LEAST_DAMPING)) for factor in TRIALS]
    while min(trial.loss for trial in trials) >= now.loss and trials[-1].damping < MOST_DAMPING:
        trials.append(attempt(10 * trials[-1].damping))
    best = min([*trials, now], key=lambda trial: trial.loss)
    objective.model.set(best.weights)
    return best


def _moved(weights: Tensor, step: DampedStep, damping: float) -> Tensor:
    """Return the weights after a step; not a number if there is none with this damping."""
    v = step(damping)
    return weights + v.to(weights) if v is not None else torch.full_like(weights, torch.nan)


def _trial(objective: Linearisable, weights: Tensor, damping: float) -> _Trial:
    """Put weights into the model and measure the loss."""
    objective.model.set(weights)
    r = objective.value()
    loss = float(r @ r)
    return _Trial(loss if isfinite(loss) else inf, damping, weights)
