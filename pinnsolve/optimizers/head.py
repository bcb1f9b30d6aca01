"""The head solve as an optimiser: Newton's method on the last layer alone.

For a linear PDE one least-squares solve is the answer; for a nonlinear one the linearised
problem is solved again from each new state, the step halved until the loss falls.

What a head can reach is decided by the features under it, and those, while untrained, by one
number: the frequency of the first layer. `draw_features` chooses it by the loss that the head
solve then reaches, which costs nothing but the solve.
"""

from math import inf, isfinite

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.errors import DivergedError
from pinnsolve.leastsquares.head import least_squares
from pinnsolve.networks.mlp import MLP
from pinnsolve.optimizers.objective import Budget, HeadProblem, Note, Objective, StoppingRule

FREQUENCY = 1.0  # of the features that are tried first, per half width of the domain
HALVINGS = 6
SKETCHES = 3  # Newton steps that show where a nonlinear problem is heading
STUCK = 0.5  # a loss that Newton's first steps leave larger than this share of it, is
WORTHWHILE = 0.7  # a loss this much smaller is worth another frequency


@torch.no_grad()
def head(objective: Objective, budget: Budget, note: Note) -> str:
    """Lower the loss by Newton steps on the head's weights; return why it stopped."""
    problem = objective.head()
    stop = StoppingRule(budget, note)
    c = head_weights(objective.net)
    loss = _loss(problem, c)
    iteration, reason = 0, ""
    while not reason:
        before = loss
        c, loss = _newton_step(problem, c, loss)
        set_head(objective.net, c)
        iteration += 1
        converged = objective.is_linear or loss >= (1 - 1e-3) * before
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
        loss, c = _sketch(objective)
        found[frequency] = loss, c
        set_head(net, c)
        note(len(found), loss)
        return loss

    first = attempt(FREQUENCY)
    for factor in (2.0, 0.5):
        frequency, best = FREQUENCY * factor, first
        while (loss := attempt(frequency)) < WORTHWHILE * best:
            frequency, best = frequency * factor, loss
    least = min(loss for loss, _ in found.values())
    chosen = min(f for f, (loss, _) in found.items() if WORTHWHILE * loss <= least)
    net.initialise(seed, chosen)
    set_head(net, found[chosen][1])
    drawn = f"features of frequency {chosen:g} drawn"
    if objective.is_linear:
        return drawn
    tried = len(found)
    return f"{drawn}; {head(objective, budget, lambda i, loss: note(tried + i, loss))}"


def _sketch(objective: Objective) -> tuple[float, Float[Tensor, " P"]]:
    """Return the loss that the first Newton steps reach, and the head's weights there.

    They start from the zero field. Where a nonlinear problem has no slope there, as radiation
    has none without a temperature, or is not finite, they start from the field that is one.
    """
    problem, zero = objective.head(), head_weights(objective.net)
    one = zero.clone()
    one[-objective.net.head.out_features :] = 1.0
    best = inf, zero
    for start in (zero,) if objective.is_linear else (zero, one):
        first = loss = _loss(problem, start)
        if not isfinite(loss):
            continue
        c = start
        for _ in range(1 if objective.is_linear else SKETCHES):
            before = loss
            c, loss = _newton_step(problem, c, loss)
            if loss >= 0.5 * before:
                break
        best = min(best, (loss, c), key=lambda found: found[0])
        if loss < STUCK * first:
            break
    if not isfinite(best[0]):
        raise DivergedError(
            "the equations are not finite for fields that are zero, nor for fields that are one. "
            "Rewrite them, or train with another optimizer first."
        )
    return best


def head_weights(net: MLP) -> Float[Tensor, " P"]:
    """Return the head's weights, then its biases, as one vector."""
    return torch.cat([net.head.weight.flatten(), net.head.bias]).detach()


def set_head(net: MLP, c: Float[Tensor, " P"]) -> None:
    """Put a vector of weights and biases into the head."""
    n = net.head.weight.numel()
    with torch.no_grad():
        net.head.weight.copy_(c[:n].view_as(net.head.weight))
        net.head.bias.copy_(c[n:])


def _loss(problem: HeadProblem, c: Float[Tensor, " P"]) -> float:
    r = problem.residual(c)
    return float(r @ r)


def _newton_step(
    problem: HeadProblem, c: Float[Tensor, " P"], loss: float
) -> tuple[Float[Tensor, " P"], float]:
    """Return the least-squares solution, or as far towards it as lowers the loss, and the loss."""
    M, t = problem.linearise(c)
    target = least_squares(M, t)
    for halving in range(HALVINGS):
        new = c + 0.5**halving * (target - c)
        if (new_loss := _loss(problem, new)) < loss:
            return new, new_loss
    return c, loss
