"""Functions that are infinite between the nodes, and operators that change their sign, are told."""

import numpy as np
import pytest

from pinnsolve import check, solve
from pinnsolve.checks.singularities import pole
from pinnsolve.geometry import build_domain
from tests.posing import DISK, INTERVAL, SQUARE, manufactured, pose

ALL = [("all", "u = g")]
INFINITE = (
    "[exact] u is infinite near {}: no error can be measured there, and none falls as it should "
    "around it. Leave that place out of the domain."
)
UNRESOLVED = (
    "the function k is infinite near {}: no discretisation resolves that. Leave that place out of "
    "the domain, or cut it off."
)


@pytest.fixture
def posed(tmp_path):
    """Return a problem with two functions of its own."""

    def posed(*equations, k="1", exact="", domain=SQUARE, count=200):
        more = f'[functions]\nk = "{k}"\nf = "manufactured"\ng = "manufactured"\n'
        more += f'[exact]\nu = "{exact or "x"}"\n'
        parts = {"domain": domain, "count": count, "order": 2, "more": more}
        return pose(tmp_path, *equations, on=ALL, **parts)

    return posed


@pytest.mark.parametrize(
    ("formula", "domain", "place"),
    [
        ("1/sqrt(x**2 + y**2)", DISK, "x = 0, y = 0"),
        ("log((x - 0.3)**2 + (y - 0.2)**2)", SQUARE, "x = 0.3, y = 0.2"),
        ("1/(x - 0.25)", INTERVAL, "x = 0.25"),
        ("(x - 1/3)**(-2)", INTERVAL, "x = 0.3333"),
    ],
)
def test_an_exact_solution_that_is_infinite_inside_is_warned_of(posed, formula, domain, place):
    found = check(posed("laplace(u) = f", exact=formula, domain=domain)).warnings
    assert INFINITE.format(place) in found


def test_an_infinite_coefficient_is_warned_of_in_a_solve_too(posed):
    problem = posed("div(k*grad(u)) = f", k="((x - 0.3)**2 + (y - 0.2)**2)**(-0.5)", exact="x")
    warnings = check(problem).warnings
    assert warnings == (UNRESOLVED.format("x = 0.3, y = 0.2"),)
    assert solve(problem).outcome.warnings[:1] == warnings


def test_a_function_of_the_boundary_may_be_infinite_inside(tmp_path):
    more = '[functions]\ng = "log(x**2 + y**2)"'
    parts = {"domain": DISK, "count": 100, "order": 2, "more": more}
    assert check(pose(tmp_path, "laplace(u) = 1", on=ALL, **parts)).warnings == ()


@pytest.mark.parametrize(
    "formula",
    [
        "(x**2 + y**2)**(1/3)",  # bounded, though its slope is not
        "exp(-(x**2 + y**2)/0.003**2)/0.003**2",
        "tanh(1000*x)",
        "sin(x)/x",
        "1/(1 + 1000*x**2)",
    ],
)
def test_bounded_functions_are_no_poles(posed, formula):
    problem = posed("laplace(u) = f", exact=formula, domain=DISK)
    x = np.random.default_rng(1).uniform(-0.7, 0.7, (500, 2))
    assert pole(problem.exact[0], x, build_domain(problem)) is None


def test_a_conductivity_that_changes_its_sign_is_warned_of(posed):
    (warning,) = check(posed("-div(k*grad(u)) = f", k="x - 0.5")).warnings
    head, tail = (
        'the coefficient of the highest derivatives of "-div(k*grad(u)) = f" is positive at x = ',
        ". Where it vanishes the solution may be infinite, or not unique. Let it keep its sign, or "
        "pose the parts as problems of their own.",
    )
    assert warning.startswith(head)
    assert warning.endswith(tail)
    places = warning[len(head) : -len(tail)].split(", but negative at x = ")
    positive, negative = (float(place.split(",")[0]) for place in places)
    assert negative > 0.5 > positive


@pytest.mark.parametrize("k", ["0.2 + x", "-1 - x*y", "1 + 9/(1 + exp(100*(x - 0.5)))"])
def test_a_conductivity_that_keeps_its_sign_is_let_through(posed, k):
    assert check(posed("-div(k*grad(u)) = f", k=k)).warnings == ()


def test_equations_of_mixed_type_that_agree_in_no_direction_are_let_through(tmp_path):
    """Tricomi's equation is elliptic here, hyperbolic there, and never all of one sign."""
    domain = 'shape = "rectangle"\nlower = [0, -1]\nupper = [1, 1]'
    more = manufactured("f", "g", u="x*y")
    problem = pose(tmp_path, "y*u_xx + u_yy = f", on=ALL, domain=domain, count=200, more=more)
    assert not any("coefficient" in warning for warning in check(problem).warnings)
