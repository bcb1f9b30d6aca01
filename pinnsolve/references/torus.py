"""The torus on which a periodic reference lives, and initial values on it.

It is the domain, whose sides are joined, or something larger of which the domain is a window: then
initial values that fall off are summed over their images, and those that repeat themselves are
taken as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.equations import variables
from pinnsolve.equations.expression import Function
from pinnsolve.equations.variables import Data
from pinnsolve.problem import Problem
from pinnsolve.references.evolution import must_be_whole, refused

COARSE = 32  # points along each axis at which initial values are looked at
MOST_IMAGES = 8  # periods to each side over which initial values may extend
REPEATED = 1e-12  # of the largest initial value, by which it may change after a period
NEGLIGIBLE = 1e-15  # of the largest initial value, what an image further off may add
SOLVER = ("reference", "solver")
PERIOD = ("reference", "period")


@dataclass(frozen=True)
class Torus:
    """A periodic interval or rectangle.

    Attributes
    ----------
    lower, period
        A corner, and the periods from there.
    is_window
        Whether the domain is a part of it.
    """

    lower: tuple[float, ...]
    period: tuple[float, ...]
    is_window: bool

    def images(self, problem: Problem, functions: Sequence[Function], solver: str) -> int:
        """Return over how many periods to each side functions are to be summed.

        Raises
        ------
        ProblemError
            If they neither fall off nor repeat themselves after a period.
        """
        if not self.is_window:
            return 0
        axes = [
            a + P * np.arange(COARSE) / COARSE for a, P in zip(self.lower, self.period, strict=True)
        ]
        x = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        steps = np.diag(self.period)
        own = np.array([f(x) for f in functions])
        largest = np.abs(own).max(initial=0.0)

        def beyond(step: Float[ndarray, " d"]) -> Float[ndarray, "c N"]:
            return np.array([f(x + step) for f in functions])

        if all(np.abs(beyond(step) - own).max() <= REPEATED * largest for step in steps):
            return 0
        for shell in range(1, MOST_IMAGES + 1):
            around = [beyond(sign * shell * step) for step in steps for sign in (1, -1)]
            if np.abs(around).max() <= NEGLIGIBLE * largest:
                return shell - 1
        message = f"{solver} sums initial values over their images, but these do not fall off "
        message += f"within {MOST_IMAGES} periods, and do not repeat themselves either."
        remedy = "Give values that decay, or leave out period."
        raise refused(problem, PERIOD, message, remedy)

    def summed(
        self, functions: Sequence[Function], images: int, x: Float[ndarray, "N d"]
    ) -> Float[ndarray, "c N"]:
        """Return the values of functions at points, summed over their images."""
        offsets = product(range(-images, images + 1), repeat=len(self.period))
        places = [x + np.array(self.period) * np.array(offset) for offset in offsets]
        return np.array([np.sum([f(place) for place in places], axis=0) for f in functions])


def torus(problem: Problem, solver: str, dim: int | None = None) -> Torus:
    """Return the torus of a periodic problem.

    Parameters
    ----------
    problem
        With joined sides, or with a period in ``[reference]``.
    solver
        What the solver is called that needs it.
    dim
        How many dimensions it needs; None for one or two.

    Raises
    ------
    ProblemError
        If the problem is not periodic, or states something else at its boundary.
    """
    must_be_whole(problem, solver)
    tables = [
        data.name
        for equation in problem.equations
        for data in variables.occurring(Data, equation.expression).values()
    ]
    if tables:
        message = f'{solver} takes formulas only, and "{tables[0]}" is known by its values.'
        raise refused(problem, SOLVER, message, "Give it as a formula, or choose another solver.")
    shape, period = problem.settings.domain, problem.stated.period if problem.stated else ()
    wanted = "a rectangle" if dim == 2 else "an interval or a rectangle"
    if not shape.is_box or shape.dim not in ((2,) if dim == 2 else (1, 2)):
        message = f'{solver} needs {wanted}, not the shape "{shape.shape}".'
        raise refused(problem, SOLVER, message, "Choose another solver.")
    if not period:
        _must_be_joined(problem, solver)
    for condition in (*problem.boundary, *problem.constraints):
        if not getattr(condition, "is_periodic", False):
            text = condition.equation.text
            message = f'{solver} takes no condition but periodic sides, not "{text}".'
            raise refused(problem, SOLVER, message, "Remove it, or choose another solver.")
    lower, upper = shape.box
    extents = tuple(b - a for a, b in zip(lower, upper, strict=True))
    if period and problem.boundary and not np.allclose(period, extents, rtol=1e-12):
        message = "the sides of the domain are joined, so that its extents are the periods."
        raise refused(problem, PERIOD, message, "Remove period.")
    return Torus(tuple(lower), period or extents, bool(period))


def _must_be_joined(problem: Problem, solver: str) -> None:
    """Refuse a problem in which a direction is not periodic."""
    joined = {frozenset(c.on) for c in problem.boundary if c.is_periodic}
    for sides in (("left", "right"), ("bottom", "top"))[: len(problem.coordinates)]:
        if frozenset(sides) not in joined:
            message = f"{solver} needs a periodic problem, but {sides[0]} and {sides[1]} are not "
            remedy = f'State on = ["{sides[0]}", "{sides[1]}"] with periodic = true, or give '
            remedy += "[reference] a period, or another solver."
            raise refused(problem, SOLVER, f"{message}joined.", remedy)
