"""Periodic problems in time by Fourier series in space and ETDRK4 in time.

Any equations, linear or not, that can be solved for the derivatives in time. The state is held by
its modes; of the rates, what is linear with constant coefficients is solved exactly for each wave
number, the rest is evaluated on a grid with half as many points again as there are modes, so that
products of two fields are not aliased (Orszag, 1971, J. Atmos. Sci. 28, 1074). Modes and steps are
doubled until the solutions agree: `refinement`.
"""

from dataclasses import dataclass, replace
from itertools import product
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.equations.expression import Function
from pinnsolve.problem import Problem
from pinnsolve.problem.schema.shapes import Interval, Rectangle
from pinnsolve.problem.stated_reference import StatedReference
from pinnsolve.progress import Progress, Watch
from pinnsolve.references.evolution import (
    Evolution,
    evolution,
    initial_values,
    refused,
    span,
)
from pinnsolve.references.refinement import Grid, Refined, refine
from pinnsolve.references.spectrum import Spectrum
from pinnsolve.references.waves import WINDOW, Waves
from pinnsolve.solution.reference import Reference
from pinnsolve.timestepping.etdrk4 import etdrk4

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

NAME = "fourier"
FIRST_MODES = 64  # along the longest axis
FIRST_STEPS = 64
KEPT = 2**24  # numbers kept of the amplitudes in time: 256 MB
COARSE = 32  # modes of a grid on which initial values are looked at
MOST_IMAGES = 8  # periods to each side over which initial values may extend
REPEATED = 1e-12  # of the largest initial value, by which it may change after a period
NEGLIGIBLE = 1e-15  # of the largest initial value, what an image further off may add
SMOOTH = 1e-8  # own error above which it is said what limits it
SOLVER = ("reference", "solver")


@dataclass(frozen=True)
class Periodic:
    """A periodic problem in time, ready to be solved at any resolution.

    Attributes
    ----------
    evolution
        Its equations.
    initial
        The initial value of each component of the state.
    lower, period
        A corner, and the periods from there.
    images
        Over how many periods to each side initial values are summed.
    time
        When it begins and ends.
    """

    evolution: Evolution
    initial: tuple[Function, ...]
    lower: tuple[float, ...]
    period: tuple[float, ...]
    images: int
    time: tuple[float, float]


def plan(problem: Problem) -> Periodic:
    """Return a problem as the solver takes it.

    Raises
    ------
    ProblemError
        If it is not periodic, or its equations cannot be solved for the derivatives in time.
    """
    stated = problem.stated or StatedReference(NAME)
    shape = problem.settings.domain
    if not isinstance(shape, Interval | Rectangle):
        message = f'{NAME} needs an interval or a rectangle, not the shape "{shape.shape}".'
        raise refused(problem, SOLVER, message, "Choose another solver.")
    lower, upper = shape.box
    if not stated.period:
        _must_be_periodic(problem)
    for condition in (*problem.boundary, *problem.constraints):
        if not getattr(condition, "is_periodic", False):
            message = (
                f'{NAME} takes no condition but periodic sides, not "{condition.equation.text}".'
            )
            raise refused(problem, SOLVER, message, "Remove it, or choose another solver.")
    if problem.conductivities:
        message = f"{NAME} takes no conductivity that jumps where a field passes a value."
        raise refused(problem, SOLVER, message, "Choose another solver.")
    equations = evolution(problem, NAME)
    time = span(problem, NAME)
    extents = tuple(b - a for a, b in zip(lower, upper, strict=True))
    period = stated.period or extents
    if any(c.is_periodic for c in problem.boundary) and not np.allclose(
        period, extents, rtol=1e-12
    ):
        message = "the sides of the domain are joined, so that its extents are the periods."
        raise refused(problem, ("reference", "period"), message, "Remove period.")
    initial = initial_values(problem, equations, NAME)
    posed = Periodic(equations, initial, tuple(lower), period, 0, time)
    return replace(posed, images=_images(problem, posed)) if stated.period else posed


def reference(setup: "Setup") -> Reference:
    """Return the solution by Fourier series, refined until two resolutions agree.

    Raises
    ------
    ProblemError
        If the problem is none of those that the solver takes.
    """
    problem = setup.problem
    posed = plan(problem)
    first = (problem.stated.resolution if problem.stated else None) or FIRST_MODES
    levels = 1 if problem.times is None else len(problem.times) - 1
    steps = levels * ceil(FIRST_STEPS / levels)

    def solve(grid: Grid) -> Waves | None:
        return solved(posed, grid.points, grid.steps, setup.watch)

    size = len(posed.evolution.states) * np.prod(
        [P / max(posed.period) for P in posed.period], dtype=float
    )
    found = refine(
        solve,
        Grid(first, steps),
        setup.domain,
        problem.time or posed.time,
        problem.fields,
        lambda grid: size * float(grid.points) ** len(posed.period) * grid.steps,
    )
    if found is None:
        message = f"{NAME} finds no solution that stays finite up to t = {posed.time[1]:g}."
        raise refused(
            problem, SOLVER, message, "See whether the problem is well posed as it stands."
        )
    return Reference(
        "",
        found.fields,
        error=found.error,
        message=_message(found),
        title=f"Fourier, {found.grid.points} modes",
    )


def _message(found: Refined[Waves]) -> str:
    """Return a sentence on the resolution, and on what limits the accuracy."""
    text = (
        f"Fourier series of {found.grid.points} modes along the longest axis, {found.grid.steps} "
    )
    text += "steps of ETDRK4."
    if found.error > SMOOTH:
        what = "modes" if found.error_in_space > found.error_in_time else "steps"
        text += f" Its accuracy is limited by the number of {what}"
        if what == "modes":
            text += ": the waves fall off slowly, as those of initial values with a kink do, also "
            text += "where one period meets the next"
        text += "."
    return text


def solved(posed: Periodic, modes: int, steps: int, watch: Watch) -> Waves | None:
    """Return the solution with a number of modes and of steps; None if it grows beyond all bounds.

    Parameters
    ----------
    posed
        The problem.
    modes
        Along the longest axis.
    steps
        In time.
    watch
        Told of the progress.
    """
    grid = Spectrum(posed.lower, posed.period, modes)
    (begin, end), fields = (
        posed.time,
        [i for i, (_, k) in enumerate(posed.evolution.states) if not k],
    )
    h = (end - begin) / steps
    stepper = etdrk4(grid.linear(posed.evolution), h)
    rest = grid.rest(posed.evolution, begin)
    v = grid.modes(_initial_values(posed, grid.points))
    stride = _stride(steps, len(fields) * v[0].size)
    kept = np.empty((steps // stride + 1, len(fields), *v.shape[1:]), dtype=complex)
    kept[0] = v[fields]
    with np.errstate(all="ignore"):
        for i in range(steps):
            v = stepper.step(v, begin + i * h, rest)
            if (i + 1) % stride == 0:
                kept[(i + 1) // stride] = v[fields]
                if not np.isfinite(v).all():
                    return None
                watch(Progress("reference", (i + 1) / steps, i + 1, note=f"{modes} modes"))
    times = begin + h * stride * np.arange(len(kept))
    return Waves(posed.lower, posed.period, kept, times)


def _stride(steps: int, size: int) -> int:
    """Return the number of steps from one that is kept to the next, so that all fit into memory."""
    fewest = max(1, ceil(steps * size / KEPT))
    for stride in range(fewest, steps):
        if steps % stride == 0 and steps // stride >= WINDOW:
            return stride
    return 1


def _must_be_periodic(problem: Problem) -> None:
    """Refuse a problem in which a direction is not periodic."""
    joined = {frozenset(c.on) for c in problem.boundary if c.is_periodic}
    for sides in (("left", "right"), ("bottom", "top"))[: len(problem.coordinates)]:
        if frozenset(sides) not in joined:
            message = (
                f"{NAME} needs a periodic problem, but {sides[0]} and {sides[1]} are not joined."
            )
            remedy = f'State on = ["{sides[0]}", "{sides[1]}"] with periodic = true, or give '
            remedy += "[reference] a period, or another solver."
            raise refused(problem, SOLVER, message, remedy)


def _initial_values(posed: Periodic, x: Float[ndarray, "N d"]) -> Float[ndarray, "c N"]:
    """Return the initial values on the grid, summed over their images if they have any."""
    offsets = product(range(-posed.images, posed.images + 1), repeat=len(posed.period))
    places = [x + np.array(posed.period) * np.array(offset) for offset in offsets]
    return np.array([np.sum([f(place) for place in places], axis=0) for f in posed.initial])


def _images(problem: Problem, posed: Periodic) -> int:
    """Return over how many periods the initial values extend; none if they are periodic already."""
    x = Spectrum(posed.lower, posed.period, COARSE).points
    own = np.array([f(x) for f in posed.initial])
    largest = np.abs(own).max(initial=0.0)

    def added(offset: Float[ndarray, " d"]) -> Float[ndarray, "c N"]:
        return np.array([f(x + np.array(posed.period) * offset) for f in posed.initial])

    axes = np.eye(len(posed.period))
    if all(np.abs(added(axis) - own).max() <= REPEATED * largest for axis in axes):
        return 0
    for shell in range(1, MOST_IMAGES + 1):
        if all(
            np.abs(added(s * shell * e)).max() <= NEGLIGIBLE * largest
            for e in axes
            for s in (1, -1)
        ):
            return shell - 1
    message = f"{NAME} sums initial values over their images, but these do not fall off within "
    message += f"{MOST_IMAGES} periods, and do not repeat themselves either."
    remedy = "Give values that decay, or leave out period."
    raise refused(problem, ("reference", "period"), message, remedy)
