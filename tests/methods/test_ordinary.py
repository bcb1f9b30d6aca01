"""Ordinary differential equations in time, at every point of a domain, need no boundary."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from pinnsolve import check, load, solve
from pinnsolve.errors import ProblemError

REACTOR = """\
[domain]
shape = "interval"
bounds = [0, 1]
time = [0, 2]
[nodes]
count = 21
time_levels = 11
[unknowns]
fields = ["c", "h"]
[pde]
equations = ["c_t = 1 - c - 7.2e10*exp(-8750/h)*c", "{heat}"]
[initial]
c = "0.877"
h = "324.5"
[solver]
method = "rbf-fd"
"""
HEAT = "h_t = 350 - h + 209.2*7.2e10*exp(-8750/h)*c + 2.092*(300 - h)"


@pytest.fixture
def reactor(tmp_path):
    """Return a stirred tank whose temperature satisfies an equation."""

    def reactor(heat=HEAT):
        path = tmp_path / "reactor.toml"
        path.write_text(REACTOR.format(heat=heat))
        return load(path)

    return reactor


def test_a_stirred_tank_agrees_with_an_integrator(reactor):
    def slopes(_, y):
        burnt = 7.2e10 * np.exp(-8750 / y[1]) * y[0]
        return [1 - y[0] - burnt, 350 - y[1] + 209.2 * burnt + 2.092 * (300 - y[1])]

    problem = reactor()
    assert check(problem).warnings == ()
    values = solve(problem).sample.values
    levels = np.linspace(0, 2, 11)
    truth = solve_ivp(slopes, (0, 2), [0.877, 324.5], "Radau", levels, rtol=1e-10, atol=1e-12).y.T
    # at every node the same
    assert values == pytest.approx(np.repeat(truth[:, None], 21, axis=1), rel=1e-7)


def test_with_derivatives_in_space_a_boundary_is_missing(reactor):
    with pytest.raises(ProblemError) as refused:
        reactor("h_t = h_xx")
    (fault,) = refused.value.faults
    assert fault.message == "the section [[boundary]] is missing."
    assert fault.remedy == (
        "Add [[boundary]] (what holds on the boundary, one table per condition)."
    )
