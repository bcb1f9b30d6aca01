"""Whether a family can be learned from classical solutions, and has the symmetries asked for.

With a symmetry the equation ``R(u, u_t, u_x, …) = 0`` is the same, but for a sign, for what the
symmetry makes of ``u``: R is evaluated at random jets of both. Source: Olver (1986), Applications
of Lie Groups to Differential Equations, section 2.3.
"""

from collections.abc import Mapping
from math import comb

import numpy as np
from sympy import Expr

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.algebra import exact
from pinnsolve.equations.program import program
from pinnsolve.equations.variables import Coordinate, Data, Derivative, Input, Symbol
from pinnsolve.errors import Fault
from pinnsolve.families.symmetries import GALILEAN, REFLECTION
from pinnsolve.problem import Problem
from pinnsolve.problem.schema.operator import SECTION
from pinnsolve.references.fourier import NAME

JETS = 20  # at which an equation is evaluated
SAME = 1e-9  # relative difference of values that count as equal
SPEED = 0.7  # of the frame by which it is seen whether an equation holds in all


def must_be_learnable(problem: Problem) -> None:
    """Refuse symmetries that an equation lacks, and to learn from solutions that there are not.

    Raises
    ------
    ProblemError
        If it is so.
    """
    asked, family = problem.settings.operator, problem.family
    if asked is None or family is None:
        return
    is_solved = family.stated is not None and family.stated.solver == NAME
    if problem.settings.network.features == "reference" and not is_solved:
        message = "there are no classical solutions to learn from."
        remedy = f'Add [reference] solver = "{NAME}".'
        raise problem.source.error(Fault(("network", "features"), message, remedy))
    faults = [
        Fault((SECTION, "symmetries", i), why, "Remove it.")
        for i, name in enumerate(asked.symmetries)
        if (why := _lacking(problem, name))
    ]
    if faults:
        raise problem.source.error(*faults)


def _lacking(problem: Problem, name: str) -> str:
    """Return the reason why a problem has not a symmetry; empty if it has."""
    family, (e, *more) = problem.family, [equation.expression for equation in problem.equations]
    assert family is not None
    begins = problem.initial[0][0].expression if problem.initial and problem.initial[0] else None
    own = begins.meaning if isinstance(begins, Symbol) else None
    is_alone = len(family.inputs) == 1 and family.inputs[0].axes == (0,)
    if more or len(problem.coordinates) > 1 or not (is_alone and isinstance(own, Input)):
        (first, *_) = problem.fields
        return (
            f"{name} is taken of one equation on an interval whose input is the initial value, as "
            f'{first} = "{family.inputs[0].name}".'
        )
    symbols = sorted(e.free_symbols, key=str)
    meanings = [symbol.meaning for symbol in symbols]
    x = Coordinate(problem.coordinates[0])
    if x in meanings or any(isinstance(meaning, Data | Input) for meaning in meanings):
        return f'"{problem.equations[0].text}" lacks {name}: it is another in another place.'
    derivatives = variables.occurring(Derivative, e)
    made = _moving(derivatives) if name == GALILEAN else {}
    made = _mirrored(derivatives) if name == REFLECTION else made
    if not made or _is_same(e, calculus.substitute(e, made)):
        return ""
    frame = "seen in motion" if name == GALILEAN else "of the mirror image"
    return f'"{problem.equations[0].text}" lacks {name}: {frame} it is another.'


def _moving(derivatives: Mapping[Symbol, Derivative]) -> dict[Symbol, Expr]:
    """Return derivatives of ``c + u(x - c t, t)`` in terms of those of ``u``."""
    c = exact(SPEED)

    def seen(own: Derivative) -> Expr:
        k, m = own.alpha
        parts = [
            comb(m, j) * (-c) ** j * variables.derivative(own.field, (k + j, m - j))
            for j in range(m + 1)
        ]
        return sum(parts, c if not any(own.alpha) else exact(0.0))

    return {symbol: seen(own) for symbol, own in derivatives.items()}


def _mirrored(derivatives: Mapping[Symbol, Derivative]) -> dict[Symbol, Expr]:
    """Return derivatives of ``-u(-x, t)`` in terms of those of ``u``."""

    def sign(alpha: MultiIndex) -> int:
        return -1 if alpha[0] % 2 == 0 else 1

    return {symbol: sign(own.alpha) * symbol for symbol, own in derivatives.items()}


def _is_same(e: Expr, other: Expr) -> bool:
    """Return whether two expressions have the same values everywhere, but for a sign."""
    symbols = sorted(e.free_symbols | other.free_symbols, key=str)
    jets = np.random.default_rng(0).standard_normal((len(symbols), JETS))
    with np.errstate(all="ignore"):
        a, b = (np.broadcast_to(v, JETS) for v in program([e, other], symbols)(*jets))
    known = np.isfinite(a) & np.isfinite(b)
    size = SAME * np.abs(a[known]).max(initial=0.0)
    return any(bool((np.abs(sign * a - b)[known] <= size).all()) for sign in (1, -1))
