"""What is divided by the distance from an axis has to vanish there."""

import pytest

from pinnsolve import solve
from tests.posing import INTERVAL, manufactured, pose

ROD = f'{INTERVAL}\ncoordinates = "axisymmetric"'


def posed(folder, equation, axis, more=""):
    on = [("left", axis), ("right", "u = 0")]
    return pose(folder, equation, on=on, domain=ROD, count=40, order=4, more=more)


def test_a_field_that_does_not_vanish_is_told_and_makes_the_estimate_doubtful(tmp_path):
    solution = solve(posed(tmp_path, "laplace(u) - u/r = -1", "u_r = 0"))
    (warning,) = solution.outcome.warnings
    assert warning.startswith('what "laplace(u) - u/r = -1" divides by r is ')
    assert warning.endswith("the solution is not smooth there, and how wrong it is is not known.")
    assert solution.verdict.word != "resolved"
    assert solution.verdict.remedy.startswith("State that what is divided by r vanishes where")


@pytest.mark.parametrize(
    ("equation", "axis", "exact"),
    [
        ("laplace(u) - u/r^2 = f", "u = 0", "r*(1 - r^2)"),  # a hoop
        ("u_rr + u_r/r = f", "u_r = 0", "cos(pi*r/2)"),
    ],
)
def test_of_smooth_solutions_nothing_is_said(tmp_path, equation, axis, exact):
    solution = solve(posed(tmp_path, equation, axis, manufactured("f", u=exact)))
    assert solution.outcome.warnings == ()
    assert solution.verdict.word == "resolved"
