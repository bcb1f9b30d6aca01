"""Networks fitted to initial values alone, and the settings of papers to compare with."""

import numpy as np
import pytest

from pinnsolve import solve
from pinnsolve.errors import ProblemError
from pinnsolve.methods import METHODS
from pinnsolve.setup import Setup
from tests.posing import pose

STILL = 'shape = "interval"\nbounds = [-1, 1]\ntime = [0, 0]'
PACKET = 'u = "exp(-4*x^2)*cos(4*x)"'
MORE = "[initial]\n{0}\n[exact]\n{0}\n[network]\n{1}\n[evolution]\nsamples = 150\n{2}\n"
MORE += "[output]\ntest_points = 300\n"


def packet(tmp_path, network="hidden = [12]", evolution="", **settings):
    """Return a wave packet that is to be fitted."""
    more = MORE.format(PACKET, network, evolution)
    settings = {"domain": STILL, "on": [], "count": 30, "method": "neural-ivp", **settings}
    return pose(tmp_path, "u_t = 0", more=more, **settings)


def test_where_time_stands_still_initial_values_are_fitted(tmp_path):
    solution = solve(packet(tmp_path))
    assert solution.outcome.status == "finished"
    assert solution.outcome.message == "initial values alone."
    np.testing.assert_array_equal(solution.sample.times, [0.0])
    error = solution.accuracy.errors.relative_l2["u"]
    # with a probe wider than there are points, whose frequency says nothing, 0.8
    assert error < 0.02
    # told by points that the fit has not seen, as many as samples: within their spread
    assert solution.accuracy.estimate.total["u"] == pytest.approx(error, rel=0.3)
    x = np.linspace(-1, 1, 9)
    exact = np.exp(-4 * x**2) * np.cos(4 * x)
    np.testing.assert_allclose(solution(np.column_stack([x, 0 * x]))[:, 0], exact, atol=0.04)


def test_nothing_is_known_of_a_fit_that_has_not_ended(tmp_path):
    process = METHODS["neural-ivp"].start(Setup(packet(tmp_path)))
    process.step()
    assert np.isnan(process.lost).all()


def test_other_methods_need_time_that_goes_on(tmp_path):
    with pytest.raises(ProblemError) as caught:
        packet(tmp_path, network="", method="pinn")
    message = "[domain] time must end after it begins, but is [0, 0]."
    assert message in [fault.message for fault in caught.value.faults]


@pytest.mark.parametrize("way", ["adam", "adam+head"])
def test_networks_are_fitted_by_gradients_too(tmp_path, way):
    keys = f'fit = "{way}"\nfit_iterations = 200'
    process = METHODS["neural-ivp"].start(Setup(packet(tmp_path, evolution=keys)))
    losses, phases = [], set()
    while not (step := process.step()).done:
        losses.append(step.loss)
        phases.add(step.phase)
    assert phases == set(way.split("+"))
    # two hundred iterations take little, the head most of what is left
    assert losses[-1] < (1.0 if way == "adam" else 0.01) * losses[0]


def test_a_preset_says_what_the_file_leaves_open(tmp_path):
    problem = packet(tmp_path, "", 'preset = "paper"\nrestarts = 3')
    network, evolution = problem.settings.network, problem.settings.evolution
    assert network.hidden == (100, 100, 100)
    assert (network.activation, network.embedding, network.octaves) == ("swish", "sinusoidal", 5)
    assert (evolution.samples, evolution.restarts) == (150, 3)  # as the file says
    assert (evolution.linear_solver, evolution.preconditioner_rank) == ("cg", 200)
    problem = packet(tmp_path, 'activation = "sin"', 'preset = "ednn"')
    assert problem.settings.network.hidden == (30, 30, 30, 30)
    assert problem.settings.network.activation == "sin"
    assert problem.settings.evolution.fit == "adam"


def test_octaves_are_counted(tmp_path):
    problem = packet(tmp_path, 'hidden = [5]\nembedding = "sinusoidal"\noctaves = 3')
    process = METHODS["neural-ivp"].start(Setup(problem))
    (net,) = process._velocity.nets
    assert net.layers[0].in_features == 6
    np.testing.assert_allclose(net.embedding.waves[:3, 0], np.pi / 2 * np.array([1, 2, 4]))
    with pytest.raises(ProblemError, match='embedding "none" has no octaves'):
        packet(tmp_path, "octaves = 3")
