"""Steps of training that are replayed: as CUDA graphs, and on a CPU from a tape."""

from dataclasses import replace

import pytest
import torch

from pinnsolve.errors import CompilerError
from pinnsolve.objectives.scaled import scaled
from pinnsolve.optimizers import OPTIMIZERS
from pinnsolve.process import Budget
from tests.tape import Refused, Taped, taped
from tests.training.taking_up import TASKS, bits, from_file, weights

STEPPING = ("adam", "lbfgs")
BUDGET = Budget(35, learning_rate=1e-2)


def begun(task):
    objective = TASKS[task]()
    objective.model.initialise(5)
    return objective


def course(objective, optimizer, steps=4):
    """Return losses, weights and state after some steps of an optimiser, as bits."""
    losses = [optimizer.step().loss for _ in range(steps)]
    return losses, weights(objective), bits(optimizer.state())


@pytest.mark.parametrize("task", ["straight", "plume"])
@pytest.mark.parametrize("name", STEPPING)
def test_a_step_that_is_replayed_is_the_step_to_the_bit(name, task):
    """So all that decides it lies in tensors that stay where they are."""
    courses = []
    for kind in (lambda objective: objective, Taped):
        objective = begun(task)
        optimizer = OPTIMIZERS[name](kind(scaled(objective)), BUDGET)
        courses.append(course(objective, optimizer))
    assert courses[0] == courses[1]


@pytest.mark.parametrize("name", STEPPING)
def test_a_replay_is_taken_up_from_the_state_of_a_run_without(name):
    objective, again = begun("plume"), begun("plume")
    optimizer = OPTIMIZERS[name](scaled(objective), BUDGET)
    optimizer.step()
    taken = OPTIMIZERS[name](Taped(scaled(again)), BUDGET)
    taken.restore(from_file(optimizer.state()))
    assert course(again, taken, 2) == course(objective, optimizer, 2)


def test_a_tape_refuses_what_a_graph_does():
    x = torch.ones(3)
    with pytest.raises(Refused, match="reads a number"):
        taped(lambda: x.mul_(float(x[0])), [x])
    with pytest.raises(Refused, match="brings numbers"):
        taped(lambda: x.add_(torch.tensor([1.0, 2.0, 3.0])), [x])


def test_a_graph_needs_a_gpu():
    objective = replace(TASKS["plume"](), accelerate="cuda-graph")
    message = 'a CUDA graph needs a GPU, and there is none. Set solver.accelerate to "none".'
    with pytest.raises(CompilerError) as refused:
        OPTIMIZERS["adam"](scaled(objective), BUDGET)
    assert str(refused.value) == message


@pytest.mark.gpu
@pytest.mark.parametrize("name", STEPPING)
def test_a_graph_takes_the_steps_that_are_taken_without(name):
    losses = []
    for accelerate in ("none", "cuda-graph"):
        plain = begun("plume")
        objective = replace(
            plain, model=plain.model.cuda(), x=plain.x.cuda(), accelerate=accelerate
        )
        optimizer = OPTIMIZERS[name](scaled(objective), BUDGET)
        losses.append([optimizer.step().loss for _ in range(3)])
    assert losses[1] == pytest.approx(losses[0], rel=1e-9)
