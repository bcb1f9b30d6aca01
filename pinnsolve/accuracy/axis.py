"""Whether a solution is smooth around the axis that its coordinates turn about.

What an equation divides by ``r^k``, ``E = E_0 + E_1/r + … + E_m/r^m``, has a limit on the axis
only if ``r^m E`` vanishes there with its first ``m - 1`` derivatives (`equations.axisymmetry`). The
discrete equations hold the limit; whether there is one shows in the solution alone: a field of
which ``u/r`` is taken must be zero on the axis.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.equations import calculus, variables
from pinnsolve.equations.axisymmetry import OVER, ROUNDING
from pinnsolve.equations.equation import Equation
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.solution.fields import Fields

NOTEWORTHY = 0.05  # of the largest value anywhere: what does not vanish on the axis
REMEDY = (
    "State that what is divided by r vanishes where r = 0, as u = 0 for u/r, or correct the "
    "equation."
)


def doubt_on_axis(problem: Problem, nodes: Nodes, answer: Fields) -> str:
    """Return a sentence on what is divided by zero on an axis; empty if nothing is.

    Parameters
    ----------
    problem, nodes
        What was solved, and on which nodes.
    answer
        The solution.
    """
    size = problem.equations[0].symbols.revolved
    if size is None or problem.regions:
        return ""
    x = nodes.x[nodes.rows]
    is_on = np.abs(x[:, 0]) <= ROUNDING * size
    if not is_on.any():
        return ""
    if problem.times is not None:
        x = np.column_stack([x, np.full(len(x), problem.times[-1])])
    worst, text = 0.0, ""
    for equation in problem.equations:
        for divided in _vanishing(equation):
            values = np.abs(_values(divided, x, answer))
            share = float(values[is_on].max() / (values.max() or 1.0))
            if np.isfinite(share) and share > worst:
                worst, text = share, equation.text
    if worst <= NOTEWORTHY:
        return ""
    return (
        f'what "{text}" divides by r is {100 * worst:.2g} % of its largest value on the axis, '
        "where it must vanish: the solution is not smooth there, and how wrong it is is not known"
    )


def _vanishing(equation: Equation) -> Iterator[Equation]:
    """Yield what has to vanish on the axis, as equations."""
    r = variables.coordinate(equation.symbols.coordinates[0])
    e = equation.expression
    m = max((int(p.exp) for p in e.atoms(sympy.Pow) if p.base == OVER), default=0)
    m = max(m, int(e.has(OVER)))
    whole = sympy.Add(*(e.coeff(OVER, k) * r ** (m - k) for k in range(1, m + 1)))
    for _ in range(m):
        if variables.occurring(variables.Derivative, whole):
            yield replace(equation, expression=whole, is_mixed=True)
        whole = _slope(whole, equation)


def _slope(e: Expr, equation: Equation) -> Expr:
    """Return the derivative along r."""
    return calculus.differentiate(e, 0, equation.symbols.coordinates, along_normal=False)


def _values(equation: Equation, x: Float[ndarray, "n D"], answer: Fields) -> Float[ndarray, " n"]:
    """Return an expression of the solution at points."""
    residual = equation.bind(x)
    return np.broadcast_to(residual(answer.jet(x, set(residual.terms))), len(x))
