"""Values that differ where they meet are warned of, with the place."""

import pytest

from pinnsolve import check, solve
from tests.posing import DISK, SQUARE, pose

IN_TIME = "\ntime = [0, 1]"
CUBE = 'shape = "box"\nlower = [0, 0, 0]\nupper = [1, 1, 1]'
WALLS = "left right bottom"
SLOWLY = (
    "There u has no derivatives, and errors fall slowly. Let one go over into the other, or "
    "refine there."
)
EAST = '\npieces = [{ name = "east", where = "x > 0.5" }]'
ROOMS = """shape = "union"
of = [{ shape = "rectangle", name = "a", lower = [0, 0], upper = [1, 1] },
      { shape = "rectangle", name = "b", lower = [1.02, 0], upper = [2.02, 1] }]"""
A, B = ("a.left a.right a.top a.bottom".replace("a.", f"{name}.") for name in "ab")


@pytest.fixture
def warnings(tmp_path):
    """Return the warnings of a check."""

    def warnings(equation, start=None, **parts):
        more = "" if start is None else f'[initial]\nu = "{start}"\n'
        return check(pose(tmp_path, equation, more=more, **{"order": 2, **parts})).warnings

    return warnings


@pytest.mark.parametrize(
    ("on", "parts", "says"),
    [
        (
            [("top", "u = 1"), (WALLS, "u = 0")],
            {},
            '"u = 1" on top and "u = 0" on left, right, bottom disagree where they meet: they ask '
            "for 1 and 0 near x = 0.9333, y = 1. ",
        ),
        (
            [("surface", "u = x"), ("east", "u = 2")],
            {"domain": DISK + EAST},
            '"u = x" on surface and "u = 2" on east disagree where they meet: they ask for 0.399 '
            "and 2 near x = 0.399, y = 0.917. ",
        ),
    ],
)
def test_conditions_that_differ_at_a_corner_are_warned_of(warnings, on, parts, says):
    assert warnings("laplace(u) = 0", on=on, **parts) == (says + SLOWLY,)


def test_conditions_that_differ_at_an_edge_or_later_are_warned_of(warnings):
    walls = f"{WALLS} front back"
    for equation, start, value, domain, count in (
        ("laplace(u) = 0", None, "1", CUBE, 600),
        ("u_t = laplace(u)", "0", "t", SQUARE + IN_TIME, 300),
    ):
        on = [("top", f"u = {value}"), (walls if count == 600 else WALLS, "u = 0")]
        (warning,) = warnings(equation, start, on=on, domain=domain, count=count)
        assert "disagree where they meet: they ask for 1 and 0 near " in warning


@pytest.mark.parametrize(
    ("on", "parts"),
    [
        ([("top", "u = 4*x*(1 - x)"), (WALLS, "u = 0")], {}),
        ([("top", "u = tanh(100*x)*tanh(100*(1 - x))"), (WALLS, "u = 0")], {}),
        ([("top right", "u = exp(x)*cos(y)"), ("left bottom", "u = exp(x)*cos(y) + 0*x")], {}),
        # zero at the ends, but for rounding
        ([("top", "u = sin(pi*x)"), (WALLS, "u = 0")], {}),
        ([("surface", "u = 0"), ("east", "u = x - 0.5")], {"domain": DISK + EAST}),
        # pieces that are near each other, but do not meet
        ([(A, "u = sin(x)"), (B, "u = 5 + y")], {"domain": ROOMS, "count": 2000}),
    ],
)
def test_conditions_that_agree_where_they_meet_are_let_through(warnings, on, parts):
    assert warnings("laplace(u) = 0", on=on, **parts) == ()


def test_a_start_that_differs_from_a_condition_is_warned_of_in_a_solve_too(tmp_path):
    parts = {"domain": f"{DISK}\ntime = [0, 0.01]", "more": '[initial]\nu = "5"\n', "order": 2}
    on, count = [("all", "u = 4.9")], "60\ntime_levels = 3"
    problem = pose(tmp_path, "u_t = laplace(u)", on=on, count=count, **parts)
    says = (
        '"u = 4.9" on all disagrees with the initial value of u: they ask for 4.9 and 5 at x = 1, '
        "y = 0 when time begins. The solution jumps there, and is wrong around it at first. Let "
        "one go over into the other, or leave the first instants out."
    )
    assert check(problem).warnings == (says,)
    assert solve(problem).outcome.warnings[0] == says


@pytest.mark.parametrize(
    ("start", "condition"), [("x", "u = x*(1 + t)"), ("x", "u = x + sin(t)"), ("1", "dn(u) = 5")]
)
def test_a_start_that_agrees_is_let_through(warnings, start, condition):
    on = [("all", condition)]
    assert warnings("u_t = laplace(u)", start, on=on, domain=SQUARE + IN_TIME) == ()
