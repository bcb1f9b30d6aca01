"""Adam, with its learning rate falling along a cosine to a hundredth.

Source: Kingma & Ba (2015), arXiv:1412.6980; Loshchilov & Hutter (2017), arXiv:1608.03983.
"""

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from pinnsolve.optimizers.objective import Budget, Note, Objective, StoppingRule


def adam(objective: Objective, budget: Budget, note: Note) -> str:
    """Lower the loss by steps along a running mean of its gradient; return why it stopped."""
    optimizer = torch.optim.Adam(objective.net.parameters(), lr=budget.learning_rate)
    schedule = CosineAnnealingLR(optimizer, budget.iterations, budget.learning_rate / 100)
    stop = StoppingRule(budget, note)
    iteration, reason = 0, ""
    while True:
        optimizer.zero_grad()
        loss = objective.residual().square().sum()
        if iteration:  # the loss is that of the weights after the last step
            reason = stop(iteration, loss.item())
        if reason:
            return reason
        loss.backward()
        optimizer.step()
        schedule.step()
        iteration += 1
