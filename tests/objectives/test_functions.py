"""Unknown functions under features that are drawn: how smooth they are, and how well known."""

import numpy as np
import torch

from pinnsolve import load
from pinnsolve.conditions.noise import noise_of
from pinnsolve.methods.pinn import METHOD
from pinnsolve.objectives.functions import known, suited
from pinnsolve.objectives.inferred import inferred
from pinnsolve.setup import Setup

# k of x in u = k: smoothing of data on a line, as splines do
TEXT = """\
[domain]
shape = "interval"
bounds = [0, 2]
[nodes]
count = 30
[unknowns]
fields = ["u"]
functions = {{ k = {{ {smooth} }} }}
[pde]
equations = ["u = k"]
[[data]]
from = "exact"
fields = ["u"]
count = 80
noise = {noise}
seed = {seed}
[exact]
u = "{k}"
k = "{k}"
[solver]
method = "pinn"
[network]
features = "waves"
"""
SINE = "2 + sin(2*x)"


def trained(tmp_path, smooth="", noise=0.2, seed=0, k=SINE):
    path = tmp_path / "smooth.toml"
    path.write_text(TEXT.format(smooth=smooth, noise=noise, seed=seed, k=k))
    setup = Setup(load(path))
    process = METHOD.start(setup)
    while not process.step().done:
        pass
    return setup, process


def values(process, x):
    return process.answer()(x)[:, 1]


def test_the_roughness_is_that_of_a_spline(tmp_path):
    # the mean of (l^2 k'')^2 over the size of k, l = 1 half the interval, weighs 1e-3 as the misfit
    # over the spread of the data does: the same minimum by finite differences on a fine grid
    setup, process = trained(tmp_path, "smooth = 1e-3")
    (data,) = setup.observed
    n = 401
    x = np.linspace(0, 2, n)
    D = np.diff(np.eye(n), 2, axis=0) / (x[1] - x[0]) ** 2
    B = np.array([np.interp(data.x[:, 0], x, row) for row in np.eye(n)]).T
    size = np.sqrt(np.mean(values(process, setup.nodes.x[:, :1]) ** 2))
    A = np.concatenate([B / data.spread / np.sqrt(len(B)), np.sqrt(1e-3 / len(D)) * D / size])
    right = np.concatenate([data.values / data.spread / np.sqrt(len(B)), np.zeros(len(D))])
    spline = np.linalg.lstsq(A, right, rcond=None)[0]
    # grids of the network have about 30 points, and weigh the ends a little otherwise
    np.testing.assert_allclose(values(process, x[:, None]), spline, atol=0.02)


def test_data_tell_how_smooth_a_function_is_and_its_band_holds_it(tmp_path):
    x = np.linspace(0, 2, 101)[:, None]
    inside, wrong, rough = [], [], []
    for seed in range(6):
        setup, process = trained(tmp_path, seed=seed)
        objective = process.objective
        factors = objective.weights[-objective.counts[0] :][:1].tolist()
        told, _ = inferred(objective, noise_of(setup.observed, factors), whole=False)
        of_k = known(objective, 1, torch.as_tensor(x), told)
        assert (of_k.noise <= of_k.total * (1 + 1e-9)).all()
        assert 2 < of_k.edf < 15
        error = values(process, x) - (2 + np.sin(2 * x[:, 0]))
        inside.append(np.mean(np.abs(error) < 1.96 * of_k.total.numpy()))
        wrong.append(np.sqrt(np.mean(error**2)))
        _, free = trained(tmp_path, "smooth = 0", seed=seed)
        rough.append(np.sqrt(np.mean((values(free, x) - 2 - np.sin(2 * x[:, 0])) ** 2)))
    assert np.mean(wrong) < np.mean(rough) / 1.3
    assert np.mean(inside) > 0.85  # of 95 %: six seeds, and neighbours have errors in common


def test_a_function_that_is_linear_is_found_as_such(tmp_path):
    _, process = trained(tmp_path, k="1 + x")
    x = np.linspace(0, 2, 101)
    bent = np.diff(values(process, x[:, None]), 2)
    assert np.abs(bent).max() < 1e-4 * np.diff(x)[0]
    assert suited(process.objective, [1.0])[0] >= 1.0
