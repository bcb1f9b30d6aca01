"""Points drawn from a density that is known as a formula.

A density that is a product of functions of single coordinates is drawn coordinate by coordinate:
low-discrepancy points of the unit cube go through the inverse of each distribution, so that sums
over them are integrals to far more than the root of their number. Any other is reached from evenly
spread points through its powers ``u^beta``, ``beta`` growing from zero to one: points are chosen
anew by what each step changes, and then moved at random such that the power's distribution stays
what it is. Sources: Sobol' (1967), doi:10.1016/0041-5553(67)90144-9; Del Moral, Doucet & Jasra
(2006), Sequential Monte Carlo samplers, doi:10.1111/j.1467-9868.2006.00553.x.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.special import ndtri

from pinnsolve.equations.logarithm import logarithm
from pinnsolve.errors import Fault
from pinnsolve.problem import Problem

GRID = 20_001  # places along a coordinate
SWEEPS = 3  # over the coordinates, to find where the density is largest
TRIED = 4096  # points to begin with
SOME, ALIKE = 200, 1e-8  # points at which a product is tried, and the relative difference
REMAINING = 0.5  # of the points that count after a step in the power
MOVES = 12  # at random, after each
WIDER, WEIGHED = 1.2, 2**15  # times the spread of points drawn; points of an integral
LARGEST_EDGE = 1e-2  # of the largest value, on the box: more is not held by it


@dataclass(frozen=True, eq=False)
class Density:
    """A density on a box.

    Attributes
    ----------
    log
        Its logarithm at points, minus infinity where it is zero.
    lower, upper
        The box, which holds nearly all of it.
    """

    log: Callable[[Float[ndarray, "N d"]], Float[ndarray, " N"]]
    lower: Float[ndarray, " d"]
    upper: Float[ndarray, " d"]

    @cached_property
    def peak(self) -> Float[ndarray, " d"]:
        """The place where it is largest, as far as a search along the coordinates finds it."""
        x = np.vstack([(self.lower + self.upper) / 2, self.evenly(TRIED, 0)])
        best = x[np.argmax(np.nan_to_num(self.log(x), nan=-np.inf))].copy()
        for _ in range(SWEEPS):
            for axis in range(len(best)):
                profile = self._along(best, axis)
                best[axis] = self._places(axis)[np.argmax(profile)]
        return best

    @property
    def edge(self) -> tuple[int, float]:
        """The coordinate along which it ends least, and what is left at the end, of the largest."""
        top = self._log_at(self.peak)
        ends = [np.exp(self._along(self.peak, i)[[0, -1]].max() - top) for i in range(self.dim)]
        worst = int(np.argmax(ends))
        return worst, float(ends[worst])

    @cached_property
    def mass(self) -> float:
        """Its integral: along each coordinate of a product, else over points that hold it."""
        if self.is_product:
            top, shares = self._log_at(self.peak), 1.0
            for axis in range(self.dim):
                profile = np.exp(self._along(self.peak, axis) - top)
                shares *= float(np.trapezoid(profile, self._places(axis)))
            return float(np.exp(top)) * shares
        some = self.draw(TRIED, 3)
        z = ndtri(np.clip(self._uniform(WEIGHED, 4), 1e-12, 1 - 1e-12))
        root = WIDER * np.linalg.cholesky(np.cov(some.T).reshape(self.dim, self.dim))
        x = some.mean(axis=0) + z @ root.T
        logs = self.log(x) + (z**2).sum(axis=1) / 2
        volume = float(np.prod(np.diagonal(root))) * (2 * np.pi) ** (self.dim / 2)
        return volume * float(np.exp(logs).mean())

    @property
    def dim(self) -> int:
        """Number of coordinates."""
        return len(self.lower)

    @cached_property
    def is_product(self) -> bool:
        """Whether it is a product of functions of single coordinates."""
        x = self._through_axes(self._uniform(SOME, 1), 1.0)
        top, own = self._log_at(self.peak), np.zeros(len(x))
        for axis in range(self.dim):
            y = np.tile(self.peak, (len(x), 1))
            y[:, axis] = x[:, axis]
            own += self.log(y) - top
        whole = self.log(x) - top
        return bool((np.abs(whole - own) <= ALIKE * (1 + np.abs(own))).all())

    def draw(self, count: int, seed: int, power: float = 1.0) -> Float[ndarray, "n d"]:
        """Return points drawn from a power of the density.

        Parameters
        ----------
        count
            How many.
        seed
            Equal seeds give equal points.
        power
            Below one, points of the tails are more.
        """
        if self.is_product:
            return self._through_axes(self._uniform(count, seed), power)
        return self._through_powers(count, seed, power)

    def _through_axes(self, unit: Float[ndarray, "n d"], power: float) -> Float[ndarray, "n d"]:
        """Return points of the unit cube carried through the distribution of each coordinate."""
        x = np.empty_like(unit)
        for axis in range(self.dim):
            places, profile = self._places(axis), self._along(self.peak, axis)
            density = np.exp(power * (profile - profile.max()))
            shares = (density[1:] + density[:-1]) / 2
            sums = np.concatenate([[0.0], np.cumsum(shares)]) / shares.sum()
            x[:, axis] = np.interp(unit[:, axis], sums, places)
        return x

    def _through_powers(self, count: int, seed: int, power: float) -> Float[ndarray, "n d"]:
        """Return points that were spread evenly, and chosen and moved through rising powers."""
        generator = np.random.default_rng([seed, 3])
        x, reached = self.evenly(count, seed), 0.0
        log = self.log(x)
        while reached < power:
            step = _affordable(log, power - reached)
            weights = np.exp(step * (log - log.max()))
            at = (np.arange(count) + generator.random()) / count
            chosen = np.searchsorted(np.cumsum(weights) / weights.sum(), at)
            x, log = x[chosen].copy(), log[chosen].copy()
            reached = min(reached + step, power)
            spread = np.linalg.cholesky(np.cov(x.T).reshape(self.dim, self.dim))
            for _ in range(MOVES):
                tried = x + (generator.standard_normal(x.shape) @ spread.T) / np.sqrt(self.dim)
                there = self.log(tried)
                is_inside = ((tried > self.lower) & (tried < self.upper)).all(axis=1)
                is_better = np.log(generator.random(count)) < reached * (there - log)
                taken = is_inside & is_better
                x[taken], log[taken] = tried[taken], there[taken]
        return x

    def _places(self, axis: int) -> Float[ndarray, " g"]:
        return np.linspace(self.lower[axis], self.upper[axis], GRID)

    def _along(self, x: Float[ndarray, " d"], axis: int) -> Float[ndarray, " g"]:
        """Return the logarithm along a coordinate through a point."""
        places = self._places(axis)
        points = np.tile(x, (len(places), 1))
        points[:, axis] = places
        return np.nan_to_num(self.log(points), nan=-np.inf, neginf=-np.inf)

    def _log_at(self, x: Float[ndarray, " d"]) -> float:
        return float(self.log(x[None])[0])

    def evenly(self, count: int, seed: int) -> Float[ndarray, "n d"]:
        """Return points spread evenly over the box."""
        return self.lower + (self.upper - self.lower) * self._uniform(count, seed)

    def _uniform(self, count: int, seed: int) -> Float[ndarray, "n d"]:
        """Return low-discrepancy points of the unit cube."""
        from scipy.stats.qmc import Sobol  # slow to import, and not needed by every run

        sequence = Sobol(self.dim, scramble=True, rng=np.random.default_rng([seed, 2]))
        return sequence.random_base2(max(1, int(count - 1).bit_length()))[:count]


def density_of(problem: Problem) -> Density:
    """Return the initial values of a problem as a density."""
    ((function, *_),) = problem.initial
    own = replace(function, expression=logarithm(function.expression))
    lower, upper = (np.array(corner) for corner in problem.settings.domain.box)

    def log(x: Float[ndarray, "N d"]) -> Float[ndarray, " N"]:
        with np.errstate(all="ignore"):
            found = own(x)
            lost = np.isnan(found)  # of factors that are negative together
            found[lost] = np.log(function(x[lost]))
        return found

    return Density(log, lower, upper)


def faults(problem: Problem) -> list[Fault]:
    """Return the fault of initial values that are no density, or that their box does not hold."""
    ((function, *_),) = problem.initial
    (name,) = problem.fields
    density = density_of(problem)
    x = np.vstack([density.peak, density.evenly(TRIED, 1)])
    values = function(x)
    key = ("initial", name)
    negative = np.flatnonzero(values < 0)
    if len(negative):
        pairs = zip(problem.coordinates, x[negative[0]], strict=True)
        place = ", ".join(f"{axis} = {value:.4g}" for axis, value in pairs)
        message = f"{name} is {values[negative[0]]:.4g} at {place}, but an exponential is positive."
        return [Fault(key, message, "Leave out ansatz, or change it.")]
    if not np.isfinite(density.log(x)).any():
        message = f"{name} is zero wherever it was looked at in the box of [domain]."
        return [Fault(key, message, "Let lower and upper hold the initial values closely.")]
    axis, left = density.edge
    if left > LARGEST_EDGE:
        message = (
            f"the box does not hold the initial values: at an end of {problem.coordinates[axis]} "
        )
        message += f"they are still {100 * left:.2g} % of their largest."
        return [Fault(("domain",), message, "Widen lower and upper.")]
    return []


def _affordable(log: Float[ndarray, " n"], most: float) -> float:
    """Return the step in the power after which enough points count, found by halving."""
    finite = log[np.isfinite(log)]
    step = most
    for _ in range(60):
        w = np.exp(step * (finite - finite.max()))
        if w.sum() ** 2 / (w**2).sum() >= REMAINING * len(finite):
            break
        step /= 2
    return step
