"""What jumps is not differentiated, whatever it is written as; all else is."""

import numpy as np
import pytest

from pinnsolve.equations.equation import equation, manufactured
from pinnsolve.equations.expression import Symbols, function, parse
from pinnsolve.equations.jumps import REMEDY_OF_VALUES, Jump
from pinnsolve.errors import ProblemError
from tests.posing import INTERVAL, pose

LINE = Symbols(("x",), fields=("u",), parameters={"a": None})
PLANE = Symbols(("x", "y"), fields=("u", "v"))
REMEDY = (
    "Smooth the jump over a few spacings of the nodes, as (1 + tanh((x - 0.5)/0.05))/2 does for "
    "heaviside(x - 0.5)."
)

KINKED = [  # in one dimension; continuous, so that their derivative has no delta
    "abs(x - 0.5)",
    "x*abs(x) + max(x, 0.2)",
    "d(x*abs(x), x)",
    "d(abs(x)^3, x, 2)",
    "d(max(0, 0.3 - x^2)^2, x)",
    "heaviside(x - 0.3)*(x - 0.3)",
    "x*heaviside(-x) + sin(x)*heaviside(x)",
    "d(x*heaviside(-x) + sin(x)*heaviside(x), x, 2)",
    "heaviside(x - 0.5) + heaviside(0.5 - x)",
    "(0.255*x - x^2/2)*heaviside(0.3 - x) + 0.045*(1 - x)*heaviside(x - 0.3)",
    "d((0.255*x - x^2/2)*heaviside(0.3 - x) + 0.045*(1 - x)*heaviside(x - 0.3), x)",
    "sign(x^2 + 1)*x",
    "sqrt((x - 0.5)^2)",
    "max(0, 1e-3 - sqrt(x^2))^2",
]


@pytest.mark.parametrize("text", KINKED)
def test_the_derivative_of_what_does_not_jump_integrates_to_it(text):
    def values(formula, x):
        return function(formula, Symbols(("x",)))(x[:, None])

    ends, n = np.array([-0.97, 1.03]), 40_000
    middles = ends[0] + (ends[1] - ends[0]) * (np.arange(n) + 0.5) / n
    integral = np.mean(values(f"d({text}, x)", middles)) * (ends[1] - ends[0])
    # at two places at most the slope jumps, by 3 at most, which costs half a cell of width 2 / n
    assert integral == pytest.approx(np.diff(values(text, ends))[0], abs=6 / n)


JUMPING = {  # where it is said to jump
    "d(heaviside(x - 0.5), x)": " at x = 0.5",
    "d((1 + 9*sign(x - 0.5))*u_x, x)": " at x = 0.5",
    "d((1 + 9*heaviside(x - 1e5))*u_x, x)": " at x = 1e+05",
    "d(heaviside(tanh((x - 0.5)/0.001)), x)": " at x = 0.5",
    "d(exp(x/1e-7)*heaviside(x), x)": " at x = 0",
    "d(1e-8*sign(x - 0.5), x)": " at x = 0.5",
    "d(abs(x - 0.5), x, 2)": " at x = 0.5",
    "d(x*abs(x), x, 3)": " at x = 0",
    "d(max(x, 0.5), x, 2)": " at x = 0.5",
    "d(min(x, 0.5)*u, x, 2)": " at x = 0.5",
    "d(norm([x - 0.5]), x, 2)": " at x = 0.5",
    "d((4*(x - 0.5)^2)^0.5, x, 2)": " at x = 0.5",
    "d(x/abs(x), x)": " at x = 0",
    "d(heaviside(heaviside(x - 0.5) - 0.5), x)": " at x = 0.5",
    "d((1 + heaviside(u - 273.15))*u_x, x)": " where unknowns pass certain values",
    "d((1 + heaviside(x - a))*u_x, x)": " where unknowns pass certain values",
    "laplace(abs(u))": " where unknowns pass certain values",
    "laplace(max(u, 0))": " where unknowns pass certain values",
    "div(grad(u)/abs(u_x))": " where unknowns pass certain values",
}


@pytest.mark.parametrize("text", JUMPING)
def test_what_jumps_is_not_differentiated(text):
    with pytest.raises(Jump) as caught:
        parse(text, LINE)
    moves = JUMPING[text] == " where unknowns pass certain values" and " a)" not in text
    assert str(caught.value) == (
        f"what is differentiated here jumps{JUMPING[text]}, and the derivative of the jump would "
        f"be lost. {REMEDY_OF_VALUES if moves else REMEDY}"
    )


@pytest.mark.parametrize(
    "inside",
    [
        "heaviside(0.05 - sqrt((x - 0.5)^2 + (y - 0.5)^2))",
        "heaviside(1e-4 - (x - 0.5)^2 - (y - 0.5)^2)",
        "heaviside(x - 0.3)*heaviside(0.301 - x)*heaviside(y - 0.3)*heaviside(0.301 - y)",
        "max(sign(x - 2*y), 0)",
        "heaviside(u_x^2 + u_y^2 - 1)",
    ],
)
def test_no_inclusion_is_too_small_to_be_met(inside):
    with pytest.raises(Jump):
        parse(f"div((1 + 9*{inside})*grad(u))", PLANE)


@pytest.mark.parametrize(
    "text",
    [
        "heaviside(x - 0.5)*laplace(u) + sign(u) - heaviside(u - 0.5)*u",
        "d(heaviside(x - 0.5)*u_y, y)",  # along the surface
        "d(max(u_x, 0), x)",
        "laplace(max(u, 0)^2)",
        "div(abs(u)*grad(u))",
        "div(max(x, 0)*max(y, 0)*grad(u))",
        "laplace(abs(x - y)^3)",
        "laplace(norm(X))",  # the kink is at a point
        "div(grad(u)/norm(grad(u)))",
        "d((x - 0.3)*heaviside(x - 0.3)*heaviside(y - 0.2), x)",
        "laplace(abs(u^2 + 1))",
    ],
)
def test_a_jump_that_is_not_differentiated_is_allowed(text):
    parse(text, PLANE)


def test_newtons_method_may_differentiate_a_jumping_reaction():
    stated = equation("laplace(u) = heaviside(u - 0.5)*u", PLANE)
    assert not stated.is_linear


def test_jumps_of_the_exact_solution_are_in_no_manufactured_source():
    symbols = Symbols(("x",), fields=("u",), manufactured=("f",))
    stated = equation("u_xx = f", symbols)
    with pytest.raises(Jump) as caught:
        manufactured("f", stated, [parse("abs(x - 0.5)", Symbols(("x",)))])
    assert str(caught.value) == (
        "the exact solution or a derivative of it jumps at x = 0.5, and the derivative of the jump "
        "would be lost. Give a solution that is smooth there, or leave out [exact]."
    )
    smooth = parse("x*abs(x)/2", Symbols(("x",)))  # whose second derivative is the sign
    source = manufactured("f", stated, [smooth])
    assert source == parse("sign(x)", Symbols(("x",)))


ENDS = [("left", "u = 0"), ("right", "u = 1")]


def test_a_file_whose_coefficient_jumps_is_refused_at_its_line(tmp_path):
    more = '[functions]\nk = "1 + 9*heaviside(x - 0.5)"'
    flux = "(1 + 9*heaviside(u - x))*u_x"
    with pytest.raises(ProblemError) as caught:
        pose(tmp_path, f"d({flux}, x) = 0", on=ENDS, domain=INTERVAL)
    (fault,) = caught.value.faults
    assert fault.place == f"{tmp_path / 'problem.toml'}:9"
    assert fault.excerpt.splitlines()[1].count("^") == len(f"d({flux}, x)")
    pose(tmp_path, "k*u_xx = heaviside(x)", on=ENDS, domain=INTERVAL, more=more)


def test_a_slope_in_time_that_jumps_when_time_begins_is_refused(tmp_path):
    more = '[exact]\nu = "heaviside(t + x)*x"\n[initial]\nu = "0"\nu_t = "manufactured"'
    domain = f"{INTERVAL}\ntime = [0, 1]"
    with pytest.raises(ProblemError) as caught:
        pose(tmp_path, "u_tt = u_xx", on=ENDS, domain=domain, more=more)
    assert "what is differentiated here jumps, as at t = " in str(caught.value)
