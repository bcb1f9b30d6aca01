"""N steps, the state, and N steps more are 2N steps, to the bit, for every optimiser."""

from functools import partial

import pytest

from pinnsolve.optimizers import OPTIMIZERS
from pinnsolve.process import Budget
from pinnsolve.training.initialisation import Drawing
from tests.training.taking_up import TASKS, bits, from_file, weights

MAKERS = {**OPTIMIZERS, "drawing": partial(Drawing, seed=0)}
ITERATIONS = {
    "adam": 45,
    "lbfgs": 60,
    "gauss-newton": 6,
    "variable-projection": 4,
    "head": 6,
    "drawing": 4,
}


@pytest.fixture(params=TASKS)
def task(request):
    """A function that makes the same task again, at its first weights."""

    def make():
        objective = TASKS[request.param]()
        objective.model.initialise(5)
        return objective

    return make


@pytest.mark.parametrize("name", MAKERS)
def test_every_step_is_the_same_from_the_state_before_it(task, name):
    """By induction the whole is the same wherever it is cut."""
    budget = Budget(ITERATIONS[name], patience=3, learning_rate=1e-2)
    objective, is_done = task(), False
    optimizer = MAKERS[name](objective, budget)
    while not is_done:
        before = from_file(optimizer.state())
        step, fresh = optimizer.step(), task()
        again = MAKERS[name](fresh, budget)
        again.restore(before)
        assert again.step() == step
        assert weights(fresh) == weights(objective)
        assert bits(again.state()) == bits(optimizer.state())
        is_done = bool(step.done)


@pytest.mark.parametrize("name", MAKERS)
def test_two_halves_are_the_whole(task, name):
    budget = Budget(ITERATIONS[name], learning_rate=1e-2)
    whole, halves = task(), task()
    optimizer = MAKERS[name](whole, budget)
    steps = [optimizer.step()]
    state = optimizer.state()
    while not steps[-1].done:
        steps.append(optimizer.step())
    optimizer = MAKERS[name](halves, budget)
    optimizer.restore(state)
    assert [optimizer.step() for _ in steps[1:]] == steps[1:]
    assert weights(halves) == weights(whole)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_time_spent_counts_across_the_cut(task, name):
    budget = Budget(1000, seconds=1000.0)
    first = OPTIMIZERS[name](task(), budget)
    assert first.step().done != "the time is spent"
    state = first.state()
    assert state["rule/seconds"] > 0
    second = OPTIMIZERS[name](task(), budget)
    second.restore({**state, "rule/seconds": 1000.0})
    assert second.step().done == "the time is spent"
