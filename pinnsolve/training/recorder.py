"""The course of a process while it goes on: time, history, phases and series.

All of it is part of what is kept of a run, so that the report of one that was taken up again is
whole. It is kept as JSON, whose numbers are those of Python to the bit.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, replace
from math import inf, isfinite
from time import perf_counter

import numpy as np

from pinnsolve.process import State, Step
from pinnsolve.solution.course import Course, GrowthStep, PhaseResult, Record

MEASURED_SHARE = 0.02  # of the time, at which errors of quick steps are measured


class Recorder:
    """Keep the course of a process.

    Parameters
    ----------
    error
        Measures the relative error of what has been found so far; None if it cannot be known.
    """

    def __init__(self, error: Callable[[], float] | None) -> None:
        self.seconds = 0.0
        self._error = error
        self._history: list[Record] = []
        self._phases: list[PhaseResult] = []
        self._series: dict[str, list[tuple[float, float]]] = {}
        self._began, self._steps = 0.0, 0  # when the open phase did, and its steps
        self._last: Step | None = None  # of the open phase
        self._stage = "training"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the clock run; it stands still outside."""
        since = perf_counter()
        try:
            yield
        finally:
            self.seconds += perf_counter() - since

    @property
    def iterations(self) -> int:
        """Iterations so far, over all phases."""
        return sum(phase.iterations for phase in self._phases) + self._in_phase

    def note(self, step: Step) -> None:
        """Record a step, with its error if the last one was measured long enough ago."""
        self._stage = step.stage.partition(":")[0]
        if not isfinite(step.loss):  # the process is where its last finite step has led
            self._last = self._last or replace(step, loss=step.before, at=0)
            return
        self._last, self._steps = step, self._steps + 1
        at = self.iterations if isinstance(step.at, int) else step.at
        for name, value in step.series.items():
            self._series.setdefault(name, []).append((at, value))
        before = self._history[-1].seconds if self._history else -inf
        is_due = step.ended or step.series or self.seconds - before > MEASURED_SHARE * self.seconds
        if step.phase and is_due:
            self._record(step)
        if step.ended:
            self._close(step, step.ended)

    def leave(self, message: str) -> None:
        """End the phase that is open, if one is, where its last finite step has led."""
        if self._last is None:
            return
        is_recorded = self._history and self._history[-1].seconds == self.seconds
        if not self._last.phase:
            return
        if isfinite(self._last.loss) and not is_recorded:
            self._record(self._last)
        self._close(self._last, message)

    def course(self) -> Course:
        """Return the course so far."""
        series = {name: np.array(rows, dtype=float) for name, rows in self._series.items()}
        history, phases = tuple(self._history), tuple(self._phases)
        seconds = {self._stage: self.seconds}
        return Course(history, phases, seconds, self.iterations, series, self._growth())

    def state(self) -> State:
        """Return the course so far as a text."""
        kept = {
            "seconds": self.seconds,
            "began": self._began,
            "steps": self._steps,
            "history": [astuple(record) for record in self._history],
            "phases": [astuple(phase) for phase in self._phases],
            "series": self._series,
            "last": self._last and asdict(self._last),
        }
        return {"json": json.dumps(kept)}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        kept = json.loads(str(state["json"]))
        self.seconds, self._began, self._steps = kept["seconds"], kept["began"], kept["steps"]
        self._history = [Record(*values) for values in kept["history"]]
        self._phases = [PhaseResult(*values) for values in kept["phases"]]
        self._series = {
            name: [(at, value) for at, value in rows] for name, rows in kept["series"].items()
        }
        self._last = Step(**kept["last"]) if kept["last"] else None

    def _growth(self) -> tuple[GrowthStep, ...]:
        """Return the steps by which a network has grown, as the series of its phase tell them.

        Of several networks that have grown in turn, as in slabs of time, those of the last.
        """
        rows = {name: dict(values) for name, values in self._series.items()}
        records = {record.iteration: record for record in self._history}
        kept = list(rows.get("kept", {}).values())[-1:]
        steps, before = list[GrowthStep](), 0.0
        for at, features in rows.get("features", {}).items():
            if steps and features < steps[-1].features:
                steps = []
            weights, loss = int(rows["weights"][at]), rows["loss"][at]
            fresh, record = rows.get("fresh loss", {}).get(at), records[int(at)]
            is_kept = features <= kept[0]
            error = record.relative_l2 if is_kept else None
            took, before = record.seconds - before, record.seconds
            steps.append(GrowthStep(int(features), weights, loss, fresh, took, is_kept, error))
        return tuple(steps)

    @property
    def _in_phase(self) -> int:
        """Iterations of the open phase; steps, where those are counted in time."""
        if self._last is None:
            return 0
        return self._last.at if isinstance(self._last.at, int) else self._steps

    def _record(self, step: Step) -> None:
        error = self._error() if self._error else None
        record = Record(self.seconds, step.phase, self.iterations, step.loss, error)
        self._history.append(record)

    def _close(self, step: Step, message: str) -> None:
        """End the open phase."""
        took = self.seconds - self._began
        error = self._history[-1].relative_l2 if self._history else None
        self._phases.append(
            PhaseResult(step.phase, self._in_phase, took, step.before, step.loss, error, message)
        )
        self._began, self._steps, self._last = self.seconds, 0, None
