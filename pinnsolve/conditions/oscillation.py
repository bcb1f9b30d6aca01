"""Waves in the data of a problem: what oscillates in its sources and initial values.

Solutions oscillate as their data do. Each equation, of fields that are zero, and each initial value
is sampled on a grid over the box, multiplied by Hann's window, and transformed: a wave is a place
of the spectrum where the power is larger than in all places around, and counts if no other is a
thousand times as strong. Its wave vector is the mean over that neighbourhood, weighted by the
power, so that it need not lie on the grid of the transform. Source: Harris (1978), On the use of
windows for harmonic analysis with the discrete Fourier transform, doi:10.1109/PROC.1978.10837.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy import ndimage

from pinnsolve.conditions.condition import bound
from pinnsolve.geometry.domain import Domain
from pinnsolve.problem import Equation, Problem

MOST_POINTS = 2**16  # of the grid
FINEST = 128  # points along an axis
OSCILLATES = 3.0  # waves across the box, along some axis: fewer are no trouble to any features
SHARE = 0.05  # of the power: less that oscillates is not worth it
PURE = 0.7  # of the power that oscillates: less in waves, and it is that of a peak or of a jump
NEARLY = 0.95  # of the power of the data
FAINT = 1e-3  # of the power of the strongest wave
MOST = 12  # waves of each datum
ROUNDING = 1e-9  # of its size: what varies by less does not

Locate: TypeAlias = Callable[[ndarray], ndarray]  # the regions of points
Here: TypeAlias = Callable[[ndarray], ndarray]  # whether points lie where equations hold


@dataclass(frozen=True)
class Oscillation:
    """Waves in data, all of them faster along some axis than smooth features are.

    Attributes
    ----------
    waves
        Their wave vectors, in radians, time last; none if nothing oscillates.
    powers
        Of each, a share of that of the data.
    """

    waves: Float[ndarray, "k D"]
    powers: Float[ndarray, " k"]

    def __bool__(self) -> bool:
        """Return whether anything oscillates."""
        return len(self.waves) > 0

    @property
    def numbers(self) -> Float[ndarray, " D"]:
        """Root mean square of the wave number along each axis."""
        return np.sqrt(self.powers @ self.waves**2 / self.powers.sum())

    @property
    def is_all(self) -> bool:
        """Whether nearly all of the data oscillates, and so all of a linear problem's solution."""
        return bool(self) and float(self.powers.sum()) > NEARLY


def oscillation(problem: Problem, domain: Domain, locate: Locate | None = None) -> Oscillation:
    """Return the waves in the data of a problem.

    Parameters
    ----------
    problem, domain
        What is posed, and where.
    locate
        The region in which points lie, if there are several.
    """
    n_axes = domain.dim + (problem.time is not None)
    waves, powers = [np.empty((0, n_axes))], [np.empty(0)]
    parts = [region.problem for region in problem.regions] or [problem]
    asked = [_data(part, domain, _where(locate, k)) for k, part in enumerate(parts)]
    count = 0  # of data that are not zero
    # of all regions together: where one ends is no wave either
    for together in zip(*asked, strict=True):
        values, sides = sum(values for values, _ in together), together[0][1]
        found, power = _waves(np.asarray(values), sides)
        still = np.zeros((len(found), n_axes - found.shape[1]))  # initial values say no more
        waves.append(np.column_stack([found, still]))
        powers.append(power if np.any(values) else np.empty(0))
        count += bool(np.any(values))
    return Oscillation(np.concatenate(waves), np.concatenate(powers) / max(count, 1))


def _where(locate: Locate | None, region: int) -> Here:
    """Return whether points lie in a region, all of them where there is one."""
    if locate is None:
        return lambda x: np.ones(len(x), dtype=bool)
    return lambda x: locate(x) == region


def _sides(problem: Problem, domain: Domain) -> tuple[ndarray, ndarray]:
    """Return both corners of the box of space and time."""
    low, high = domain.lower, domain.upper
    if problem.time is None:
        return low, high
    begin, end = problem.time
    return np.append(low, begin), np.append(high, end)


def _data(problem: Problem, domain: Domain, is_here: Here) -> Iterator[tuple[ndarray, ndarray]]:
    """Yield what equations and initial values ask for on a grid, and the sides of its box."""
    low, high = _sides(problem, domain)
    d = domain.dim
    grid, shape = _grid(low, high)
    for equation in problem.equations:
        own = replace(equation, is_mixed=True)
        asked = _asked(problem, domain, is_here, ("pde", "equations"), own, grid)
        yield asked.reshape(shape), high - low
    if problem.time is None:
        return
    grid, shape = _grid(low[:d], high[:d])
    start = np.column_stack([grid, np.full(len(grid), problem.time[0])])
    for name, begins in problem.begins.items():
        asked = _asked(problem, domain, is_here, ("initial", name), begins, start)
        yield asked.reshape(shape), (high - low)[:d]


def _grid(low: ndarray, high: ndarray) -> tuple[Float[ndarray, "N q"], Sequence[int]]:
    """Return the points of a grid over a box, cell by cell, and how many there are by axis."""
    n = min(FINEST, int(MOST_POINTS ** (1 / len(low)) + 1e-9))
    along = [a + (b - a) * (np.arange(n) + 0.5) / n for a, b in zip(low, high, strict=True)]
    x = np.stack(np.meshgrid(*along, indexing="ij"), -1)
    return x.reshape(-1, len(low)), x.shape[:-1]


def _asked(
    problem: Problem,
    domain: Domain,
    is_here: Here,
    key: tuple[str, ...],
    equation: Equation,
    x: Float[ndarray, "N D"],
) -> Float[ndarray, " N"]:
    """Return the residual of an equation for fields that are zero; zero where it does not hold."""
    values = np.zeros(len(x))
    inside = np.flatnonzero(domain.distance(x[:, : domain.dim]) < 0)
    inside = inside[is_here(x[inside, : domain.dim])]
    if len(inside):
        residual = bound(problem, key, equation, x[inside], None)
        nothing = np.zeros(len(inside))
        with np.errstate(all="ignore"):
            values[inside] = residual(dict.fromkeys(residual.terms, nothing))
    return np.where(np.isfinite(values), values, 0.0)


def _waves(
    values: ndarray, sides: Float[ndarray, " q"]
) -> tuple[Float[ndarray, "k q"], Float[ndarray, " k"]]:
    """Return the waves of values on a grid, and the power of each; none if nothing oscillates."""
    q, nothing = values.ndim, (np.empty((0, values.ndim)), np.empty(0))
    given, is_here = values, values != 0
    if min(values.shape) < 4 * OSCILLATES or not is_here.any():
        return nothing
    # the shape of the domain is no wave
    values = np.where(is_here, values - values[is_here].mean(), 0.0)
    if np.abs(values).max() <= ROUNDING * np.abs(given).max():
        return nothing
    varies = float(np.sum(values**2) / np.sum(given**2))
    for axis, n in enumerate(values.shape):
        window = np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2
        values = values * window.reshape([-1 if i == axis else 1 for i in range(q)])
    power = np.fft.fftshift(np.abs(np.fft.fftn(values)) ** 2)
    along = (np.arange(n) - n // 2 for n in power.shape)
    numbers = np.stack(np.meshgrid(*along, indexing="ij"), -1).astype(float)
    fast = np.abs(numbers).max(axis=-1) >= OSCILLATES
    total = float(power.sum())
    if float(power[fast].sum()) < SHARE * total:
        return nothing
    kernel = np.ones((3,) * q)
    around = ndimage.convolve(power, kernel, mode="wrap")
    means = [ndimage.convolve(power * numbers[..., i], kernel, mode="wrap") for i in range(q)]
    is_peak = (power == ndimage.maximum_filter(power, 3, mode="wrap")) & fast
    is_peak &= power > FAINT * power[is_peak].max(initial=0.0)
    peaks = np.argwhere(is_peak)
    peaks = peaks[np.argsort(power[is_peak])[::-1][: 2 * MOST]]
    at = tuple(peaks.T)
    if float(around[at].sum()) < PURE * float(power[fast].sum()):
        return nothing
    found = np.stack([mean[at] for mean in means], -1) / around[at][:, None]
    # of each wave and its mirror image one
    first = np.take_along_axis(found, (np.abs(found) > 0.5).argmax(axis=1)[:, None], axis=1)[:, 0]
    return 2 * np.pi * found[first > 0] / sides, 2 * varies * around[at][first > 0] / total
