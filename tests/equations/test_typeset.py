r"""Formulas as LaTeX: what the user wrote, with no bracket too many and none missing."""

import pytest
from matplotlib.mathtext import MathTextParser

from pinnsolve.equations.equation import equations
from pinnsolve.equations.expression import Symbols, function, parse

PLANE = Symbols(("x", "y"))
SYMBOLS = Symbols(
    ("x", "y"),
    fields=("u", "v"),
    constants={"nu": 0.1, "Re": 100.0, "lam": 1.0, "a1": 1.0},
    functions={"k": parse("1 + x^2", PLANE), "h": parse("[y, -x]", PLANE)},
    manufactured=("f", "g"),
    normals=True,
)
TYPESET = {
    "laplace(u) = f": r"\Delta u = f",
    "dn(u) + u = g": r"\partial_{n} u + u = g",
    "div(k*grad(u))": r"\nabla\cdot \left(k \, \nabla u\right) = 0",
    "div(grad(u)) = biharmonic(v)": r"\nabla\cdot \nabla u = \Delta^{2} v",
    "u*u_x + v*u_y = nu*laplace(u)": r"u \, u_{x} + v \, u_{y} = \nu \, \Delta u",
    "u_xxyy - d(k*u, y, 2) = d(u, x, y)": (
        r"u_{xxyy} - \partial_{y}^{2} \left(k \, u\right) = \partial_{x}\partial_{y} u"
    ),
    "laplace(u)*k = -laplace(u*v)": (r"\left(\Delta u\right) \, k = -\Delta \left(u \, v\right)"),
    "-(u - v) - (x - y) = x - -y": (
        r"-\left(u - v\right) - \left(x - y\right) = x - \left(-y\right)"
    ),
    "-k*laplace(u) + -u/2*v = +x*(-y)": (
        r"-k \, \Delta u + \left(-\frac{u}{2} \, v\right) = x \, \left(-y\right)"
    ),
    "u - (v - laplace(u)) = x - 2*(-y)*x": (
        r"u - \left(v - \Delta u\right) = x - 2 \, \left(-y\right) \, x"
    ),
    "laplace(u)^2 + (u + 1)^-2 = x^(y + 1)": (
        r"\left(\Delta u\right)^{2} + \left(u + 1\right)^{-2} = x^{y + 1}"
    ),
    "u/(2*x)*3 = (x/y)^2": r"\frac{u}{2 \, x} \cdot 3 = \left(\frac{x}{y}\right)^{2}",
    "lam*exp(u) + exp(-u/2)": r"\lambda \, e^{u} + \exp\left(-\frac{u}{2}\right) = 0",
    "sin(pi*x)^2*u = atan2(y, x) + abs(u)": (
        r"\sin^{2}\left(\pi \, x\right) \, u = \mathrm{atan2}\left(y, x\right) + \left|u\right|"
    ),
    "sqrt(u)*gauss(x*y) = Re*a1": (
        r"\sqrt{u} \, e^{-\left(x \, y\right)^{2}} = \mathrm{Re} \, a_{1}"
    ),
    "dot(n, grad(u)) + n_x*u = norm(h)": r"\mathbf{n} \cdot \nabla u + n_{x} \, u = \|h\|",
    "dot(X, [u, v]) = 1e-5*x": (r"\mathbf{x} \cdot \left(u, v\right) = 10^{-5} \, x"),
    "u = 2.5e-3 + 10.0": r"u = 0.0025 + 10",
}


@pytest.mark.parametrize("text", TYPESET)
def test_equations(text):
    (stated,) = equations(text, SYMBOLS)
    assert stated.latex == TYPESET[text]


@pytest.mark.parametrize("text", TYPESET)
def test_figures_can_show_it(text):
    (stated,) = equations(text, SYMBOLS)
    MathTextParser("agg").parse(f"${stated.latex}$")


def test_axes_with_numbers():
    symbols = Symbols(("x1", "x2", "x3", "x4"), fields=("u",))
    (stated,) = equations("u_x1x1 + u_x4 = x2", symbols)
    assert stated.latex == "u_{x_{1}x_{1}} + u_{x_{4}} = x_{2}"
    assert function("sin(x1)", symbols).latex == r"\sin\left(x_{1}\right)"
