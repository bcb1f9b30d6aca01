"""The head solve as an optimiser: Newton's method on the last layer alone.

For a linear PDE one least-squares solve is the answer; for a nonlinear one the linearised
problem is solved again from each new state, the step halved until the loss falls.

What a head can reach is decided by the features under it, and those, while untrained, by one
number: the frequency of the first layer. `draw_features` chooses it by the loss that the head
solve then reaches, which costs nothing but the solve.
"""

from math import inf

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.head import least_squares
from pinnsolve.networks.mlp import MLP
from pinnsolve.optimizers.objective import Budget, Note, Objective, StoppingRule

FREQUENCY = 1.0  # of the features that are tried first, per half width of the domain
HALVINGS = 6
SKETCHES = 3  # Newton steps that show where a nonlinear problem is heading
WORTHWHILE = 0.7  # a loss this much smaller is worth another frequency


@torch.no_grad()
def head(objective: Objective, budget: Budget, note: Note) -> str:
    """Lower the loss by Newton steps on the head's weights; return why it stopped."""
    stop = StoppingRule(budget, note)
    loss = _loss(objective)
    iteration, reason = 0, ""
    while not reason:
        new = _newton_step(objective, loss)
        iteration += 1
        converged = objective.is_linear or new >= (1 - 1e-3) * loss
        loss = min(new, loss)
        reason = stop(iteration, loss) or ("the head's weights are optimal" if converged else "")
    return reason


@torch.no_grad()
def draw_features(objective: Objective, seed: int, budget: Budget, note: Note) -> str:
    """Draw hidden layers of the frequency whose head solve leaves the smallest loss; solve.

    Doubles, then halves `FREQUENCY` as long as that helps; of frequencies that do equally well
    the lowest is kept, whose features are the smoothest between the nodes.
    """
    net = objective.net
    found: dict[float, tuple[float, Tensor]] = {}

    def attempt(frequency: float) -> float:
        net.initialise(seed, frequency)
        loss = _loss(objective)
        for _ in range(1 if objective.is_linear else SKETCHES):
            before, loss = loss, _newton_step(objective, loss)
            if loss >= 0.5 * before:
                break
        found[frequency] = loss, _head_weights(net)
        note(len(found), loss)  # the best so far may be another: the last note tells
        return loss

    first = attempt(FREQUENCY)
    for factor in (2.0, 0.5):
        frequency, best = FREQUENCY * factor, first
        while (loss := attempt(frequency)) < WORTHWHILE * best:
            frequency, best = frequency * factor, loss
    least = min(loss for loss, _ in found.values())
    chosen = min(f for f, (loss, _) in found.items() if WORTHWHILE * loss <= least)
    net.initialise(seed, chosen)
    _set_head(net, found[chosen][1])
    drawn = f"features of frequency {chosen:g} drawn"
    if objective.is_linear:
        return drawn
    tried = len(found)
    return f"{drawn}; {head(objective, budget, lambda i, loss: note(tried + i, loss))}"


def _loss(objective: Objective) -> float:
    r = objective.value()
    return float(r @ r)


def _newton_step(objective: Objective, loss: float) -> float:
    """Move the head to the least-squares solution, or as far towards it as lowers the loss."""
    net = objective.net
    start = _head_weights(net)
    M, t = objective.head_system()
    target = least_squares(M, t)
    new = inf
    for halving in range(HALVINGS):
        _set_head(net, start + 0.5**halving * (target - start))
        new = _loss(objective)
        if new < loss:
            return new
    _set_head(net, start)
    return loss


def _head_weights(net: MLP) -> Float[Tensor, " P"]:
    return torch.cat([net.head.weight.flatten(), net.head.bias])


def _set_head(net: MLP, c: Float[Tensor, " P"]) -> None:
    n = net.head.weight.numel()
    net.head.weight.copy_(c[:n].view_as(net.head.weight))
    net.head.bias.copy_(c[n:])
