"""What is trained need not be a network: every optimiser finds a cubic polynomial."""

import pytest
import torch

from pinnsolve.leastsquares.jacobian import DenseJacobian
from pinnsolve.objectives.objective import Linearisable, Objective, OfNetwork, WithHead
from pinnsolve.optimizers import OPTIMIZERS
from pinnsolve.problem.schema.file import Phase
from pinnsolve.process import Budget
from pinnsolve.progress import unwatched
from pinnsolve.training.loop import drive
from pinnsolve.training.phases import Training
from tests.optimizers.fitting import fit, lower
from tests.training.taking_up import bits, from_file

SOUGHT = torch.tensor([0.3, -0.5, 0.2, 0.4], dtype=torch.float64)
POINTS = torch.linspace(-1, 1, 30, dtype=torch.float64)
POWERS = POINTS[:, None] ** torch.arange(4)


class Cubic:
    """A polynomial of degree three, known by its coefficients."""

    size = 4

    def __init__(self):
        self.initialise(0)

    def vector(self):
        return self._coefficients.clone()

    def set(self, weights):
        self._coefficients = weights

    def initialise(self, seed):
        draw = torch.Generator().manual_seed(seed)
        self._coefficients = torch.randn(4, generator=draw, dtype=torch.float64)


class Exponential:
    """Find ``p`` from ``exp(p)`` at points, nonlinear; all that gradients need."""

    def __init__(self):
        self.model = Cubic()

    def residual(self, c):
        return (torch.exp(POWERS @ c) - torch.exp(POWERS @ SOUGHT)) / len(POINTS) ** 0.5

    def jacobian(self, c):
        return torch.exp(POWERS @ c)[:, None] * POWERS / len(POINTS) ** 0.5

    def value(self):
        return self.residual(self.model.vector())

    def gradient(self):
        c = self.model.vector()
        r = self.residual(c)
        return r @ r, 2 * self.jacobian(c).mT @ r


class WithJacobian(Exponential):
    """The same, with what Gauss-Newton needs."""

    def linearise(self):
        c = self.model.vector()
        return self.residual(c), DenseJacobian(self.jacobian(c))


class AllHead(Exponential):
    """The same, with what the head solve needs: all coefficients are the head's."""

    is_linear = False
    n_constants = 0

    def head(self):
        return self

    def vector(self):
        return self.model.vector()

    def set(self, c):
        self.model.set(c.clone())

    def linearise(self, c):
        M = self.jacobian(c)
        return M, M @ c - self.residual(c)


ASKED = {
    "adam": (Exponential, Budget(2000, learning_rate=0.05)),
    "lbfgs": (Exponential, Budget(100)),
    "gauss-newton": (WithJacobian, Budget(20, tolerance=1e-24)),
    "head": (AllHead, Budget(20)),
}


def test_every_optimiser_is_asked():
    # what is best for the head can be eliminated only where there is a network with one
    assert ASKED.keys() == OPTIMIZERS.keys() - {"variable-projection"}


@pytest.mark.parametrize("name", ASKED)
def test_a_polynomial_is_found_by_an_objective_that_has_no_more_than_it_is_asked_for(name):
    make, budget = ASKED[name]
    objective = make()
    lower(OPTIMIZERS[name](objective, budget))
    # the loss is quadratic about the minimum, so that weights have half the digits of the loss
    torch.testing.assert_close(objective.model.vector(), SOUGHT, rtol=1e-6, atol=1e-6)


def test_objectives_promise_what_they_have_and_no_more():
    promises = (Objective, Linearisable, WithHead, OfNetwork)
    found = [[isinstance(o, p) for p in promises] for o in (Exponential(), WithJacobian(), fit())]
    assert found == [[True, False, False, False], [True, True, False, False], [True] * 4]
    assert isinstance(AllHead(), WithHead)
    assert not isinstance(AllHead(), OfNetwork)


@pytest.mark.parametrize("name", ASKED)
def test_every_step_is_the_same_from_the_state_before_it(name):
    make, budget = ASKED[name]
    budget = Budget(30, learning_rate=budget.learning_rate)
    optimizer, is_done = OPTIMIZERS[name](make(), budget), False
    while not is_done:
        again = OPTIMIZERS[name](make(), budget)
        again.restore(from_file(optimizer.state()))
        step = optimizer.step()
        assert again.step() == step
        assert bits(again.state()) == bits(optimizer.state())
        is_done = bool(step.done)


@pytest.mark.parametrize("first", ["head", "lbfgs"])
def test_a_schedule_trains_it_from_weights_of_its_own(first):
    """Without features to draw, the head solve too begins where the model does."""
    objective = AllHead()
    schedule = [Phase(optimizer=first), Phase(optimizer="adam", iterations=10)]
    process = Training(objective, schedule, objective.model.vector, seed=7)
    _, course = drive(process, Budget(), unwatched)
    fresh = AllHead()
    fresh.model.initialise(7)
    r = fresh.value()
    assert course.phases[0].loss_before == float(r @ r)
    assert course.phases[0].loss_after < 1e-12
