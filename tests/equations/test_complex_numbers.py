"""Formulas of complex numbers in two parts: by the rules of arithmetic, as they were written."""

import cmath

import numpy as np
import pytest

from pinnsolve.equations.complex_numbers import Parts, equation_parts, parts
from pinnsolve.equations.expression import function
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.syntax import ExpressionError

U, F, X, Y = 0.4 - 1.2j, 2 + 0.5j, 0.3, 0.7
NAMES = {"u": True, "f": True}
CASES = {
    "(1 + 2*i)*u/(3 - i)": (1 + 2j) * U / (3 - 1j),
    "u^3 - f*u^2": U**3 - F * U**2,
    "conj(u)*f - i": U.conjugate() * F - 1j,
    "-u + 2 - i*(x - y)": -U + 2 - 1j * (X - Y),
    "real(i*u)/imag(f)": (1j * U).real / F.imag,
    "x - (2 - 3*u)": X - (2 - 3 * U),
    "x/y/u - x - y": X / Y / U - X - Y,
    "2*i*3*i": -6,
    "1/i": -1j,
    "-(u - f)^2": -((U - F) ** 2),
    "abs(u*f)^2 + abs(f)": abs(U * F) ** 2 + abs(F),
    "exp(i*x*f)*u": cmath.exp(1j * X * F) * U,
    "sin(x + i*y)*cosh(u)": cmath.sin(X + 1j * Y) * cmath.cosh(U),
    "cos(u)*sinh(f)": cmath.cos(U) * cmath.sinh(F),
    "sum([u, i*f]) + dot([u, x], [f, i])": U + 1j * F + U * F + 1j * X,
    "norm([u, f])": np.sqrt(abs(U) ** 2 + abs(F) ** 2),
}


@pytest.mark.parametrize("text", CASES)
def test_parts_are_those_of_complex_arithmetic(text):
    known = {"u_real": U.real, "u_imag": U.imag, "f_real": F.real, "f_imag": F.imag}
    symbols = Symbols(("x", "y"), constants=known)
    found = parts(text, NAMES)
    point = np.array([[X, Y]])
    values = [function(part, symbols)(point)[0] for part in (found.real, found.imag or "0")]
    assert complex(*values) == pytest.approx(complex(CASES[text]), rel=1e-13, abs=1e-13)


def test_what_is_real_stays_as_it_was_written():
    assert parts("2*sin( x)^2 ", NAMES) == Parts("2*sin( x)^2")
    assert equation_parts("w_xx+w =0", NAMES) == ("w_xx+w =0",)
    assert equation_parts("real(u) = x", NAMES) == ("u_real = x",)


def test_derivatives_are_taken_of_both_parts():
    assert equation_parts("i*u_t = d(x*u, x, 2) + laplace(f)", NAMES) == (
        "-u_imag_t = d(x*u_real, x, 2) + laplace(f_real)",
        "u_real_t = d(x*u_imag, x, 2) + laplace(f_imag)",
    )


@pytest.mark.parametrize(
    ("text", "message", "span"),
    [
        ("1 + log(u)", "log takes real numbers here, and this is complex.", (4, 10)),
        ("u^x", "a power of a complex number is a whole number from 1 to 8.", (0, 3)),
        ("max(u, 1)", "max takes real numbers here, and this is complex.", (0, 9)),
    ],
)
def test_what_is_not_taken_of_complex_numbers_is_refused(text, message, span):
    with pytest.raises(ExpressionError) as refused:
        parts(text, NAMES)
    assert (refused.value.message, refused.value.span) == (message, span)
    assert "real and imag" in refused.value.remedy
