"""Derivatives of expressions.

A field and its derivatives are independent variables (`variables`). The derivative along a
coordinate of an expression ``e(x, u, u_x, …)`` is then the total derivative

    D_i e = ∂e/∂x_i + sum_α ∂e/∂u_α · u_(α + 1_i),

which expands products and powers as it goes. Source: Olver (1986), Applications of Lie Groups
to Differential Equations, section 2.3. Where ``e`` jumps this is not its derivative (`jumps`), and
refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import sympy
from sympy import Expr

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations import jumps, variables
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import (
    Data,
    Derivative,
    Input,
    Meaning,
    Normal,
    Source,
    Symbol,
)

MAX_ORDER = 16  # of derivatives of a field
MAX_SIZE = 30_000  # operations in an expression
MAX_GROWTH = 30_000  # of a derivative before terms are collected: an upper bound
MAX_BITS = 10_000  # of a fraction in an expression
TOO_LARGE = "the formula becomes too large."


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
    Jump
        If it jumps along the coordinate, so that part of its derivative would be lost.
    """
    own = variables.coordinate(coordinates[axis])
    fields = [s for s in e.free_symbols if isinstance(s.meaning, Derivative | Input)]
    if sum(growth(e, by) for by in (own, *fields)) > MAX_GROWTH:
        raise ExpressionError(TOO_LARGE, "Take fewer derivatives of it.")
    jumps.refuse(e, axis, coordinates)
    for symbol in sorted(e.free_symbols, key=str):
        _check_differentiable(symbol.meaning, along_normal)
    result = beside_jumps(e, axis, coordinates)
    if size(result) > MAX_SIZE:
        raise ExpressionError(TOO_LARGE, "Take fewer derivatives of it.")
    return result


def beside_jumps(e: Expr, axis: int, coordinates: Sequence[str]) -> Expr:
    """Return the total derivative along a coordinate of an expression where it does not jump.

    Raises
    ------
    ExpressionError
        If a derivative of a field is of too high an order.
    """
    result = e.diff(variables.coordinate(coordinates[axis]))
    for symbol in sorted(e.free_symbols, key=str):
        match symbol.meaning:
            case Derivative(field, alpha):
                raised = tuple(n + (i == axis) for i, n in enumerate(alpha))
                if sum(raised) > MAX_ORDER:
                    raise ExpressionError(f"derivatives above order {MAX_ORDER} are not supported.")
                result += e.diff(symbol) * variables.derivative(field, raised)
            case Input() as own if axis in own.axes:
                result += e.diff(symbol) * Symbol(_raised(own, axis))
    return result


def _raised(own: Input, axis: int) -> Input:
    """Return the derivative along a coordinate of a function that varies."""
    alpha = tuple(n + (i == axis) for n, i in zip(own.alpha, own.axes, strict=True))
    if sum(alpha) > own.smoothness:
        message = f'"{own.name}" has derivatives up to order {own.smoothness:g} only, as all '
        message += "functions of its family."
        raise ExpressionError(message, 'Choose a smoother one, as kernel = "rbf".')
    return replace(own, alpha=alpha)


@lru_cache(maxsize=MAX_SIZE)
def size(e: Expr) -> int:
    """Return the number of operations, names and numbers in an expression."""
    return 1 + sum(map(size, e.args))


@lru_cache(maxsize=MAX_SIZE)
def bits(e: Expr) -> int:
    """Return the length of the longest fraction in an expression."""
    if e.is_Rational:
        return max(e.p.bit_length(), e.q.bit_length())
    return max(map(bits, e.args), default=0)


def growth(e: Expr, by: sympy.Symbol) -> int:
    """Return an upper bound on the size of a partial derivative, without taking it.

    Every factor of a product is replaced by its derivative in turn, and so with the arguments of a
    function.
    """
    known: dict[Expr, int] = {}

    def bound(part: Expr) -> int:
        if part not in known:
            known[part] = _bound(part)
        return known[part]

    def _bound(part: Expr) -> int:
        if part.is_Atom:
            return int(part == by)
        inner = list(map(bound, part.args))
        if part.is_Add:
            return 1 + sum(inner)
        own = size(part) if part.is_Mul else 2 * size(part) + 6
        return sum(n + own for n in inner if n)

    return bound(e)


def partial(e: Expr, by: sympy.Symbol) -> Expr:
    """Return a partial derivative, beside all jumps.

    Raises
    ------
    ExpressionError
        If it may become too large.
    """
    if growth(e, by) > MAX_GROWTH:
        raise ExpressionError(TOO_LARGE, "Take fewer derivatives of it.")
    return e.diff(by)


def substitute(e: Expr, values: Mapping[sympy.Symbol, Expr]) -> Expr:
    """Return an expression with symbols replaced by expressions.

    Raises
    ------
    ExpressionError
        If it becomes too large, or a number in it does: both are known before.
    """
    sizes: dict[Expr, int] = {symbol: size(value) for symbol, value in values.items()}
    known: dict[Expr, Expr] = dict(values)

    def length(part: Expr) -> int:
        if part not in sizes:
            sizes[part] = 1 + sum(map(length, part.args))
        return sizes[part]

    def replaced(part: Expr) -> Expr:
        if part not in known:
            arguments = list(map(replaced, part.args))
            if part.is_Pow and all(a.is_Rational for a in arguments):
                base, exponent = arguments
                if bits(base) > 1 and bits(base) * abs(exponent) > MAX_BITS:
                    raise ExpressionError("a number in this has too many digits.")
            is_same = all(a is b for a, b in zip(arguments, part.args, strict=True))
            known[part] = part if is_same else part.func(*arguments)
        return known[part]

    if length(e) > MAX_SIZE:
        raise ExpressionError(TOO_LARGE)
    return replaced(e)


def _check_differentiable(meaning: Meaning, along_normal: bool) -> None:
    match meaning:
        case Data(name):
            message = f'"{name}" is known by its values only and cannot be differentiated.'
            raise ExpressionError(message, "Give it as a formula.")
        case Source(name):
            message = f'"{name}" is manufactured and cannot be differentiated.'
            remedy = "Give it as a formula, or name its derivative instead."
            raise ExpressionError(message, remedy)
        case Normal() if not along_normal:
            message = "the derivative of the normal is not known."
            remedy = "Keep n outside of grad, div, laplace and d; dn may hold it."
            raise ExpressionError(message, remedy)


def derivative(e: Expr, alpha: MultiIndex, coordinates: Sequence[str]) -> Expr:
    """Return ``∂^α e``."""
    for axis, count in enumerate(alpha):
        for _ in range(count):
            e = differentiate(e, axis, coordinates, along_normal=False)
    return e
