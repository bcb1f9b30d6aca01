"""The language of formulas: what it means, what it refuses, and how it says so."""

import math
import sys

import numpy as np
import pytest
import sympy
import torch
from scipy.special import erf

from pinnsolve.equations import calculus, variables
from pinnsolve.equations.algebra import exact
from pinnsolve.equations.equation import equation
from pinnsolve.equations.expression import (
    ExpressionError,
    Symbols,
    evaluate,
    function,
    parse,
    parse_number,
    parse_predicate,
)
from pinnsolve.equations.program import program

PLANE = Symbols(("x", "y"))
FIELD = Symbols(("x", "y"), fields=("u",))
X = np.random.default_rng(0).uniform(0.1, 0.9, (50, 2))
x, y = X.T
FEW = 400_000  # calls, forty for each of the 10,000 characters read: a fraction of a second


@pytest.fixture
def calls():
    """Return a function that stops counting calls, compiled ones too, and tells their number."""
    evaluate([parse("x", PLANE)], PLANE, X)  # what is loaded at first is not counted
    count = 0

    def note(_frame, event, _function):
        nonlocal count
        count += event in ("call", "c_call")

    def stop():
        sys.setprofile(None)
        return count

    sys.setprofile(note)
    yield stop
    stop()


VALUES = {
    "1 + 2*x - y/4": 1 + 2 * x - y / 4,
    "-x^2": -(x**2),
    "sum(X + 1)": x + y + 2,
    "prod(1 - X)": (1 - x) * (1 - y),
    "sum(X^2)": x**2 + y**2,
    "prod(max(0.5 - X^2, 0, -X))": np.maximum(0.5 - x**2, 0) * np.maximum(0.5 - y**2, 0),
    "2^-x": 2**-x,
    "x^y^2": x ** (y**2),
    "x**0.5 * y**-2": np.sqrt(x) / y**2,
    "x**(1/3)": np.cbrt(x),
    "-(x - y)*-3": 3 * (x - y),
    "sin(pi*x)*cos(y)": np.sin(np.pi * x) * np.cos(y),
    "tan(x)": np.tan(x),
    "asin(x) + acos(y)": np.arcsin(x) + np.arccos(y),
    "atan(x/y)": np.arctan(x / y),
    "atan2(y, -x)": np.arctan2(y, -x),
    "sinh(x) - cosh(y)": np.sinh(x) - np.cosh(y),
    "tanh(3*x)": np.tanh(3 * x),
    "sech(x)": 1 / np.cosh(x),
    "exp(-x) * log(y)": np.exp(-x) * np.log(y),
    "sqrt(x^2 + y^2)": np.hypot(x, y),
    "abs(x - y)": np.abs(x - y),
    "min(x, y, 0.5)": np.minimum(np.minimum(x, y), 0.5),
    "max(0.5, x)": np.maximum(0.5, x),
    "sign(x - 0.5)": np.sign(x - 0.5),
    "heaviside(x - y)": (x > y).astype(float),
    "erf(x)": erf(x),
    "gauss(2*x)": np.exp(-4 * x * x),
    "dot([x, y], X) - norm(X)": x**2 + y**2 - np.hypot(x, y),
    "sum([x, 2*y])": x + 2 * y,
    "7": np.full(50, 7.0),
    "1e-3*x + .5": 1e-3 * x + 0.5,
    "  ( x\n + y )\t": x + y,
}


@pytest.mark.parametrize("text", VALUES)
def test_values_on_numpy(text):
    values = function(text, PLANE)(X)
    assert values.shape == (50,)
    np.testing.assert_allclose(values, VALUES[text], rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("text", VALUES)
def test_values_on_torch_are_those_on_numpy(text):
    compiled = program([parse(text, PLANE)], list(map(variables.coordinate, ("x", "y"))))
    (values,) = compiled(*torch.as_tensor(X).T)
    np.testing.assert_allclose(np.broadcast_to(values, 50), VALUES[text], rtol=1e-14, atol=1e-15)


JUMPS = ("sign(x - 0.5)", "heaviside(x - y)")  # are not differentiated


@pytest.mark.parametrize("text", [t for t in VALUES if t not in ("7", *JUMPS)])
def test_derivatives_are_those_of_torch(text):
    points = torch.as_tensor(X).clone().requires_grad_()
    compiled = program([parse(text, PLANE)], list(map(variables.coordinate, ("x", "y"))))
    (gradient,) = torch.autograd.grad(compiled(*points.T)[0].sum(), points)
    ours = np.stack([function(f"d({text}, {axis})", PLANE)(X) for axis in "xy"], axis=1)
    np.testing.assert_allclose(ours, gradient, rtol=1e-12, atol=1e-13)


def test_constants_functions_and_their_derivatives():
    f = parse("sin(a*x)*y", Symbols(("x", "y"), constants={"a": 2.0}))
    known = Symbols(
        ("x", "y"), constants={"a": 0.1}, functions={"f": f, "h": parse("[y, x]", PLANE)}
    )
    np.testing.assert_allclose(function("a*f_xy + f", known)(X), 0.2 * np.cos(2 * x) + VALUES_F)
    np.testing.assert_allclose(function("laplace(f)", known)(X), -4 * VALUES_F)
    np.testing.assert_allclose(function("div(x*h)", known)(X), y)
    np.testing.assert_allclose(function("sum(h_x) + sum(laplace(x*h))", known)(X), 1 + 2 + 0 * x)


VALUES_F = np.sin(2 * x) * y


def test_axes_beyond_three_and_time():
    many = Symbols(tuple(f"x{i + 1}" for i in range(12)), functions={})
    e = parse("x1^2*x10 + x12^3", many)
    known = Symbols(many.coordinates, functions={"f": e})
    points = np.random.default_rng(1).random((5, 12))
    np.testing.assert_allclose(function("f_x1x10", known)(points), 2 * points[:, 0])
    wanted = 2 * points[:, 9] + 6 * points[:, 11]
    np.testing.assert_allclose(function("laplace(f)", known)(points), wanted)
    moving = Symbols(("x", "t"))
    np.testing.assert_array_equal(function("laplace(t^2*x^2) + div(t*X)", moving)(X), 2 * y * y + y)


def test_tabulated_functions_are_evaluated_but_not_differentiated():
    known = Symbols(("x", "y"), data={"k": lambda points: points[:, 0] + 1})
    np.testing.assert_array_equal(function("2*k", known)(X), 2 * (x + 1))
    with pytest.raises(ExpressionError) as caught:
        parse("x + k_x", known)
    assert caught.value.span == (4, 7)
    assert str(caught.value) == (
        '"k" is known by its values only and cannot be differentiated. Give it as a formula.'
    )


def test_numbers():
    assert parse_number("0.01/pi", {}) == 0.01 / math.pi
    assert parse_number("2*a^2", {"a": 0.3}) == 0.18
    assert parse_number("0.1*3 - 0.3", {}) == 0  # decimal fractions are exact
    assert parse_number("sqrt(2)", {}) == math.sqrt(2)


def test_predicates():
    points = np.array([[0.1, 0.1], [0.6, 0.1], [0.1, 0.3], [0.1, 0.0], [1 / 3, 0.5]])

    def holds(text):
        return parse_predicate(text, PLANE)(points).tolist()

    assert holds("x < 0.5 and not (y > 0.2 or y == 0)") == [True, False, False, False, False]
    assert holds("0.05 <= x < 0.2") == [True, False, True, True, False]
    assert holds("3*x == 1") == [False, False, False, False, True]
    assert holds("x != 0.1 and abs(y) >= 0.1") == [False, True, False, False, True]


REFUSED = {  # text: place, and what is said
    "9**9**9": ("9**9**9", "this exponent is larger than 1000."),
    "x*(10^300)^2": ("(10^300)^2", "this is not a finite number."),
    "x*(2^900/3^600)^9": ("(2^900/3^600)^9", "this number is too large."),
    "10^400*x": ("10^400", "this is not a finite number."),
    "1e400": ("1e400", "this number is too large."),
    "x/0": ("0", "this divides by zero."),
    "1 + x/(y - y)": ("y - y", "this divides by zero."),
    "sqrt(-2)*x": ("sqrt(-2)", "this is not a finite number."),
    "exp(exp(exp(9)))": ("exp(exp(9))", "this is not a finite number."),
    "x.real": (
        "x.real",
        "a dot after a name has no meaning here. Write products with *.",
    ),
    "x.__class__.__mro__": (
        "x.__class__.__mro__",
        "a dot after a name has no meaning here. Write products with *.",
    ),
    "X[0]": ("X[0]", "an index after a name has no meaning here. Write components by name."),
    "__import__('os')": ("'", "the character ' has no meaning in a formula."),
    "open(x)": ("open", None),
    "lambda: x": (":", "the character : has no meaning in a formula."),
    "[x for x in y]": ("for", '"for" cannot be used as a name. Choose another.'),
    "x if y else x": ("if", '"if" cannot be used as a name. Choose another.'),
    "True": ("True", '"True" cannot be used as a name. Choose another.'),
    "x, y": (
        "x, y",
        "a comma is not expected here. Write vectors in square brackets: [a, b].",
    ),
    "sin(x=3)": ("=", "an = is not expected here."),
    "x < y": ("x < y", 'a comparison is not expected here. Comparisons belong into "where".'),
    "x // y": ("x // y", "// is not an operation of formulas. Write / for division."),
    "2j": ("2j", "only real numbers can be written here."),
    "2(x)": ("2(x)", "an operator is missing. Write products with *."),
    "2x": ("2", "an operator is missing. Write products with *."),
    "x y": ("x", "the formula cannot be read here. Write products with *."),
    "x +": ("+", "the formula ends too early."),
    "(x": ("(", "this ( is never closed."),
    "x)*(y": (")", "this ) closes nothing."),
    "[x)": (")", "this ) closes nothing."),
    "": ("", "a formula is missing."),
    "π*x": ("π", "the character π has no meaning in a formula. Write pi instead."),
    "sin": ("sin", "sin is a function. Write sin(…)."),
    "sin(x, y)": ("sin(x, y)", "sin takes 1 argument, not 2."),
    "min(x)": ("min(x)", "min takes at least 2 arguments, not 1."),
    "x(y)": ("x", "x takes no arguments. Write x alone, or x*(…)."),
    "radis*x": (
        "radis",
        'unknown name "radis". Did you mean "radius"? Known: pi, radius, x, y.',
    ),
    "sine(x)": (
        "sine",
        'unknown function "sine". Did you mean "sin"? Known: abs, acos, asin, atan, atan2, '
        "biharmonic, cos, cosh, d, delta, div, dn, dot, erf, exp, gauss, grad, heaviside, "
        "integral, laplace, log, max, mean, min, norm, prod, sech, sign, sin, sinh, sqrt, sum, "
        "tan, tanh.",
    ),
    "ln(x)": ("ln", 'unknown function "ln". Write log(…).'),
    "X*X": ("X*X", "two vectors cannot be multiplied with *. Use dot(a, b)."),
    "2**X": ("X", "a vector is not expected here."),
    "max(X, [x, y, x])": (
        "max(X, [x, y, x])",
        "vectors of 2 and of 3 components do not go together.",
    ),
    "(-2)^x": ("(-2)^x", "the base of a power that varies must be positive."),
    "1/X": ("X", "a vector is not expected here."),
    "X + [x, y, x]": ("X + [x, y, x]", "vectors of 2 and of 3 components do not go together."),
    "div([x])": ("[x]", "this vector has 1 components; space has 2."),
    "div(x)": ("x", "a vector is expected here. Write [a, b]."),
    "[X, x]": ("X", "a vector is not expected here."),
    "grad(X)": ("X", "a vector is not expected here."),
    "d(x)": (
        "d(x)",
        "d needs an expression and a coordinate. "
        "Write d(e, x), or d(e, x, 2) for the second derivative.",
    ),
    "d(x, radius)": (
        "radius",
        "a coordinate or the order of a derivative is expected here. "
        "Write d(e, x, 2) with one of the coordinates: x, y.",
    ),
    "d(x, x, 17)": ("d(x, x, 17)", "derivatives above order 16 are not supported."),
    "dn(x)": (
        "dn(x)",
        "dn is the normal of the boundary and has no meaning here. Use it in boundary conditions.",
    ),
    "n_x*x": (
        "n_x",
        "n_x is the normal of the boundary and has no meaning here. Use it in boundary conditions.",
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused_is_marked_and_explained(text):
    with pytest.raises(ExpressionError) as caught:
        function(text, Symbols(("x", "y"), constants={"radius": 1.0}))
    place, said = REFUSED[text]
    assert text[slice(*caught.value.span)] == place
    if said is not None:
        assert str(caught.value) == said


def test_positions_count_characters_as_written():
    with pytest.raises(ExpressionError) as caught:
        parse("x^2 + \n y^3*foo^2", PLANE)
    assert "x^2 + \n y^3*foo^2"[slice(*caught.value.span)] == "foo"


def test_a_vector_is_not_a_function():
    with pytest.raises(ExpressionError, match="this is a vector; one number is wanted"):
        function("[x, y]", PLANE)
    with pytest.raises(ExpressionError, match="this is a vector; one number is wanted"):
        parse_number("[1, 2]", {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "a comparison is expected here. Write, say, x < 0.5."),
        ("x = 1", "an = is not expected here. Write == to compare."),
        ("X < 1", "a vector cannot be compared."),
        ("not x", "a comparison is expected here. Write, say, x < 0.5."),
        ("x < 1 and y", "a comparison is expected here. Write, say, x < 0.5."),
    ],
)
def test_refused_predicates(text, said):
    with pytest.raises(ExpressionError) as caught:
        parse_predicate(text, PLANE)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-" * 5000 + "x", "the formula is nested too deeply."),
        ("(" * 5000 + "x" + ")" * 5000, "the formula has 10001 characters"),
        (
            "(" * 150 + "x" + ")" * 150 + "+" + "[" * 120 + "x" + "]" * 120,
            "the formula is nested more than 100 deep.",
        ),
        ("x+" * 3000 + "x", "the formula is nested too deeply."),
        ("x**" * 3000 + "x", "the formula is nested too deeply."),
        ("sin(" * 500 + "x" + ")" * 500, "the formula cannot be read here."),
        ("x" * 20_000, "the formula has 20000 characters"),
        ("[" + "x," * 4500 + "x]", "the formula is too long."),
        ("exp(10^300)*sin(10^300)^1000", "this is not a finite number."),
        ("9^(9^9)", "this exponent is larger than"),
        ("((((9^99)^99)^99)^99)^99", "this number is too large."),
        ("x" + "*1e299" * 50, "a number in this has too many digits."),
        ("laplace(max(" + "x*x,y," * 40 + "x))", "the formula becomes too large."),
    ],
)
def test_hostile_text_is_refused_after_little_work(text, said, calls):
    with pytest.raises(ExpressionError) as caught:
        evaluate([parse(text, PLANE)], PLANE, X)
    assert str(caught.value).startswith(said)
    assert calls() < FEW


def test_nested_functions_are_few_operations(calls):
    equation("laplace(u) = " + "sin(" * 22 + "x" + ")" * 22, FIELD)
    equation("u*(" + "*".join(f"(u + {i})" for i in range(12)) + ") = 1", FIELD)  # not multiplied
    assert calls() < FEW


def test_denominators_are_not_multiplied_out_where_they_are_many(calls):
    equation("atan(" * 14 + "u" + ")" * 14 + " = 1", FIELD)  # 2^14 terms
    assert calls() < 5 * FEW  # of slopes by slopes, each of 14 factors


def test_functions_are_not_rewritten():
    values = function("tan(x + pi/2) + sin(asin(y)) - tan(1 + pi/2)", PLANE)(X)
    np.testing.assert_allclose(values, 1 / np.tan(1) - 1 / np.tan(x) + y, rtol=1e-13)
    assert parse("sin(pi) + cos(pi/3) - tan(-pi/4)", PLANE) == sympy.Rational(3, 2)
    assert parse("sin(-x) + cos(-x)", PLANE) == parse("cos(x) - sin(x)", PLANE)


def test_no_power_is_taken_that_would_fill_the_memory():
    e = parse("2^x + ((x^1000)^1000)^1000", PLANE)
    big = variables.coordinate("x")
    assert calculus.substitute(e, {big: exact(0)}) == 1
    for value in (3, 10.0**12, 0.1):
        with pytest.raises(ExpressionError, match=r"a number in this has too many digits\."):
            calculus.substitute(e, {big: exact(value)})


def test_what_is_put_into_an_expression_makes_it_no_longer_than_any():
    e = parse("+".join(f"x^{n}*cos(x)" for n in range(2, 90)), PLANE)
    long = parse("+".join(f"y^{n}" for n in range(2, 90)), PLANE)
    with pytest.raises(ExpressionError, match=r"the formula becomes too large\."):
        calculus.substitute(e, {variables.coordinate("x"): long})


def test_coordinates_whose_names_begin_alike_are_told_apart_in_little_time():
    alike = Symbols(("a", "aa"))
    assert alike.suffix("u_aaa") == ("u", (1, 1))
    assert alike.suffix("u_" + "a" * 2000 + "b") is None


def test_roots_of_roots_of_numbers_are_few_operations(calls):
    """sympy would look for the polynomial that they solve, here of degree 10^308 and more."""
    tower = "(1e-308)^(1e-308)"
    for _ in range(3):
        tower = f"({tower})^({tower})"
    (values,) = evaluate([parse(f"{tower} + x", PLANE)], PLANE, X)
    assert calls() < FEW
    np.testing.assert_allclose(values, 1 + X[:, 0])
    tower = "1e299"
    for _ in range(40):
        tower = f"({tower})^0.3333333333"
    (values,) = evaluate([parse(f"{tower} + x", PLANE)], PLANE, X)
    assert calls() < FEW
    np.testing.assert_allclose(values, 1 + X[:, 0])
    (values,) = evaluate([parse("(2^(1/3) + 1)^(1/5) + x", PLANE)], PLANE, X)
    np.testing.assert_allclose(values, (2 ** (1 / 3) + 1) ** 0.2 + X[:, 0], rtol=1e-15)


def test_powers_of_powers_are_few_operations(calls):
    evaluate([parse("((((x^1000)^1000)^1000)^1000)^1000", PLANE)], PLANE, X)
    assert calls() < FEW


@pytest.mark.slow
def test_a_derivative_that_grows_without_limit_is_refused():
    with pytest.raises(ExpressionError, match=r"the formula becomes too large\."):
        parse("d(exp(sin(x*y)*cos(x/y))/(1 + exp(x*y)), x, 8)^2 + y^y^y^y^y", PLANE)


def test_definitions_that_double_each_other_are_refused():
    known = {"f0": parse("x + y", PLANE)}

    def double(i):
        symbols = Symbols(("x", "y"), functions=known)
        known[f"f{i + 1}"] = parse(f"sin(f{i})*cos(f{i})", symbols)

    for i in range(12):
        double(i)  # 2^12 operations are fine
    with pytest.raises(ExpressionError, match=r"the formula becomes too large\."):
        list(map(double, range(12, 60)))
