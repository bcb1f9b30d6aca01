"""Problems in time in a box by central differences, for what no other classical solver takes.

Any equations that can be solved for the derivatives in time, linear or not, for one field or
several, with coefficients that vary: on each pair of sides values are given, or the sides are
joined (`pinnsolve.references.differences`). Of three grids, each twice as fine as the one before,

    e = |u_h - u_2h| / (r - 1),        r = |u_2h - u_4h| / |u_h - u_2h|,    at most 2^order,

is the error of the finest, after Richardson (1911), doi:10.1098/rsta.1911.0009.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import inf, isfinite
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray
from sympy import Expr

from pinnsolve.conditions.rates import faults
from pinnsolve.equations.equation import prescribed_value
from pinnsolve.equations.expression import ExpressionError
from pinnsolve.errors import Fault
from pinnsolve.geometry.sampling import sample_in_time
from pinnsolve.problem import BoundaryCondition, Problem
from pinnsolve.problem.schema.boxes import Brick
from pinnsolve.problem.schema.shapes import Interval, Rectangle
from pinnsolve.references.differences import Posed, Wall, solved
from pinnsolve.references.evolution import must_be_whole, refused
from pinnsolve.references.refinement import SAMPLES, distance
from pinnsolve.solution.reference import Reference

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

NAME = "finite-differences"
SOLVER = ("reference", "solver")
ORDER = 4
FIRST = 24  # cells along the longest axis to begin with
TARGET = 1e-6  # error to which grids are refined
MOST_WORK = 1e8  # points times rates of the finest grid: a minute or two on one core
GRIDS = 3  # that tell an error
SLOWEST = 1.5  # what a grid twice as fine is taken to divide errors by, at least


def plan(problem: Problem) -> Posed:
    """Return a problem as the solver takes it.

    Raises
    ------
    ProblemError
        If it is steady, not posed in a box of up to three dimensions, its equations cannot be
        solved for the derivatives in time, or a side has neither values nor a partner.
    """
    must_be_whole(problem, NAME)
    if reason := _otherwise(problem):
        message = f"{NAME} does not take the problem: {reason}."
        raise refused(problem, SOLVER, message, "Choose another solver.")
    surfaces = problem.settings.domain.surfaces
    joined, walls = [False] * len(problem.coordinates), list[Wall]()
    for condition in problem.boundary:
        sides = surfaces if "all" in condition.on else condition.on
        places = [divmod(surfaces.index(side), 2) for side in sides]
        if condition.is_periodic:
            joined[places[0][0]] = True
        else:
            field, value = _value(problem, condition)
            walls += [Wall(axis, end, field, value) for axis, end in places]
    given = {(wall.axis, wall.end, wall.field) for wall in walls}
    for i, side in enumerate(surfaces):
        for f, name in enumerate(problem.fields):
            if not joined[i // 2] and (*divmod(i, 2), f) not in given:
                message = f'{NAME} needs values of "{name}" on {side}, or that it is joined.'
                raise refused(problem, SOLVER, message, "State them, or choose another solver.")
    return Posed(problem, tuple(joined), tuple(walls))


def _otherwise(problem: Problem) -> str:
    """Return the reason why a problem is none of these, before its boundary is looked at."""
    if problem.time is None or problem.time[0] == problem.time[1]:
        return "no time passes in it"
    is_box = isinstance(problem.settings.domain, Interval | Rectangle | Brick)
    if not is_box or len(problem.coordinates) > 3:
        return "it is not posed in a box of up to three dimensions"
    if problem.parameters or problem.constraints:
        return "it has unknown constants, or constraints"
    if found := faults(problem):
        return found[0].message.rstrip(".")
    stated = problem.stated
    if stated is not None and (stated.time or stated.initial or stated.period):
        return "it is to be solved with a time, initial values or a period of its own"
    return ""


def _value(problem: Problem, condition: BoundaryCondition) -> tuple[int, Expr]:
    """Return the field that a condition gives values to, and these."""
    try:
        return prescribed_value(condition.equation)
    except ExpressionError as error:
        message = f"{NAME} takes values on the boundary only: {error.message}"
        raise refused(problem, condition.key, message, "Choose another solver.") from None


def reference(setup: "Setup") -> Reference:
    """Return the solution on the finest of three grids or more, and its error.

    Raises
    ------
    ProblemError
        If the problem is none of those that the solver takes, or no solution stays finite.
    """
    problem, posed = setup.problem, plan(setup.problem)
    assert problem.time is not None
    stated, (lower, upper) = problem.stated, map(np.array, problem.settings.domain.box)
    order = (stated.order if stated else None) or ORDER
    first = float((upper - lower).max()) / ((stated.resolution if stated else None) or FIRST)
    given = stated.spacing if stated else None
    spacing = 4 * given if given else first
    where = sample_in_time(setup.domain, problem.time, SAMPLES, 5)
    found, seen, error, is_done = None, list[ndarray | None](), inf, False
    while not is_done:
        finer = solved(posed, spacing, order, setup.watch)
        seen.append(None if finer is None else finer.fields(where))
        found, error = finer or found, estimated(problem.fields, seen, order)
        more = 0 if finer is None else finer.work * 2 ** (len(lower) + 1)  # or more, of the next
        is_enough = given is not None or error <= TARGET or more > MOST_WORK
        is_done = len(seen) >= GRIDS and (is_enough or seen[-GRIDS:] == [None] * GRIDS)
        spacing /= 2
    if found is None or seen[-1] is None:
        message = f"no solution was found that stays finite up to t = {problem.time[1]:g}."
        remedy = "See whether the problem is well posed, or give reference.spacing."
        raise problem.source.error(Fault(SOLVER, message, remedy))
    counts = " x ".join(str(axis.count) for axis in found.fields.axes)
    return Reference(
        "",
        found.fields,
        error=error,
        error_in_time=found.error_in_time,
        message=f"Differences of order {order} on {counts} points, next to grids half and a "
        f"quarter as fine; {found.steps} explicit steps.",
        title=f"differences of order {order}, {counts} points",
    )


def estimated(names: Sequence[str], seen: Sequence[ndarray | None], order: int) -> float:
    """Return the error of the last solution, from those on grids half and a quarter as fine.

    Parameters
    ----------
    names
        Of the fields.
    seen
        Values of all solutions at the same points; None of what was not found.
    order
        Of the differences: errors are not taken to fall faster.
    """
    if len(seen) < GRIDS:
        return inf
    before, last = (distance(names, a, b) for a, b in pairwise(seen[-GRIDS:]))
    if not isfinite(before) or last == 0:
        return last
    return last / (min(max(before / last, SLOWEST), 2.0**order) - 1)
