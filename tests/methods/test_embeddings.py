"""Embeddings from the problem file to the solution."""

import numpy as np
import pytest

from pinnsolve import load, solve

pytestmark = pytest.mark.slow

OSCILLATING = """
[domain]
shape = "interval"
bounds = [0, 1]
[nodes]
count = 200
[unknowns]
fields = ["u"]
[functions]
f = "manufactured"
[pde]
equations = ["u_xx = f"]
[[boundary]]
on = "all"
condition = "u = 0"
[exact]
u = "sin(2*pi*x) + 0.1*sin(20*pi*x)"
[solver]
method = "dt-pinn"
device = "cpu"
[network]
hidden = [30, 30]
[[training]]
optimizer = "lbfgs"
iterations = 200
[output]
test_points = 1000
"""
WAVES = ["fourier", "sinusoidal"]


@pytest.fixture
def problem(tmp_path):
    path = tmp_path / "oscillating.toml"
    path.write_text(OSCILLATING)
    return load(path)


@pytest.mark.parametrize("method", ["dt-pinn", "pinn"])
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
