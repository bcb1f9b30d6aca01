"""Adam, with its learning rate falling along a cosine to a hundredth.

    m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2,
    x <- x - rate * m / (1 - b1^k) / (sqrt(v / (1 - b2^k)) + epsilon)

at step ``k``. All weights are one vector, and nothing is read back from the device between two
looks at the clock. Source: Kingma & Ba (2015), arXiv:1412.6980; Loshchilov & Hutter (2017),
arXiv:1608.03983.
"""

from math import cos, pi

import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from pinnsolve.objectives.objective import Objective
from pinnsolve.optimizers.budget import Budget, Note, StoppingRule

RUN = 10  # iterations between two looks at the clock
DECAYS = 0.9, 0.999  # of the running means, b1 and b2
EPSILON = 1e-8
LEAST_RATE = 0.01  # of the learning rate


@torch.no_grad()
def adam(objective: Objective, budget: Budget, note: Note) -> str:
    """Lower the loss by steps along a running mean of its gradient; return why it stopped."""
    x = parameters_to_vector(objective.net.parameters()).detach().clone()
    m, v = torch.zeros_like(x), torch.zeros_like(x)
    stop = StoppingRule(budget, note)
    iteration, reason = 0, ""
    while True:
        loss, g = objective.gradient()
        # the loss is that of the weights after the last step
        if iteration and (iteration % RUN == 0 or iteration >= budget.iterations):
            reason = stop(iteration, float(loss))
        if reason:
            return reason
        falling = (1 + cos(pi * iteration / budget.iterations)) / 2
        rate = budget.learning_rate * (LEAST_RATE + (1 - LEAST_RATE) * falling)
        iteration += 1
        m.lerp_(g, 1 - DECAYS[0])
        v.lerp_(g * g, 1 - DECAYS[1])
        mean, square = (s / (1 - b**iteration) for s, b in zip((m, v), DECAYS, strict=True))
        x = x - rate * mean / (square.sqrt() + EPSILON)
        vector_to_parameters(x, objective.net.parameters())
