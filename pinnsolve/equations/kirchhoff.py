"""Conductivities that jump where a field passes a value, as that of a material which melts.

Under a derivative ``k(u)`` that jumps leaves a Dirac delta (`jumps`), but the flux is smooth, and
it is the gradient of Kirchhoff's potential

    w = K(u) = ∫ k(u) du,      k(u) ∇u = ∇w,      div(k(u) ∇u) = Δw.

So ``w`` takes the place of ``u`` in all that is stated: ``u`` is a name for ``U(w)``, the inverse
of ``K``, with ``dU/dw = 1/k(U)``; values ``u = g`` on the boundary become ``w = K(g)``, fluxes
``k(u) dn(u)`` become ``dn(w)``. Where nothing but the flux holds ``u`` the equations have become
linear. Source: Kirchhoff (1894), Vorlesungen über die Theorie der Wärme; Carslaw & Jaeger (1959),
Conduction of Heat in Solids, section 2.16.

Here ``k`` is linear in ``u`` between the values at which it jumps or bends, and positive, so that
``K`` grows and both it and its inverse are formulas: with ``s = w - K(a)`` and, from ``a`` on,
``k = c + m (u - a)``, it is ``u - a = 2 s/(c + sqrt(c² + 2 m s))``.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

import sympy
from sympy import Expr

from pinnsolve.equations import calculus, functions, variables
from pinnsolve.equations.form import may_be_expanded
from pinnsolve.equations.functions import Absolute, Maximum, Minimum, Sign, Step
from pinnsolve.equations.jumps import MAX_SURFACES, beside, oriented
from pinnsolve.equations.jumps import REMEDY_OF_VALUES as SMOOTH
from pinnsolve.equations.program import number
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import Derivative, Source, Symbol

PIECEWISE = (Absolute, Maximum, Minimum, Sign, Step)
MAX_VALUES = 8  # at which a conductivity jumps or bends
VALUE = sympy.Symbol("value")  # of the field
JUMPS = "the conductivity jumps where the field passes certain values"


@dataclass(frozen=True)
class Conductivity:
    """A positive function ``k`` of a field that is linear between given values.

    Attributes
    ----------
    formula
        The function, of `VALUE`.
    values
        Those at which it jumps or bends, ascending.
    pieces
        Below the first of them, then above each: its limit at that value, and its slope.
    """

    formula: Expr
    values: tuple[Expr, ...]
    pieces: tuple[tuple[Expr, Expr], ...]

    def potential(self, u: Expr) -> Expr:
        """Return ``K(u)``, which is zero at the first of the values."""
        if isinstance(u, _inverse(self)):
            return u.args[0]
        total = sympy.S.Zero
        for base, low, high, (c, m) in self._parts(self.values):
            s = _between(u, low, high) - base
            total += s * (c + m * s / 2)
        return total

    def formula_of(self, w: Expr) -> Expr:
        """Return the inverse of the potential as a formula."""
        total = self.values[0]
        for base, low, high, (c, m) in self._parts(self._potentials):
            s = _between(w, low, high) - base
            total += s / c if m == 0 else 2 * s / (c + sympy.sqrt(c**2 + 2 * m * s))
        return total

    def of(self, w: Expr) -> Expr:
        """Return the field whose potential is ``w``: ``U(w)``, of which no more is said than that.

        So ``k(U) dU/dw`` is one, as sympy sees by itself.
        """
        return _inverse(self)(w)

    @cached_property
    def _potentials(self) -> tuple[Expr, ...]:
        """The potentials of the values."""
        found = [sympy.S.Zero]
        for (a, b), (c, m) in zip(pairwise(self.values), self.pieces[1:], strict=False):
            found.append(found[-1] + (b - a) * (c + m * (b - a) / 2))
        return tuple(found)

    def _parts(self, ends: tuple[Expr, ...]) -> list[tuple[Expr, Expr, Expr, tuple[Expr, Expr]]]:
        """Return for each piece where it is counted from, its ends, limit and slope."""
        lows, highs = (-sympy.oo, *ends), (*ends, sympy.oo)
        return list(zip((ends[0], *ends), lows, highs, self.pieces, strict=True))


@cache
def _inverse(conductivity: Conductivity) -> Any:
    """Return the inverse of a potential as a function of sympy."""
    return functions.composite(
        f"Inverse of {conductivity.formula}",
        conductivity.formula_of,
        lambda u: 1 / conductivity.formula.xreplace({VALUE: u}),
        conductivity=conductivity,
        __reduce_ex__=lambda u, _: (Conductivity.of, (conductivity, *u.args)),
    )


def _between(e: Expr, low: Expr, high: Expr) -> Expr:
    """Return an expression where it lies between two bounds, else the nearer one."""
    if e.is_Rational and all(bound.is_Rational or bound.is_infinite for bound in (low, high)):
        return sympy.Min(sympy.Max(e, low), high)
    e = e if low == -sympy.oo else Maximum(e, low)
    return e if high == sympy.oo else Minimum(e, high)


def found_in(flux: Expr, axis: int, coordinates: int) -> tuple[int, Conductivity] | None:
    """Return the conductivity of a flux along a coordinate, and the field that it is a function of.

    Parameters
    ----------
    flux
        An expression that jumps where fields pass a value.
    axis
        The coordinate.
    coordinates
        How many there are.

    Returns
    -------
    tuple or None
        None if the flux is not ``c(x) k(u) u_x`` beside what does not hold ``u_x``.

    Raises
    ------
    ExpressionError
        If it is, but the conductivity is not linear in between, or not positive.
    """
    along = tuple(int(i == axis) for i in range(coordinates))
    for symbol, own in variables.occurring(Derivative, flux).items():
        if own.alpha != along:
            continue
        u = variables.derivative(own.field, (0,) * coordinates)
        slope = calculus.partial(flux, symbol)
        k = slope.as_independent(u, as_Add=False)[1]
        is_of_value = k.free_symbols == {u} and not k.atoms(functions.Composite)
        if is_of_value and k.atoms(*PIECEWISE) and symbol not in slope.free_symbols:
            return own.field, conductivity(k.xreplace({u: VALUE}))
    return None


def conductivity(k: Expr) -> Conductivity:
    """Return a function of `VALUE` in pieces.

    Raises
    ------
    ExpressionError
        If it is not linear in between, or not positive.
    """
    surfaces: dict[Expr, Expr] = {}
    for call in k.atoms(*PIECEWISE):
        a, b = call.args if len(call.args) == 2 else (call.args[0], sympy.S.Zero)
        g, _ = oriented(a - b)
        surfaces[g] = -_at(g, sympy.S.Zero) / _slope(g)
    values = sorted(set(surfaces.values()), key=number)
    if len(values) > MAX_VALUES:
        raise ExpressionError(f"{JUMPS}, and at more than {MAX_VALUES} of them.", SMOOTH)
    pieces = []
    middles = [values[0] - 1, *((a + b) / 2 for a, b in pairwise(values)), values[-1] + 1]
    for base, middle in zip((values[0], *values), middles, strict=True):
        own = beside(k, {g: 1 if number(_at(g, middle)) > 0 else -1 for g in surfaces})
        pieces.append((_at(own, base), _slope(own)))
    found = Conductivity(k, tuple(values), tuple(pieces))
    if not _is_positive(found):
        message = f"{JUMPS}, and is zero or negative at others."
        raise ExpressionError(message, "Bound it from below, as max(…, 0.01) does.")
    return found


def _at(e: Expr, value: Expr) -> Expr:
    return e.xreplace({VALUE: value})


def _slope(e: Expr) -> Expr:
    """Return the slope of a linear function of the value."""
    slope = calculus.partial(e, VALUE)
    if slope.free_symbols or e.atoms(*PIECEWISE):
        message = f"{JUMPS}, and is not linear in it on both sides of given ones."
        raise ExpressionError(message, f"Make it linear on each side. Or s{SMOOTH[1:]}")
    return slope


def _is_positive(k: Conductivity) -> bool:
    """Return whether a conductivity is positive for all values."""
    ends = [c for c, _ in k.pieces]
    for (a, b), (c, m) in zip(pairwise(k.values), k.pieces[1:], strict=False):
        ends.append(c + m * (b - a))
    (_, first), (_, last) = k.pieces[0], k.pieces[-1]
    return all(number(c) > 0 for c in ends) and number(first) <= 0 <= number(last)


def tidied(e: Expr) -> Expr:
    """Return an expression in potentials with what cancels in the slopes of its fluxes cancelled.

    Of ``u_x + 9*heaviside(u)*u_x`` nothing is left but ``w_x``.
    """
    if not e.atoms(functions.Composite):
        return e
    for symbol, own in variables.occurring(Derivative, e).items():
        slope = calculus.partial(e, symbol)
        if sum(own.alpha) != 1 or symbol in slope.free_symbols:
            continue
        shorter = sympy.factor_terms(slope)
        if not shorter.atoms(functions.Composite):
            e = calculus.substitute(e, {symbol: sympy.S.Zero}) + shorter * symbol
    return e


def solved(e: Expr) -> Expr:
    """Return an equation between values, or one of fluxes, for the potential.

    ``U(w) = g`` becomes ``w = K(g)``, once ``g`` is known, and ``dn(w)/k(U) = g`` becomes
    ``dn(w) = k(U) g``.
    """
    e = tidied(e)
    calls = [call for call in e.atoms(functions.Composite) if call.args[0].is_Symbol]
    return e if len(calls) != 1 else _value(e, calls[0]) or _flux(e, calls[0]) or e


def _value(e: Expr, u: Expr) -> Expr | None:
    """Return an equation ``U(w) = g`` as one for the potential; None if it is another."""
    e = e.xreplace({u: VALUE})
    slope = calculus.partial(e, VALUE)
    if VALUE in slope.free_symbols or variables.occurring(Derivative, slope):
        return None
    g = -_at(e, sympy.S.Zero) / slope
    if any(isinstance(symbol.meaning, Derivative | Source) for symbol in g.free_symbols):
        return None
    return u.args[0] - smooth(u.conductivity.potential(g))


def _flux(e: Expr, u: Expr) -> Expr | None:
    """Return an equation for slopes ``w_x/k(U)`` times ``k(U)``; None if it is another."""
    k = 1 / u.fdiff()
    flux, values = sympy.S.Zero, dict[Symbol, Expr]()
    for symbol, own in variables.occurring(Derivative, e).items():
        if not any(own.alpha):
            continue
        slope = sympy.factor_terms(calculus.partial(e, symbol) * k)
        if sum(own.alpha) > 1 or slope.atoms(functions.Composite):
            return None
        flux += slope * symbol
        values[symbol] = sympy.S.Zero
    return flux + k * calculus.substitute(e, values) if values else None


def smooth(e: Expr) -> Expr:
    """Return an expression without pieces that are the same on both sides of where they meet.

    The potential of an exact solution with a kink has none: of ``min(w, w/10)``, where the
    conductivity is ten times less beyond zero, it is ``w``.
    """
    calls = sorted(e.atoms(*PIECEWISE), key=sympy.default_sort_key)
    for call in calls if len(calls) <= MAX_SURFACES else ():
        a, b = call.args if len(call.args) == 2 else (call.args[0], sympy.S.Zero)
        g, _ = oriented(a - b)
        if not g.free_symbols or call not in e.atoms(*PIECEWISE):
            continue
        above, below = (_settled(e, g, side) for side in (1, -1))
        apart = above - below
        if apart == 0 or (may_be_expanded(apart) and sympy.expand_mul(apart) == 0):
            e = above
    return e


def _settled(e: Expr, g: Expr, side: int) -> Expr:
    """Return an expression on one side of a surface, on which others may come to be the same."""
    for _ in range(MAX_VALUES):
        simpler = beside(e, {g: side})
        if simpler == e:
            break
        e = simpler
    return e
