"""Embeddings from the problem file to the solution."""

import numpy as np
import pytest

from pinnsolve import solve
from tests.lanes import studied
from tests.posing import INTERVAL, manufactured, pose

pytestmark = pytest.mark.slow

EXACT = "sin(2*pi*x) + 0.1*sin(20*pi*x)"
SETTINGS = {
    "solver.device": "cpu",
    "network.hidden": [30, 30],
    "training": [{"optimizer": "lbfgs", "iterations": 200}],
    "output.test_points": 1000,
}
WAVES = ["fourier", "sinusoidal"]


@pytest.fixture
def problem(tmp_path):
    posed = pose(
        tmp_path,
        "u_xx = f",
        on=[("all", "u = 0")],
        domain=INTERVAL,
        count=200,
        order=4,
        method="dt-pinn",
        more=manufactured("f", u=EXACT),
    )
    return posed.replace(SETTINGS)


@pytest.mark.parametrize("method", studied(["dt-pinn", "pinn"], {"dt-pinn"}))
def test_with_waves_a_network_learns_high_frequencies(problem, method):
    chosen = {"solver.method": method}
    plain = solve(problem.replace(chosen)).accuracy.errors.relative_l2["u"]
    assert plain > 0.5  # of the steepest part of the residual it has hardly learned anything
    for name in WAVES:
        found = solve(problem.replace({**chosen, "network.embedding": name}))
        assert found.accuracy.errors.relative_l2["u"] < 1e-2 * plain


@pytest.mark.parametrize("name", WAVES)
def test_head_and_gauss_newton_solve_with_waves_too(problem, name):
    chosen = {
        "network.embedding": name,
        "network.hidden": [50, 100],
        "solver.method": "pinn",
        "training": [{"optimizer": "head"}, {"optimizer": "gauss-newton", "iterations": 5}],
    }
    assert solve(problem.replace(chosen)).accuracy.errors.relative_l2["u"] < 1e-8


def test_random_waves_are_those_of_the_seed(problem):
    def values(seed):
        chosen = {"network.embedding": "fourier", "solver.seed": seed, "training.0.iterations": 5}
        return solve(problem.replace(chosen)).answer.state()["embedding.waves"]

    np.testing.assert_array_equal(values(3), values(3))
    assert np.abs(values(3) - values(4)).max() > 1
