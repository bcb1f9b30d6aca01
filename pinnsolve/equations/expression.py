"""Formulas of the problem file: numbers, functions of position, and conditions on position.

`syntax` reads the text, `translate` gives it its meaning in terms of `Symbols`, `program`
evaluates it.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.equations import axisymmetry, variables
from pinnsolve.equations.library import Array
from pinnsolve.equations.program import number, program
from pinnsolve.equations.symbols import Symbols, Tabulated, Value
from pinnsolve.equations.syntax import ExpressionError, read, span
from pinnsolve.equations.translate import CALLABLE, translate
from pinnsolve.equations.typeset import typeset
from pinnsolve.equations.variables import Data, Input, Normal, Symbol

__all__ = [
    "CALLABLE",
    "ExpressionError",
    "Function",
    "Predicate",
    "Symbols",
    "Tabulated",
    "Value",
    "evaluate",
    "function",
    "parse",
    "parse_number",
    "parse_predicate",
]


@dataclass(frozen=True, eq=False)
class Function:
    """A scalar function of position.

    Attributes
    ----------
    text
        What the user wrote.
    latex
        The same, typeset.
    expression
        Its value in terms of the coordinates.
    symbols
        The names it may use.
    """

    text: str
    latex: str
    expression: Expr
    symbols: Symbols

    def __call__(self, x: Float[ndarray, "N d"]) -> Float[ndarray, " N"]:
        """Return its values; infinite or NaN where it has none."""
        (values,) = evaluate([self.expression], self.symbols, x)
        return values


@dataclass(frozen=True, eq=False)
class Predicate:
    """A condition on position.

    Attributes
    ----------
    text
        What the user wrote.
    tree
        How its comparisons are combined: nested tuples ``("and", …)``, ``("not", …)``,
        ``("<", a, b)`` with expressions at the leaves.
    symbols
        The names it may use.
    """

    text: str
    tree: tuple[Any, ...]
    symbols: Symbols

    def __call__(self, x: Float[ndarray, "N d"]) -> Bool[ndarray, " N"]:
        """Return the mask of points where it holds; ``==`` allows a rounding error of 1e-9."""
        return _holds(self.tree, self.symbols, x)


def parse(text: str, symbols: Symbols) -> Value:
    """Read a formula: an expression, or a tuple of them for a vector.

    Raises
    ------
    ExpressionError
        If the text is not a formula, or uses a name that has no meaning here.
    """
    return translate(read(text), symbols)


def function(text: str, symbols: Symbols) -> Function:
    """Read a scalar function of position.

    Raises
    ------
    ExpressionError
        If the text is not a formula, is a vector, or holds an unknown field.
    """
    tree = read(text)
    e = translate(tree, symbols)
    if isinstance(e, tuple):
        raise ExpressionError("this is a vector; one number is wanted.", "", span(tree))
    return Function(text, typeset(tree, symbols), e, symbols)


def parse_number(text: str, constants: Mapping[str, float]) -> float:
    """Read a number, as ``"0.01/pi"``.

    Raises
    ------
    ExpressionError
        If the text is not a formula of numbers and constants.
    """
    tree = read(text)
    value = translate(tree, Symbols((), constants=constants))
    if isinstance(value, tuple):
        raise ExpressionError("this is a vector; one number is wanted.", "", span(tree))
    return number(value)


def parse_predicate(text: str, symbols: Symbols) -> Predicate:
    """Read a condition on position, as ``"x < -0.99 and abs(y) < 0.5"``.

    Raises
    ------
    ExpressionError
        If the text is not a condition.
    """
    return Predicate(text, _logic(read(text, logical=True), symbols), symbols)


def evaluate(
    expressions: Sequence[Expr],
    symbols: Symbols,
    x: Float[ndarray, "N d"],
    normals: Float[ndarray, "N s"] | None = None,
) -> list[Float[ndarray, " N"]]:
    """Return the values of expressions without fields at points.

    Parameters
    ----------
    expressions
        In coordinates, components of the normal, and tabulated functions; of functions that vary
        over a family a typical one is taken.
    symbols
        The names they use.
    x
        Points.
    normals
        Unit outward normals there, if the expressions need them.
    """
    known: dict[Symbol, Array] = {
        variables.coordinate(name): x[:, i] for i, name in enumerate(symbols.coordinates)
    }
    if normals is not None:
        known |= {Symbol(Normal(axis)): normals[:, i] for i, axis in enumerate(symbols.space)}
    if symbols.revolved is not None:
        known |= axisymmetry.values(x[:, 0], symbols.revolved)
    used = {symbol for e in expressions for symbol in e.free_symbols}
    for name, tabulated in symbols.data.items():
        symbol = Symbol(Data(name))
        if symbol in used:
            known[symbol] = tabulated(x)
    for symbol in sorted((s for s in used if isinstance(s.meaning, Input)), key=str):
        own = symbol.meaning
        known[symbol] = symbols.inputs[own.name].typical(x[:, own.axes], own.alpha)
    values = program(expressions, list(known))(*known.values())
    return [np.array(np.broadcast_to(v, len(x)), dtype=np.float64) for v in values]


COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
COMPARE: dict[str, Callable[[Array, Array], Array]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": lambda a, b: np.isclose(a, b, rtol=1e-9, atol=1e-9),
    "!=": lambda a, b: ~np.isclose(a, b, rtol=1e-9, atol=1e-9),
}


def _logic(tree: ast.expr, symbols: Symbols) -> tuple[Any, ...]:
    """Return a condition as nested tuples."""
    match tree:
        case ast.BoolOp(op=op, values=parts):
            name = "and" if isinstance(op, ast.And) else "or"
            return (name, *(_logic(part, symbols) for part in parts))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ("not", _logic(operand, symbols))
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_side(side, symbols) for side in (left, *others)]
            pairs = zip(ops, sides, sides[1:], strict=False)
            return ("and", *((COMPARISONS[type(op)], a, b) for op, a, b in pairs))
    raise ExpressionError("a comparison is expected here.", "Write, say, x < 0.5.", span(tree))


def _side(tree: ast.expr, symbols: Symbols) -> Expr:
    value = translate(tree, symbols)
    if isinstance(value, tuple):
        raise ExpressionError("a vector cannot be compared.", "", span(tree))
    return value


def _holds(tree: tuple[Any, ...], symbols: Symbols, x: Array) -> Array:
    name, *parts = tree
    if name in COMPARE:
        return COMPARE[str(name)](*evaluate(parts, symbols, x))
    results = [_holds(part, symbols, x) for part in parts]
    if name == "not":
        return ~results[0]
    return reduce(np.logical_and if name == "and" else np.logical_or, results)
