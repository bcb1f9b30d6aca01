"""Problems on an interval or a rectangle by Chebyshev polynomials; in time on an interval.

The fields are products of Chebyshev polynomials in every coordinate. Equations hold at the zeros of
the next polynomial, conditions at those along each side, all of them in least squares: there may be
more conditions than an equation of the second order has, as value and slope of a plate or of a
stream function. Time is a further coordinate: slab by slab, with the values and rates at the end of
one as conditions at the beginning of the next, so that steps have a high order and nothing needs to
be stable. Nonlinear equations take Newton's method, in time from the state that a slab begins with.
Converges faster than any power where the solution is smooth up to the boundary; where data disagree
in a corner it does not, and says how far it got. Sources: Canuto, Hussaini, Quarteroni & Zang
(2006), Spectral Methods: Fundamentals in Single Domains, doi:10.1007/978-3-540-30726-6, chapter 3;
Driscoll & Hale (2016), Rectangular spectral collocation, IMA J. Numer. Anal. 36, 108-132,
doi:10.1093/imanum/dru062.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.polynomial import chebyshev

from pinnsolve.diffop import Term, partial
from pinnsolve.equations.expression import Function
from pinnsolve.equations.residual import prescribed
from pinnsolve.geometry.sampling import sample
from pinnsolve.problem import PointCondition, Problem
from pinnsolve.problem.time_dependence import initial_names
from pinnsolve.progress import Progress, Watch
from pinnsolve.references.evolution import must_be_whole, refused, span
from pinnsolve.references.newton import Rows, System, newton
from pinnsolve.references.polynomials import Polynomials, basis
from pinnsolve.references.refinement import SAMPLES, TARGET, Grid, distance, refine
from pinnsolve.solution.reference import Reference

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

NAME = "chebyshev"
SOLVER = ("reference", "solver")
FIRST = 8  # polynomials along each axis of space
IN_TIME = 8  # along time, in each slab
MOST = {1: 512, 2: 48}  # polynomials along each axis, by the dimension of a steady problem
MOST_UNKNOWNS = 2400  # of one slab, or of a steady problem
MOST_WORK = 1e10  # cubes of the unknowns of all slabs: about half a minute
SIDES = {"left": (0, 0), "right": (0, 1), "bottom": (1, 0), "top": (1, 1)}
NOT_SMOOTH = "Its accuracy is limited by the number of polynomials, of which a solution that is "
NOT_SMOOTH += "not smooth needs very many, as where data disagree in a corner."


@dataclass(frozen=True)
class Posed:
    """A problem as the solver takes it.

    Attributes
    ----------
    problem
        What is solved.
    lower, upper
        Corners in space.
    time
        When time begins and ends; None without time.
    initial
        Of each field the value, and derivatives in time below the highest, when time begins.
    constants
        True values of unknown parameters.
    """

    problem: Problem
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    time: tuple[float, float] | None
    initial: tuple[tuple[Function, ...], ...]
    constants: Mapping[str, float]


def plan(problem: Problem) -> Posed:
    """Return a problem as the solver takes it.

    Raises
    ------
    ProblemError
        If it is not posed on an interval, or steady on a rectangle, with conditions on whole sides.
    """
    must_be_whole(problem, NAME)
    shape, dims = problem.settings.domain, len(problem.coordinates)
    in_time = problem.equations[0].symbols.time is not None
    if not shape.is_box or dims > (1 if in_time else 2):
        message = f"{NAME} needs an interval, or a rectangle without time."
        raise refused(problem, SOLVER, message, "Choose another solver.")
    known = [*list(SIDES)[: 2 * dims], "all"]
    for condition in problem.boundary:
        if condition.is_periodic or not set(condition.on) <= set(known):
            text = f'"{condition.equation.text}" on {", ".join(condition.on)}'
            message = (
                f"{NAME} takes conditions on whole sides, and none that joins two, not {text}."
            )
            raise refused(problem, SOLVER, message, "Choose another solver.")
    is_level = all(isinstance(own, PointCondition) for own in problem.constraints)
    if problem.constraints and (in_time or not is_level):
        message = f"{NAME} takes no constraint but a condition at a point, without time."
        raise refused(problem, SOLVER, message, "Choose another solver.")
    truth = {name: parameter.true or 0.0 for name, parameter in problem.parameters.items()}
    time = span(problem, NAME) if in_time else None
    initial = _initial(problem) if in_time else ()
    lower, upper = shape.box
    return Posed(problem, tuple(lower), tuple(upper), time, initial, truth)


def reference(setup: "Setup") -> Reference:
    """Return the solution, with more polynomials until two solutions agree.

    Raises
    ------
    ProblemError
        If the problem is none of those that the solver takes, or no solution is found.
    """
    problem, posed = setup.problem, plan(setup.problem)
    first = (problem.stated.resolution if problem.stated else None) or FIRST
    if posed.time is None:
        return _steady(setup, posed, first)

    def work(grid: Grid) -> float:
        unknowns = len(problem.fields) * IN_TIME * grid.points
        return inf if unknowns > MOST_UNKNOWNS else float(unknowns) ** 3 * grid.steps

    found = refine(
        lambda grid: solved(posed, grid.points, grid.steps, setup.watch),
        Grid(first, 4),
        setup.domain,
        problem.time or posed.time,
        problem.fields,
        work,
        most=MOST_WORK,
        order=IN_TIME - 1,
    )
    if found is None:
        raise _not_found(problem)
    title = f"Chebyshev, {found.grid.points} polynomials, {found.grid.steps} slabs of time"
    message = f"{found.grid.points} polynomials in space, {IN_TIME} in each of {found.grid.steps} "
    message += "slabs of time."
    message += f" {NOT_SMOOTH}" if found.error > TARGET else ""
    return Reference("", found.fields, error=found.error, message=message, title=title)


def _steady(setup: "Setup", posed: Posed, points: int) -> Reference:
    """Return the solution without time."""
    names, where = setup.problem.fields, sample(setup.domain, SAMPLES)
    coarse, best, error = None, None, inf
    dims, fields = len(posed.lower), len(names)
    while error > TARGET and points <= MOST[dims] and fields * points**dims <= MOST_UNKNOWNS:
        found = solved(posed, points, 1, setup.watch)
        values = None if found is None else found(where)
        own = distance(names, coarse, values)
        if found is not None and own < error:
            best, error, used = found, own, points
        coarse, points = values, points + max(2, points // 2)
    if best is None:
        raise _not_found(setup.problem)
    message = f"{used} polynomials along each axis." + (f" {NOT_SMOOTH}" if error > TARGET else "")
    title = f"Chebyshev, {used} polynomials"
    return Reference("", best, error=error, message=message, title=title)


def solved(posed: Posed, points: int, slabs: int, watch: Watch) -> Polynomials | None:
    """Return the solution with some polynomials along each axis; None if Newton's method fails.

    Parameters
    ----------
    posed
        The problem.
    points
        Polynomials along each axis of space.
    slabs
        Of time; without time there is one.
    watch
        Told of the progress.
    """
    counts, c = [points] * len(posed.lower), len(posed.problem.fields)
    lower, upper = list(posed.lower), list(posed.upper)
    edges: ndarray | list[float] = [0.0, 0.0]
    if posed.time is not None:
        counts, edges = [*counts, IN_TIME], np.linspace(*posed.time, slabs + 1)
        lower, upper = [*lower, 0.0], [*upper, 0.0]
    found = np.empty((slabs, c, *counts))
    before: Polynomials | None = None
    for slab in range(slabs):
        if posed.time is not None:
            lower[-1], upper[-1] = edges[slab], edges[slab + 1]
        rows = [*equations_at(posed, counts, lower, upper), *sides_at(posed, counts, lower, upper)]
        start = np.zeros((c, *counts))
        if posed.time is not None:
            values = _begin(posed, counts, lower, upper, before)
            rows += [(prescribed(term, value), x) for term, value, x in values]
            constant = [(t, v, x) for t, v, x in values if not t.op.order]
            start = _constant_in_time(start, constant, lower, upper)
        matrices = [
            {term: matrix(term, counts, lower, upper, x) for term in residual.terms}
            for residual, x in rows
        ]
        own = newton(System(rows, matrices, posed.constants), start.reshape(c, -1))
        if own is None:
            return None
        found[slab] = own = own.reshape(start.shape)
        before = Polynomials(tuple(lower), tuple(upper), own[None], posed.time is not None)
        watch(Progress("reference", (slab + 1) / slabs, note=f"{points} polynomials"))
    ends = (posed.lower, posed.upper)
    if posed.time is not None:
        ends = ((*posed.lower, posed.time[0]), (*posed.upper, posed.time[1]))
    return Polynomials(*ends, found, posed.time is not None)


def equations_at(
    posed: Posed, counts: Sequence[int], lower: Sequence[float], upper: Sequence[float]
) -> list[Rows]:
    """Return the equations at the zeros of the next polynomial along each axis."""
    x = _product([zeros(n, a, b) for n, a, b in zip(counts, lower, upper, strict=True)])
    return [(equation.bind(x), x) for equation in posed.problem.equations]


def sides_at(
    posed: Posed, counts: Sequence[int], lower: Sequence[float], upper: Sequence[float]
) -> list[Rows]:
    """Return the conditions along the sides, corners left out, and those at points."""
    dims, found = len(posed.lower), []
    for point in posed.problem.constraints:
        assert isinstance(point, PointCondition)
        x = np.array([point.at])
        found.append((point.equation.bind(x), x))
    for condition in posed.problem.boundary:
        on = list(SIDES)[: 2 * dims] if "all" in condition.on else condition.on
        for side in on:
            axis, end = SIDES[side]
            axes = [zeros(n, a, b) for n, a, b in zip(counts, lower, upper, strict=True)]
            axes[axis] = np.array([(lower, upper)[end][axis]])
            x = _product(axes)
            normals = np.zeros((len(x), dims))
            normals[:, axis] = 2 * end - 1
            found.append((condition.equation.bind(x, normals), x))
    return found


def _begin(
    posed: Posed,
    counts: Sequence[int],
    lower: Sequence[float],
    upper: Sequence[float],
    before: Polynomials | None,
) -> list[tuple[Term, ndarray, ndarray]]:
    """Return derivatives in time, their values where a slab begins, and at which points."""
    x = zeros(counts[0], lower[0], upper[0])
    points = np.column_stack([x, np.full(len(x), lower[-1])])
    found = []
    for field, functions in enumerate(posed.initial):
        for order, function in enumerate(functions):
            term = Term(field, partial((0, order)))
            value = function(x[:, None]) if before is None else before.jet(points, {term})[term]
            found.append((term, value, points))
    return found


def _constant_in_time(
    start: Float[ndarray, "c *n"],
    values: Sequence[tuple[Term, ndarray, ndarray]],
    lower: Sequence[float],
    upper: Sequence[float],
) -> Float[ndarray, "c *n"]:
    """Return coefficients of the values where a slab begins, the same at all times."""
    for term, value, x in values:
        A = basis(start.shape[1:2], lower[:1], upper[:1], x[:, :1], (0,))
        start[term.field, :, 0] = np.linalg.solve(A, value)
    return start


def matrix(
    term: Term,
    counts: Sequence[int],
    lower: Sequence[float],
    upper: Sequence[float],
    x: Float[ndarray, "m D"],
) -> Float[ndarray, "m N"]:
    """Return the values at points of an operator, applied to every polynomial."""
    parts = [c * basis(counts, lower, upper, x, alpha) for alpha, c in term.op.terms]
    return np.sum(parts, axis=0)


def zeros(count: int, low: float, high: float) -> Float[ndarray, " n"]:
    """Return the zeros of a Chebyshev polynomial on an interval."""
    return low + (high - low) * (1 + chebyshev.chebpts1(count)) / 2


def _product(axes: Sequence[ndarray]) -> Float[ndarray, "N D"]:
    """Return the points of a grid."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def _initial(problem: Problem) -> tuple[tuple[Function, ...], ...]:
    """Return the initial values of each field."""
    given = problem.stated.initial if problem.stated else {}
    if not given and problem.initial:
        return problem.initial
    found = []
    for names in initial_names(problem.fields, problem.equations):
        for name in names:
            if name not in given:
                message = f'{NAME} needs the initial value of "{name}".'
                remedy = f'Add initial = {{ {name} = "…" }} to [reference].'
                raise refused(problem, SOLVER, message, remedy)
        found.append(tuple(given[name] for name in names))
    return tuple(found)


def _not_found(problem: Problem) -> Exception:
    message = f"{NAME} finds no solution: Newton's method does not converge."
    return refused(problem, SOLVER, message, "Choose another solver, or raise its resolution.")
