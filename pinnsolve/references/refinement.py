"""A classical solver made finer until two solutions agree: how a reference knows its own error.

Points in space and steps in time are doubled apart from each other. The differences that remain,

    e_space = |u(2n, s) - u(n, s)|,        e_time = |u(n, 2s) - u(n, s)|,

relative as all errors are, and at points of space and time that no grid has, bound the error of the
coarse solution where doubling at least halves it; the finer of the two is what is given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, log2
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.sampling import sample_in_time
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.norms import by_field

TARGET = 1e-8  # relative error to which references are refined
SAMPLES = 1000  # points at which two solutions are compared
MOST_WORK = 2e7  # unknowns times steps of one solution: a quarter of a minute on one core
USEFUL = 2e-5  # error from which on no more is paid for what falls slowly
SLOW = 3.0  # what twice as many points must divide the error by to be worth it
FASTEST = 8  # times as many steps at once
F = TypeVar("F", bound=Fields)


@dataclass(frozen=True)
class Grid:
    """A resolution: points along an axis, and steps in time."""

    points: int
    steps: int


@dataclass(frozen=True)
class Refined(Generic[F]):
    """The finest solution, and how far it may be from the truth.

    Attributes
    ----------
    fields, grid
        The solution, and its resolution.
    error_in_space, error_in_time
        What doubling the points, and the steps, of the last but one changed.
    """

    fields: F
    grid: Grid
    error_in_space: float
    error_in_time: float

    @property
    def error(self) -> float:
        """Its relative error."""
        return self.error_in_space + self.error_in_time


def refine(
    solve: Callable[[Grid], F | None],
    first: Grid,
    domain: Domain,
    time: tuple[float, float],
    names: Sequence[str],
    work: Callable[[Grid], float],
    most: float = MOST_WORK,
    order: int = 4,
) -> Refined[F] | None:
    """Return a solution in time, refined until two resolutions agree to `TARGET`.

    Parameters
    ----------
    solve
        Solves at a resolution; None where that is too coarse to be stable.
    first
        The resolution to begin with.
    domain, time
        Where and when solutions are compared.
    names
        Of the fields.
    work
        Unknowns times steps of a resolution: none is tried above ``most``. What agrees by then
        less well is given with the error that it has; None if nothing could be compared.
    most
        Of that of one solution.
    order
        Of the steps, by which their number is chosen.
    """
    points = sample_in_time(domain, time, SAMPLES)
    known: dict[Grid, tuple[F | None, ndarray | None]] = {}

    def values(grid: Grid) -> ndarray | None:
        if grid not in known:
            found = solve(grid)
            known[grid] = (found, None if found is None else found(points))
        return known[grid][1]

    def apart(coarse: Grid, fine: Grid) -> float:
        if work(fine) > most:
            return inf
        return distance(names, values(coarse), values(fine))

    grid = first
    in_space = in_time = before = inf
    of_steps: dict[int, float] = {}
    of_points: dict[int, float] = {}
    best: Refined[F] | None = None
    while True:
        longer, finer = Grid(grid.points, 2 * grid.steps), Grid(2 * grid.points, grid.steps)
        in_time, in_space = apart(grid, longer), apart(grid, finer)
        if work(longer) > most:  # what led here is known, and more than what is left
            in_time = min((e for n, e in of_steps.items() if n <= grid.steps), default=inf)
        if work(finer) > most:
            in_space = min((e for n, e in of_points.items() if n <= grid.points), default=inf)
        of_steps[longer.steps], of_points[finer.points] = in_time, in_space
        values(grid)
        wanted = (finer, longer) if in_space > in_time else (longer, finer)
        which = next((at for at in (*wanted, grid) if at in known), grid)
        own = known[which][0]
        if own is not None and in_space + in_time < (best.error if best else inf):
            best = Refined(own, which, in_space, in_time)
        is_unstable = in_time == inf and known.get(finer, (None,))[0] is None
        both = _next(grid, 0.0 if is_unstable else in_space, in_time, order)
        one = both and Grid(*_larger(grid, both, in_space, in_time))  # where both cost too much
        following = next((at for at in (both, one) if at and work(at) <= most), None)
        is_slow = in_space + in_time < USEFUL and in_space > before / SLOW
        if following is None or following == grid or is_slow:
            return best
        before = in_space if following.points > grid.points else inf
        grid = following
        keep = {Grid(grid.points, grid.steps)}
        known = {at: own for at, own in known.items() if at in keep}


def distance(
    names: Sequence[str], a: Float[ndarray, "n c"] | None, b: Float[ndarray, "n c"] | None
) -> float:
    """Return the largest relative distance of a field; infinite if one is not finite."""
    if a is None or b is None or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return inf
    return max(by_field(names, a, b).values())


def _larger(grid: Grid, both: Grid, in_space: float, in_time: float) -> tuple[int, int]:
    """Return a resolution that is finer only where the larger error is."""
    return (grid.points, both.steps) if in_time > in_space else (both.points, grid.steps)


def _next(grid: Grid, in_space: float, in_time: float, order: int) -> Grid | None:
    """Return the resolution to compare next, finer where the larger error is; None if all agree."""
    if in_space + in_time <= TARGET:
        return None
    points, steps = grid.points, grid.steps
    if in_time >= in_space / 2 or in_time > TARGET / 2 > in_space:
        excess = FASTEST if in_time == inf else (2 * in_time / TARGET) ** (1 / order)
        steps *= min(FASTEST, max(2, 2 ** int(log2(max(excess, 1.0)))))
    if in_space >= in_time / 2 and in_space > TARGET / 2:
        points *= 2
    return Grid(points, steps)
