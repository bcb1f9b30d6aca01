"""Evolutions under a constraint, whose multiplier has no equation of its own."""

from pinnsolve import check, solve
from tests.posing import INTERVAL, pose

STRINGS = (
    "u_tt = u_xx + p*sin(pi*x)",
    "v_tt = v_xx + p*cos(pi*x)",
    "u*sin(pi*x) + v*cos(pi*x) = exp(-t)",
)
START = """[initial]
u = "sin(pi*x)"
u_t = "-sin(pi*x)"
v = "cos(pi*x)"
v_t = "-cos(pi*x)"
[exact]
u = "exp(-t)*sin(pi*x)"
v = "exp(-t)*cos(pi*x)"
p = "(1 + pi^2)*exp(-t)"
"""


def test_two_strings_that_are_tied_move_as_they_must(tmp_path):
    """On the boundary the tie says what the second string is; a multiplier is less accurate."""
    parts = {"count": "21\ntime_levels = 3", "domain": f"{INTERVAL}\ntime = [0, 0.1]"}
    on = [("all", "u = 0")]
    problem = pose(tmp_path, *STRINGS, on=on, order=2, more=START, **parts)
    assert check(problem).warnings == ()
    errors = solve(problem).accuracy.errors.relative_l2
    assert max(errors["u"], errors["v"]) < 1e-4
    assert errors["p"] < 0.1  # of its variation, a fifth of its size
