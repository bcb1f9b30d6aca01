"""Counting conditions: what is refused, in whole messages, and what must be let through."""

import pytest

from pinnsolve.checks.well_posedness import faults, silent
from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, PIN, SQUARE, pose

POISSON = "laplace(u) = 1"
ELASTICITY = ("laplace(u) + 2*d(u_x + v_y, x) = 0", "laplace(v) + 2*d(u_x + v_y, y) = 0")
STOKES = ("laplace(u) = p_x", "laplace(v) = p_y", "u_x + v_y = 0")
PLATE = "biharmonic(u) = 1"
TRANSPORT = "u_x + 0.5*u_y = 0"
HEAT = "u_y = 0.1*u_xx"  # y is the time
BEAM = "u_xxxx = 1"
ORDER_FOUR = (
    "For the order four in u two conditions are needed, such as u = 0 and dn(u) = 0, or u = 0 and "
    "laplace(u) = 0."
)


@pytest.fixture
def told(tmp_path):
    """Return what is told about a problem: line and message of every fault."""

    def told(*equations, **parts):
        problem = pose(tmp_path, *equations, **parts)
        nodes = Setup(problem).nodes
        found = faults(problem, nodes, nodal_conditions(problem, nodes))
        located = problem.source.error(*found).faults
        return [
            (fault.excerpt.split("| ")[1].splitlines()[0], f"{fault.message} {fault.remedy}")
            for fault in located
        ]

    return told


LEVEL = 'Add [[constraint]] equation = "mean({}) = 0", or a condition at a point.'


def level(name, why):
    """Return the message for a field that is determined up to a constant."""
    held = f"every equation and condition holds for {name} plus any constant"
    return f"the level of {name} is not determined: {held}, {why} {LEVEL.format(name)}"


@pytest.mark.parametrize(
    ("equations", "on", "parts", "line", "message"),
    [
        pytest.param(
            [POISSON],
            [("left", "u = 0")],
            {},
            'on = ["left"]',
            "no condition holds on right, bottom, top, but the equations need 1 on each. "
            'Add a [[boundary]] table with on = ["right", "bottom", "top"].',
            id="pieces without a condition",
        ),
        pytest.param(
            [POISSON],
            [("left right bottom", "u = 0")],
            {},
            'on = ["left", "right", "bottom"]',
            "no condition holds on top, but the equations need 1 there. "
            'Add a [[boundary]] table with on = "top".',
            id="a piece without a condition",
        ),
        pytest.param(
            ["u_xx = 1"],
            [("left", "u = 0")],
            {"domain": INTERVAL, "count": 40},
            'on = ["left"]',
            "no condition holds on right, but the equations need 1 there. "
            'Add a [[boundary]] table with on = "right".',
            id="an end without a condition",
        ),
        pytest.param(
            ELASTICITY,
            [("all", "u = 0")],
            {},
            'on = ["all"]',
            "1 condition holds on left, right, bottom, top, but the equations need 2 on each. "
            'Add a [[boundary]] table with on = ["left", "right", "bottom", "top"].',
            id="one of two conditions in elasticity",
        ),
        pytest.param(
            [PLATE],
            [("all", "u = 0")],
            {"count": 400},
            'on = ["all"]',
            "1 condition holds on left, right, bottom, top, but the equations need 2 on each. "
            f'Add a [[boundary]] table with on = ["left", "right", "bottom", "top"]. {ORDER_FOUR}',
            id="one of two conditions on a plate",
        ),
        pytest.param(
            [PLATE],
            [("left right bottom", "u = 0"), ("left right bottom", "dn(u) = 0")],
            {"count": 400},
            'on = ["left", "right", "bottom"]',
            "no condition holds on top, but the equations need 2 there. "
            f'Add 2 [[boundary]] tables with on = "top". {ORDER_FOUR}',
            id="an edge of a plate without conditions",
        ),
        pytest.param(
            [PLATE],
            [("all", "u = 0"), ("all", "dn(u) = 0"), ("left", "laplace(u) = 0")],
            {"count": 400},
            'on = ["left"]',
            "3 conditions hold on left, but the equations can satisfy 2. "
            "Leave one out, or name the pieces on which each holds.",
            id="three conditions on an edge of a plate",
        ),
        pytest.param(
            [HEAT],
            [("bottom", "u = x"), ("left", "u = 0")],
            {},
            'on = ["left"]',
            "no condition holds on right, but the equations need 1 there. "
            'Add a [[boundary]] table with on = "right".',
            id="heat without a condition at an end, but none needed at the last instant",
        ),
        pytest.param(
            [POISSON],
            [("all", "u = 0"), ("left", "dn(u) = 1")],
            {},
            'on = ["left"]',
            "2 conditions hold on left, but the equations can satisfy 1. "
            "Leave one out, or name the pieces on which each holds.",
            id="value and slope",
        ),
        pytest.param(
            ELASTICITY,
            [("all", "u = 0"), ("all", "v = 0"), ("left", "dn(u) = 0"), ("left", "dn(v) = 0")],
            {},
            'on = ["left"]',
            "4 conditions hold on left, but the equations can satisfy 2. "
            "Leave 2 of them out, or name the pieces on which each holds.",
            id="values and slopes",
        ),
        pytest.param(
            ["laplace(u) = u**2"],
            [("all", "u = 1"), ("left", "u**2 = 1")],
            {},
            'on = ["left"]',
            "2 conditions hold on left, but the equations can satisfy 1. "
            "Leave one out, or name the pieces on which each holds.",
            id="nonlinear conditions",
        ),
        pytest.param(
            [POISSON],
            [("all", "u = 0"), ("left", "u = y")],
            {},
            'condition = "u = y"',
            'it disagrees with "u = 0" on left: they ask for 1 and 0 at x = 0, y = 1. '
            "Keep one of the two there, or name the pieces on which each holds.",
            id="different values",
        ),
        pytest.param(
            ["u_xx = 1"],
            [("all", "u = 0"), ("right", "2*u = 3")],
            {"domain": INTERVAL, "count": 40},
            'condition = "2*u = 3"',
            'it disagrees with "u = 0" on right: they ask for 1.5 and 0 at x = 1. '
            "Keep one of the two there, or name the pieces on which each holds.",
            id="different values at an end",
        ),
        pytest.param(
            ["laplace(u) = v", "laplace(v) = u"],
            [("all", "u + v = 0"), ("all", "2*u + 2*v = 1")],
            {},
            'condition = "2*u + 2*v = 1"',
            'it disagrees with "u + v = 0" on left: they ask for 0.5 and 0 at x = 0, y = 1. '
            "Keep one of the two there, or name the pieces on which each holds.",
            id="different sums",
        ),
        pytest.param(
            ["laplace(u) = v", "laplace(v) = u"],
            [("all", "u*n_x + v*n_y = 0"), ("all", "u = 1")],
            {},
            'condition = "u = 1"',
            'it disagrees with "u*n_x + v*n_y = 0" on left: they ask for 1 and 0 at x = 0, y = 1. '
            "Keep one of the two there, or name the pieces on which each holds.",
            id="the same operator on some pieces only",
        ),
        pytest.param(
            [POISSON],
            [("all", "u = x"), ("left top", "2*u = 2*x")],
            {},
            'condition = "2*u = 2*x"',
            'it repeats "u = x" on left, top. Leave it out there.',
            id="the same twice",
        ),
        pytest.param(
            [POISSON],
            [("all", "dn(u) = 1")],
            {},
            'condition = "dn(u) = 1"',
            level("u", "as in a pure Neumann problem."),
            id="pure Neumann",
        ),
        pytest.param(
            STOKES,
            [("all", "u = 0"), ("all", "v = 0")],
            {},
            'fields = ["u", "v", "p"]',
            level("p", "and no condition is about it."),
            id="pressure of an enclosed flow",
        ),
        pytest.param(
            [POISSON],
            [("left right", "periodic"), ("bottom top left", "u = 0")],
            {},
            'on = ["bottom", "top", "left"]',
            "left is periodic: no boundary, on which a condition could hold, is left there. "
            "Name the other pieces only, or leave periodic out.",
            id="a value on a periodic side",
        ),
        pytest.param(
            [POISSON],
            [("left right", "periodic"), ("all", "u = 0")],
            {},
            'on = ["all"]',
            "left, right are periodic: no boundary, on which a condition could hold, is left "
            "there. Name the other pieces only, or leave periodic out.",
            id="a value all around",
        ),
        pytest.param(
            [POISSON],
            [("left right", "periodic"), ("bottom", "u = 0")],
            {},
            'on = ["bottom"]',
            "no condition holds on top, but the equations need 1 there. "
            'Add a [[boundary]] table with on = "top".',
            id="a strip with one open wall",
        ),
        pytest.param(
            [POISSON],
            [("left right", "periodic"), ("bottom top", "periodic")],
            {},
            'fields = ["u"]',
            level("u", "periodic sides included."),
            id="a torus without a value",
        ),
    ],
)
def test_what_cannot_be_solved_is_refused(told, equations, on, parts, line, message):
    assert told(*equations, on=on, **parts) == [(line, message)]


def test_every_fault_is_told_at_once(told):
    lines = [line for line, _ in told(*ELASTICITY, on=[("all", "dn(u) = 0"), ("all", "dn(v) = 0")])]
    assert lines == ['condition = "dn(u) = 0"', 'condition = "dn(v) = 0"']


@pytest.mark.parametrize(
    ("equations", "on", "parts"),
    [
        pytest.param([POISSON], [("left right bottom", "u = 0"), ("top", "u = 1")], {},
                     id="values that jump at a corner"),
        pytest.param([POISSON], [("left right bottom top", "dn(u) = 1"), ("pin", "u = 0")],
                     {"domain": f"{SQUARE}\n{PIN}"}, id="Neumann with a value at one place"),
        pytest.param(STOKES, [("all", "u = 0"), ("all", "v = 0"), ("pin", "p = 0")],
                     {"domain": f"{SQUARE}\n{PIN}"}, id="pressure with a value at one place"),
        pytest.param([PLATE], [("all", "u = 0"), ("all", "dn(u) = 0")], {"count": 400},
                     id="clamped plate"),
        pytest.param(["laplace(u) = v", "laplace(v) = 1"], [("all", "u = 0"), ("all", "dn(u) = 0")],
                     {}, id="clamped plate as a system"),
        pytest.param(["laplace(u) = 1", "v = laplace(u) + u"], [("all", "u = 0")], {},
                     id="a field that is only defined"),
        pytest.param(["laplace(u) = v", "laplace(v) = u"],
                     [("all", "u + v = 0"), ("all", "u - v = x")], {}, id="coupled conditions"),
        pytest.param([BEAM], [("left", "u = 0"), ("left", "u_x = 0"), ("right", "u_xx = 0"),
                              ("right", "u_xxx = 0")],
                     {"domain": INTERVAL, "count": 60}, id="cantilever"),
        pytest.param(["u_xx + u = 0"], [("left", "u = 1"), ("left", "u_x = 0")],
                     {"domain": INTERVAL, "count": 60}, id="initial value problem"),
        pytest.param([POISSON], [("left right", "periodic"), ("bottom top", "u = 0")], {},
                     id="strip"),
        pytest.param([PLATE], [("left right", "periodic"), ("bottom top", "u = 0"),
                               ("bottom top", "dn(u) = 0")], {"count": 400}, id="plate strip"),
        pytest.param([TRANSPORT], [("left right", "periodic"), ("bottom", "u = 0")], {},
                     id="outflow of a strip"),
        pytest.param(["laplace(u) = u"], [("left right", "periodic"), ("bottom top", "periodic")],
                     {}, id="torus"),
        pytest.param([TRANSPORT], [("left bottom", "u = y - x/2")], {}, id="outflow"),
        pytest.param([TRANSPORT], [("all", "u = y - x/2")], {}, id="outflow with its value"),
        pytest.param([HEAT], [("bottom", "u = 0"), ("left right", "u = y")], {}, id="heat"),
        pytest.param([POISSON], [("west right bottom top", "u = 0")],
                     {"domain": SQUARE + '\npieces = [{ name = "west", where = "x < 1e-9" }]'},
                     id="nothing is left of a piece"),
    ],
)  # fmt: skip
def test_what_can_be_solved_is_let_through(told, equations, on, parts):
    assert told(*equations, on=on, **parts) == []


def test_pieces_on_which_rightly_nothing_is_said_are_named(tmp_path):
    problem = pose(tmp_path, TRANSPORT, on=[("left bottom", "u = 0")])
    assert silent(problem, Setup(problem).nodes) == ["right", "top"]


CONSTRAINED = "laplace(u) + p*x = 1", "laplace(v) + p = 0", "x*u + v = y"


def test_an_equation_without_derivatives_holds_on_the_boundary_too(told):
    """Where x = 0 it says what v is, and elsewhere u tells."""
    assert told(*CONSTRAINED, on=[("all", "u = 0")]) == []
    assert told(*CONSTRAINED, on=[("all", "u = 0"), ("left", "v = y")]) == [
        ('condition = "v = y"', 'it repeats "x*u + v = y" on left. Leave it out there.')
    ]
    assert told(*CONSTRAINED, on=[("all", "u = 0"), ("left", "v = 2*y")]) == [
        (
            'condition = "v = 2*y"',
            'it disagrees with "x*u + v = y" on left: they ask for 2 and 1 at x = 0, y = 1. '
            "Keep one of the two there, or name the pieces on which each holds.",
        )
    ]


def test_an_equation_that_defines_a_field_binds_no_other(told):
    (fault,) = told("laplace(u) + v = 1", "v = u**3", on=[("left", "u = 0")])
    assert fault[1].startswith("no condition holds on right, bottom, top, but the equations need 1")


def test_where_nothing_is_left_to_be_said_no_boundary_is_needed(tmp_path):
    problem = pose(tmp_path, "laplace(u) + v = 0", "u = x*y", on=[])
    nodes = Setup(problem).nodes
    assert faults(problem, nodes, nodal_conditions(problem, nodes)) == []
