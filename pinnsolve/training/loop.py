"""The one loop of the house: steps of a process, watched, timed, recorded and kept.

The clock stands still while errors are measured and checkpoints are written, so that a run with
an exact solution takes as long as one without.
"""

from collections.abc import Callable
from math import inf, isfinite
from threading import Event

from pinnsolve.errors import FileError, Stopped
from pinnsolve.process import Answer, Budget, Process, State, nested, part
from pinnsolve.progress import Progress, Watch
from pinnsolve.solution.course import Course, Outcome
from pinnsolve.training.recorder import Recorder

LEFT = {"stopped": "stopped", "diverged": "left the finite numbers"}  # of phases, by the status


def drive(
    process: Process[Answer],
    budget: Budget,
    watch: Watch,
    *,
    state: State | None = None,
    keep: Callable[[State], None] | None = None,
    keep_every: float = inf,
    asked: Event | None = None,
    error: Callable[[Answer], float] | None = None,
) -> tuple[Outcome, Course]:
    """Step until the work is done, spent, stopped or not finite; return how it went.

    Parameters
    ----------
    process
        The work, which is left where its last finite step has led.
    budget
        Iterations and seconds that all phases may take together.
    watch
        Told of every step; may raise `Stopped`.
    state
        What `keep` was given, to continue from there; None to begin.
    keep
        Given all that is needed to continue, from time to time, and at the end of work that is
        finite.
    keep_every
        Seconds of work from one time to the next.
    asked
        Set, by a signal perhaps, when the state is to be kept after this step; cleared then.
    error
        Measures the relative error of an answer.

    Raises
    ------
    FileError
        If the state is that of other work.
    Stopped
        If the work is stopped within a step; the state before it has been kept.
    """
    recorder = Recorder((lambda: error(process.answer())) if error else None)
    if state is not None:
        _restore(process, recorder, state)
    kept, asked = recorder.seconds, asked or Event()

    def save() -> None:
        if keep is not None:
            keep(nested(process=process.state(), course=recorder.state()))

    try:
        while (outcome := _advance(process, budget, watch, recorder)) is None:
            if asked.is_set() or recorder.seconds - kept >= keep_every:
                save()
                asked.clear()  # who has asked meanwhile has it too: no step has been taken
                kept = recorder.seconds
    except Stopped:  # within a step, which is taken anew when the work goes on
        save()
        raise
    if outcome.status != "diverged":
        save()
    recorder.leave(LEFT.get(outcome.status, outcome.message))
    return outcome, recorder.course()


def seconds_spent(state: State | None) -> float:
    """Return the seconds of work that a kept state stands for; none if there is none."""
    if state is None:
        return 0.0
    recorder = Recorder(None)
    recorder.restore(part(state, "course"))
    return recorder.seconds


def _restore(process: Process[Answer], recorder: Recorder, state: State) -> None:
    """Continue from a state."""
    try:
        process.restore(part(state, "process"))
        recorder.restore(part(state, "course"))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        message = f"the state that was kept is not one of this work ({error!r})."
        raise FileError(message) from error


def _advance(
    process: Process[Answer], budget: Budget, watch: Watch, recorder: Recorder
) -> Outcome | None:
    """Take a step; return how the work has ended, or None if it goes on."""
    with recorder.running():
        step = process.step()
    recorder.note(step)
    if not isfinite(step.loss):
        return Outcome("diverged", step.done)
    iteration = step.at if isinstance(step.at, int) else None
    try:
        watch(Progress(step.stage, step.fraction, iteration, step.loss, note=step.note))
    except Stopped as stop:
        return Outcome("stopped", str(stop))
    if step.done:
        return Outcome("finished", step.done)
    if recorder.iterations >= budget.iterations:
        return Outcome("finished", "the iterations are spent")
    if recorder.seconds >= budget.seconds:
        return Outcome("finished", "the time is spent")
    return None
