"""Incompressible flow: recognised however it is written, and nothing else taken for it."""

import pytest
import sympy

from pinnsolve.equations import variables
from pinnsolve.equations.equation import equations
from pinnsolve.equations.incompressible import Incompressible, incompressible
from pinnsolve.equations.symbols import Symbols

X = variables.coordinate("x")
HEAT = variables.derivative(3, (0, 0))
STOKES = ("p_x = laplace(u)", "p_y = laplace(v)", "u_x + v_y = 0")
CONTINUITY = "div([u, v]) = 0"
VARIABLE = "(1 + x^2)*exp(T)"
INERTIA = "d(u, t) + dot([u, v], grad(u))", "d(v, t) + dot([u, v], grad(v))"


def flow_of(*texts, fields=("u", "v", "p"), coordinates=("x", "y")):
    symbols = Symbols(coordinates, fields=fields)
    return incompressible(tuple(e for text in texts for e in equations(text, symbols)))


def is_same(a, b):
    return (a is None and b is None) or sympy.simplify(a - b) == 0


@pytest.mark.parametrize(
    ("texts", "viscosity", "density"),
    [
        (STOKES, 1, None),
        (("2*u_x + 2*v_y", "-p_y + laplace(v)/2 = x", "3*p_x = 1.5*laplace(u)"), 0.5, None),
        (("u + p_x = laplace(u)", "v + p_y = laplace(v)", CONTINUITY), 1, None),
        (("u*u_x + v*u_y + p_x = 0", "u*v_x + v*v_y + p_y = 0", CONTINUITY), 0, 1),
        (
            (
                "u*u_x + v*u_y + p_x/4 = 3*laplace(u)",
                "u*v_x + v*v_y + p_y/4 = 3*laplace(v)",
                CONTINUITY,
            ),
            12,
            4,
        ),
        (
            ("div(u*[u, v]) + p_x = laplace(u)", "div(v*[u, v]) + p_y = laplace(v)", CONTINUITY),
            1,
            1,
        ),
        (("p_x = laplace(u)", "p_y = 2*laplace(v)", CONTINUITY), None, None),
        (("p_x = d((1 + u_x^2)*u_x, x) + u_yy", "p_y = laplace(v)", CONTINUITY), None, None),
    ],
)
def test_viscosity_and_density_are_those_beside_the_gradient_of_the_pressure(
    texts, viscosity, density
):
    found = flow_of(*texts)
    assert (found.velocity, found.pressure) == ((0, 1), 2)
    assert is_same(found.viscosity, viscosity)
    assert is_same(found.density, density)


@pytest.mark.parametrize("transposed", ["", " + {nu}*{other}"])
def test_a_variable_viscosity_is_found_with_a_symmetric_stress_and_without(transposed):
    def momentum(field, axis):
        other = transposed.format(nu=VARIABLE, other=f"d([u, v], {axis})")
        return f"p_{axis} = div({VARIABLE}*grad({field}){other})"

    texts = momentum("u", "x"), momentum("v", "y"), "laplace(T) = 0", CONTINUITY
    found = flow_of(*texts, fields=("u", "v", "p", "T"))
    assert is_same(found.viscosity, (1 + X**2) * sympy.exp(HEAT))


def test_buoyant_flow_in_time_has_its_temperature_apart():
    found = flow_of(
        "T_t + u*T_x + v*T_y = laplace(T)",
        f"{INERTIA[0]} + p_x = laplace(u)/20",
        f"{INERTIA[1]} + p_y = laplace(v)/20 + T",
        CONTINUITY,
        fields=("T", "p", "u", "v"),
        coordinates=("x", "y", "t"),
    )
    assert found == Incompressible(3, (1, 2), (2, 3), 1, sympy.Rational(1, 20), sympy.Integer(1))


def test_the_components_in_space_are_in_the_order_of_the_coordinates():
    momentum = (f"p_{axis} = laplace({field})" for axis, field in zip("xyz", "wvu", strict=True))
    found = flow_of(
        *momentum, "u_z + v_y + w_x", fields=("u", "v", "w", "p"), coordinates=("x", "y", "z")
    )
    assert found.velocity == (2, 1, 0)


@pytest.mark.parametrize(
    "texts",
    [
        ("laplace(u) = 0", "laplace(v) = 0", "laplace(p) = 0"),
        ("u = p_x", "v = p_y", CONTINUITY),  # a flux: nothing moves by a momentum of its own
        (*STOKES[:2], "u_x + 2*v_y = 0"),
        (*STOKES[:2], "u_x + v_y = p"),
        (*STOKES[:2], "u_x - v_y = 0"),
        ("p_x = laplace(u)", "p_x + p_y = laplace(v)", CONTINUITY),
        ("p*p_x = laplace(u)", "p*p_y = laplace(v)", CONTINUITY),
    ],
)
def test_what_is_no_incompressible_flow_is_not_taken_for_one(texts):
    assert flow_of(*texts) is None
