"""Equations between integrals, as ``mean(p) = 0`` or ``integral(dn(u), on = "left") = 1``.

An equation that is affine in integrals is the vanishing of one sum over points,

    sum_r ( sum_j w_jr a_j e_j(x_r) - w_0r b ) = 0,

with the weights ``w_j`` of the j-th integral and weights ``w_0`` of sum one. So it is an equation
like others, for the density in brackets, in which the weights are functions known by their values.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy
from sympy import Expr

from pinnsolve.equations import variables
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.symbols import Symbols, Tabulated
from pinnsolve.equations.syntax import ExpressionError, read, span
from pinnsolve.equations.translate import INTEGRALS, translate
from pinnsolve.equations.typeset import typeset
from pinnsolve.equations.variables import Coordinate, Data, Derivative, Symbol

ON = re.compile(r""",\s*on\s*=\s*(?P<mark>["'])(?P<piece>[^"']*)(?P=mark)\s*(?=\))""")
REST = "integral 0"  # what multiplies what is no integral
SUMS = "Integrals may be added, and multiplied by numbers; each stands in a sum of its own."


@dataclass(frozen=True)
class Integral:
    """One integral of an equation.

    Attributes
    ----------
    name
        Of its weights among the data of the equation.
    is_mean
        Whether it is divided by the size of what it extends over.
    on
        The piece of the boundary over which it extends; None for the domain.
    span
        Where it stands in the text.
    """

    name: str
    is_mean: bool
    on: str | None
    span: tuple[int, int]


@dataclass(frozen=True)
class IntegralEquation:
    """An equation between integrals: what vanishes is a sum.

    Attributes
    ----------
    equation
        For the density, the weights of the integrals unknown.
    integrals
        In the order of the text.
    """

    equation: Equation
    integrals: tuple[Integral, ...]

    def weighted(self, weights: Mapping[str, Tabulated]) -> Equation:
        """Return the equation for the density, given the weights by name, `REST` among them."""
        symbols = self.equation.symbols
        data = {**symbols.data, **weights}
        return replace(self.equation, symbols=replace(symbols, data=data))


def integral_equation(text: str, symbols: Symbols) -> IntegralEquation:
    """Read an equation between integrals.

    Parameters
    ----------
    text
        What the user wrote.
    symbols
        The names it may use; within integrals over the boundary those of the normal too.

    Raises
    ------
    ExpressionError
        If the text is no such equation.
    """
    pieces = {found.start(): found["piece"] for found in ON.finditer(text)}
    plain = ON.sub(lambda found: " " * len(found.group()), text)
    signs = [found.start() for found in re.finditer(r"(?<![<>=!])=(?!=)", plain)]
    if len(signs) > 1:
        at = (signs[1], signs[1] + 1)
        raise ExpressionError("an equation has one = only.", "Write each on its own.", at)
    stop = signs[0] if signs else len(text)
    reading = _Reading(symbols, pieces, [])
    left = read(plain, 0, stop)
    density, latex = reading.density(left), typeset(left, symbols)
    if signs:
        right = read(plain, stop + 1)
        density, latex = density - reading.density(right), f"{latex} = {typeset(right, symbols)}"
    else:
        latex += " = 0"
    if not reading.found:
        message = "no integral is left in this constraint."
        remedy = 'Write, say, mean(u) = 0, or integral(u, on = "left") = 1.'
        raise ExpressionError(message, remedy, (0, len(text)))
    equation = Equation(text, latex, density, replace(symbols, normals=True))
    if not variables.occurring(Derivative, density):
        message = "no unknown field is left in this equation."
        remedy = f"Unknown fields: {', '.join(symbols.fields)}."
        raise ExpressionError(message, remedy, (0, len(text)))
    return IntegralEquation(equation, tuple(reading.found))


@dataclass(frozen=True)
class _Reading:
    """One walk over an equation; notes the integrals that it finds."""

    symbols: Symbols
    pieces: Mapping[int, str]
    found: list[Integral]

    def density(self, node: ast.expr) -> Expr:
        """Return the density of one side, in which numbers have the weights of the rest."""
        integrals, rest = self.parts(node)
        return integrals + Symbol(Data(REST)) * rest

    def parts(self, node: ast.expr) -> tuple[Expr, Expr]:
        """Return the densities of the integrals in a formula, and what is no integral."""
        if not any(map(_is_integral, ast.walk(node))):
            return sympy.S.Zero, self.number(node)
        match node:
            case ast.Call():
                if _is_integral(node):
                    return self.integral(node), sympy.S.Zero
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                a, b = self.parts(operand)
                return -a, -b
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.parts(operand)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                (a, b), (c, d) = self.parts(left), self.parts(right)
                return (a + c, b + d) if isinstance(op, ast.Add) else (a - c, b - d)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                (a, b), (c, d) = self.parts(left), self.parts(right)
                if c == 0 and isinstance(op, ast.Div):
                    return a / d, b / d
                if (a == 0 or c == 0) and isinstance(op, ast.Mult):
                    return a * d + b * c, b * d
        raise ExpressionError("an integral cannot stand here.", SUMS, span(node))

    def integral(self, node: ast.Call) -> Expr:
        """Return the density of one integral, and note it."""
        assert isinstance(node.func, ast.Name)
        place = span(node)
        if len(node.args) != 1:
            message = f"{node.func.id} takes 1 argument, not {len(node.args)}."
            raise ExpressionError(message, f"Write {node.func.id}(e).", place)
        (argument,) = node.args
        on = next((piece for at, piece in self.pieces.items() if place[0] < at < place[1]), None)
        integrand = translate(argument, replace(self.symbols, normals=on is not None))
        if isinstance(integrand, tuple):
            raise ExpressionError("a vector is not expected here.", "", span(argument))
        name = f"integral {len(self.found) + 1}"
        self.found.append(Integral(name, node.func.id == "mean", on, place))
        return integrand * Symbol(Data(name))

    def number(self, node: ast.expr) -> Expr:
        """Return a formula without integrals: numbers, constants, and time."""
        value = translate(node, replace(self.symbols, normals=False))
        whole = value if isinstance(value, tuple) else (value,)
        places = {s for e in whole for s in variables.occurring(Coordinate, e).values()}
        is_local = any(variables.occurring(Derivative, e) for e in whole)
        if len(whole) > 1 or is_local or any(place.name != "t" for place in places):
            message = "only numbers stand beside integrals."
            raise ExpressionError(message, "Write mean(…) or integral(…) of it.", span(node))
        return whole[0]


def _is_integral(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in INTEGRALS
    return False
