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

from math import factorial

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.equations import calculus, variables
from pinnsolve.equations.variables import Data, Symbol

COORDINATES = ("r", "z")
OVER = Symbol(Data("1/r"))
ON = Symbol(Data("r = 0"))
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
        If a numerator holds what cannot be differentiated, or becomes too large.
    """
    r = variables.coordinate(coordinates[0])
    if not any(p.base == r and p.exp.is_negative for p in e.atoms(sympy.Pow)):
        return e
    numerators: dict[int, list[Expr]] = {0: []}
    for term in sympy.Add.make_args(e.expand()):
        c, power = term.as_coeff_exponent(r)
        k = -int(power) if power.is_Integer and power < 0 else 0
        numerators.setdefault(k, []).append(c if k else term)
    whole = sympy.Add(*numerators.pop(0))
    for k in sorted(numerators):
        slope = numerator = sympy.Add(*numerators[k])
        for _ in range(k):
            # once: n' v + n v' = n v', for what n multiplies vanishes on the axis
            slope = calculus.differentiate(slope, 0, coordinates, along_normal=k == 1)
        whole += OVER**k * numerator + ON * slope / factorial(k)
    return whole


def of_axis(e: Expr) -> bool:
    """Tell whether an expression holds `OVER` or `ON`."""
    return not e.free_symbols.isdisjoint((OVER, ON))


def values(r: Float[ndarray, " N"], size: float) -> dict[Symbol, Float[ndarray, " N"]]:
    """Return `OVER` and `ON` at distances from the axis, in a domain of some size."""
    is_on = np.abs(r) <= ROUNDING * size
    return {OVER: np.where(is_on, 0.0, 1 / np.where(is_on, 1.0, r)), ON: is_on.astype(float)}
