"""The training: phases in order, watched, timed and recorded.

The clock stands still while errors are measured, so that a run with an exact solution takes as
long as one without. The last finite weights are kept: training that leaves the finite numbers,
or is stopped, still returns a network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from time import perf_counter

import torch

from pinnsolve.errors import DivergedError, Stopped
from pinnsolve.objectives.objective import Objective
from pinnsolve.optimizers import OPTIMIZERS
from pinnsolve.optimizers.budget import Budget, Note
from pinnsolve.problem.schema.file import Phase
from pinnsolve.progress import Progress, Watch
from pinnsolve.solution.course import PhaseResult, Record
from pinnsolve.training.initialisation import FREQUENCY, draw_features

ITERATIONS = {"head": 20, "gauss-newton": 200, "adam": 5000, "lbfgs": 5000}  # by default
MEASURED_SHARE = 0.02  # of the training time, at which errors of quick iterations are measured


@dataclass(frozen=True)
class Training:
    """How the training went.

    Attributes
    ----------
    status
        ``finished``, ``stopped`` or ``diverged``.
    message
        The status in a sentence.
    history
        Loss and error against time.
    phases
        What each phase did.
    seconds
        Training time, errors not counted.
    """

    status: str
    message: str
    history: tuple[Record, ...]
    phases: tuple[PhaseResult, ...]
    seconds: float

    @property
    def iterations(self) -> int:
        """Iterations over all phases."""
        return sum(phase.iterations for phase in self.phases)


class Recorder:
    """Keep time, history and the last finite weights; tell the watcher.

    Parameters
    ----------
    objective
        What is being lowered.
    error
        Measures the relative error on the nodes; None if no exact solution is known.
    watch
        Told of every iteration; may raise `Stopped`.
    """

    def __init__(
        self, objective: Objective, error: Callable[[], float] | None, watch: Watch
    ) -> None:
        self.history: list[Record] = []
        self.phases: list[PhaseResult] = []
        self._objective, self._error, self._watch = objective, error, watch
        self._start, self._paused = perf_counter(), 0.0
        self._kept = _copy(objective)

    @property
    def seconds(self) -> float:
        """Training time so far."""
        return perf_counter() - self._start - self._paused

    def run(self, name: str, budget: Budget, work: Callable[[Note], str]) -> None:
        """Run one phase and record what it did."""
        began, done = self.seconds, sum(phase.iterations for phase in self.phases)
        before = self._loss()
        iterations = 0

        def note(iteration: int, loss: float) -> float:
            nonlocal iterations
            seconds = self.seconds
            if not isfinite(loss):
                raise DivergedError(
                    f"training by {name} left the finite numbers at iteration {iteration}."
                )
            iterations = iteration
            if not self.history or seconds - self.history[-1].seconds > MEASURED_SHARE * seconds:
                self._record(name, done + iteration, loss, seconds)
            fraction = max(iteration / budget.iterations, (seconds - began) / budget.seconds)
            self._watch(Progress(f"training: {name}", min(fraction, 1.0), iteration, loss))
            return seconds - began

        def finish(message: str) -> None:
            after, seconds = self._loss(), self.seconds
            if isfinite(after):
                self._record(name, done + iterations, after, seconds)
            error = self.history[-1].relative_l2 if self.history else None
            self.phases.append(
                PhaseResult(name, iterations, seconds - began, before, after, error, message)
            )

        try:
            message = work(note)
        except DivergedError:
            self._restore()
            finish("left the finite numbers")
            raise
        except Stopped:
            finish("stopped")
            raise
        finish(message)

    def _record(self, phase: str, iteration: int, loss: float, seconds: float) -> None:
        pause = perf_counter()
        error = self._error() if self._error else None
        self.history.append(Record(seconds, phase, iteration, loss, error))
        self._kept = _copy(self._objective)
        self._paused += perf_counter() - pause

    def _restore(self) -> None:
        self._objective.net.load_state_dict(self._kept)

    def _loss(self) -> float:
        with torch.no_grad():
            r = self._objective.value()
            return float(r @ r)


def train(
    objective: Objective,
    phases: Sequence[Phase],
    *,
    seed: int,
    patience: int = 0,
    resume: bool = False,
    error: Callable[[], float] | None = None,
    watch: Watch,
) -> Training:
    """Train a network.

    Parameters
    ----------
    objective
        What to lower, and the network whose weights to change.
    phases
        Which optimisers to run, in order.
    seed
        Of the random initial weights.
    patience
        Iterations of Gauss-Newton that may pass without paying; 0 for any number.
    resume
        Whether to start from the weights that the network has.
    error
        Measures the relative error on the nodes.
    watch
        Told of the progress; may raise `Stopped`.
    """
    recorder = Recorder(objective, error, watch)
    status, message = "finished", "the training has run its course."
    try:
        for k, phase in enumerate(phases):
            name = phase.optimizer
            budget = _budget(phase, patience if name == "gauss-newton" else 0)
            work = partial(OPTIMIZERS[name], objective, budget)
            if k == 0 and not resume and name == "head":
                work = partial(draw_features, objective, seed, budget)
            elif k == 0 and not resume:
                objective.net.initialise(seed, FREQUENCY)
                objective.net.randomise_head(seed)
            recorder.run(name, budget, work)
    except DivergedError as problem:
        status, message = "diverged", str(problem)
    except Stopped as stop:
        status, message = "stopped", str(stop)
    return Training(
        status, message, tuple(recorder.history), tuple(recorder.phases), recorder.seconds
    )


def _budget(phase: Phase, patience: int) -> Budget:
    """Fill in what the phase leaves open."""
    return Budget(
        iterations=phase.iterations or ITERATIONS[phase.optimizer],
        seconds=phase.seconds or float("inf"),
        tolerance=phase.tolerance or 0.0,
        patience=patience,
        learning_rate=phase.learning_rate or 1e-3,
    )


def _copy(objective: Objective) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in objective.net.state_dict().items()}
