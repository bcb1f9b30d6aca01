"""Jumps, whose derivative no formula holds.

Where an expression ``e`` jumps across a surface ``g = 0``, its derivative along a coordinate is

    D_i e = {D_i e} + [e] D_i g δ(g),

the derivative beside the surface, which is all that the rules of calculus give, and a Dirac delta
times the jump ``[e]``. At nodes the delta is nowhere to be seen: without it ``d(k*u_x, x)`` loses
the balance of fluxes at an interface, whatever method solves it. So an expression is not
differentiated where ``[e]`` is not zero. That is a property of values, not of spelling: once,
``abs(x)`` can be differentiated, for it does not jump; ``x*abs(x)`` twice; pieces that fit
together, as ``x*heaviside(-x) + sin(x)*heaviside(x)``, as often as they fit.

The jump is evaluated at points of the surface that are looked for from random points of the space
of coordinates, fields and their derivatives, each of its own size. Signs of other
expressions than ``g`` take any value: so no piece is too small to be met. Source: Schwartz (1950),
Théorie des distributions, volume 1, chapter II, section 2.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Bool, Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.equations import variables
from pinnsolve.equations.functions import Absolute, Maximum, Minimum, Sign, Step
from pinnsolve.equations.program import Program, program
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import Coordinate, Derivative, Symbol

POINTS = 200  # from which surfaces are looked for
DECADES = 2.0  # sizes of their coordinates: from 1e-2 to 1e2
NEWTON, BISECTIONS = 40, 80
NEAR = 1e-6  # relative distance of two points between which Newton's method has found a surface
BESIDE = 1e-6  # distance from the surface at which the size of a value is taken
SMALL = 1e-5  # of that size, a jump that does no harm, or rounding
MAX_SURFACES = 40
REMEDY = (
    "Smooth the jump over a few spacings of the nodes, as (1 + tanh((x - 0.5)/0.05))/2 does for "
    "heaviside(x - 0.5)."
)
REMEDY_OF_VALUES = (
    "Smooth the jump, as (1 + tanh((u - 0.5)/0.05))/2 does for heaviside(u - 0.5), so wide that u "
    "takes a few spacings of the nodes to pass it."
)
Points = Float[ndarray, "n D"]


HERE = "what is differentiated here"
TIME = "t"


class Jump(ExpressionError):
    """What is to be differentiated jumps.

    Attributes
    ----------
    surface
        What is zero where it does, if that is a function of space alone; None else.
    where
        In words, with a blank before them.
    jumping
        What jumps where unknowns pass certain values; None elsewhere.
    along
        The coordinate along which it was to be differentiated, and how many there are.
    """

    def __init__(
        self,
        message: str,
        remedy: str = "",
        span: tuple[int, int] = (0, 0),
        surface: Expr | None = None,
        where: str = "",
        jumping: Expr | None = None,
        along: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__(message, remedy, span)
        self.surface = surface
        self.where = where
        self.jumping = jumping
        self.along = along


@dataclass(frozen=True)
class _Surface:
    """Where an expression changes its sign.

    Attributes
    ----------
    g
        The expression.
    side
        A symbol for its sign.
    calls
        Functions of ``g`` that jump there, and what they are on either side.
    """

    g: Expr
    side: sympy.Symbol
    calls: Mapping[Expr, Expr]


def refuse(e: Expr, axis: int, coordinates: Sequence[str]) -> None:
    """Refuse an expression that jumps along a coordinate.

    Parameters
    ----------
    e
        An expression in coordinates, fields and their derivatives.
    axis
        Which coordinate.
    coordinates
        Names of all coordinates.

    Raises
    ------
    Jump
        If it does.
    """
    surfaces = _surfaces(e)
    if len(surfaces) > MAX_SURFACES:
        message = f"this has more than {MAX_SURFACES} jumps and kinks, too many to differentiate."
        raise ExpressionError(message, "Take fewer of sign, heaviside, abs, min and max.")
    along = variables.coordinate(coordinates[axis])
    for surface in surfaces:
        used = surface.g.free_symbols
        if along in used or any(isinstance(s.meaning, Derivative) for s in used):
            at = _jump_at(e, surface, surfaces)
            if at is not None:
                where = _where(surface.g, at)
                message = f"{HERE} jumps{where}, and the derivative of the jump would be lost."
                if _is_in_space(surface.g):
                    raise Jump(message, REMEDY, surface=surface.g, where=where)
                if any(isinstance(s.meaning, Derivative) for s in used):
                    along_axis = axis, len(coordinates)
                    of_values = {"where": where, "jumping": e, "along": along_axis}
                    raise Jump(message, REMEDY_OF_VALUES, **of_values)
                raise Jump(message, REMEDY, where=where)


def _surfaces(e: Expr) -> list[_Surface]:
    """Return the surfaces on which functions in an expression may jump."""
    found: dict[Expr, dict[Expr, Expr]] = {}
    for call in sorted(e.atoms(Step, Sign, Absolute), key=sympy.default_sort_key):
        inner = call.args[0]
        g, sign = oriented(inner)
        number = list(found).index(g) if g in found else len(found)
        side = sign * sympy.Symbol(f"side {number}")
        # x/abs(x) jumps, too: written x/(side*x) it is 1/side
        values = {Sign: side, Step: (1 + side) / 2, Absolute: side * inner}
        found.setdefault(g, {})[call] = values[call.func]
    return [
        _Surface(g, sympy.Symbol(f"side {i}"), calls) for i, (g, calls) in enumerate(found.items())
    ]


def oriented(e: Expr) -> tuple[Expr, int]:
    """Return an expression without numbers as factors, and the sign of those taken off.

    >>> oriented(sympy.pi / 2 - sympy.pi * sympy.Symbol("x"))
    (2*x - 1, -1)
    """
    symbols = sorted(e.free_symbols, key=str)
    factor, g = sympy.factor_terms(e).as_independent(*symbols, as_Add=False)
    _, g = g.as_content_primitive()
    sign = -1 if factor.is_negative else 1
    return (-g, -sign) if g.could_extract_minus_sign() else (g, sign)


def beside(e: Expr, signs: Mapping[Expr, int]) -> Expr:
    """Return an expression on one side of surfaces, where it does not jump.

    Parameters
    ----------
    e
        The expression.
    signs
        The side: 1 or -1 for each expression that is zero on the surface, as `oriented` returns it.
    """
    known: dict[Expr, Expr] = {}
    for call in e.atoms(Step, Sign, Absolute, Minimum, Maximum):
        a, b = call.args if len(call.args) == 2 else (call.args[0], sympy.S.Zero)
        g, sign = oriented(a - b)
        if g in signs:
            side = sign * signs[g]
            known[call] = {
                Sign: sympy.Integer(side),
                Step: sympy.Rational(1 + side, 2),
                Absolute: side * a,
                Minimum: b if side > 0 else a,
                Maximum: a if side > 0 else b,
            }[call.func]
    return e.xreplace(known)


def _is_in_space(g: Expr) -> bool:
    """Return whether an expression depends on coordinates of space alone."""
    meanings = [symbol.meaning for symbol in g.free_symbols]
    return all(isinstance(m, Coordinate) and m.name != TIME for m in meanings)


def _jump_at(
    e: Expr, surface: _Surface, surfaces: Sequence[_Surface]
) -> Mapping[Symbol, float] | None:
    """Return a point at which an expression jumps across a surface; None if there is none."""
    symbols = sorted(e.free_symbols, key=str)
    names = sorted(surface.g.free_symbols, key=str)
    rng = np.random.default_rng(0)
    shape = POINTS, len(symbols)
    points = rng.choice([-1.0, 1.0], shape) * 10 ** rng.uniform(-DECADES, DECADES, shape)
    columns = [symbols.index(name) for name in names]
    with np.errstate(all="ignore"):
        points[:, columns], normals, crossed = _on(surface.g, names, points[:, columns])
        points, normals = points[crossed], normals[crossed]
        across = np.zeros_like(points)
        across[:, columns] = normals
        others = rng.choice([-1.0, 1.0], (len(points), len(surfaces)))
        jump, size = _sizes(_of_sides(e, surface, surfaces, symbols), points, across, others)
        jumps = np.flatnonzero((jump > SMALL * size) & np.isfinite(size))
    if not jumps.size:
        return None
    return dict(zip(symbols, points[jumps[0]].tolist(), strict=True))


def _of_sides(
    e: Expr, surface: _Surface, surfaces: Sequence[_Surface], symbols: Sequence[Symbol]
) -> Program:
    """Return an expression in its symbols, the side of a surface, and the signs of all others."""
    e = e.xreplace(dict(surface.calls))
    e = e.xreplace({call: value for other in surfaces for call, value in other.calls.items()})
    sides = [other.side for other in surfaces if other is not surface]
    return program([e], [*symbols, surface.side, *sides])


def _sizes(
    values: Program, points: Points, across: Points, others: Float[ndarray, "n S"]
) -> tuple[Float[ndarray, " n"], Float[ndarray, " n"]]:
    """Return jumps at points of a surface, and what is large there.

    Parameters
    ----------
    values
        The expression, of coordinates, the side, and signs of further surfaces.
    points, across
        Points of the surface, and unit vectors across.
    others
        Signs; one more than there are further surfaces.
    """
    reach = BESIDE * (1 + np.linalg.norm(points * (across != 0), axis=1, keepdims=True)) * across

    def on(side: float, x: Points) -> Float[ndarray, " n"]:
        arguments = [*x.T, np.full(len(x), side), *others.T[1:]]
        return _broadcast(values, arguments, len(x))

    beyond, before = on(1.0, points), on(-1.0, points)
    near = [beyond, before, *(on(s, points + t * reach) for s in (1.0, -1.0) for t in (1.0, -1.0))]
    return np.abs(beyond - before), np.max(np.abs(near), axis=0)


def _on(
    g: Expr, symbols: Sequence[Symbol], points: Points
) -> tuple[Points, Points, Bool[ndarray, " n"]]:
    """Return points of ``g = 0``, unit vectors across, and whether ``g`` changes its sign there.

    Between two points on either side bisection finds one. Such pairs come from Newton's method
    along the gradient, taken by differences, and for every other point, as the method fails where
    ``g`` is flat, from those given.
    """
    compiled = program([g], symbols)

    def value(x: Points) -> Float[ndarray, " n"]:
        return _broadcast(compiled, list(x.T), len(x))

    g0 = value(points)
    low, high = _beside(value, points)
    above, below = np.flatnonzero(g0 > 0), np.flatnonzero(g0 < 0)
    n = min(len(above), len(below), len(points) // 2)
    low[: 2 * n : 2], high[: 2 * n : 2] = points[below[:n]], points[above[:n]]
    is_crossed = value(low) * value(high) < 0
    across = (high - low) / np.linalg.norm(high - low, axis=1, keepdims=True)
    sign = value(low) < 0
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        is_low = ((value(middle) < 0) == sign)[:, None]
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    return low, across, is_crossed


def _beside(
    value: Callable[[Points], Float[ndarray, " n"]], points: Points
) -> tuple[Points, Points]:
    """Return points on either side of the zeros that Newton's method finds."""

    def gradient(x: Points, g0: Float[ndarray, " n"]) -> Points:
        slopes = np.zeros_like(x)
        for i in range(x.shape[1]):
            moved = x.copy()
            moved[:, i] += 1e-7 * (np.abs(x[:, i]) + 1e-3)
            slopes[:, i] = (value(moved) - g0) / (moved[:, i] - x[:, i])
        return slopes

    for _ in range(NEWTON):
        g0 = value(points)
        slopes = gradient(points, g0)
        step = -g0[:, None] * slopes / np.sum(slopes**2, axis=1, keepdims=True)
        points = np.where(np.isfinite(step), points + step, points)
    slopes = gradient(points, value(points))
    normals = slopes / np.linalg.norm(slopes, axis=1, keepdims=True)
    reach = NEAR * (np.linalg.norm(points, axis=1, keepdims=True) + 1e-9) * normals
    return points - reach, points + reach


def _broadcast(
    values: Program, arguments: Sequence[Float[ndarray, " n"]], n: int
) -> Float[ndarray, " n"]:
    return np.array(np.broadcast_to(values(*arguments)[0], n), dtype=float)


def _where(g: Expr, at: Mapping[Symbol, float]) -> str:
    """Return the place of a jump in words, with a blank before them."""
    names = sorted(g.free_symbols, key=str)
    if not all(isinstance(name.meaning, Coordinate) for name in names):
        return " where unknowns pass certain values"
    place = ", ".join(f"{name.meaning} = {round(at[name], 12) + 0.0:.4g}" for name in names)
    return f"{', as' if len(names) > 1 else ''} at {place}"
