"""Point sources: Dirac's delta at a place, spread over a few spacings of the nodes.

In ``d`` dimensions ``delta(x - a, …)`` stands for the smooth function of ``z = |x - a|^2 / w^2``

    delta_w = (a_0 + a_1 z) (1 - z)^4 / w^d  where z < 1, zero elsewhere,

with ``a_0`` and ``a_1`` such that its integral is one and its second moments vanish; the odd ones
do by symmetry. So farther away than ``w`` a solution differs from that of a point by ``O(w^4)``,
and by nothing where the equation there is Laplace's, whose solutions have the mean value property.
The width is known with the nodes, and a function known by its values until then. Sources: Beale &
Majda (1985), High order accurate vortex methods with explicit velocity kernels, J. Comput. Phys.
58, doi:10.1016/0021-9991(85)90176-7; Tornberg & Engquist (2004), Numerical approximations of
singular source terms in differential equations, J. Comput. Phys. 200,
doi:10.1016/j.jcp.2004.04.011.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import sympy
from sympy import Expr, Rational

from pinnsolve.equations.functions import Composite, Maximum
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import Coordinate, Data, Symbol, coordinate

SMOOTH = "Elsewhere write a narrow smooth function of your own, as gauss((x - a)/w)."
POWER = 4  # of 1 - z: so many derivatives are continuous, less one


class Delta(Composite):
    """A spread point source: of the distances from it along each axis, and of its width."""

    @staticmethod
    def formula(*arguments: Expr) -> Expr:
        """Return the spread source as a formula."""
        *offsets, width = arguments
        z = sympy.Add(*(offset**2 for offset in offsets)) / width**2
        first, second = amplitudes(len(offsets))
        bump = Maximum(1 - z, sympy.S.Zero) ** POWER
        return (sympy.Float(first) + sympy.Float(second) * z) * bump / width ** len(offsets)

    @property
    def width(self) -> Symbol:
        """What stands for its width."""
        return self.args[-1]


@dataclass(frozen=True)
class Place:
    """Where a point source is.

    Attributes
    ----------
    at
        Its coordinates, numbers or functions of time.
    width
        The name of its width among the functions known by their values.
    """

    at: tuple[Expr, ...]
    width: str


@cache
def amplitudes(dim: int) -> tuple[float, float]:
    """Return ``a_0`` and ``a_1`` in so many dimensions; see the head of the module.

    >>> amplitudes(1)  # of (1 - x^2)^4 and x^2 (1 - x^2)^4, from -1 to 1
    (2.707..., -8.797...)
    """
    half = Rational(dim, 2)
    sphere = 2 * sympy.pi**half / sympy.gamma(half)

    def moment(k: int) -> Expr:
        """Return the integral of ``z^k (1 - z)^4`` over the unit ball."""
        a, b = half + k, sympy.Integer(POWER + 1)
        return sphere / 2 * sympy.gamma(a) * sympy.gamma(b) / sympy.gamma(a + b)

    a, b, c = (moment(k) for k in range(3))
    return float(c / (a * c - b * b)), float(-b / (a * c - b * b))


def offset(e: Expr, name: str) -> Expr:
    """Return an argument of ``delta`` as the distance along a coordinate, ``x - a``.

    Parameters
    ----------
    e
        What was written: that, or ``a - x``.
    name
        Of the coordinate.

    Raises
    ------
    ExpressionError
        If it does not say where the source is.
    """
    own = coordinate(name)
    for rest in (sympy.expand(e - own), sympy.expand(-e - own)):
        known = [symbol.meaning for symbol in rest.free_symbols]
        if all(isinstance(meaning, Coordinate) and meaning.name == "t" for meaning in known):
            return own + rest
    message = f"this does not say where along {name} the source is."
    remedy = f"Write {name} - a, with a number or a formula of t and constants for a."
    raise ExpressionError(message, remedy)


def point_source(offsets: Sequence[Expr], coordinates: Sequence[str]) -> Expr:
    """Return a point source, given the distances from it along each coordinate."""
    own = map(coordinate, coordinates)
    at = ", ".join(str(x - e) for x, e in zip(own, offsets, strict=True))
    return Delta(*offsets, Symbol(Data(f"width of the source at {at}")))


def places(e: Expr, coordinates: Sequence[str]) -> tuple[Place, ...]:
    """Return the places of the point sources in an expression, in a fixed order."""
    own = [coordinate(name) for name in coordinates]
    found = {
        source.width.meaning.name: tuple(x - e for x, e in zip(own, source.args, strict=False))
        for source in e.atoms(Delta)
    }
    return tuple(Place(found[name], name) for name in sorted(found))
