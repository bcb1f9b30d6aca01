"""Arithmetic of expressions and of vectors of them."""

import math
from collections.abc import Callable, Sequence

import sympy
from sympy import Expr

from pinnsolve.equations.functions import root
from pinnsolve.equations.program import number
from pinnsolve.equations.symbols import Value
from pinnsolve.equations.syntax import ExpressionError

MAX_EXPONENT = 1000
MAX_BITS = 4096  # of a number raised to a power
MAX_ROOT = 16  # of a number that is kept exactly


def exact(value: float) -> Expr:
    """Return a number as the fraction that its decimal digits say, so that 0.1 * 3 is 0.3."""
    return sympy.Integer(value) if isinstance(value, int) else sympy.Rational(repr(float(value)))


def is_finite(value: Value) -> bool:
    """Return whether a value is an expression with symbols, or a finite number."""
    return isinstance(value, tuple) or not value.is_number or math.isfinite(number(value))


def each(f: Callable[[Expr], Expr], value: Value) -> Value:
    """Apply a function to an expression or to the components of a vector."""
    return tuple(map(f, value)) if isinstance(value, tuple) else f(value)


def pairs(f: Callable[[Expr, Expr], Expr], a: Value, b: Value) -> Value:
    """Combine two expressions, or vectors component by component, each with a number's one."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        if len(a) != len(b):
            message = f"vectors of {len(a)} and of {len(b)} components do not go together."
            raise ExpressionError(message)
        return tuple(map(f, a, b))
    if isinstance(a, tuple):
        return tuple(f(p, b) for p in a)
    if isinstance(b, tuple):
        return tuple(f(a, q) for q in b)
    return f(a, b)


def add(terms: Sequence[Expr]) -> Expr:
    """Return the sum of all."""
    return sympy.Add(*terms)


def multiply(factors: Sequence[Expr]) -> Expr:
    """Return the product of all."""
    return sympy.Mul(*factors)


def dot(a: Sequence[Expr], b: Sequence[Expr]) -> Expr:
    """Return the scalar product of two vectors."""
    product = pairs(lambda p, q: p * q, tuple(a), tuple(b))
    return add(product if isinstance(product, tuple) else (product,))


def power(base: Expr, exponent: Expr) -> Expr:
    """Raise to a power, if the result is real and cannot grow without limit."""
    if base.is_number and number(base) <= 0 and not exponent.is_number:
        raise ExpressionError("the base of a power that varies must be positive.")
    if exponent.is_number and abs(number(exponent)) > MAX_EXPONENT:
        raise ExpressionError(f"this exponent is larger than {MAX_EXPONENT}.")
    if base == 0 and exponent.is_number and number(exponent) < 0:
        raise ExpressionError("this divides by zero.")
    if base.is_Rational and exponent.is_number:
        bits = max(abs(base.p), base.q).bit_length() * abs(number(exponent))
        if bits > MAX_BITS:
            raise ExpressionError("this number is too large.")
    if base.is_number and exponent.is_number and not _is_simple(base, exponent):
        return _as_digits(sympy.Pow(base, exponent, evaluate=False))
    return root(base) if exponent == sympy.S.Half else base**exponent


def _is_simple(base: Expr, exponent: Expr) -> bool:
    """Return whether a power of numbers is one that sympy can tell the sign and size of at once.

    To compare roots of roots, or roots of a high order, it looks for the polynomial that they
    solve, whose degree is the product of theirs.
    """
    if exponent.is_Integer:
        return True
    is_root = exponent.is_Rational and exponent.q <= MAX_ROOT
    return bool(is_root and not base.atoms(sympy.Pow))


def _as_digits(value: Expr) -> Expr:
    """Return a number by the digits that it has in double precision."""
    found = number(value)
    if not math.isfinite(found):
        raise ExpressionError("this number is too large.")
    return exact(found)
