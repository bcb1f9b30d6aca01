"""Periodic problems in time by Fourier series in space and ETDRK4 in time.

Any equations, linear or not, that can be solved for the derivatives in time. The state is held by
its modes (`spectrum`); of the rates, what is linear with constant coefficients is solved exactly
for each wave number (`pinnsolve.timestepping.etdrk4`). Modes and steps are doubled until the
solutions agree (`refinement`).
"""

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

from pinnsolve.equations import calculus, variables
from pinnsolve.equations.algebra import exact as exactly
from pinnsolve.equations.expression import Function
from pinnsolve.equations.variables import Derivative
from pinnsolve.problem import Problem
from pinnsolve.progress import Watch
from pinnsolve.references.evolution import Evolution, evolution, initial_values, span
from pinnsolve.references.marching import marched, refined, told
from pinnsolve.references.refinement import Grid
from pinnsolve.references.spectrum import Spectrum
from pinnsolve.references.torus import Torus, torus
from pinnsolve.references.waves import Waves
from pinnsolve.solution.reference import Reference

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

NAME = "fourier"
FIRST_MODES = 64  # along the longest axis


@dataclass(frozen=True)
class Periodic:
    """A periodic problem in time, ready to be solved at any resolution.

    Attributes
    ----------
    torus
        Where it is posed.
    evolution
        Its equations.
    initial
        The initial value of each component of the state.
    images
        Over how many periods to each side these are summed.
    time
        When it begins and ends.
    """

    torus: Torus
    evolution: Evolution
    initial: tuple[Function, ...]
    images: int
    time: tuple[float, float]


def plan(problem: Problem) -> Periodic:
    """Return a problem as the solver takes it.

    Raises
    ------
    ProblemError
        If it is not periodic, or its equations cannot be solved for the derivatives in time.
    """
    place, equations = torus(problem, NAME), evolution(problem, NAME)
    time, initial = span(problem, NAME), initial_values(problem, equations, NAME)
    posed = Periodic(place, equations, initial, place.images(problem, initial, NAME), time)
    return replace(posed, evolution=_with_diffusion(posed))


def reference(setup: "Setup") -> Reference:
    """Return the solution by Fourier series, refined until two resolutions agree.

    Raises
    ------
    ProblemError
        If the problem is none of those that the solver takes.
    """
    stated, posed = setup.problem.stated, plan(setup.problem)

    def solve(grid: Grid) -> Waves | None:
        return solved(posed, grid.points, grid.steps, setup.watch)

    modes = (stated.resolution if stated else None) or FIRST_MODES
    found = refined(setup, solve, posed.torus, posed.time, modes, len(posed.evolution.states))
    title = f"Fourier, {found.grid.points} modes"
    return Reference("", found.fields, error=found.error, message=told(found), title=title)


def _with_diffusion(posed: Periodic) -> Evolution:
    """Return the equations with diffusion in the linear part, where it is not constant.

    A derivative of even order whose factor varies, as ``u_xx`` in ``d(u^3, x, 2)``, is taken with
    the middle of what the factor is when time begins: the rest, which is explicit, is then smaller
    than what is exact, and steps need not be as short as the shortest wave asks for.
    """
    found = posed.evolution
    places = [
        (i, own, calculus.partial(e, symbol))
        for i, e in enumerate(found.rest)
        for symbol, own in variables.occurring(Derivative, e).items()
        if sum(own.alpha[:-1]) in (2, 4, 6) and (own.field, own.alpha[-1]) == found.states[i]
    ]
    if not places:
        return found
    grid = Spectrum(posed.torus.lower, posed.torus.period, FIRST_MODES)
    start = grid.modes(posed.torus.summed(posed.initial, posed.images, grid.points))
    slopes = replace(found, rest=tuple(slope for *_, slope in places))
    values = grid.rates(slopes, posed.time[0])(start, posed.time[0])
    linear, rest = dict(found.linear), list(found.rest)
    for (i, own, _), factors in zip(places, values, strict=True):
        c = float(factors.min() + factors.max()) / 2
        if c and isfinite(c):
            linear[i, i] = (*linear.get((i, i), ()), (own.alpha[:-1], c))
            rest[i] -= exactly(c) * variables.derivative(own.field, own.alpha)
    return replace(found, linear=linear, rest=tuple(rest))


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
    grid = Spectrum(posed.torus.lower, posed.torus.period, modes)
    fields = [i for i, (_, order) in enumerate(posed.evolution.states) if not order]
    return marched(
        posed.torus,
        grid.linear(posed.evolution),
        grid.rest(posed.evolution, posed.time[0]),
        grid.modes(posed.torus.summed(posed.initial, posed.images, grid.points)),
        posed.time,
        steps,
        lambda v, _: v[fields],
        watch,
    )
