"""The functions of formulas as sympy knows them.

Functions that sympy would rewrite, compare or evaluate on its own are kept opaque: an expression
stays what the user wrote, and nothing in it can start a long computation.
"""

from collections.abc import Callable
from typing import Any

import sympy
from sympy import Expr


def _opaque(
    name: str,
    nargs: int,
    slopes: Callable[..., tuple[Expr, ...]],
    known: Any = None,
    parity: int = 0,
) -> Any:
    """Return a function of sympy that stays as it is and differentiates as told.

    Parameters
    ----------
    name, nargs
        Its name, after which it is sorted, and how many arguments it takes.
    slopes
        Its partial derivatives, of its arguments.
    known
        A function of sympy that knows where it is rational, as ``sin(pi/6)``.
    parity
        1 if it is even, -1 if it is odd.
    """

    def fdiff(self: Any, argindex: int = 1) -> Expr:
        return slopes(*self.args)[argindex - 1]

    def evaluate(cls: Any, *arguments: Expr) -> Expr | None:
        z = arguments[0]
        if known is not None and z.as_coeff_Mul()[1] in (sympy.S.One, sympy.pi):
            value = known(z)
            return value if value.is_Rational or value is sympy.zoo else None
        if parity and z.could_extract_minus_sign():
            return parity * cls(-z)
        return None

    return type(
        name, (sympy.Function,), {"nargs": nargs, "fdiff": fdiff, "eval": classmethod(evaluate)}
    )


def _elementary(known: Any, slope: Callable[[Expr], Expr], parity: int = 0) -> Any:
    """Return a function that sympy knows as an opaque one of the same name."""
    return _opaque(known.__name__, 1, lambda z: (slope(z),), known, parity)


class Composite(sympy.Function):  # type: ignore[misc]  # sympy has no types
    """A function that is evaluated by a formula, of which sympy sees nothing.

    Attributes
    ----------
    formula
        What it is, of its argument.
    """

    formula: Callable[[Expr], Expr]


def composite(
    name: str, formula: Callable[[Expr], Expr], slope: Callable[[Expr], Expr], **known: Any
) -> Any:
    """Return a function of one argument that stays as it is, whatever its formula.

    Parameters
    ----------
    name
        After which it is sorted, its own alone.
    formula
        What it is, of its argument.
    slope
        Its derivative, of its value.
    known
        Further attributes.
    """

    def fdiff(self: Any, _: int = 1) -> Expr:
        return slope(self)

    parts = {"nargs": 1, "fdiff": fdiff, "formula": staticmethod(formula), **known}
    return type(name, (Composite,), parts)


Sin: Any = _elementary(sympy.sin, lambda z: Cos(z), -1)
Cos: Any = _elementary(sympy.cos, lambda z: -Sin(z), 1)
Tan: Any = _elementary(sympy.tan, lambda z: 1 + Tan(z) ** 2, -1)
Asin: Any = _elementary(sympy.asin, lambda z: 1 / sympy.sqrt(1 - z**2), -1)
Acos: Any = _elementary(sympy.acos, lambda z: -1 / sympy.sqrt(1 - z**2))
Atan: Any = _elementary(sympy.atan, lambda z: 1 / (1 + z**2), -1)
Sinh: Any = _elementary(sympy.sinh, lambda z: Cosh(z), -1)
Cosh: Any = _elementary(sympy.cosh, lambda z: Sinh(z), 1)
Tanh: Any = _elementary(sympy.tanh, lambda z: 1 - Tanh(z) ** 2, -1)
Erf: Any = _elementary(sympy.erf, lambda z: 2 * sympy.exp(-(z**2)) / sympy.sqrt(sympy.pi), -1)
Sech: Any = _opaque("Sech", 1, lambda z: (-Sech(z) * Tanh(z),))
Gauss: Any = _opaque("Gauss", 1, lambda z: (-2 * z * Gauss(z),))  # exp(-z²)
Absolute: Any = _opaque("Absolute", 1, lambda z: (Sign(z),))
Sign: Any = _opaque("Sign", 1, lambda _: (sympy.S.Zero,))  # 0 at 0
Step: Any = _opaque("Step", 1, lambda _: (sympy.S.Zero,))  # 1/2 at 0
Atan2: Any = _opaque("Atan2", 2, lambda y, x: (x / (x**2 + y**2), -y / (x**2 + y**2)))
Minimum: Any = _opaque("Minimum", 2, lambda a, b: (Step(b - a), Step(a - b)))
Maximum: Any = _opaque("Maximum", 2, lambda a, b: (Step(a - b), Step(b - a)))


def root(z: Expr) -> Expr:
    """Return the square root, that of a square being what it is: the absolute value."""
    factor, rest = z.as_coeff_Mul()
    if factor > 0 and rest.is_Pow and rest.exp.is_Integer and rest.exp.is_even:
        return sympy.sqrt(factor) * Absolute(rest.base) ** (rest.exp / 2)
    return sympy.sqrt(z)


FUNCTIONS: dict[str, Callable[..., Any]] = {  # of one argument
    "sin": Sin,
    "cos": Cos,
    "tan": Tan,
    "asin": Asin,
    "acos": Acos,
    "atan": Atan,
    "sinh": Sinh,
    "cosh": Cosh,
    "tanh": Tanh,
    "sech": Sech,
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": root,
    "abs": Absolute,
    "sign": Sign,
    "heaviside": Step,
    "erf": Erf,
    "gauss": Gauss,
}
FUNCTIONS_OF_TWO: dict[str, Callable[..., Any]] = {
    "atan2": Atan2,
    "min": Minimum,
    "max": Maximum,
}
