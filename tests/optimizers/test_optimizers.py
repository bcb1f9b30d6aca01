"""Every optimiser fits the same function; each shows what it is good for."""

import itertools

import pytest
import torch

from pinnsolve.networks.mlp import MLP
from pinnsolve.optimizers import OPTIMIZERS
from pinnsolve.process import Budget
from pinnsolve.training.initialisation import Drawing
from tests.optimizers import fitting
from tests.optimizers.fitting import Fit, lower


@pytest.fixture
def fit():
    return fitting.fit()


def run(name, fit, **budget):
    return lower(OPTIMIZERS[name](fit, Budget(**budget)))


@pytest.mark.parametrize(
    ("name", "iterations", "reached"),
    [
        ("adam", 500, 5e-2),
        ("lbfgs", 200, 1e-5),
        ("gauss-newton", 30, 1e-6),
        ("variable-projection", 10, 1e-12),
        ("head", 1, 1e-12),
    ],
)
def test_the_loss_falls_to_where_the_method_can_bring_it(fit, name, iterations, reached):
    _, losses = run(name, fit, iterations=iterations, learning_rate=1e-2)
    assert losses[-1] < reached
    torch.testing.assert_close(float(fit.value().square().sum()), losses[-1], rtol=0.5, atol=1e-9)


@pytest.mark.parametrize("name", ["lbfgs", "gauss-newton", "variable-projection", "head"])
def test_the_loss_never_rises(fit, name):
    _, losses = run(name, fit, iterations=15)
    assert all(after <= before for before, after in itertools.pairwise(losses))


@pytest.mark.parametrize("name", ["adam", "lbfgs", "gauss-newton"])
def test_a_tolerance_ends_the_work(fit, name):
    reason, losses = run(name, fit, iterations=10_000, tolerance=1e-2, learning_rate=1e-2)
    assert reason == "the loss has reached its tolerance"
    assert losses[-1] <= 1e-2
    assert len(losses) < 10_000


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_iterations_are_counted(fit, name):
    optimizer = OPTIMIZERS[name](fit, Budget(iterations=1))
    while not (step := optimizer.step()).done:
        assert step.at == 0
    assert step.at == 1
    assert step.fraction == 1.0
    assert step.done in ("the iterations are spent", "the head's weights are optimal")


def test_gauss_newton_stops_when_it_no_longer_pays(fit):
    reason, losses = run("gauss-newton", fit, iterations=1000, patience=2)
    assert reason in ("further iterations do not pay", "no damped step lowers the loss")
    assert len(losses) < 200


def test_time_is_a_budget(fit):
    step = OPTIMIZERS["adam"](fit, Budget(iterations=1000, seconds=1e-9)).step()
    assert step.done == "the time is spent"


def test_features_are_drawn_at_the_frequency_that_serves_best():
    wild = Fit(MLP([-1], [1], [40], 1), torch.linspace(-1, 1, 200)[:, None] * 6)
    wild.model.half_width.fill_(6.0)  # sin(3 x) has six periods in the box
    message, losses = lower(Drawing(wild, Budget(20), 0))
    assert losses[1] < losses[0]
    assert float(wild.value().square().sum()) <= 1.5 * min(losses)
    assert message.endswith(" drawn")
