"""Implicit steps of weights: what they are made of, and that what is stiff does not limit them."""

import numpy as np
import pytest
import torch

from pinnsolve.checks.preflight import preflight
from pinnsolve.conditions.resampling import evenly
from pinnsolve.conditions.selfadjoint import faults, is_frozen
from pinnsolve.errors import ProblemError
from pinnsolve.methods import METHODS
from pinnsolve.objectives.implicit import Implicit
from pinnsolve.setup import Setup
from tests.methods.test_neural_ivp import IN_TIME, ring
from tests.posing import INTERVAL, pose


def drawn(problem):
    """Return the networks of a problem with weights at random, and points."""
    process = METHODS["neural-ivp"].start(Setup(problem))
    velocity = process._velocity
    for i, net in enumerate(velocity.nets):
        net.initialise(i)
    return velocity, evenly(process._pool.seen[:40])


@torch.no_grad()
def test_values_and_rates_change_with_the_weights_as_told(tmp_path):
    """Of an equation of second order in time that is not linear, by central differences."""
    initial = 'u = "sin(pi*x)"\nu_t = "cos(pi*x)"'
    velocity, places = drawn(ring(tmp_path, "u_tt = u_xx + u*u_x*u_t", initial=initial))
    theta = velocity.vector()
    own, step = velocity.linearise(places, 0.3), 1e-6 * torch.randn_like(theta)
    velocity.set(theta + step)
    after = velocity.linearise(places, 0.3)
    velocity.set(theta - step)
    before = velocity.linearise(places, 0.3)
    scale = float(own.F.abs().max())
    torch.testing.assert_close(after.u - before.u, 2 * own.J @ step, atol=1e-12, rtol=1e-6)
    torch.testing.assert_close(
        after.F - before.F, 2 * own.slope @ step, atol=1e-11 * scale, rtol=1e-5
    )
    # what the step solves for is what is told of rates elsewhere
    velocity.set(theta)
    factors = torch.as_tensor(places.factors * velocity.factors(places.x))
    rates = (factors * velocity.rates(places.x, 0.3)).flatten()
    torch.testing.assert_close(own.F, rates, atol=1e-12 * scale, rtol=1e-12)


@torch.no_grad()
def test_a_stiff_decay_is_damped_in_one_step(tmp_path):
    """Of 1000 times the time in which it decays; explicit methods would let it grow."""
    velocity, places = drawn(ring(tmp_path, "u_t = -1000*u", initial='u = "sin(pi*x)"'))
    theta = velocity.vector()
    size = np.linalg.norm(velocity.values(places.x))
    new, _ = Implicit(velocity, places, 1e-2, 1e-12).step(0.0, theta, 1.0)
    velocity.set(new)
    assert np.linalg.norm(velocity.values(places.x)) < 1e-2 * size


REFUSED = {
    "radau": (
        "u_t = u_xx",
        '[network]\nansatz = { u = "exp" }\n',
        "particles move by explicit steps.",
    ),
    "exact": (
        "u_t = u_x",
        "",
        "frozen weights take no such problem in this version: it holds derivatives of odd",
    ),
}


@pytest.mark.parametrize("integrator", REFUSED)
def test_what_takes_no_such_steps_is_refused(tmp_path, integrator):
    equation, more, message = REFUSED[integrator]
    domain = 'shape = "unbounded"\ndimension = 1\ntime = [0, 1]' if more else INTERVAL + IN_TIME
    more += f'[initial]\nu = "exp(-x^2)"\n[evolution]\nintegrator = "{integrator}"\n'
    on = [] if "ansatz" in more else [("left right", "periodic")]
    settings = {"domain": domain, "on": on, "count": 60, "method": "neural-ivp"}
    with pytest.raises(ProblemError) as caught:
        preflight(Setup(pose(tmp_path, equation, more=more, **settings)))
    fault = caught.value.faults[0]
    assert fault.key == ("evolution", "integrator")
    assert fault.message.startswith(message)


def test_exact_steps_are_those_of_frozen_weights(tmp_path):
    more = '[initial]\nu = "sin(pi*x)"\n[network]\nhidden = [20]\n'
    more += '[evolution]\nintegrator = "exact"\n'
    settings = {"domain": INTERVAL + IN_TIME, "on": [("all", "u = 0 hard")], "count": 60}
    problem = pose(tmp_path, "u_t = u_xx", method="neural-ivp", more=more, **settings)
    assert is_frozen(problem)
    moving = problem.replace({"evolution.weights": "moving"})
    assert [fault.message for fault in faults(moving)] == [
        "weights that move are not exact in time."
    ]
