"""Elliptic systems of first order: the Cauchy-Riemann equations and their like."""

import numpy as np
import pytest

from pinnsolve import solve
from pinnsolve.rbffd.direct import solve as solve_directly
from pinnsolve.rbffd.first_order import is_elliptic_of_first_order
from pinnsolve.setup import Setup
from tests.posing import DISK, manufactured, pose

CAUCHY_RIEMANN = ("u_x = v_y", "u_y = -v_x")
LEVEL = '[[constraint]]\nequation = "mean(v) = 0"\n'
HARMONIC = '[exact]\nu = "exp(x)*cos(y)"\nv = "exp(x)*sin(y)"\n'
VARYING = ("(1 + x)*u_x - v_y + u = f", "u_y + (2 - y)*v_x - v = g")
ORDER = 4


def errors(problem):
    """Return the relative errors of the direct solution at the nodes, and its condition."""
    setup = Setup(problem)
    found = solve_directly(setup.discretisation())
    u, exact = found.values[setup.nodes.rows], setup.truth.values
    return np.linalg.norm(u - exact, axis=0) / np.linalg.norm(exact, axis=0), found.condition


def on_two(folder, *equations, counts=(150, 600), most=1e6, **parts):
    """Return the errors on some nodes and on four times as many, as rows."""
    found = [errors(pose(folder, *equations, count=n, order=ORDER, **parts)) for n in counts]
    assert all(condition < most for _, condition in found)
    return np.stack([e for e, _ in found])


def test_a_harmonic_conjugate_is_found_with_the_order(tmp_path):
    """One field is given on the boundary, of the other its mean; neither has a ghost to itself."""
    real = [("all", "u = exp(x)*cos(y)")]
    coarse, fine = on_two(tmp_path, *CAUCHY_RIEMANN, on=real, domain=DISK, more=LEVEL + HARMONIC)
    assert np.all(fine < coarse / 2 ** (ORDER - 0.5))
    assert np.all(fine < 3e-6)


def test_coefficients_vary_and_either_field_is_given_somewhere(tmp_path):
    made = manufactured("f", "g", "h", "m", u="sin(2*x)*cos(y + 1)", v="exp(x - y)*cos(x)")
    on = [("left right", "u = h"), ("top bottom", "v = m")]
    coarse, fine = on_two(tmp_path, *VARYING, on=on, more=made)
    assert np.all(fine < coarse / 2 ** (ORDER - 0.5))


@pytest.mark.parametrize(
    ("equations", "is_one"),
    [
        (CAUCHY_RIEMANN, True),
        (VARYING, True),
        (("u_x + v_y = 0", "u_y + v_x = 0"), False),  # waves
        (("u_x + u_y = 0", "v_x = u"), False),  # transport
        (("u_x = v_y", "v = -u_y"), False),  # a gradient is named: of second order in truth
        (("laplace(u) = v", "v_x + v_y = u"), False),
    ],
)
def test_only_a_determinant_without_zeros_makes_them_elliptic(tmp_path, equations, is_one):
    sources = '[functions]\nf = "0"\ng = "x"\n'
    on = [("all", "u = 0"), ("left", "v = 0")]
    setup = Setup(pose(tmp_path, *equations, on=on, count=100, more=sources))
    assert is_elliptic_of_first_order(setup.discretisation().without_constraints()) is is_one


@pytest.mark.study
def test_darcy_flow_in_mixed_form_has_the_order(tmp_path):
    """Velocity by name: the pressure is given all around, and nothing of the velocity."""
    exact = {
        "p": "sin(2*x)*cos(y + 1)",
        "u": "-(1 + x*y)*2*cos(2*x)*cos(y + 1)",
        "v": "(1 + x*y)*sin(2*x)*sin(y + 1)",
    }
    equations = ("u = -(1 + x*y)*p_x", "v = -(1 + x*y)*p_y", "u_x + v_y = f")
    parts = {"on": [("all", "p = g")], "domain": DISK, "more": manufactured("f", "g", **exact)}
    coarse, fine = on_two(tmp_path, *equations, **parts, counts=(400, 1600), most=1e9)
    assert np.all(fine < coarse / 2 ** (ORDER - 0.5))


@pytest.mark.study
def test_estimates_and_networks_know_such_systems(tmp_path):
    real = [("all", "u = exp(x)*cos(y)")]
    parts = {"on": real, "domain": DISK, "count": 300, "more": LEVEL + HARMONIC, "order": ORDER}
    direct, network = (
        solve(pose(tmp_path, *CAUCHY_RIEMANN, **parts, method=method)).accuracy
        for method in ("rbf-fd", "pinn")
    )
    assert direct.errors.worst < min(1e-5, 3 * direct.estimate.worst)
    assert network.errors.worst < 1e-6  # what weights at the nodes make of the mean
