"""Functions, fields and their derivatives as sympy knows them.

A field and its derivatives are independent symbols, the coordinates of jet space: ``u_xx`` is
the symbol of field 0 and multi-index ``(2, 0)``. The derivative along a coordinate of an
expression ``e(x, u, u_x, …)`` is then the total derivative

    D_i e = ∂e/∂x_i + sum_α ∂e/∂u_α · u_(α + 1_i),

which expands products and powers as it goes. Source: Olver (1986), Applications of Lie Groups
to Differential Equations, section 2.3.
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

import sympy
from sympy import Expr, Symbol

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations.syntax import ExpressionError

MAX_ORDER = 16  # of derivatives of a field
MAX_SIZE = 30_000  # operations in an expression
TOO_LARGE = "the formula becomes too large."


@cache
def jet(field: int, alpha: MultiIndex) -> Symbol:
    """Return the symbol of the derivative ``∂^α`` of a field."""
    return Symbol(f"field {field}:{','.join(map(str, alpha))}")


@cache
def jet_index(symbol: Symbol) -> tuple[int, MultiIndex] | None:
    """Return field and multi-index of a symbol, None if it is not that of a field.

    >>> jet_index(jet(0, (2, 0)))
    (0, (2, 0))
    """
    kind, _, rest = symbol.name.partition(" ")
    if kind != "field":
        return None
    field, _, alpha = rest.partition(":")
    return int(field), tuple(map(int, alpha.split(",")))


def jets(e: Expr) -> list[Symbol]:
    """Return the symbols of fields and their derivatives in an expression, in a fixed order."""
    return sorted((s for s in e.free_symbols if jet_index(s)), key=lambda s: jet_index(s) or ())


def coordinate(name: str) -> Symbol:
    """Return the symbol of a coordinate."""
    return Symbol(name)


def parameter(index: int) -> Symbol:
    """Return the symbol of an unknown parameter, constant in space and time."""
    return Symbol(f"parameter {index}")


def parameters(e: Expr) -> list[tuple[int, Symbol]]:
    """Return the unknown parameters in an expression, by index."""
    kinds = ((symbol.name.partition(" "), symbol) for symbol in e.free_symbols)
    return sorted((int(index), symbol) for (kind, _, index), symbol in kinds if kind == "parameter")


def normal(axis: int) -> Symbol:
    """Return the symbol of a component of the unit outward normal."""
    return Symbol(f"normal {axis}")


def tabulated(name: str) -> Symbol:
    """Return the symbol of a function known by values only, as one read from a file."""
    return Symbol(f"tabulated {name}")


def unknown_source(name: str) -> Symbol:
    """Return the symbol of a manufactured function that is not determined yet."""
    return Symbol(f"source {name}")


def differentiate(e: Expr, axis: int, coordinates: Sequence[str], *, along_normal: bool) -> Expr:
    """Return the total derivative of an expression along a coordinate.

    Parameters
    ----------
    e
        An expression in coordinates, fields and their derivatives.
    axis
        Which coordinate.
    coordinates
        Names of all coordinates.
    along_normal
        Whether this is part of a normal derivative. The normal does not change along its own
        direction, so its components are constants then; otherwise they cannot be differentiated.

    Raises
    ------
    ExpressionError
        If the expression holds something whose derivative is not known.
    """
    result = e.diff(coordinate(coordinates[axis]))
    for symbol in sorted(e.free_symbols, key=str):
        index = jet_index(symbol)
        if index is not None:
            field, alpha = index
            raised = tuple(n + (i == axis) for i, n in enumerate(alpha))
            if sum(raised) > MAX_ORDER:
                raise ExpressionError(f"derivatives above order {MAX_ORDER} are not supported.")
            result += e.diff(symbol) * jet(field, raised)
        else:
            _check_differentiable(symbol, along_normal)
    if size(result) > MAX_SIZE:
        raise ExpressionError(TOO_LARGE, "Take fewer derivatives of it.")
    return result


@lru_cache(maxsize=MAX_SIZE)
def size(e: Expr) -> int:
    """Return the number of operations, names and numbers in an expression."""
    return 1 + sum(map(size, e.args))


def _check_differentiable(symbol: Symbol, along_normal: bool) -> None:
    kind, _, name = symbol.name.partition(" ")
    if kind == "tabulated":
        message = f'"{name}" is known by its values only and cannot be differentiated.'
        raise ExpressionError(message, "Give it as a formula.")
    if kind == "source":
        message = f'"{name}" is manufactured and cannot be differentiated.'
        raise ExpressionError(message, "Give it as a formula, or name its derivative instead.")
    if kind == "normal" and not along_normal:
        message = "the derivative of the normal is not known."
        raise ExpressionError(
            message, "Keep n outside of grad, div, laplace and d; dn may hold it."
        )


def derivative(e: Expr, alpha: MultiIndex, coordinates: Sequence[str]) -> Expr:
    """Return ``∂^α e``."""
    for axis, count in enumerate(alpha):
        for _ in range(count):
            e = differentiate(e, axis, coordinates, along_normal=False)
    return e


# Functions that sympy would rewrite, compare or evaluate on its own are kept opaque: an
# expression stays what the user wrote, and nothing in it can start a long computation.


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
    "sqrt": sympy.sqrt,
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
