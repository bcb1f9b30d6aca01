"""The pressure equation, and that it is the divergence of the momentum equations."""

import numpy as np
import pytest
import sympy

from pinnsolve.equations import variables
from pinnsolve.equations.equation import equations
from pinnsolve.equations.expression import parse
from pinnsolve.equations.incompressible import incompressible
from pinnsolve.equations.pressure import DAMPING, SPACING, pressure_equation
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.variables import Data, Derivative, Symbol


def system(*texts, coordinates=("x", "y"), fields=("u", "v", "p")):
    symbols = Symbols(coordinates, fields)
    return tuple(e for text in texts for e in equations(text, symbols))


def found(stated):
    flow = incompressible(stated)
    return pressure_equation(stated, flow, lambda x: np.ones(len(x)))


NAVIER_STOKES = (
    "u_t + u*u_x + v*u_y + p_x = laplace(u)/50 + sin(x*y)",
    "v_t + u*v_x + v*v_y + p_y = laplace(v)/50",
    "u_x + v_y = 0",
)


def test_it_is_poissons_equation_of_the_pressure_with_the_damped_divergence():
    q = found(system(*NAVIER_STOKES, coordinates=("x", "y", "t"))).expression
    d = {
        name: variables.derivative("uvp".index(name[0]), alpha)
        for name, alpha in {
            "ux": (1, 0, 0), "uy": (0, 1, 0), "vx": (1, 0, 0), "vy": (0, 1, 0),
            "pxx": (2, 0, 0), "pyy": (0, 2, 0),
        }.items()
    }  # fmt: skip
    source = parse("y*cos(x*y)", Symbols(("x", "y", "t")))
    h = Symbol(Data(SPACING))
    expected = (
        d["pxx"] + d["pyy"] + d["ux"] ** 2 + 2 * d["uy"] * d["vx"] + d["vy"] ** 2
        - source - DAMPING * (d["ux"] + d["vy"]) / (50 * h**2)
    )  # fmt: skip
    assert sympy.expand(q - expected) == 0


@pytest.mark.parametrize(
    "texts",
    [
        NAVIER_STOKES,
        # the other sign, and a unit of force
        ("3*laplace(u) - 3*p_x = 0", "3*laplace(v) - 3*p_y = 0", "2*u_x + 2*v_y = 0"),
        ("p_x = div((1 + x^2)*grad(u)) + d(1 + x^2, x)*u_x + d(1 + x^2, y)*v_x",
         "p_y = div((1 + x^2)*grad(v)) + d(1 + x^2, x)*u_y + d(1 + x^2, y)*v_y",
         "u_x + v_y = x*y"),
    ],
)  # fmt: skip
def test_no_derivative_of_the_velocity_above_the_second_is_left_and_the_divergence_is_damped(texts):
    coordinates = ("x", "y", "t") if "u_t" in texts[0] else ("x", "y")
    stated = system(*texts, coordinates=coordinates)
    q = found(stated)
    derivatives = variables.occurring(Derivative, q.expression).values()
    assert max(sum(own.alpha[:2]) for own in derivatives if own.field < 2) <= 2
    time = (0,) * (len(coordinates) - 2)
    by_spacing = sympy.expand(q.expression).coeff(Symbol(Data(SPACING)), -2)
    damping = by_spacing.diff(variables.derivative(0, (1, 0, *time)))
    ratio = damping / q.expression.diff(variables.derivative(2, (2, 0, *time)))
    assert ratio.subs(dict.fromkeys(ratio.free_symbols, 0)) < 0


def test_a_flow_without_friction_has_none():
    """Nothing would damp what is left of the divergence."""
    euler = ("u*u_x + v*u_y + p_x = 0", "u*v_x + v*v_y + p_y = 0", "u_x + v_y = 0")
    assert incompressible(system(*euler)).viscosity == 0
    assert found(system(*euler)) is None
