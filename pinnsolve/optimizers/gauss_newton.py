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
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from pinnsolve.leastsquares.damped import DampedStep, damped_step
from pinnsolve.objectives.objective import Objective
from pinnsolve.optimizers.budget import Budget, Note, StoppingRule

TRIALS = (0.3, 1.0)  # of the last damping
FIRST_DAMPING = 1e-3
LEAST_DAMPING, MOST_DAMPING = 1e-15, 1e6


class _Trial(NamedTuple):
    """Where one damping leads."""

    loss: float
    damping: float
    weights: Tensor


@torch.no_grad()
def gauss_newton(objective: Objective, budget: Budget, note: Note) -> str:
    """Lower the loss by damped Gauss-Newton steps; return why it stopped."""
    weights = parameters_to_vector(objective.net.parameters())
    now = _trial(objective, weights, FIRST_DAMPING)
    if now.loss <= budget.tolerance:
        return "the loss was at its tolerance already"
    stop = StoppingRule(budget, note)
    iteration, reason = 0, ""
    while not reason:
        best = _best_step(objective, now)
        if best.loss >= now.loss:
            return "no damped step lowers the loss"
        now, iteration = best, iteration + 1
        reason = stop(iteration, now.loss)
    return reason


def _best_step(objective: Objective, now: _Trial) -> _Trial:
    """Try steps from here until one lowers the loss, and leave the network at the best."""
    r, J = objective.linearise()
    step = damped_step(J, r)

    def attempt(damping: float) -> _Trial:
        return _trial(objective, _moved(now.weights, step, damping), damping)

    trials = [attempt(max(now.damping * factor, LEAST_DAMPING)) for factor in TRIALS]
    while min(trial.loss for trial in trials) >= now.loss and trials[-1].damping < MOST_DAMPING:
        trials.append(attempt(10 * trials[-1].damping))
    best = min([*trials, now], key=lambda trial: trial.loss)
    vector_to_parameters(best.weights, objective.net.parameters())
    return best


def _moved(weights: Tensor, step: DampedStep, damping: float) -> Tensor:
    """Return the weights after a step; not a number if there is none with this damping."""
    v = step(damping)
    return weights + v.to(weights) if v is not None else torch.full_like(weights, torch.nan)


def _trial(objective: Objective, weights: Tensor, damping: float) -> _Trial:
    """Put weights into the network and measure the loss."""
    vector_to_parameters(weights, objective.net.parameters())
    r = objective.value()
    loss = float(r @ r)
    return _Trial(loss if isfinite(loss) else inf, damping, weights)
