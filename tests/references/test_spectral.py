"""Sines that evolve exactly in time: against formulas, and what they do not take."""

import numpy as np
import pytest

from pinnsolve.errors import ProblemError
from pinnsolve.references import spectral
from pinnsolve.references.exact import FormulaFields
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose

IN_TIME = "\ntime = [0.5, 1.5]"
STATED = '[reference]\nsolver = "spectral"\n'
KNOWN = {
    "heat": (
        "u_t = 0.1*d(u, x, 2) + 0.3*d(u, y, 2) + u",
        'u = "sin(pi*x)*sin(2*pi*y)"',
        "exp((1 - (0.1 + 1.2)*pi^2)*(t - 0.5))*sin(pi*x)*sin(2*pi*y)",
    ),
    "wave": (
        "u_tt = 4*laplace(u)",
        'u = "sin(pi*x)*sin(pi*y)"\nu_t = "sin(2*pi*x)*sin(pi*y)"',
        "cos(sqrt(8)*pi*(t - 0.5))*sin(pi*x)*sin(pi*y)"
        " + sin(sqrt(20)*pi*(t - 0.5))/(sqrt(20)*pi)*sin(2*pi*x)*sin(pi*y)",
    ),
}


def cold(tmp_path, equation, initial, domain=SQUARE, more="", on=(("all", "u = 0"),)):
    """Return an equation with zero walls."""
    more = f"[initial]\n{initial}\n{STATED}{more}"
    return pose(tmp_path, equation, domain=domain + IN_TIME, on=on, count=60, more=more)


@pytest.mark.parametrize("name", KNOWN)
def test_sines_and_their_derivatives_are_those_of_the_formula(tmp_path, name):
    equation, initial, exact = KNOWN[name]
    problem = cold(tmp_path, equation, initial, more=f'[exact]\nu = "{exact}"\n')
    found, truth = spectral.reference(Setup(problem)), FormulaFields(problem.exact)
    assert found.error < 1e-12
    x = np.random.default_rng(0).uniform([0, 0, 0.5], [1, 1, 1.5], (60, 3))
    np.testing.assert_allclose(found.fields(x), truth(x), atol=1e-12)
    terms = set(problem.equations[0].terms)
    for term, values in truth.jet(x, terms).items():
        np.testing.assert_allclose(found.fields.jet(x, terms)[term], values, atol=1e-10)


REFUSED = {
    "u_t = laplace(u) + x": 'spectral does not take the problem: "u_t = laplace(u) + x" holds a '
    "source.",
    "u_t = laplace(u) + d(u, x, y)": "spectral does not take the problem: it holds mixed "
    "derivatives.",
}


@pytest.mark.parametrize("equation", REFUSED)
def test_what_sines_do_not_solve_is_refused(tmp_path, equation):
    problem = cold(tmp_path, equation, 'u = "0"')
    with pytest.raises(ProblemError) as caught:
        spectral.plan(problem)
    assert caught.value.faults[0].message == REFUSED[equation]


def test_open_walls_are_refused(tmp_path):
    problem = cold(tmp_path, "u_t = u_xx", 'u = "0"', INTERVAL, on=[("left", "u = 0")])
    with pytest.raises(ProblemError, match="conditions do not hold on all of the boundary"):
        spectral.plan(problem)
