"""Equations of first order along characteristics: against formulas, and what is refused."""

import numpy as np
import pytest

from pinnsolve.accuracy.total_variation import with_total_variation
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.references import characteristics
from pinnsolve.references.drawn import Drawn
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Errors
from tests.posing import INTERVAL, SQUARE, pose

SPACE = 'shape = "unbounded"\ndimension = 2\nlower = -1.5\nupper = 1.5\ntime = [0, 1]'
STATED = '[reference]\nsolver = "characteristics"\n'
EXP = '[network]\nansatz = { u = "exp" }\npolynomial = 2\nhidden = []\n'
IN_TIME = "\ntime = [0.5, 1]"


def carried(tmp_path, equation, initial, domain=SPACE, on=(), more="", method="neural-ivp"):
    """Return a field that is carried along."""
    more = f'[initial]\nu = "{initial}"\n{STATED}{EXP if domain == SPACE else ""}{more}'
    return pose(tmp_path, equation, domain=domain, on=list(on), count=60, method=method, more=more)


def test_a_pendulum_turns_a_density_that_stays_one(tmp_path):
    """With a force that is not linear: against an integration of each point by itself."""
    from scipy.integrate import solve_ivp

    problem = carried(tmp_path, "u_t + y*u_x - sin(3*x)*u_y = 0", "exp(-20*dot(X, X))")
    found = characteristics.reference(Setup(problem))
    assert found.error < 1e-8
    x = np.random.default_rng(0).uniform(-0.5, 0.5, (6, 2))

    def back(_, y):
        return [-y[1], np.sin(3 * y[0])]

    ends = [solve_ivp(back, (0, 0.8), at, rtol=1e-12, atol=1e-12).y[:, -1] for at in x]
    truth = np.exp(-20 * (np.array(ends) ** 2).sum(axis=1))
    points = np.column_stack([x, np.full(6, 0.8)])
    np.testing.assert_allclose(found.fields(points)[:, 0], truth, rtol=1e-7)
    assert isinstance(found.fields, Drawn)
    assert found.fields.mass(0.8) == pytest.approx(np.pi / 20)
    cloud = found.fields.drawn(2048, 0.8, 1)  # carried back they are where they were
    points = np.column_stack([cloud, np.full(2048, 0.8)])
    weights = np.pi / 20 / (2048 * found.fields(points)[:, 0])
    area = weights[np.linalg.norm(cloud, axis=1) < 0.2].sum()
    assert area == pytest.approx(np.pi * 0.04, rel=0.05)
    errors = with_total_variation(
        Errors({"u": 0.0}, {"u": 0.0}, {"u": 0.0}, 1), found.fields, problem,
        build_domain(problem), found,
    )  # fmt: skip
    assert errors.total_variation.value == 0


def test_decay_and_sources_are_integrated_along_the_way(tmp_path):
    problem = carried(
        tmp_path,
        "2*u_t + 2*(1 + x)*u_x + 4*u = 2*t",
        "exp(-x^2)",
        INTERVAL + IN_TIME,
        [("left", "u = 0")],
        method="pinn",
    )
    found = characteristics.reference(Setup(problem))
    x = np.array([[0.9, 0.6], [0.8, 0.7], [1.0, 0.55]])  # whose paths begin inside
    s = x[:, 1] - 0.5
    start = (1 + x[:, 0]) * np.exp(-s) - 1
    t, t0 = x[:, 1], 0.5
    source = (t / 2 - 0.25) - (t0 / 2 - 0.25) * np.exp(-2 * s)
    truth = np.exp(-(start**2) - 2 * s) + source
    np.testing.assert_allclose(found.fields(x)[:, 0], truth, rtol=1e-8)


def test_what_comes_from_beyond_the_walls_is_zero(tmp_path):
    problem = carried(
        tmp_path,
        "u_t = u_x + u_y/2",
        "exp(-100*((x - 0.5)^2 + (y - 0.5)^2))",
        SQUARE + IN_TIME,
        [("right top", "u = 0")],
        method="pinn",
    )
    found = characteristics.reference(Setup(problem)).fields
    x = np.array([[0.8, 0.5, 1.0], [0.2, 0.3, 1.0]])
    before = np.exp(-100 * ((0.7 - 0.5) ** 2 + (0.55 - 0.5) ** 2))
    np.testing.assert_allclose(found(x)[:, 0], [0.0, before], rtol=1e-9)


REFUSED = {
    "u_t = u_xx": '"u_t = u_xx" holds derivatives of second order or higher',
    "u_t + u*u_x = 0": '"u_t + u*u_x = 0" is not linear',
}


@pytest.mark.parametrize("equation", REFUSED)
def test_what_has_no_characteristics_is_refused_with_the_reason(tmp_path, equation):
    on = [("left right", "u = 0")]
    problem = carried(tmp_path, equation, "x*(1 - x)", INTERVAL + IN_TIME, on, method="pinn")
    with pytest.raises(ProblemError) as caught:
        characteristics.plan(problem)
    (fault,) = caught.value.faults
    expected = f"characteristics does not take the problem: {REFUSED[equation]}."
    assert f"{fault.message} {fault.remedy}" == f"{expected} Choose another solver."


def test_values_that_flow_in_are_refused(tmp_path):
    on = [("left", "u = 1")]
    problem = carried(tmp_path, "u_t + u_x = 0", "1", INTERVAL + IN_TIME, on, method="pinn")
    with pytest.raises(ProblemError, match='"u = 1" does not give zero values'):
        characteristics.plan(problem)
