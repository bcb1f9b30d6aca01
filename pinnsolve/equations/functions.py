"""The functions of formulas as sympy knows them.

Functions that sympy would rewrite, compare or evaluate on its own are kept opaque: an expression
stays what the user wrote, and nothing in it can start a long computation.
"""

from collections.abc import Callable
from typing import Any

import sympy
from sympy import Expr


def _opaque(name: str, nargs: int, slopes: Callable[..., tuple[Expr, ...]]) -> Any:
    """Return a function of sympy that stays as it is and differentiates as told."""

    def fdiff(self: Any, argindex: int = 1) -> Expr:
        return slopes(*self.args)[argindex - 1]

    return type(name, (sympy.Function,), {"nargs": nargs, "fdiff": fdiff})


Sech: Any = _opaque("Sech", 1, lambda z: (-Sech(z) * sympy.tanh(z),))
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
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "sech": Sech,
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": root,
    "abs": Absolute,
    "sign": Sign,
    "heaviside": Step,
    "erf": sympy.erf,
    "gauss": Gauss,
}
FUNCTIONS_OF_TWO: dict[str, Callable[..., Any]] = {
    "atan2": Atan2,
    "min": Minimum,
    "max": Maximum,
}
