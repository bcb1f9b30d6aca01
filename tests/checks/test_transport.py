"""Conditions stand where the equations carry values in, and nowhere else."""

import pytest

from pinnsolve import check, solve
from pinnsolve.errors import ProblemError
from tests.posing import DISK, INTERVAL, SQUARE, manufactured, pose

IN_TIME = "\ntime = [0, 1]"
LINE = {"domain": INTERVAL, "count": 40}
BAR = {"domain": INTERVAL + IN_TIME, "count": 40}
BOX = {"domain": SQUARE + IN_TIME}
LEAVE = "what leaves it cannot be prescribed."
OUT = "Leave the condition out there, or change the sign of the flow."


@pytest.fixture
def posed(tmp_path):
    """Return a problem, one in time beginning at rest."""

    def posed(*equations, more="", **parts):
        if "time" in parts.get("domain", ""):
            names = [name for name in "uv" if f"{name}_t" in "".join(equations)]
            more += "[initial]\n" + "".join(f'{name} = "0"\n' for name in names)
        return pose(tmp_path, *equations, more=more, **parts)

    return posed


def refusal(problem):
    """Return what a check and a solve refuse a problem with, without excerpts."""
    said = []
    for command in (check, solve):
        with pytest.raises(ProblemError) as refused:
            command(problem)
        said.append([f"{fault.message} {fault.remedy}" for fault in refused.value.faults])
    assert said[0] == said[1]
    return said[0]


def test_a_condition_at_the_wrong_end_is_refused(posed):
    assert refusal(posed("u_t + u_x = 0", on=[("right", "u = 0")], **BAR)) == [
        "no condition holds on left, but the equations carry 1 value into the domain there, and "
        'nothing says which. Add a [[boundary]] table with on = ["left"].',
        "1 condition holds on right, but the equations carry no value into the domain there: "
        f"{LEAVE} {OUT}",
    ]


@pytest.mark.parametrize(
    ("equation", "on", "parts"),
    [
        ("u_t + u_x = 0", [("all", "u = 0")], BAR),
        ("u_t + u_x = u**2", [("all", "u = 0")], BAR),
        ("(1 + x)*u_t + exp(t)*u_x = 0", [("all", "u = 0")], BAR),
        ("u_t + u_x = 0", [("left right", "u = 0")], BOX),
        ("u_x + 0.5*u_y = 0", [("left right bottom", "u = 0")], {}),
    ],
)
def test_a_condition_at_the_outflow_is_refused(posed, equation, on, parts):
    assert refusal(posed(equation, on=on, **parts)) == [
        "1 condition holds on right, but the equations carry no value into the domain there: "
        f"{LEAVE} {OUT}"
    ]


def test_a_system_takes_as_many_conditions_as_characteristics_enter(posed):
    waves = "u_t = v_x", "v_t = u_x"
    assert check(posed(*waves, on=[("left", "u = 0"), ("right", "v = 0")], **BAR)).warnings == ()
    assert refusal(posed(*waves, on=[("left", "u = 0"), ("left", "v = 0")], **BAR)) == [
        "2 conditions hold on left, but the equations carry 1 value into the domain there: "
        f"{LEAVE} {OUT}",
        "no condition holds on right, but the equations carry 1 value into the domain there, and "
        'nothing says which. Add a [[boundary]] table with on = ["right"].',
    ]


@pytest.mark.parametrize(
    ("equation", "on", "parts"),
    [
        ("u_t + u_x = 0", [("left", "u = 0")], BAR),
        ("u_t - u_x = 0", [("right", "u = 0")], BAR),
        ("u_t + u_x + 0.5*u_y = 0", [("left bottom", "u = 0")], BOX),
        ("u_t + y*u_x - x*u_y = 0", [("all", "u = 0")], {"domain": DISK + IN_TIME}),
        ("u_x + 0.5*u_y = 0", [("left bottom", "u = y - x/2")], {}),
        ("u_x + 0.5*u_y = 0", [("right top", "u = y - x/2")], {}),  # read backwards
        ("u_x = 1", [("left", "u = 0")], LINE),
        ("u_x = u**2", [("right", "u = 0.5")], LINE),
        ("u_xx = -u", [("left", "u = 0"), ("left", "u_x = 1")], LINE),
        ("u_xxx = 1", [("left", "u = 0"), ("left", "u_x = 1"), ("right", "u = 0")], LINE),
    ],
)
def test_what_stands_right_is_let_through_in_silence(posed, equation, on, parts):
    assert check(posed(equation, on=on, **parts)).warnings == ()


def test_conditions_too_many_that_the_exact_solution_satisfies_do_no_harm(posed):
    more = manufactured("f", "g", u="exp(x)")
    assert check(posed("u_x = f", on=[("all", "u = g")], more=more, **LINE)).warnings == ()


def test_pieces_of_which_a_part_is_outflow_are_warned_of(posed):
    problem = posed("u_t + u_x = 0", on=[("all", "u = 0")], domain=DISK + IN_TIME)
    assert check(problem).warnings == (
        "on a part of surface (27 nodes, one at x = 1, y = 0) the solution leaves the domain, so "
        "that what a condition says there can contradict it. Name the rest of it in "
        "[[domain.pieces]] for the condition.",
    )


def test_pieces_of_which_a_part_is_inflow_are_warned_of(posed):
    parts = {"domain": DISK + IN_TIME + '\npieces = [{ name = "west", where = "x < -0.6" }]'}
    (warning,) = check(posed("u_t + u_x = 0", on=[("west", "u = 0")], **parts)).warnings[1:]
    assert warning.startswith("on a part of surface (")
    assert warning.endswith(
        ") the solution enters the domain, but no condition says what it is there. Name that part "
        "in [[domain.pieces]], and give it a condition."
    )


@pytest.mark.parametrize(
    ("equations", "on", "says"),
    [
        (
            ["u_x = 1"],
            [("left right", "u = 0")],
            "2 conditions hold on both ends together, but the equations, which are of order 1 in "
            "all, need 1 and can satisfy no more. Leave out what is not known of the solution.",
        ),
        (
            ["u_xxx = 1"],
            [("left right", "u = 0"), ("left right", "u_x = 1")],
            "4 conditions hold on both ends together, but the equations, which are of order 3 in "
            "all, need 3 and can satisfy no more. Leave out what is not known of the solution.",
        ),
        (
            ["u_xxx = 1"],
            [("left right", "u = 0")],
            "2 conditions hold on both ends together, but the equations, which are of order 3 in "
            "all, need 3 and can satisfy no more. Add one.",
        ),
        (
            ["v = u_x", "v_x = 1"],
            [("left right", "u = 0"), ("left", "v = 1")],
            "3 conditions hold on both ends together, but the equations, which are of order 2 in "
            "all, need 2 and can satisfy no more. Leave out what is not known of the solution.",
        ),
    ],
)
def test_ordinary_differential_equations_have_as_many_conditions_as_their_order(
    posed, equations, on, says
):
    assert refusal(posed(*equations, on=on, **LINE)) == [says]


def test_where_the_highest_coefficient_vanishes_nothing_is_counted(posed):
    """Of x u' + u = 1 on both sides of zero the solutions are those of two problems."""
    domain = 'shape = "interval"\nbounds = [-1, 1]'
    assert check(posed("x*u_x + u = 1", on=[("all", "u = 1")], domain=domain, count=41)).lines
