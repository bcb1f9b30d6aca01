"""Around an axis: operators are those of space, and have their limits where r is zero."""

import numpy as np
import pytest
import sympy

from pinnsolve import solve
from pinnsolve.equations.equation import equations
from pinnsolve.equations.expression import function
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.errors import ProblemError
from pinnsolve.setup import Setup
from tests.posing import pose

SYMBOLS = Symbols(("r", "z"), fields=("u", "w"), normals=True, revolved=1.0)
HALF = 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]\ncoordinates = "axisymmetric"'
X, Y, Z, R = sympy.symbols("x y z r", positive=True)
EVEN, ODD = sympy.cos(R) * sympy.sin(Z) + R**4 * Z, sympy.sin(R) * sympy.exp(Z) + R**3
TEXTS = ("sin(r)*exp(z) + r^3", "cos(r)*sin(z) + r^4*z")  # the same
AT = np.array([[0.0, 0.3], [1e-12, 0.3], [0.2, 0.7]])


def in_space(e):
    return e.subs(R, sympy.sqrt(X**2 + Y**2))


def laplacian(e):
    return sum(e.diff(axis, 2) for axis in (X, Y, Z))


def left(text):
    """Return what the smooth fields u, odd in r, and w, even, leave of equations at some places."""
    place = Symbols(("r", "z"))
    exact = [function(own, place).expression for own in TEXTS]
    normals = np.tile([[0.6, 0.8]], (len(AT), 1))
    return np.array([one.defect(exact, AT, normals) for one in equations(text, SYMBOLS)])


def true(e):
    """Return an expression of space beside the axis, and its limit on it."""
    values = []
    for r, z in AT:
        e_there = e.subs({Y: 0, Z: sympy.Rational(str(z))})
        r = sympy.Rational(str(max(r, 1e-6)))  # where even functions differ by 1e-12
        values.append(float(e_there.subs(X, r).evalf(40)))
    return np.array(values)


# On the axis the limit is taken at r = 1e-6; fields are smooth, and differ there by 1e-6 if odd.
CLOSE = {"rtol": 1e-9, "atol": 1e-5}


def test_the_laplacian_is_that_of_space():
    np.testing.assert_allclose(left("laplace(w) = 0")[0], true(laplacian(in_space(EVEN))), **CLOSE)


def test_the_laplacian_of_a_vector_is_that_of_its_components_in_space():
    e = in_space(ODD) * X / sympy.sqrt(X**2 + Y**2)  # the component along x, at y = 0 that along r
    np.testing.assert_allclose(left("laplace([u, w]) = 0")[0], true(laplacian(e)), **CLOSE)


def test_the_divergence_is_that_of_space():
    unit = in_space(ODD) / sympy.sqrt(X**2 + Y**2)
    e = (unit * X).diff(X) + (unit * Y).diff(Y) + in_space(EVEN).diff(Z)
    np.testing.assert_allclose(left("div([u, w]) = 0")[0], true(e), **CLOSE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("w_rr + w_r/r + w_zz = 0", "laplace(w) = 0"),
        ("(1/r)*d(r*w_r, r) + w_zz = 0", "laplace(w) = 0"),
        ("u_r + u/r + w_z = 0", "div([u, w]) = 0"),
        ("div(grad(w))*w^2 = 0", "w^2*(laplace(w)) = 0"),
        ("div(w^2*grad(w)) = 0", "w^2*laplace(w) + 2*w*(w_r^2 + w_z^2) = 0"),
        ("div(exp(r^2)*grad(w)) = sin(r)/r", "exp(r^2)*(laplace(w) + 2*r*w_r) = sin(r)/r"),
        ("biharmonic(w) = 0", "laplace(laplace(w)) = 0"),
        ("n_r*u/r + w = 0", "n_r*(div([u, w]) - u_r - w_z) + w = 0"),
    ],
)
def test_formulas_have_the_limits_of_operators(one, other):
    np.testing.assert_allclose(left(one), left(other), rtol=1e-9, atol=1e-3)


POISSON = '[functions]\nf = "manufactured"\n[exact]\nu = "exp(-r^2)*sin(z) + z^2"\n'
VALUE = ("right top bottom", "u = exp(-r^2)*sin(z) + z^2")


def error(tmp_path, count, method="rbf-fd"):
    on = [("left", "u_r = 0"), VALUE]
    problem = pose(
        tmp_path,
        "div((1 + z)*grad(u)) = f",
        on=on,
        domain=HALF,
        count=count,
        method=method,
        more=POISSON,
    )
    return solve(problem).accuracy


def test_solutions_have_the_order_asked_for(tmp_path):
    coarse, fine = (error(tmp_path, count).errors.relative_l2_nodes["u"] for count in (100, 400))
    assert np.log2(coarse / fine) > 3 - 0.5


def test_what_varies_as_the_axis_does_is_no_fault_of_the_nodes(tmp_path):
    accuracy = error(tmp_path, 300)
    assert accuracy.estimate.total["u"] < 10 * accuracy.errors.relative_l2_nodes["u"]


def test_integrals_are_those_of_the_body(tmp_path):
    more = '[[constraint]]\nequation = "integral(u) = pi/2"\n[exact]\nu = "z"\n'
    on = [("left right", "u_r = 0"), ("bottom", "u_z = 1"), ("top", "u_z = 1")]
    problem = pose(tmp_path, "laplace(u) = 0", on=on, domain=HALF, count=300, more=more)
    assert solve(problem).accuracy.errors.relative_l2_nodes["u"] < 1e-6
    weights = Setup(problem).quadrature
    np.testing.assert_allclose(weights.inside.sum(), np.pi, rtol=1e-6)
    np.testing.assert_allclose(weights.boundary.sum(), 4 * np.pi, rtol=1e-3)  # side and two ends


@pytest.mark.parametrize("pole", ["1/r", "(1 + z)/r", "cos(r)/r", "sin(r)/r^2"])
def test_what_is_infinite_on_the_axis_is_refused(pole):
    with pytest.raises(ExpressionError) as raised:
        equations(f"w = sin(r)/r + {pole}", SYMBOLS)
    assert raised.value.message == "this is infinite on the axis, where r = 0."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("lower = [0, 0]", "lower = [-1, 0]"),
            "the domain reaches to r = -1, beyond the axis r = 0. "
            "Give one half of the section, as by an intersection with a rectangle.",
        ),
        (
            (
                '"rectangle"\nlower = [0, 0]\nupper = [1, 1]',
                '"box"\nlower = [0, 0, 0]\nupper = [1, 1, 1]',
            ),
            "r and z are two coordinates, but the domain has 3. "
            "Give the section through the axis, in two dimensions.",
        ),
    ],
)
def test_what_is_no_half_of_a_section_is_refused(tmp_path, change, message):
    with pytest.raises(ProblemError) as raised:
        pose(tmp_path, "laplace(u) = 0", on=[("all", "u = 0")], domain=HALF.replace(*change))
    assert message in str(raised.value)
