"""Equations between integrals: one density, and whole messages of what is none."""

import pytest

from pinnsolve.equations.integrals import integral_equation
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.syntax import ExpressionError

SYMBOLS = Symbols(("x", "y"), fields=("u", "v"), constants={"k": 2.0})


def density(text):
    return str(integral_equation(text, SYMBOLS).equation.expression)


def test_a_mean_is_a_weighted_sum():
    assert density("mean(u) = 0") == "field 0:0,0*tabulated integral 1"


def test_integrals_are_added_and_multiplied_by_numbers():
    found = integral_equation("2*integral(x*u) - mean(v)/k = 3", SYMBOLS)
    assert [(i.is_mean, i.on) for i in found.integrals] == [(False, None), (True, None)]
    assert str(found.equation.expression) == (
        "2*field 0:0,0*tabulated integral 1*x - field 1:0,0*tabulated integral 2/2 "
        "- 3*tabulated integral 0"
    )


@pytest.mark.parametrize("mark", ['"', "'"])
def test_a_piece_is_named_by_on(mark):
    (found,) = integral_equation(f"integral(dn(u), on = {mark}left{mark}) = 1", SYMBOLS).integrals
    assert (found.on, found.is_mean) == ("left", False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("u = 0", "only numbers stand beside integrals. Write mean(…) or integral(…) of it."),
        ("mean(u) = x", "only numbers stand beside integrals. Write mean(…) or integral(…) of it."),
        (
            "mean(u)*mean(v) = 1",
            "an integral cannot stand here. Integrals may be added, and multiplied by numbers; "
            "each stands in a sum of its own.",
        ),
        (
            "mean(mean(u)) = 1",
            "mean stands in constraints only, and not within another. Write it in [[constraint]] "
            "equation.",
        ),
        ("mean(1) = 1", "no unknown field is left in this equation. Unknown fields: u, v."),
        (
            "k = 1",
            "no integral is left in this constraint. Write, say, mean(u) = 0, or integral(u, on = "
            '"left") = 1.',
        ),
        ("mean(u, v) = 1", "mean takes 1 argument, not 2. Write mean(e)."),
    ],
)
def test_what_is_no_constraint_is_refused(text, message):
    with pytest.raises(ExpressionError) as caught:
        integral_equation(text, SYMBOLS)
    assert str(caught.value) == message


def test_a_normal_derivative_needs_a_boundary():
    with pytest.raises(ExpressionError, match="boundary"):
        integral_equation("mean(dn(u)) = 0", SYMBOLS)
