"""A solution that is nothing at all is told of, where there may be others."""

import pytest

from pinnsolve import run
from tests.posing import INTERVAL, pose


@pytest.mark.parametrize(
    ("equation", "is_told"),
    [
        ("u_xx + 20*u - u^3 = 0", True),
        ("u_xx + 20*u = 0", False),  # which has no other
        ("u_xx + 1 = u^2", False),
    ],
)
def test_zero_is_told_of_where_there_may_be_another_solution(equation, is_told, tmp_path):
    problem = pose(tmp_path, equation, on=[("all", "u = 0")], domain=INTERVAL, count=25)
    told = [text for text in run.solve(problem).outcome.warnings if "u = 0 everywhere" in text]
    assert len(told) == is_told
