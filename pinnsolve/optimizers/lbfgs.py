"""L-BFGS with a line search for the strong Wolfe conditions.

Source: Liu & Nocedal (1989), doi:10.1007/BF01589116; torch's implementation, called in short
runs so that the work can be watched and stopped in between.
"""

import torch
from torch import Tensor

from pinnsolve.optimizers.objective import Budget, Note, Objective, StoppingRule

RUN = 20  # iterations between two looks at the clock
HISTORY = 50  # pairs kept; more cost as much as the residual itself


def lbfgs(objective: Objective, budget: Budget, note: Note) -> str:
    """Lower the loss by quasi-Newton steps; return why it stopped."""
    optimizer = torch.optim.LBFGS(
        objective.net.parameters(),
        max_iter=RUN,
        max_eval=2 * RUN,
        history_size=HISTORY,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = objective.residual().square().sum()
        loss.backward()
        return loss

    stop = StoppingRule(budget, note)
    state = optimizer.state[optimizer.param_groups[0]["params"][0]]
    before, reason = float("inf"), ""
    while not reason:
        optimizer.step(closure)
        loss = float(state["prev_loss"])
        reason = stop(state["n_iter"], loss)
        if not reason and loss >= before:
            reason = "no step along the search direction lowers the loss"
        before = loss
    return reason
