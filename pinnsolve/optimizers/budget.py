"""How much an optimiser may spend, and when it stops."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pinnsolve.objectives.objective import Objective


@dataclass(frozen=True)
class Budget:
    """When an optimiser stops, whatever it has reached.

    Attributes
    ----------
    iterations
        At most this many.
    seconds
        At most this long.
    tolerance
        As soon as the loss has fallen to this.
    patience
        As soon as this many iterations have lowered the loss by less than a tenth; 0 for never.
    """

    iterations: int
    seconds: float = float("inf")
    tolerance: float = 0.0
    patience: int = 0
    learning_rate: float = 1e-3


Note: TypeAlias = Callable[[int, float], float]  # (iteration, loss) -> seconds in this phase


Optimizer: TypeAlias = Callable[[Objective, Budget, Note], str]  # returns why it stopped


class StoppingRule:
    """Decide after each iteration whether a budget is spent.

    Parameters
    ----------
    budget
        What may be spent.
    note
        Told of every iteration; may raise to end the work at once.
    """

    def __init__(self, budget: Budget, note: Note) -> None:
        self._budget, self._note = budget, note
        self._losses: list[float] = []

    def __call__(self, iteration: int, loss: float) -> str:
        """Return why to stop, in words; empty to go on."""
        budget = self._budget
        seconds = self._note(iteration, loss)
        self._losses.append(loss)
        if loss <= budget.tolerance:
            return "the loss has reached its tolerance"
        if iteration >= budget.iterations:
            return "the iterations are spent"
        if seconds >= budget.seconds:
            return "the time is spent"
        before = self._losses[-1 - budget.patience :][0]
        if budget.patience and len(self._losses) > budget.patience and loss > 0.9 * before:
            return "further iterations do not pay"
        return ""
