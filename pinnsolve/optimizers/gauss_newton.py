"""Gauss-Newton with Levenberg-Marquardt damping.

Each step solves ``min |J v + r|^2 + mu |v|^2``. The matrix is formed once an iteration and the
step tried with three dampings around the last one, which costs three factorisations and three
evaluations of the network and saves most of the iterations that a rule on the ratio of actual
to predicted reduction would need. Source: Levenberg (1944), doi:10.1090/qam/10666; Marquardt
(1963), doi:10.1137/0111030.
"""

from math import inf, isfinite

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from pinnsolve.leastsquares.damped import damped_step
from pinnsolve.optimizers.objective import Budget, Note, Objective, StoppingRule

TRIALS = (0.2, 1.0, 5.0)  # of the last damping
FIRST_DAMPING = 1e-3
LEAST_DAMPING, MOST_DAMPING = 1e-15, 1e6


@torch.no_grad()
def gauss_newton(objective: Objective, budget: Budget, note: Note) -> str:
    """Lower the loss by damped Gauss-Newton steps; return why it stopped."""
    net = objective.net
    stop = StoppingRule(budget, note)
    weights = parameters_to_vector(net.parameters())
    r = objective.value()
    loss = float(r @ r)
    if loss <= budget.tolerance:
        return "the loss was at its tolerance already"
    damping, iteration, reason = FIRST_DAMPING, 0, ""
    r, J = objective.linearise()

    while not reason:
        step = damped_step(J, r)

        def attempt(mu: float, step=step, start: Tensor = weights) -> tuple[float, float]:  # type: ignore[no-untyped-def]
            v = step(mu)
            if v is None:
                return inf, mu
            vector_to_parameters(start + v, net.parameters())
            r = objective.value()
            return (float(r @ r) if isfinite(float(r @ r)) else inf), mu

        trials = [attempt(max(damping * factor, LEAST_DAMPING)) for factor in TRIALS]
        while min(trials)[0] >= loss and trials[-1][1] < MOST_DAMPING:
            trials.append(attempt(trials[-1][1] * 10))
        best, damping = min(trials)
        if best >= loss:
            vector_to_parameters(weights, net.parameters())
            note(iteration, loss)
            return "no damped step lowers the loss"
        if trials[-1][1] != damping:
            attempt(damping)
        weights = parameters_to_vector(net.parameters())
        loss, iteration = best, iteration + 1
        reason = stop(iteration, loss)
        if not reason:
            r, J = objective.linearise()
    return reason
