"""Many periodic problems of a family at once by Fourier series and ETDRK4, as `fourier` solves one.

Their modes are carried through time side by side, some problems at a time: the linear part is the
same for all, and what is left is evaluated on one grid. Modes and steps are doubled until the
solutions agree in the mean over the problems.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, inf
from time import perf_counter

import numpy as np

from pinnsolve.equations.variables import Input, occurring
from pinnsolve.families.family import Functions, number_of
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.sampling import sample_in_time
from pinnsolve.problem import Problem
from pinnsolve.progress import Watch
from pinnsolve.references import fourier
from pinnsolve.references.evolution import refused
from pinnsolve.references.fourier import FIRST_MODES, NAME, Periodic
from pinnsolve.references.marching import FIRST_STEPS, marched
from pinnsolve.references.of_functions import of_functions
from pinnsolve.references.refinement import SAMPLES
from pinnsolve.references.spectrum import Spectrum
from pinnsolve.references.together import Together, mean_distance
from pinnsolve.references.waves import Waves

TARGET = 5e-6  # relative error to which all are solved
SECONDS = 30.0  # after which nothing finer is begun
AT_ONCE = 2**16  # modes that are carried side by side: 1 MB, which stays in the cache
MOST_MODES = 2**13
SOLVER = ("reference", "solver")


@dataclass(frozen=True)
class Resolution:
    """Modes along the longest axis, and steps in time.

    Attributes
    ----------
    modes, steps
        How many.
    error
        Of solutions so fine, in the mean over some problems; infinite while it is not known.
    """

    modes: int
    steps: int
    error: float = inf

    @property
    def title(self) -> str:
        """The solver and how fine it is, in words."""
        return f"Fourier, {self.modes} modes, {self.steps} steps of ETDRK4"


def plan(problem: Problem) -> Periodic:
    """Return a family as the solver takes it.

    Raises
    ------
    ProblemError
        If its problems are none of those that `fourier` takes, or an input varies in time.
    """
    posed, family = fourier.plan(problem), problem.family
    assert family is not None
    in_equations = {own.name for e in posed.evolution.rest for own in occurring(Input, e).values()}
    last = len(posed.torus.period)
    for own in family.inputs:
        if own.name in in_equations and last in own.axes:
            message = f'{NAME} takes no input that varies in time, as "{own.name}" does.'
            raise refused(problem, SOLVER, message, "Choose another solver.")
    return posed


def solved_together(
    problem: Problem, domain: Domain, functions: Mapping[str, Functions], watch: Watch
) -> Together:
    """Return the solutions for some functions, finer until two agree.

    Raises
    ------
    ProblemError
        If the problem is none of those that the solver takes, or no solution stays finite.
    """
    fields, found = resolved(problem, plan(problem), domain, functions, watch)
    return Together(fields, found.error, found.title)


def resolved(
    problem: Problem,
    posed: Periodic,
    domain: Domain,
    functions: Mapping[str, Functions],
    watch: Watch,
    target: float = TARGET,
) -> tuple[Waves, Resolution]:
    """Return the solutions for some functions, and the resolution at which two agree.

    Parameters
    ----------
    problem, posed, domain
        The family, as the solver takes it, and where it is posed.
    functions
        By name of the input.
    watch
        Told of the progress.
    target
        By how much they may differ, in the mean over the functions.

    Raises
    ------
    ProblemError
        If no solution stays finite.
    """
    stated = problem.family and problem.family.stated
    levels = 1 if problem.times is None else len(problem.times) - 1
    at = Resolution(
        (stated and stated.resolution) or FIRST_MODES, levels * ceil(FIRST_STEPS / levels)
    )
    where = sample_in_time(domain, posed.time, SAMPLES)
    count, c, began = number_of(functions), len(problem.fields), perf_counter()
    best: tuple[Waves, Resolution] | None = None
    values, error = None, inf
    while error > target and at.modes <= MOST_MODES:
        if values is not None and perf_counter() - began > SECONDS:
            break
        found = solved(posed, functions, at, watch)
        if found is not None:
            finer = found(where).reshape(-1, count, c)
            if values is not None:
                error = mean_distance(values, finer)
            values, best = finer, (found, replace(at, error=error))
        at = Resolution(2 * at.modes, 2 * at.steps)
    if best is None:
        message = f"{NAME} finds no solution that stays finite up to t = {posed.time[1]:g}."
        remedy = "See whether the problem is well posed, or raise reference.resolution."
        raise refused(problem, SOLVER, message, remedy)
    return best


def solved(
    posed: Periodic,
    functions: Mapping[str, Functions],
    at: Resolution,
    watch: Watch,
    together: int | None = None,
) -> Waves | None:
    """Return the solutions for some functions; None if one of them grows beyond all bounds.

    Parameters
    ----------
    posed
        The family.
    functions
        By name of the input.
    at
        How fine.
    watch
        Told of the progress.
    together
        The number of functions, if these are but some, which the same instants are kept of.
    """
    grid = Spectrum(posed.torus.lower, posed.torus.period, at.modes)
    M, one = number_of(functions), int(np.prod(grid.kept))
    fields = [i for i, (_, order) in enumerate(posed.evolution.states) if not order]
    size = max(1, AT_ONCE // (one * len(posed.evolution.states)))
    linear, parts = grid.linear(posed.evolution), list[Waves]()
    for first in range(0, M, size):
        some = {n: own.chosen(range(first, min(first + size, M))) for n, own in functions.items()}
        start = [of_functions(formula, some, grid.points) for formula in posed.initial]
        found = marched(
            posed.torus,
            linear,
            grid.rest(posed.evolution, posed.time[0], some),
            grid.modes(np.array(start)),
            posed.time,
            at.steps,
            lambda v, _: v[fields].swapaxes(0, 1).reshape(-1, *grid.kept),
            watch,
            (together or M) * len(fields) * one,
        )
        if found is None:
            return None
        parts.append(found)
    return replace(parts[0], amplitudes=np.concatenate([own.amplitudes for own in parts], axis=1))
