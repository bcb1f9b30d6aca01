"""Logarithms of formulas: sums for products, so that nothing small is lost.

``exp(-400)`` is a number, ``exp(-800)`` is none, but the logarithm of either is.
"""

import sympy
from sympy import Expr

from pinnsolve.equations.functions import Gauss


def logarithm(e: Expr) -> Expr:
    """Return the logarithm of a formula that is positive.

    Factors are taken to be positive, each on its own; where two are negative the result is no
    number.

    >>> x = sympy.Symbol("x")
    >>> logarithm(3 * sympy.exp(-(x**2)))
    -x**2 + log(3)
    """
    if e.is_Mul:
        return sympy.Add(*map(logarithm, e.args))
    if isinstance(e, sympy.exp):
        return e.args[0]
    if isinstance(e, Gauss):
        return -(e.args[0] ** 2)
    if e.is_Pow and e.exp.is_number:
        return e.exp * logarithm(e.base)
    return sympy.log(e)
