"""Evolutions under a constraint, whose multiplier has no equation of its own."""

import numpy as np

from pinnsolve import check
from pinnsolve.rbffd.solve import solve
from pinnsolve.setup import Setup
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
    setup = Setup(problem)
    x = setup.nodes.x[setup.nodes.rows]
    fields = solve(problem, setup.discretisation(), setup.placement).fields
    found = fields.values[-1, setup.nodes.rows]
    at_end = np.column_stack([x, np.full(len(x), 0.1)])
    exact = np.stack([e(at_end) for e in problem.exact], axis=1)
    off = np.abs(found - exact).max(axis=0)
    assert max(off[:2]) < 1e-4
    assert off[2] < 0.05 * exact[0, 2]
