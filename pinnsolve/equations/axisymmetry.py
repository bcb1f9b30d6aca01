"""Equations in ``(r, z)`` for what is the same all around an axis: regular where ``r = 0``.

Operators are those of cylinder coordinates,

    div v = (v_r)_r + v_r/r + (v_z)_z,      laplace e = div grad e,
    laplace v = (laplace v_r - v_r/r², laplace v_z),

and formulas may hold ``u_r/r`` and ``u/r²`` themselves. On the axis these are zeros divided by
zeros. Sorted by powers an equation is ``E = E_0 + E_1/r + … + E_m/r^m``; of what is smooth around
the axis ``r^m E`` vanishes there with its first ``m - 1`` derivatives, so that by L'Hôpital's rule

    E = sum_k (d/dr)^k E_k / k!      where r = 0.

Both are one expression, with the functions `OVER`, which is ``1/r`` beside the axis and zero on it,
and `ON`, which is one on the axis and zero beside it:

    E = E_0 + sum_k (OVER^k E_k + ON (d/dr)^k E_k / k!).
"""

from collections.abc import Mapping, Sequence
from math import factorial

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.equations import calculus, variables
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import Coordinate, Data, Derivative, Symbol

COORDINATES = ("r", "z")
OVER = Symbol(Data("1/r"))
ON = Symbol(Data("r = 0"))
SOMEWHERE = sympy.Rational(271, 729)  # along the axis, and in time
ROUNDING = 1e-9  # of the size of the domain: nearer points are on the axis


def regular(e: Expr, coordinates: tuple[str, ...]) -> Expr:
    """Return an expression whose value on the axis is its limit there.

    Parameters
    ----------
    e
        In coordinates, of which the first is ``r``, fields and their derivatives.
    coordinates
        Names of all of them, time too.

    Raises
    ------
    ExpressionError
        If a numerator holds what cannot be differentiated, or becomes too large; or if what is
        known in it is infinite on the axis.
    """
    r = variables.coordinate(coordinates[0])
    if not any(p.base == r and p.exp.is_negative for p in e.atoms(sympy.Pow)):
        return e
    numerators: dict[int, list[Expr]] = {0: []}
    for term in sympy.Add.make_args(e.expand()):
        power = sympy.sympify(term.as_powers_dict().get(r, 0))
        k = -int(power) if power.is_Integer and power < 0 else 0
        numerators.setdefault(k, []).append(term * r**k)
    whole = sympy.Add(*numerators.pop(0))
    _refuse_poles(numerators, r)
    for k in sorted(numerators):
        slope = numerator = sympy.Add(*numerators[k])
        for _ in range(k):
            # once: n' v + n v' = n v', for what n multiplies vanishes on the axis
            slope = calculus.differentiate(slope, 0, coordinates, along_normal=k == 1)
        whole += OVER**k * numerator + ON * slope / factorial(k)
    return whole


def _refuse_poles(numerators: Mapping[int, Sequence[Expr]], r: Expr) -> None:
    """Refuse what is known and infinite on the axis, as a value ``1/r``: no limit is there.

    Raises
    ------
    ExpressionError
        If there is such a thing.
    """
    m = max(numerators)
    known = [
        c * r ** (m - k)
        for k, terms in numerators.items()
        for c in terms
        if not variables.occurring(Derivative, c)
    ]
    numerator = sympy.Add(*known)
    for _ in range(m):  # r^m E vanishes with its first m - 1 derivatives
        there = numerator.subs(r, 0)
        there = there.subs(dict.fromkeys(variables.occurring(Coordinate, there), SOMEWHERE))
        if not there.free_symbols and abs(there.evalf()) > ROUNDING:
            message = "this is infinite on the axis, where r = 0."
            raise ExpressionError(message, "Give what is smooth around the axis.")
        numerator = calculus.partial(numerator, r)


def of_axis(e: Expr) -> bool:
    """Tell whether an expression holds `OVER` or `ON`."""
    return not e.free_symbols.isdisjoint((OVER, ON))


def values(r: Float[ndarray, " N"], size: float) -> dict[Symbol, Float[ndarray, " N"]]:
    """Return `OVER` and `ON` at distances from the axis, in a domain of some size."""
    is_on = np.abs(r) <= ROUNDING * size
    return {OVER: np.where(is_on, 0.0, 1 / np.where(is_on, 1.0, r)), ON: is_on.astype(float)}
