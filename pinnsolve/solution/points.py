"""Points at which a user asks for a solution: as arrays, and only where the solution is one.

Outside its domain a formula still gives numbers: a network any, an interpolant those of
polynomials. They solve nothing, so they are not given unless they are asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from pinnsolve.equations.equation import Equation, equations
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.errors import Fault, PointsError, ProblemError
from pinnsolve.geometry.domain import Domain
from pinnsolve.problem import Problem
from pinnsolve.solution.fields import Fields

ROUNDING = 1e-6  # of the domain's size: so far outside is on the boundary, in single precision too
UNCERTAIN = 0.1  # of the spacing: so far from the nodes' tangent planes is on their boundary


def points_in(problem: Problem, points: Any) -> Float[ndarray, "n D"]:
    """Return points as an array, one row for each.

    Parameters
    ----------
    problem
        Says which coordinates they have, the time last.
    points
        An array, or lists of numbers; on a line, or in time alone, also one number for each.

    Raises
    ------
    PointsError
        If they are not that.
    """
    space = () if problem.is_ordinary else problem.coordinates
    names = (*space, *(("t",) if problem.time is not None else ()))
    wanted = f"an array of shape (n, {len(names)}), for each point its {', '.join(names)}"
    if len(names) == 1:
        wanted = f"an array of shape (n,) or (n, 1), for each point its {names[0]}"
    try:
        x = np.asarray(points)
    except ValueError:  # lists of different lengths
        raise PointsError(f"the points must be {wanted}, but they differ in length.") from None
    if x.dtype.kind not in "iuf":
        raise PointsError(f"the points must be {wanted}, but they are no real numbers.")
    if x.ndim == 1 and len(names) == 1:
        x = x[:, None]
    if x.ndim != 2 or x.shape[1] != len(names):
        hint = f" Write [[{', '.join(names)}]] for one point." if x.shape == (len(names),) else ""
        raise PointsError(f"the points must be {wanted}, but have the shape {x.shape}.{hint}")
    if problem.is_ordinary:  # whatever the place
        x = np.column_stack([np.full(len(x), 0.5), x])
    return x.astype(float)


def inside(
    problem: Problem, domain: Domain, spacing: float, x: Float[ndarray, "n D"]
) -> Bool[ndarray, " n"]:
    """Return a mask of the points in the closed domain, and in the time, of a problem.

    Parameters
    ----------
    problem, domain
        What is solved, and where.
    spacing
        That of the nodes, by which a boundary is known that only nodes describe.
    x
        Points; coordinates that are not finite lie outside.
    """
    found = np.isfinite(x).all(axis=1)
    d = len(problem.coordinates)
    reach = ROUNDING * domain.size if domain.nodes is None else UNCERTAIN * spacing
    found[found] = domain.distance(x[found, :d]) <= reach
    if problem.time is not None:
        start, end = problem.time
        reach = ROUNDING * (end - start)
        found &= (x[:, -1] >= start - reach) & (x[:, -1] <= end + reach)
    return found


def values_where(
    values: Callable[[ndarray], ndarray],
    x: Float[ndarray, "n D"],
    wanted: Bool[ndarray, " n"],
    columns: int,
) -> Float[ndarray, "n k"]:
    """Return values at the wanted points, one row for each point; NaN at the others.

    Parameters
    ----------
    values
        Gives them, a row for each point.
    x
        The points.
    wanted
        Those at which they are wanted.
    columns
        How many values there are at a point.
    """
    found = np.full((len(x), columns), np.nan)
    if wanted.any():
        found[wanted] = values(x[wanted])
    return found


def formula_of(problem: Problem, text: str) -> tuple[Equation, ...]:
    """Return the components of a formula in the fields of a problem, each as what is to be zero.

    Raises
    ------
    ProblemError
        If the text is no formula in the fields.
    """
    try:
        return equations(text, problem.equations[0].symbols)
    except ExpressionError as error:
        start, stop = error.span
        caret = f"    {text}\n    {' ' * start}{'^' * max(1, stop - start)}"
        raise ProblemError(Fault((), error.message, error.remedy, excerpt=caret)) from None


def formula_at(
    components: Sequence[Equation],
    answer: Fields,
    x: Float[ndarray, "n D"],
    constants: Mapping[str, float],
) -> Float[ndarray, "n k"]:
    """Return the values of a formula in the fields at points, by their own derivatives.

    Parameters
    ----------
    components
        Of the formula, as `formula_of` gives them.
    answer
        The fields.
    x
        The points.
    constants
        Values of the unknown constants, by name.

    Raises
    ------
    ProblemError
        If it is not finite at a point.
    """
    bound = [component.bind(x) for component in components]
    jet = answer.jet(x, {term for residual in bound for term in residual.terms})
    known = {name: np.full(len(x), value) for name, value in constants.items()}
    return np.column_stack([residual(jet, known) for residual in bound])
