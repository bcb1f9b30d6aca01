"""Equations that conserve what their field is the density of, and the flow that carries it.

A linear equation of order one in time and two in space,

    u_t = sum_ij a_ij u_ij + sum_i c_i u_i + c u,

says ``u_t + div(b u) = 0`` with the flow ``b = h - A grad(ln u)`` and the drift ``h_i = sum_j
d_j a_ij - c_i``, if and only if ``c = -div h``. Points that move with ``b`` stay points drawn from
``u``, and along their paths

    d/dt ln u = -div b = sum_ij a_ij (ln u)_ij + sum_ij (d_j a_ij) (ln u)_i + c:

without diffusion, ``A = 0``, the flow and what it makes of ``ln u`` are known beforehand. Sources:
Risken (1996), The Fokker-Planck Equation, doi:10.1007/978-3-642-61544-3; for the flow of a density
that diffuses Maoutsa, Reich & Opper (2020), doi:10.3390/e22080802.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.equations import calculus, variables
from pinnsolve.equations.expression import evaluate
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.variables import Derivative, Symbol
from pinnsolve.errors import Fault
from pinnsolve.problem import Problem

SOME = 200  # points at which coefficients are compared
EQUAL = 1e-9  # difference of coefficients, relative, that counts as none
REMEDY = "Write it as u_t + div(b*u) = 0, or u_t = div(D*grad(u)) - div(h*u)."


@dataclass(frozen=True, eq=False)
class Law:
    """What an equation makes of a density.

    Attributes
    ----------
    drift
        ``h``, the part of the flow that is known.
    diffusion
        The entries of ``A`` that are not zero, by row and column; none without diffusion.
    spread
        ``sum_j d_j a_ij``, by row.
    growth
        ``c``.
    symbols
        The coordinates and time.
    """

    drift: tuple[Expr, ...]
    diffusion: Mapping[tuple[int, int], Expr]
    spread: tuple[Expr, ...]
    growth: Expr
    symbols: Symbols

    @property
    def is_uniform(self) -> bool:
        """Whether ``A`` is the same at all places and times."""
        return not any(a.free_symbols for a in self.diffusion.values())

    def at(self, x: Float[ndarray, "N d"], time: float) -> "Coefficients":
        """Return the coefficients at points and an instant."""
        wanted = [*self.drift, *self.diffusion.values(), *self.spread, self.growth]
        points = np.column_stack([x, np.full(len(x), time)])
        found = evaluate(wanted, self.symbols, points)
        d, m = len(self.drift), len(self.diffusion)
        return Coefficients(
            np.stack(found[:d], 1),
            dict(zip(self.diffusion, found[d : d + m], strict=True)),
            np.stack(found[d + m : -1], 1),
            found[-1],
        )


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Those of a `Law` at points."""

    drift: Float[ndarray, "N d"]
    diffusion: Mapping[tuple[int, int], Float[ndarray, " N"]]
    spread: Float[ndarray, "N d"]
    growth: Float[ndarray, " N"]


class NoLaw(Exception):
    """The reason why an equation conserves nothing."""


def law(problem: Problem) -> Law:
    """Return the law of the density that a problem is about.

    Raises
    ------
    NoLaw
        If its equation conserves nothing.
    """
    (equation,) = problem.equations
    e, names = equation.expression, equation.symbols.coordinates
    slopes = _slopes(equation.text, e)
    d = len(names) - 1
    rate = slopes.pop((*(0 for _ in range(d)), 1), None)
    if rate is None or any(alpha[-1] for alpha in slopes):
        raise NoLaw(f'"{equation.text}" is not of first order in time.')
    if any(sum(alpha) > 2 for alpha in slopes):
        raise NoLaw(f'"{equation.text}" holds derivatives in space of a higher order than two.')
    own = {alpha[:-1]: -slope / rate for alpha, slope in slopes.items()}
    unit = [tuple(int(i == j) for j in range(d)) for i in range(d)]
    A: dict[tuple[int, int], Expr] = {}
    for i in range(d):
        for j in range(d):
            both = tuple(p + q for p, q in zip(unit[i], unit[j], strict=True))
            if both in own:
                A[i, j] = own[both] if i == j else own[both] / 2

    def slope(f: Expr, axis: int) -> Expr:
        return calculus.differentiate(f, axis, names, along_normal=False)

    spread = tuple(
        sympy.Add(*(slope(A[i, j], j) for j in range(d) if (i, j) in A)) for i in range(d)
    )
    drift = tuple(spread[i] - own.get(unit[i], sympy.S.Zero) for i in range(d))
    growth = own.get((0,) * d, sympy.S.Zero)
    found = Law(drift, A, spread, growth, equation.symbols)
    gained = sympy.Add(growth, *(slope(drift[i], i) for i in range(d)))
    if not _vanishes(gained, growth, problem, equation.symbols):
        raise NoLaw(f'"{equation.text}" does not conserve the integral of the field.')
    return found


def faults(problem: Problem) -> list[Fault]:
    """Return the fault of a density whose equation conserves nothing."""
    try:
        law(problem)
    except NoLaw as reason:
        key = ("pde", "equations", 0)
        return [Fault(key, f"particles carry what is conserved, but {reason}", REMEDY)]
    return []


def _slopes(text: str, e: Expr) -> dict[tuple[int, ...], Expr]:
    """Return the coefficients of a linear equation without a source."""
    symbols = variables.occurring(Derivative, e)
    found = {own.alpha: calculus.partial(e, symbol) for symbol, own in symbols.items()}
    if any(slope.free_symbols & {*symbols} for slope in found.values()):
        raise NoLaw(f'"{text}" is not linear.')
    zero: dict[sympy.Symbol, Expr] = dict.fromkeys(symbols, sympy.S.Zero)
    if sympy.expand(calculus.substitute(e, zero)) != 0:
        raise NoLaw(f'"{text}" holds a source.')
    unknown = {s for s in e.free_symbols if isinstance(s, Symbol)} - {*symbols}
    if any(isinstance(s.meaning, variables.Constant) for s in unknown):
        raise NoLaw(f'"{text}" holds an unknown constant.')
    return found


def _vanishes(gained: Expr, growth: Expr, problem: Problem, symbols: Symbols) -> bool:
    """Return whether an expression is zero beside a coefficient, but for rounding."""
    assert problem.time is not None
    lower, upper = (np.array(corner) for corner in problem.settings.domain.box)
    at = np.random.default_rng(0).random((SOME, len(lower) + 1))
    low, high = np.append(lower, problem.time[0]), np.append(upper, problem.time[1])
    left, size = evaluate([gained, growth], symbols, low + (high - low) * at)
    return bool((np.abs(left) <= EQUAL * (1 + np.abs(size))).all())
