"""Functions between bounds, in terms of others that have none.

    u = a + exp(w)                        above a,            u' = u - a,
    u = b - exp(-w)                       below b,            u' = b - u,
    u = a + (b - a)/(1 + exp(-w))         between a and b,    u' = (u - a)(b - u)/(b - a).

``w`` takes the place of ``u`` in all that is stated, as potentials take that of fields
(`pinnsolve.equations.kirchhoff`). A positive function is the exponential of its logarithm, which is
smooth where it is small as where it is large.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy
from sympy import Expr

from pinnsolve.equations import functions
from pinnsolve.equations.algebra import exact


@dataclass(frozen=True)
class Bounds:
    """The bounds of a function, at least one of them.

    Attributes
    ----------
    lower, upper
        It lies above the one and below the other; None of one that there is not.
    """

    lower: float | None
    upper: float | None

    def potential(self, u: Expr) -> Expr:
        """Return the function without bounds that stands for ``u``."""
        if isinstance(u, _between(self)):
            return u.args[0]
        a, b = self._ends
        if b is None:
            return sympy.log(u - a)
        return -sympy.log(b - u) if a is None else sympy.log((u - a) / (b - u))

    def formula_of(self, w: Expr) -> Expr:
        """Return the function as a formula."""
        a, b = self._ends
        if b is None:
            return a + sympy.exp(w)
        return b - sympy.exp(-w) if a is None else a + (b - a) / (1 + sympy.exp(-w))

    def slope_of(self, u: Expr) -> Expr:
        """Return its derivative by what has no bounds, where it is ``u``."""
        a, b = self._ends
        if b is None:
            return u - a
        return b - u if a is None else (u - a) * (b - u) / (b - a)

    def of(self, w: Expr) -> Expr:
        """Return the function as a symbol ``u(w)``, of which no more is said than its slope."""
        return _between(self)(w)

    @property
    def _ends(self) -> tuple[Expr | None, Expr | None]:
        """The bounds as exact numbers."""
        return (
            None if self.lower is None else exact(self.lower),
            None if self.upper is None else exact(self.upper),
        )


@cache
def _between(bounds: Bounds) -> Any:
    """Return a function between bounds as a function of sympy."""
    return functions.composite(
        f"Between {bounds.lower} and {bounds.upper}",
        bounds.formula_of,
        bounds.slope_of,
        conductivity=bounds,
        __reduce_ex__=lambda u, _: (Bounds.of, (bounds, *u.args)),
    )
