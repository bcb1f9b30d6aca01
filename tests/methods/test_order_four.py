"""Networks on equations of order four, whose conditions differ in order and size."""

import pytest

from pinnsolve import solve
from tests.posing import pose

ORTHOTROPIC = "u_xxxx + 2*3*u_xxyy + 2*u_yyyy = f"  # stiffer across the fibres than along them
DATA = '[functions]\nf = "manufactured"\ng = "manufactured"\n[exact]\nu = "sin(2*x)*exp(y)"'
SUPPORTED, CLAMPED = "nu*laplace(u) + (1 - nu)*dn(dn(u)) = g", "dn(u) = g"


@pytest.fixture
def plate(tmp_path):
    """Return an orthotropic plate, clamped on the left and supported on the other edges."""
    on = [("all", "u = g"), ("left", CLAMPED), ("right bottom top", SUPPORTED)]
    more = f"{DATA}\n[output]\ntest_points = 500\n[constants]\nnu = 0.3"
    return pose(tmp_path, ORTHOTROPIC, on=on, count=600, order=4, more=more)


def test_the_nodal_network_follows_the_direct_solution(plate):
    solution = solve(plate, method="dt-pinn")
    assert (
        solution.accuracy.errors.relative_l2_nodes["u"]
        < 1.5 * solution.accuracy.baseline.overall_l2
    )
    assert solution.accuracy.errors.relative_l2_nodes["u"] < 1e-6


@pytest.mark.slow
def test_the_exact_network_has_no_discretisation_error(plate):
    solution = solve(plate.replace({"network.hidden": [60, 240]}), method="pinn")
    assert solution.accuracy.errors.relative_l2_nodes["u"] < 1e-7
