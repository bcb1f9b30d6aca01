"""The head solve as an optimiser: Newton's method on the last layer alone.

For a linear PDE one least-squares solve is the answer; for a nonlinear one the linearised
problem is solved again from each new state, the step halved until the loss falls. Where the
residual is what the linearised problem has said, it is solved: a further step could take no more
of it than what that was wrong by.
"""

from collections.abc import Callable
from math import inf

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.head import least_squares
from pinnsolve.objectives.objective import HeadProblem, WithHead
from pinnsolve.optimizers.tensors import arrays, refill
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part

HALVINGS = 8
STEADY = 1e-6  # of a constant's column: what a step of the constant costs
CONVERGED = 1 - 1e-3  # the same of a solution


class Head:
    """Lower the loss by Newton steps on the head's weights, one at a time.

    Parameters
    ----------
    objective, budget
        What to lower, and until when.
    seconds
        What has been spent of the budget already.
    """

    @torch.no_grad()
    def __init__(self, objective: WithHead, budget: Budget, seconds: float = 0.0) -> None:
        self._objective, self._rule = objective, StoppingRule(budget, seconds)
        self._iteration = 0
        with self._rule.running():
            self._problem = objective.head()
            self._c = self._problem.vector()
            self._loss = loss_of(self._problem, self._c)

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one Newton step."""
        before = self._loss
        with self._rule.running():
            self._c, self._loss, wrong = _newton_step(self._problem, self._c, self._loss)
            self._problem.set(self._c)
        self._iteration += 1
        converged = self._problem.is_linear or self._loss >= CONVERGED * before
        converged = converged or wrong <= (1 - CONVERGED) * self._loss
        optimal = "the head's weights are optimal" if converged else ""
        return self._rule.judge(self._iteration, self._loss, optimal)

    def state(self) -> State:
        """Return all weights, also those that stay as they are, and the loss there."""
        weights = self._objective.model.vector()
        mine: State = {"iteration": self._iteration, "loss": self._loss}
        return {**mine, **arrays(weights=weights), **nested(rule=self._rule.state())}

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._iteration, self._loss = int(state["iteration"]), float(state["loss"])
        self._rule.restore(part(state, "rule"))
        weights = torch.empty_like(self._objective.model.vector())
        refill({"weights": weights}, state)
        self._objective.model.set(weights)
        del self._problem  # which may be large
        self._problem = self._objective.head()
        self._c = self._problem.vector()


def newton(
    problem: HeadProblem,
    c: Float[Tensor, " P"],
    steps: int,
    worthwhile: float = CONVERGED,
    held: int = 0,
    solve: Callable[..., Tensor] = least_squares,
) -> tuple[Float[Tensor, " P"], float]:
    """Return the weights that Newton steps lead to, and the loss there.

    Parameters
    ----------
    problem, c
        What to solve, and from where.
    steps
        How many at most.
    worthwhile
        Share of the loss; a step that leaves more of it is the last.
    held
        How many of the weights, the last, stay as they are.
    solve
        Solves the least-squares problem of a step.
    """
    loss = loss_of(problem, c)
    for _ in range(steps):
        before = loss
        c, loss, wrong = _newton_step(problem, c, loss, held, solve)
        if loss >= worthwhile * before or wrong <= (1 - worthwhile) * loss:
            break
    return c, loss


def loss_of(problem: HeadProblem, c: Float[Tensor, " P"]) -> float:
    """Return the loss for weights of the head."""
    r = problem.residual(c)
    return float(r @ r)


def _newton_step(
    problem: HeadProblem,
    c: Float[Tensor, " P"],
    loss: float,
    held: int = 0,
    solve: Callable[..., Tensor] = least_squares,
) -> tuple[Float[Tensor, " P"], float, float]:
    """Return the least-squares solution, or as far towards it as lowers the loss, and the loss.

    The last number is the square of what the residual there is away from that of the linearised
    problem; infinite if the step was halved.
    """
    M, t = problem.linearise(c)
    if problem.n_constants > held:
        M, t = _steadied(M, t, c, problem.n_constants)
    free = len(c) - held
    target = solve(M[:, :free], t - M[:, free:] @ c[free:].to(M), c.dtype).to(c)
    target = torch.cat([target, c[free:]])
    expected = M @ target.to(M) - t
    for halving in range(HALVINGS):
        new = c + 0.5**halving * (target - c)
        r = problem.residual(new)
        if (new_loss := float(r @ r)) < loss:
            away = r - expected[: len(r)]
            return new, new_loss, inf if halving else float(away @ away)
    return c, loss, inf


def _steadied(
    M: Float[Tensor, "R P"], t: Float[Tensor, " R"], c: Float[Tensor, " P"], k: int
) -> tuple[Float[Tensor, "S P"], Float[Tensor, " S"]]:
    """Return the rows and, below them, such as keep the last weights where they are.

    They count only where all others are silent: what no equation determines would go wherever
    rounding sends it, and no step along it would lower the loss.
    """
    firm = STEADY * torch.linalg.vector_norm(M[:, -k:], dim=0)
    rows = M.new_zeros(k, M.shape[1])
    rows[:, -k:] = torch.diag(firm)
    return torch.cat([M, rows]), torch.cat([t, firm * c[-k:].to(M)])
