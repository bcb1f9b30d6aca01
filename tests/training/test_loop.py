"""The loop and the phases that it drives: N steps, what was kept, and N more are 2N steps."""

import itertools
from dataclasses import replace
from math import nan
from threading import Event

import numpy as np
import pytest
import torch

from pinnsolve.errors import FileError, Stopped
from pinnsolve.problem.schema.file import Phase
from pinnsolve.process import Budget, Step
from pinnsolve.progress import unwatched
from pinnsolve.training.loop import drive
from pinnsolve.training.phases import Training
from tests.optimizers.fitting import fit
from tests.training.taking_up import TASKS, bits, from_file, weights

SCHEDULES = {
    "drawn": [
        Phase(optimizer="head", iterations=6),
        Phase(optimizer="gauss-newton", iterations=3),
        Phase(optimizer="adam", iterations=25),
        Phase(optimizer="head", iterations=4),
        Phase(optimizer="lbfgs", iterations=15),
    ],
    "random": [
        Phase(optimizer="adam", iterations=20, learning_rate=1e-2),
        Phase(optimizer="gauss-newton", iterations=2),
    ],
}


def training(objective, schedule):
    return Training(objective, schedule, lambda: weights(objective), seed=3, patience=2)


def without_time(course):
    """Return the phases but for how long they took."""
    return [replace(phase, seconds=0.0) for phase in course.phases]


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=list(SCHEDULES))
@pytest.mark.parametrize("make", TASKS.values(), ids=list(TASKS))
def test_every_step_is_the_same_from_what_was_kept_before_it(make, schedule):
    """By induction the whole is the same wherever it is cut."""
    process, steps = training(make(), schedule), []
    while not steps or not steps[-1].done:
        before = from_file(process.state())
        steps.append(process.step())
        again = training(make(), schedule)
        again.restore(before)
        assert again.step() == steps[-1]
        assert again.answer() == process.answer()
        assert bits(again.state()) == bits(process.state())
    assert [step.phase for step in steps if step.ended] == [phase.optimizer for phase in schedule]


def test_weights_lie_alike_in_a_run_that_begins_and_in_one_that_is_taken_up():
    """Rounding in the linear algebra may depend on where arrays lie in memory."""

    def places(objective):
        return [weight.data_ptr() % 64 for weight in objective.model.parameters()]

    objectives = [fit(), fit()]
    begun, taken_up = (training(objective, SCHEDULES["drawn"]) for objective in objectives)
    begun.step()
    taken_up.restore(from_file(begun.state()))
    assert places(objectives[0]) == places(objectives[1])
    assert len(set(places(objectives[0]))) > 1  # parts of one vector


def test_a_run_that_is_taken_up_has_the_same_end_and_course():
    kept, process = [], training(fit(), SCHEDULES["drawn"])
    outcome, course = drive(process, Budget(), unwatched, keep=kept.append, keep_every=0.0)
    assert outcome.message == "the training has run its course."
    for state in kept[:: len(kept) // 4]:
        again = training(fit(), SCHEDULES["drawn"])
        same_outcome, same_course = drive(again, Budget(), unwatched, state=from_file(state))
        assert again.answer() == process.answer()
        assert same_outcome == outcome
        assert without_time(same_course) == without_time(course)
        assert same_course.iterations == course.iterations


def lost_after(evaluations):
    """Return a task whose gradient is not a number after so many evaluations."""
    objective, counted = fit(), itertools.count()
    gradient = objective.gradient

    def losing():
        loss, g = gradient()
        return (loss, g) if next(counted) < evaluations else (loss * nan, g * nan)

    objective.gradient = losing
    return objective


ADAM = [Phase(optimizer="adam", iterations=200)]


def test_training_that_leaves_the_finite_numbers_has_its_last_finite_weights():
    objective = lost_after(25)  # the third look finds it lost
    process, kept = training(objective, ADAM), []
    outcome, course = drive(process, Budget(), unwatched, keep=kept.append)
    assert outcome.status == "diverged"
    assert outcome.message == "training by adam left the finite numbers at iteration 30."
    assert kept == []
    (phase,) = course.phases
    assert (phase.iterations, phase.message) == (20, "left the finite numbers")
    assert course.history[-1].loss == phase.loss_after
    sound = fit()
    drive(training(sound, ADAM), Budget(20), unwatched)
    assert process.answer() == weights(sound)


def test_training_that_is_never_finite_keeps_its_first_weights():
    objective = lost_after(0)
    _, course = drive(training(objective, ADAM), Budget(), unwatched)
    (phase,) = course.phases
    assert phase.iterations == 0
    assert phase.loss_before == phase.loss_after
    assert torch.isfinite(objective.model.head.weight).all()


def stopping_at(count):
    """Return a watch that stops the work the given time that it is told of it."""
    seen = []

    def watch(progress):
        seen.append(progress)
        if len(seen) == count:
            raise Stopped("enough.")

    return watch


def test_what_is_stopped_can_be_taken_up_and_its_course_is_whole():
    whole, kept = training(fit(), ADAM), []
    drive(whole, Budget(), unwatched)
    process = training(fit(), ADAM)
    outcome, course = drive(process, Budget(), stopping_at(3), keep=kept.append)
    assert (outcome.status, outcome.message) == ("stopped", "enough.")
    assert [(phase.iterations, phase.message) for phase in course.phases] == [(30, "stopped")]
    again = training(fit(), ADAM)
    outcome, resumed = drive(again, Budget(), unwatched, state=from_file(kept[-1]))
    assert outcome.status == "finished"
    assert again.answer() == whole.answer()
    assert [phase.iterations for phase in resumed.phases] == [200]
    assert resumed.phases[0].loss_before == course.phases[0].loss_before
    first = course.history[:3]
    assert resumed.history[: len(first)] == first
    seconds = [record.seconds for record in resumed.history]
    assert seconds == sorted(seconds)
    assert seconds[-1] == resumed.seconds["training"] == resumed.phases[0].seconds


def test_the_whole_has_a_budget_which_what_was_spent_before_the_cut_counts_in():
    kept = []
    outcome, _ = drive(training(fit(), ADAM), Budget(30), unwatched, keep=kept.append)
    assert (outcome.status, outcome.message) == ("finished", "the iterations are spent")
    seen = []
    _, course = drive(training(fit(), ADAM), Budget(40), seen.append, state=kept[-1])
    assert [progress.iteration for progress in seen] == [40]
    assert course.phases[0].message == "the iterations are spent"
    outcome, _ = drive(training(fit(), ADAM), Budget(seconds=1e-9), unwatched)
    assert outcome.message == "the time is spent"


def test_a_state_can_be_asked_for_at_any_step():
    asked, kept, seen = Event(), [], []

    def watch(_):
        seen.append(len(kept))
        if len(seen) == 2:
            asked.set()

    drive(training(fit(), ADAM), Budget(50), watch, keep=kept.append, asked=asked)
    assert seen == [0, 0, 1, 1, 1]
    assert len(kept) == 2  # and once at the end
    assert not asked.is_set()


def test_states_are_made_only_when_they_are_kept(monkeypatch):
    made = []
    state = Training.state
    monkeypatch.setattr(Training, "state", lambda self: made.append(1) or state(self))
    kept = []
    drive(training(fit(), ADAM), Budget(50), unwatched, keep=kept.append, keep_every=1e9)
    drive(training(fit(), ADAM), Budget(50), unwatched, keep_every=0.0)
    assert len(made) == len(kept) == 1


def test_a_state_of_other_work_is_refused():
    kept = []
    drive(training(fit(), ADAM), Budget(20), unwatched, keep=kept.append)
    for state in ({}, kept[0] | {"process/weights": np.zeros(3)}):
        with pytest.raises(FileError, match="is not one of this work"):
            drive(training(fit(), ADAM), Budget(), unwatched, state=state)


def test_a_training_that_has_run_its_course_stays_there():
    kept = []
    process = training(fit(), SCHEDULES["random"])
    outcome, course = drive(process, Budget(), unwatched, keep=kept.append)
    again = training(fit(), SCHEDULES["random"])
    same, resumed = drive(again, Budget(), unwatched, state=kept[-1])
    assert same == outcome
    assert again.answer() == process.answer()
    assert resumed.phases == course.phases


class Decay:
    """An evolution in time, ``u' = -u``, in steps of an eighth: a process without phases."""

    def __init__(self):
        self.time, self.u = 0.0, np.ones(2)

    def step(self):
        self.time, self.u = self.time + 0.125, self.u * (1 - 0.125)
        done = "the end is reached" if self.time == 1.0 else ""
        return Step(1e-9, self.time, done, self.time, "time integration", series={"u": self.u[0]})

    def answer(self):
        return self.u

    def state(self):
        return {"time": self.time, "u": self.u.copy()}

    def restore(self, state):
        self.time, self.u = float(state["time"]), np.array(state["u"])


def test_an_evolution_in_time_is_driven_by_the_same_loop():
    kept, errors = [], []

    def error(u):
        errors.append(float(u[0]))
        return 0.5

    outcome, course = drive(
        Decay(), Budget(), unwatched, keep=kept.append, keep_every=0.0, error=error
    )
    assert (outcome.status, outcome.message) == ("finished", "the end is reached")
    assert course.iterations == 8
    assert course.phases == ()
    assert list(course.seconds) == ["time integration"]
    np.testing.assert_array_equal(course.series["u"][:, 0], np.arange(1, 9) / 8)
    np.testing.assert_array_equal(course.series["u"][:, 1], 0.875 ** np.arange(1, 9))
    assert len(errors) == len(course.history)
    again = Decay()
    _, resumed = drive(again, Budget(), unwatched, state=from_file(kept[2]))
    np.testing.assert_array_equal(again.u, 0.875**8)
    np.testing.assert_array_equal(resumed.series["u"], course.series["u"])
    assert resumed.iterations == 8


class StoppedWithin:
    """Counts; is stopped within its third step, the first time."""

    def __init__(self, is_stopped):
        self.count, self.is_stopped = 0, is_stopped

    def step(self):
        if self.count == 2 and self.is_stopped:
            raise Stopped("the time limit was reached.")
        self.count += 1
        return Step(0.0, self.count, "counted" if self.count == 4 else "", stage="counting")

    def answer(self):
        return self.count

    def state(self):
        return {"count": self.count}

    def restore(self, state):
        self.count = int(state["count"])


def test_work_that_is_stopped_within_a_step_goes_on_from_before_it():
    kept = []
    with pytest.raises(Stopped):
        drive(StoppedWithin(True), Budget(), unwatched, keep=kept.append)
    (state,) = kept
    assert state["process/count"] == 2
    process = StoppedWithin(False)
    outcome, _ = drive(process, Budget(), unwatched, state=from_file(state))
    assert (outcome.status, outcome.message, process.answer()) == ("finished", "counted", 4)
