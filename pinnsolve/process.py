"""Work in steps, all that decides its continuation being a value, and when it stops.

A training and an evolution in time are the same thing to the loop that drives them: it asks for
steps, and may leave the work after any of them. What `Process.state` gives, put into a process
that was made in the same way, continues it bit for bit: N steps, the state, and N steps more are
2N steps. States hold numbers, text and arrays of NumPy, so that they can be written to a file.
"""

import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf, nan
from time import perf_counter
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
from numpy import ndarray

State: TypeAlias = Mapping[str, ndarray | float | int | str]
Answer = TypeVar("Answer", covariant=True)


@dataclass(frozen=True)
class Step:
    """What one step did.

    Attributes
    ----------
    loss
        Weighted mean square of the residuals, or, of an evolution, their relative size. One that
        is not finite ends the work.
    at
        An integer is the iteration within the phase, any other number the time.
    done
        Why it is the last; empty if it is not.
    fraction
        Part of the stage that is done, 0 to 1; None if that cannot be known.
    stage
        What is being done, as a `Watch` is told, as ``training: adam``.
    phase
        Which part of the work this is, as ``adam``; empty if it has none.
    before
        The loss before this phase.
    ended
        Why it is the last of its phase; empty if it is not.
    series
        Further figures by name, to be recorded against the time, or the iteration over all phases.
    note
        What in particular is being done, where the work has many parts.
    """

    loss: float
    at: float
    done: str = ""
    fraction: float | None = None
    stage: str = ""
    phase: str = ""
    before: float = nan
    ended: str = ""
    series: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


@runtime_checkable
class Process(Protocol[Answer]):
    """Work in steps, which can be left after any of them and taken up again bit for bit."""

    def step(self) -> Step:
        """Return the account of one more step; after one that is not finite, stay where it was."""

    def answer(self) -> Answer:
        """Return the answer found so far."""

    def state(self) -> State:
        """Return all that decides the continuation, in copies that later steps do not change."""

    def restore(self, state: State) -> None:
        """Continue from a state that a process made in the same way has given."""


def nested(**states: State) -> dict[str, ndarray | float | int | str]:
    """Return several states as one, the names of each led by its own.

    >>> nested(optimizer={"x": 1.0}, course={"x": 2.0})
    {'optimizer/x': 1.0, 'course/x': 2.0}
    """
    return {f"{name}/{key}": value for name, one in states.items() for key, value in one.items()}


def part(state: State, name: str) -> dict[str, ndarray | float | int | str]:
    """Return one of the states that `nested` has put together; empty if it is not among them."""
    start = f"{name}/"
    return {key.removeprefix(start): state[key] for key in state if key.startswith(start)}


@dataclass(frozen=True)
class Budget:
    """When work stops, whatever it has reached.

    Attributes
    ----------
    iterations
        After at most this many.
    seconds
        After at most this long.
    tolerance
        As soon as the loss has fallen to this.
    patience
        As soon as this many iterations have lowered the loss by less than a tenth; 0 for never.
    learning_rate
        Of those optimisers that have one.
    """

    iterations: int = sys.maxsize
    seconds: float = inf
    tolerance: float = 0.0
    patience: int = 0
    learning_rate: float = 1e-3


class StoppingRule:
    """Decide after each iteration whether a budget is spent.

    Parameters
    ----------
    budget
        What may be spent.
    seconds
        What has been spent of it already.
    """

    def __init__(self, budget: Budget, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self._budget = budget
        self._losses: deque[float] = deque(maxlen=budget.patience + 1)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the clock run; it stands still outside."""
        since = perf_counter()
        try:
            yield
        finally:
            self.seconds += perf_counter() - since

    def judge(self, iteration: int, loss: float, otherwise: str = "") -> Step:
        """Return the step, which is the last if the budget is spent, or there is a reason else."""
        self._losses.append(loss)
        return self.report(iteration, loss, self._reason(iteration, loss) or otherwise)

    def report(self, iteration: int, loss: float, done: str = "") -> Step:
        """Return a step on which the budget has no say."""
        budget = self._budget
        fraction = max(iteration / budget.iterations, self.seconds / budget.seconds)
        return Step(loss, iteration, done, min(fraction, 1.0))

    def state(self) -> State:
        """Return the time that has been spent, and the losses that patience remembers."""
        return {"seconds": self.seconds, "losses": np.array(self._losses)}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self.seconds = float(state["seconds"])
        self._losses.clear()
        self._losses.extend(np.asarray(state["losses"], dtype=float).tolist())

    def _reason(self, iteration: int, loss: float) -> str:
        """Return the reason to stop, in words; empty to go on."""
        budget = self._budget
        if loss <= budget.tolerance:
            return "the loss has reached its tolerance"
        if iteration >= budget.iterations:
            return "the iterations are spent"
        if self.seconds >= budget.seconds:
            return "the time is spent"
        is_long_enough = budget.patience and len(self._losses) > budget.patience
        if is_long_enough and loss > 0.9 * self._losses[0]:
            return "further iterations do not pay"
        return ""
