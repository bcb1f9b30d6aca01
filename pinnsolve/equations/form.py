"""Which derivatives an equation depends on, gathered into operators.

Let ``R(x, u, u_x, …)`` be an expression in jet space. If the partial derivatives by two
derivatives of a field are proportional, ``∂R/∂u_α = r ∂R/∂u_β`` with constant ``r``, then ``R``
depends on the two through ``r u_α + u_β`` only: they act as one operator. So ``u_xx + u_yy``
becomes the Laplacian, also as ``k(u) (u_xx + u_yy)`` or inside of a square. ``R`` is affine if its
partial derivatives are free of the fields, and it does not jump where these pass a value: of
``heaviside(u)`` no partial derivative tells. Unknown constants count as fields do, but stay alone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import sympy
from sympy import Expr

from pinnsolve.diffop import DiffOp, MultiIndex, Term
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.functions import Sign, Step
from pinnsolve.equations.program import number
from pinnsolve.equations.variables import Constant, Derivative

MAX_WORK = 20_000  # terms times operations; with more nothing is multiplied out


@dataclass(frozen=True)
class Form:
    """An equation in terms of gathered derivatives and of unknown constants.

    Attributes
    ----------
    terms
        What it needs of the fields.
    constants
        Names of the unknown constants in it, in the order of the problem.
    symbols
        Those of the terms, then those of the constants.
    value
        The equation in these symbols.
    slopes
        Its partial derivatives by them.
    is_linear
        Whether it is affine in all of them together.
    """

    terms: tuple[Term, ...]
    constants: tuple[str, ...]
    symbols: tuple[sympy.Symbol, ...]
    value: Expr
    slopes: tuple[Expr, ...]
    is_linear: bool


def gather(e: Expr, time: int | None = None, is_mixed: bool = False) -> Form:
    """Collect derivatives that act together, and find out whether the equation is affine.

    Parameters
    ----------
    e
        What is zero if the equation holds.
    time
        The axis of time, along which an operator has one order only.
    is_mixed
        Whether derivatives of different orders, also in time, may form one operator.
    """
    groups: dict[tuple[int, int, int, Expr], list[tuple[MultiIndex, Expr]]] = {}
    values: dict[sympy.Symbol, Expr] = {}
    derivatives = variables.occurring(Derivative, e)
    constants = variables.occurring(Constant, e)
    unknown = [*derivatives, *constants]
    jumping = {s for call in e.atoms(Sign, Step) for s in call.free_symbols.intersection(unknown)}
    for symbol, own in derivatives.items():
        slope = _slope(e, symbol, unknown)
        values[symbol] = sympy.S.Zero
        if slope != 0 or symbol in jumping:
            factor, rest = (sympy.S.One, symbol) if symbol in jumping else _factor(slope)
            in_time = own.alpha[time] if time is not None else 0
            kind = (0, 0) if is_mixed else (sum(own.alpha), in_time)
            groups.setdefault((own.field, *kind, rest), []).append((own.alpha, factor))
    terms: list[Term] = []
    symbols: list[sympy.Symbol] = []
    ordered = sorted(groups.items(), key=lambda g: (g[0][0], -g[0][1], *map(_reversed, g[1])))
    for (field, *_), members in ordered:
        members.sort(reverse=True)  # u_xx leads
        lead, first = members[0]
        symbol = sympy.Symbol(f"term {len(terms)}")
        op = DiffOp(tuple((alpha, number(factor / first)) for alpha, factor in members))
        values[variables.derivative(field, lead)] = symbol
        terms.append(Term(field, op))
        symbols.append(symbol)
    symbols += constants
    # the others may be set to zero: the equation depends on their sum only
    value = calculus.substitute(e, values)
    slopes = [_slope(value, symbol, symbols) for symbol in symbols]
    is_linear = not (jumping or any(slope.free_symbols & set(symbols) for slope in slopes))
    if is_linear:
        rest = calculus.substitute(value, dict.fromkeys(symbols, sympy.S.Zero))
        products = [c * s for c, s in zip(slopes, symbols, strict=True)]
        if rest.has(sympy.zoo, sympy.nan) and may_be_expanded(value):
            rest = sympy.expand_mul(value - sympy.Add(*products))
        value = sympy.Add(*products, rest)
    names = tuple(constant.name for constant in constants.values())
    return Form(tuple(terms), names, tuple(symbols), value, tuple(slopes), is_linear)


def _slope(e: Expr, symbol: sympy.Symbol, fields: Collection[sympy.Symbol]) -> Expr:
    """Return a partial derivative, multiplied out if that frees it of the fields."""
    slope = calculus.partial(e, symbol)
    if slope.free_symbols.isdisjoint(fields) or not may_be_expanded(slope):
        return slope
    expanded = sympy.expand_mul(slope)
    return expanded if expanded.free_symbols.isdisjoint(fields) else slope


def may_be_expanded(e: Expr) -> bool:
    """Return whether multiplying out is little work; an equation is else taken as it stands."""
    return _expanded(e)[1] * calculus.size(e) <= MAX_WORK


@lru_cache(maxsize=4096)
def _expanded(e: Expr) -> tuple[int, int]:
    """Return the number of terms of what is multiplied out, and the largest of any part of it."""
    inner = list(map(_expanded, e.args))
    counts = [terms for terms, _ in inner]
    terms = sum(counts) if e.is_Add else prod(counts) if e.is_Mul else 1
    if e.is_Pow and e.exp.could_extract_minus_sign():
        terms = counts[0]  # what is divided by is multiplied out as well
    return terms, max(terms, *(most for _, most in inner), 1)


def _reversed(member: tuple[MultiIndex, Expr]) -> tuple[int, ...]:
    return tuple(-n for n in member[0])


def _factor(slope: Expr) -> tuple[Expr, Expr]:
    """Split an expression into a number and the rest, the same for proportional expressions."""
    if not slope.free_symbols:
        return slope, sympy.S.One
    constant, rest = slope.as_independent(*slope.free_symbols, as_Add=False)
    content, rest = rest.as_content_primitive()
    if rest.could_extract_minus_sign():
        content, rest = -content, -rest
    return constant * content, rest


def hoist(e: Expr, fields: frozenset[sympy.Symbol], known: dict[Expr, sympy.Symbol]) -> Expr:
    """Replace the largest parts that do not depend on the fields by symbols, noted in ``known``."""
    if not e.free_symbols & fields:
        if not e.free_symbols:
            return e
        return known.setdefault(e, sympy.Symbol(f"known {len(known)}"))
    if e.is_Symbol:
        return e
    if e.is_Add or e.is_Mul:
        fixed: list[Expr] = []
        free: list[Expr] = []
        for part in e.args:
            (free if part.free_symbols & fields else fixed).append(part)
        parts = [e.func(*fixed)] if fixed else []
        return e.func(*(hoist(part, fields, known) for part in (*parts, *free)))
    return e.func(*(hoist(part, fields, known) for part in e.args))
