"""Shipped problems that are solved in slabs of time, reduced, against their references."""

import pytest

from pinnsolve import load, solve
from pinnsolve.cli import shipped

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_pictures")]

QUICK = {"solver.baseline": "never", "output.test_points": 2000, "solver.device": "cpu"}
# what makes it a second's work, as smooth initial values or a wider shock, and the error then
FOUND = {
    "allen_cahn": (
        {"initial.u": "cos(pi*x)^2", "nodes.count": 64, "domain.time": [0, 0.2], "solver.slabs": 4},
        9.6e-7,
    ),
    "burgers_half": (
        {"constants.nu": "0.1/pi", "nodes.count": 40, "nodes.time_levels": 30, "solver.slabs": 6},
        3.8e-7,
    ),
    "schrodinger": (
        {
            "initial.u": "2*exp(-x^2)",
            "nodes.count": 64,
            "nodes.time_levels": 9,
            "domain.time": [0, 0.2],
            "solver.slabs": 3,
        },
        8.0e-5,
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_slabs_come_as_near_to_the_reference_as_was_found(name):
    overrides, found = FOUND[name]
    solution = solve(load(shipped.folder() / f"{name}.toml", {**QUICK, **overrides}))
    errors = solution.accuracy.errors
    assert errors is not None
    assert errors.uncertainty < 0.1 * found
    assert errors.relative_l2["u"] < 10 * found
    if errors.derived is not None:
        assert errors.derived.worst < 10 * found
