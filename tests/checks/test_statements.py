"""Statements of a file that cannot be true of its solution, or determine nothing, are refused."""

import pytest

from pinnsolve import check, solve
from pinnsolve.errors import ProblemError
from tests.posing import INTERVAL, SQUARE, pose

LINE = 'shape = "interval"\nbounds = [-1, 1]'
PLANE = 'shape = "rectangle"\nlower = [-1, 0]\nupper = [1, 1]'
ODD = '[network]\nsymmetry = { u = "odd" }\n'
EVEN = '[network]\nsymmetry = { u = "even" }\n'


@pytest.fixture
def posed(tmp_path):
    """Return a problem for a network."""

    def posed(*equations, **parts):
        return pose(tmp_path, *equations, **{"method": "pinn", "count": 100, **parts})

    return posed


def refusal(problem):
    """Return what a check and a solve refuse a problem with, without its excerpt."""
    said = []
    for command in (check, solve):
        with pytest.raises(ProblemError) as refused:
            command(problem)
        (fault,) = refused.value.faults
        said.append(f"{fault.message} {fault.remedy}")
    assert said[0] == said[1]
    return said[0]


def test_a_parameter_that_is_nowhere_is_refused(posed):
    more = "[unknowns.parameters]\nlam = {}"
    assert refusal(posed("u_xx = 1", on=[("all", "u = 0")], domain=INTERVAL, more=more)) == (
        'the parameter "lam" is in no equation and no condition: nothing determines it. '
        "Use it in an equation, or move it to [constants]."
    )


@pytest.mark.parametrize(
    "where",
    [
        {"equation": "u_xx = lam"},
        {"on": [("all", "u = lam*x")]},
        {"more": '[[pde.extra]]\nequation = "u = lam"\nwhere = "x == 0.5"\n'},
    ],
)
def test_a_parameter_counts_wherever_it_is(posed, where):
    equation = where.get("equation", "u_xx = 1")
    more = "[unknowns.parameters]\nlam = {}\n" + where.get("more", "")
    on = where.get("on", [("all", "u = 0")])
    assert check(posed(equation, on=on, domain=INTERVAL, more=more)).warnings == ()


OUT = "Leave out the symmetry, or move the origin to its centre."


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (
            {"on": [("all", "u = 1")], "more": ODD},
            'u is not odd in x: "u = 1" says 1 where x = -1, and 1 where x = 1.',
        ),
        (
            {"on": [("all", "u = x")], "more": EVEN},
            'u is not even in x: "u = x" says -1 where x = -1, and 1 where x = 1.',
        ),
        (
            {"on": [("all", "u = x**3")], "more": f'{EVEN}[exact]\nu = "x**3"\n'},
            "u is not even in x: [exact] says -1 where x = -1, and 1 where x = 1.",
        ),
    ],
)
def test_a_symmetry_that_the_data_contradict_is_refused(posed, parts, says):
    assert refusal(posed("u_xx = 6*x", domain=LINE, **parts)) == f"{says} {OUT}"


def test_a_symmetry_that_the_start_contradicts_is_refused(posed):
    more = f'{ODD}[initial]\nu = "cos(pi*x/2)"\n'
    domain = f"{LINE}\ntime = [0, 1]"
    problem = posed("u_t = u_xx", on=[("all", "u = 0")], domain=domain, more=more)
    assert refusal(problem).startswith("u is not odd in x: its initial value says ")


@pytest.mark.parametrize(
    ("parts", "more"),
    [
        ({"domain": LINE, "on": [("all", "u = x")]}, ODD),
        ({"domain": PLANE, "on": [("all", "u = y*cos(x)")]}, EVEN),
        # half of it only is asked of the network
        ({"domain": SQUARE, "on": [("all", "u = x**2 + 1")]}, EVEN),
        ({"domain": INTERVAL, "on": [("all", "u = x**2")]}, ODD),
        # the other side says another thing
        ({"domain": LINE, "on": [("left", "u = -1"), ("right", "u_x + u = 2")]}, ODD),
    ],
)
def test_symmetries_that_hold_are_let_through(posed, parts, more):
    equation = "laplace(u) = 0"
    assert check(posed(equation, more=more, **parts)).figures["method"] == "pinn"
