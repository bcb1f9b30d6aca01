"""Units change nothing: an optimiser's error is the same, whatever a field is measured in."""

import numpy as np
import pytest

from pinnsolve import solve
from tests.posing import DISK, INTERVAL, manufactured, pose

# what rounding makes of them grows with the number of steps
STEPS = {"gauss-newton": (5, 1e-6), "lbfgs": (15, 1e-6), "adam": (30, 1e-6)}
NETWORK = """\
[network]
hidden = [8, 8]
[output]
test_points = 100
[[training]]
optimizer = "{}"
iterations = {}
"""


@pytest.mark.parametrize(
    ("method", "optimizer"), [*(("dt-pinn", name) for name in STEPS), ("pinn", "gauss-newton")]
)
def test_the_error_does_not_depend_on_the_units_of_two_coupled_fields(tmp_path, method, optimizer):
    # of one, exp, and of the other, a square, would be something else altogether in other units
    iterations, within = STEPS[optimizer]
    found = []
    for a, b in ((1.0, 1.0), (1e-6, 1e6), (1e6, 1e-6)):
        problem = pose(
            tmp_path,
            f"u_xx + {a / b!r}*v_x = {a!r}*exp(u/{a!r}) + f",
            f"v_xx - {b / a**2!r}*u**2 = g",
            on=[("all", "u = h"), ("all", "v = k")],
            domain=INTERVAL,
            count=20,
            order=2,
            method=method,
            more=manufactured("f", "g", "h", "k", u=f"{a!r}*cos(2*x)", v=f"{b!r}*(1 + sin(3*x))")
            + NETWORK.format(optimizer, iterations),
        )
        solution = solve(problem)
        errors = solution.accuracy.errors.relative_l2
        found.append([errors["u"], errors["v"], solution.course.phases[-1].loss_after])
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=within)


def test_an_exponential_of_a_small_unit_does_not_leave_the_numbers(tmp_path):
    # exp(u/A), the network's first values a million times A, was not a number at once
    problem = pose(
        tmp_path,
        "laplace(u) = 1e-6*exp(u/1e-6)",
        on=[("all", "dn(u) + u = 2e-6")],
        domain=DISK,
        count=80,
        method="dt-pinn",
        more=NETWORK.format("gauss-newton", 20),
    )
    solution = solve(problem)
    assert solution.outcome.status == "finished"
    assert solution.accuracy.estimate.worst < 0.05


def test_a_solution_is_read_as_it_was_trained_whatever_its_unit(tmp_path):
    # the weights that are kept are those of the field in its unit
    problem = pose(
        tmp_path,
        "u_xx = 1e6",
        on=[("all", "u = 0")],
        domain=INTERVAL,
        count=30,
        method="pinn",
        more=NETWORK.format("gauss-newton", 20),
    )
    x = np.linspace(0, 1, 9)[:, None]
    solution = solve(problem)
    np.testing.assert_allclose(solution(x)[:, 0], 5e5 * x[:, 0] * (x[:, 0] - 1), atol=1e2)
