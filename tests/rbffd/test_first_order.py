"""Systems of order one on a line: of full order, wherever their conditions stand."""

import numpy as np
import pytest
from scipy.integrate import solve_bvp

from pinnsolve import solve
from tests.posing import INTERVAL, manufactured, pose

LINE = {"domain": INTERVAL}
ENDS = ("left", "u = a"), ("right", "u = b")


@pytest.mark.parametrize(
    ("on", "refine"),
    [
        (ENDS, ""),
        ((("left", "u = a"), ("right", "v = b")), ""),
        (ENDS, '\nrefine = "0.5 + x"'),
    ],
)
@pytest.mark.parametrize("order", [2, 4])
def test_the_error_falls_with_the_order(tmp_path, on, refine, order):
    more = manufactured("f", "g", "a", "b", u="sin(3*x)", v="3*(1 + x**2)*cos(3*x)")
    errors = []
    for count in (40, 80):
        parts = {"count": f"{count}{refine}", "order": order, "more": more, **LINE}
        solution = solve(pose(tmp_path, "v = (1 + x**2)*u_x + g", "v_x = f", on=on, **parts))
        errors.append(max(solution.accuracy.errors.relative_l2.values()))
    assert errors[1] < 5e-4
    assert errors[0] / errors[1] > 2 ** (order - 1)  # the order shows in full on finer nodes


def test_a_flux_is_the_same_on_both_sides_of_a_jump(tmp_path):
    """With conductivities 1 and 10 the flux is 1/(0.5 + 0.05); the kink costs the order."""
    equations = "v = (1 + 9*heaviside(x - 0.5))*u_x", "v_x = 0"
    on = [("left", "u = 0"), ("right", "u = 1")]
    solution = solve(pose(tmp_path, *equations, on=on, count=100, **LINE))
    assert solution.sample.values[:, 1] == pytest.approx(1 / 0.55, rel=1e-3)
    u = solution.sample.values[:, 0]
    x = solution.sample.nodes.x[solution.sample.nodes.rows][:, 0]
    assert np.interp(0.5, np.sort(x), u[np.argsort(x)]) == pytest.approx(0.5 / 0.55, abs=5e-3)


def test_a_nonlinear_system_agrees_with_collocation(tmp_path):
    on = [("left", "u = 0"), ("right", "u = 0")]
    solution = solve(pose(tmp_path, "v = u_x", "v_x = exp(u)", on=on, count=60, order=4, **LINE))
    x = solution.sample.nodes.x[solution.sample.nodes.rows][:, 0]
    found = solve_bvp(
        lambda _, y: [y[1], np.exp(y[0])],
        lambda a, b: [a[0], b[0]],
        np.linspace(0, 1, 21),
        np.zeros((2, 21)),
        tol=1e-8,
    )
    assert solution.sample.values == pytest.approx(found.sol(x).T, abs=1e-8)
