"""Kirchhoff's potential: what it is of a conductivity, and what it makes of equations."""

import pickle

import numpy as np
import pytest
import sympy

from pinnsolve.equations.equation import equation
from pinnsolve.equations.expression import Symbols, function, parse
from pinnsolve.equations.jumps import Jump
from pinnsolve.equations.kirchhoff import VALUE, conductivity, found_in, smooth
from pinnsolve.equations.program import program
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import derivative

LINE = Symbols(("x",), fields=("u",))
PLANE = Symbols(("x", "y"), fields=("u", "v"), normals=True)
U, W_X, W_Y = (derivative(0, alpha) for alpha in ((0, 0), (1, 0), (0, 1)))
CONDUCTIVITIES = [
    "1 + 9*heaviside(u - 0.5)",
    "1e6 - (1e6 - 1)*heaviside(u + 3)",
    "2.2 - 1.6*heaviside(u)",
    "heaviside(-u)*(2.2 - 0.01*u) + heaviside(u)*(0.6 + 0.1*u)",
    "3 + sign(2*u - 1) + heaviside(0.2 - u)",
    "max(1, 2 - u) + heaviside(u - 1.5) + 0.1*abs(u + 1)",
]


def of_field(text):
    """Return the conductivity that a text says, in terms of u."""
    return conductivity(parse(text, LINE).xreplace({derivative(0, (0,)): VALUE}))


def values_of(e, at):
    return np.broadcast_to(program([e], [VALUE])(at)[0], at.shape)


@pytest.mark.parametrize("text", CONDUCTIVITIES)
def test_the_potential_is_the_integral_of_the_conductivity(text):
    k = of_field(text)
    n = 40_000
    u = np.linspace(-4, 4, n + 1)
    K = values_of(k.potential(VALUE), u)
    middles = (u[1:] + u[:-1]) / 2
    mean = np.diff(K) / np.diff(u)
    own = values_of(k.formula, middles)
    # but in the few cells in which the conductivity jumps
    assert (np.abs(mean - own) > 1e-6 * own.max()).sum() <= len(k.values)
    assert np.interp(float(k.values[0]), u, K) == pytest.approx(0, abs=own.max() * 8 / n)


@pytest.mark.parametrize("text", CONDUCTIVITIES)
def test_the_field_is_found_from_its_potential(text):
    k = of_field(text)
    u = np.concatenate([np.linspace(-4, 4, 801), [float(value) for value in k.values]])
    w = values_of(k.potential(VALUE), u)
    # rounding of the potential over the conductivity is that of the field
    size = np.abs(w).max() / values_of(k.formula, u).min()
    np.testing.assert_allclose(values_of(k.of(VALUE), w), u, rtol=0, atol=1e-14 * max(size, 4))
    assert k.potential(k.of(VALUE)) == VALUE


@pytest.mark.parametrize("text", CONDUCTIVITIES)
def test_a_potential_survives_being_copied(text):
    u = of_field(text).of(VALUE)
    again = pickle.loads(pickle.dumps(u))
    assert again == u
    assert again.diff(VALUE) == u.diff(VALUE)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 + 9*heaviside(u)*u^2", "not linear"),
        ("exp(u) + heaviside(u)", "not linear"),
        ("1 + heaviside(u^2 - 1)", "not linear"),
        ("1 + heaviside(abs(u) - 1)", "not linear"),
        ("heaviside(u)", "zero or negative"),
        ("1 - 3*heaviside(u)", "zero or negative"),
        ("1 + heaviside(u) - 0.1*u", "zero or negative"),
        ("1 + heaviside(u)*heaviside(1 - u)*(1 - 3*u)", "zero or negative"),
        ("1 + " + " + ".join(f"heaviside(u - {i})" for i in range(9)), "more than 8"),
    ],
)
def test_a_conductivity_without_such_an_inverse_is_refused(text, told):
    with pytest.raises(ExpressionError, match=told) as caught:
        of_field(text)
    assert caught.value.remedy


def jump_of(text, symbols):
    with pytest.raises(Jump) as caught:
        parse(text, symbols)
    return caught.value


@pytest.mark.parametrize(
    ("flux", "k"),
    [
        ("(1 + 9*heaviside(u - 0.5))*u_x", "1 + 9*heaviside(u - 0.5)"),
        ("u_x + 9*heaviside(u - 0.5)*u_x - u*y", "1 + 9*heaviside(u - 0.5)"),
        ("(1 + x^2)*(2 + sign(u))*u_x/3 + u_y", "2 + sign(u)"),
    ],
)
def test_the_conductivity_of_a_flux_is_found(flux, k):
    error = jump_of(f"d({flux}, x)", PLANE)
    field, found = found_in(error.jumping, *error.along)
    assert field == 0
    expected = parse(k, PLANE).xreplace({U: VALUE})
    assert sympy.expand(found.formula / expected).free_symbols == set()


@pytest.mark.parametrize(
    "flux",
    [
        "(1 + heaviside(u - x))*u_x",  # jumps where nobody knows, and not at one value
        "(2 + sign(v))*u_x",
        "sign(u_x)*u",
        "(2 + sign(u))*u_y",
        "heaviside(u)",
        "(1 + u_x)*heaviside(u)*u_x",
    ],
)
def test_what_jumps_is_no_conductivity_elsewhere(flux):
    error = jump_of(f"d({flux}, x)", PLANE)
    assert found_in(error.jumping, *error.along) is None


K = of_field("1 + 9*heaviside(u - 0.5)")
EDGE = Symbols(
    ("x", "y"), fields=("u", "v"), normals=True, inverses={"u": K.of}, manufactured=("g",)
)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("div((1 + 9*heaviside(u - 0.5))*grad(u)) = x", "laplace(w) - x"),
        ("div(grad(u) + 9*heaviside(u - 0.5)*grad(u)) = x", "laplace(w) - x"),
        ("laplace(u + 9*max(u, 0.5)) = v", "laplace(w) - v"),
        ("div(x*(2 + 18*heaviside(u - 0.5))*grad(u))/2 = 0", "div(x*grad(w))"),
        ("u = 1", "w - 5"),
        ("2*u + 1 = 2", "w"),
        ("u = 1 + x^2", "w - 5 - 10*x^2"),
        ("dn(u) = 0", "dn(w)"),
        ("(1 + 9*heaviside(u - 0.5))*dn(u) = x", "dn(w) - x"),
        ("u_x = u_y", "w_x - w_y"),
        ("v = 1", "v - 1"),
    ],
)
def test_an_equation_of_the_field_is_one_of_the_potential(text, same):
    wanted = parse(same, Symbols(("x", "y"), fields=("w", "v"), normals=True))
    stated = equation(text, EDGE)
    assert stated.is_linear
    rng = np.random.default_rng(0)
    x, normals = rng.uniform(0.1, 0.9, (50, 2)), rng.normal(size=(50, 2))
    residual = stated.bind(x, normals)
    whole = type(stated)("", "", wanted, EDGE).bind(x, normals)
    assert set(residual.terms) == set(whole.terms)
    jet = {term: rng.normal(size=50) for term in residual.terms}
    np.testing.assert_allclose(residual(jet), whole(jet), rtol=1e-13, atol=1e-13)


def test_other_terms_hold_the_field_as_a_function_of_its_potential():
    stated = equation("div((1 + 9*heaviside(u - 0.5))*grad(u)) = u^2 + v", EDGE)
    assert not stated.is_linear
    residual = stated.bind(np.zeros((4, 2)))
    w = np.array([-1.0, 0.0, 1.0, 10.0])
    jet = {term: w * (term.op.order == 0) * (term.field == 0) for term in residual.terms}
    u = np.array([-0.5, 0.5, 0.6, 1.5])
    np.testing.assert_allclose(residual(jet), -(u**2), rtol=1e-15)


def test_a_manufactured_value_becomes_that_of_the_potential():
    stated = equation("u = g", EDGE)
    made = stated.with_sources({"g": parse("1 + x^2", PLANE)})
    np.testing.assert_allclose(
        made.defect([parse("5 + 10*x^2", PLANE)], np.ones((3, 2))), 0, atol=1e-14
    )
    assert made.is_linear


def test_the_field_itself_has_no_second_derivative():
    """Its slope jumps where its conductivity does."""
    with pytest.raises(Jump):
        equation("laplace(u) = 0", EDGE)


def test_the_potential_of_an_exact_solution_has_no_kink():
    place = Symbols(("x", "y"))
    k = of_field("2.2 - 1.6*heaviside(u)")
    w = parse("8*x - 5 + cos(2*y)*cosh(2*x)", place)
    u = function(
        "min(8*x - 5 + cos(2*y)*cosh(2*x), 0)/2.2 + max(8*x - 5 + cos(2*y)*cosh(2*x), 0)/0.6", place
    )
    assert smooth(k.potential(u.expression)) == w
    other = function("x*abs(x)", place)  # which no potential makes smooth
    assert smooth(other.expression) == other.expression
