"""Modes carried through time by ETDRK4, of which as many instants are kept as memory allows."""

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Complex
from numpy import ndarray

from pinnsolve.errors import Fault
from pinnsolve.progress import Progress, Watch
from pinnsolve.references.refinement import MOST_WORK, Grid, Refined, refine
from pinnsolve.references.torus import SOLVER, Torus
from pinnsolve.references.waves import WINDOW, Waves
from pinnsolve.timestepping.etdrk4 import Rest, etdrk4

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

FIRST_STEPS = 64
OVERHEAD = 1000  # unknowns that take as long as a step without any
IN_THE_PLANE = 10  # times as much work is done there
KEPT = 2**24  # numbers kept of the amplitudes in time: 256 MB
SMOOTH = 1e-8  # own error above which it is said what limits it

Shown = Callable[[Complex[ndarray, "c *N"], float], Complex[ndarray, "f *K"]]


def marched(
    torus: Torus,
    linear: Complex[ndarray, "c c *K"],
    rest: Rest,
    start: Complex[ndarray, "c *N"],
    time: tuple[float, float],
    steps: int,
    shown: Shown,
    watch: Watch,
    together: int | None = None,
) -> Waves | None:
    """Return the fields through time; None if the state grows beyond all bounds.

    Parameters
    ----------
    torus
        Where they live.
    linear, rest
        The rates of change of the modes.
    start
        The modes when time begins.
    time, steps
        The interval, and in how many steps it is passed.
    shown
        The modes of the fields, of those of the state and the time.
    watch
        Told of the progress.
    together
        Of how many modes instants are to fit into memory; None for those of these fields alone.
    """
    begin, end = time
    h = (end - begin) / steps
    stepper, v = etdrk4(linear, h), start
    first = shown(v, begin)
    stride = _stride(steps, together or first.size)
    kept = np.empty((steps // stride + 1, *first.shape), dtype=complex)
    kept[0] = first
    with np.errstate(all="ignore"):
        for i in range(1, steps + 1):
            v = stepper.step(v, begin + (i - 1) * h, rest)
            if i % stride == 0:
                kept[i // stride] = shown(v, begin + i * h)
                if not np.isfinite(v).all():
                    return None
                watch(Progress("reference", i / steps, i, note=f"{v.shape[-1] * 2} modes"))
    times = begin + h * stride * np.arange(len(kept))
    return Waves(torus.lower, torus.period, kept, times)


def refined(
    setup: "Setup",
    solve: Callable[[Grid], Waves | None],
    torus: Torus,
    time: tuple[float, float],
    modes: int,
    fields: int,
) -> Refined[Waves]:
    """Return the solution with as many modes and steps as two resolutions need to agree.

    Parameters
    ----------
    setup
        Of the problem.
    solve
        Solves with some modes along the longest axis, and steps.
    torus, time
        Where and when.
    modes
        How many to begin with.
    fields
        How many fields are carried.

    Raises
    ------
    ProblemError
        If no solution stays finite.
    """
    problem = setup.problem
    levels = 1 if problem.times is None else len(problem.times) - 1
    dim = len(torus.period)
    share = float(np.prod(np.divide(torus.period, max(torus.period))))
    found = refine(
        solve,
        Grid(modes, levels * ceil(FIRST_STEPS / levels)),
        setup.domain,
        problem.time or time,
        problem.fields,
        lambda grid: (OVERHEAD + fields * share * float(grid.points) ** dim) * grid.steps,
        most=MOST_WORK * IN_THE_PLANE ** (dim - 1),
    )
    if found is None:
        message = f"no solution was found that stays finite up to t = {time[1]:g}."
        remedy = "See whether the problem is well posed, or raise reference.resolution."
        raise problem.source.error(Fault(SOLVER, message, remedy))
    return found


def told(found: Refined[Waves]) -> str:
    """Return a sentence on the resolution, and on what limits the accuracy."""
    grid = found.grid
    text = f"Fourier series of {grid.points} modes along the longest axis, {grid.steps} steps of "
    text += "ETDRK4."
    if found.error > SMOOTH and found.error_in_space > found.error_in_time:
        text += " Its accuracy is limited by the number of modes: the waves fall off slowly, as "
        text += "those of initial values with a kink do, also where one period meets the next."
    elif found.error > SMOOTH:
        text += " Its accuracy is limited by the number of steps."
    return text


def _stride(steps: int, size: int) -> int:
    """Return the number of steps from one that is kept to the next, so that all fit into memory."""
    fewest = max(1, ceil(steps * size / KEPT))
    for stride in range(fewest, steps):
        if steps % stride == 0 and steps // stride >= WINDOW:
            return stride
    return 1
