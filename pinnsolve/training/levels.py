"""What was found with one weight of the equations, and how far it is to be believed.

Constants of one level are compared with those of the next: between a weight under which the fit
follows the noise, and one under which it is bent by what the network cannot represent, they stay
within their errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, log, sqrt

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.leastsquares.inference import Inference
from pinnsolve.objectives.functions import vagueness
from pinnsolve.objectives.pointwise import PointwiseObjective

CLOSE, SETTLED, STEADY = 1.0, 0.2, 0.8  # of the errors: a last step, none, and what is no less
CHANCE = 3.0  # standard deviations by which a misfit grows for no other reason
TINY = 1e-300
DOUBLED = log(2.0)  # of the weight of the equations, by e


@dataclass(frozen=True)
class Level:
    """What was found with one weight of the equations; arrays have an entry for each constant.

    Attributes
    ----------
    factor
        Of the rows of the equations.
    values
        The constants.
    errors
        Their standard errors.
    shifts
        How far they would go if the equations weighed twice as much.
    steps
        How far Gauss-Newton's method would go.
    sizes
        In which their relative changes are measured.
    risk
        Mean square error of what was fitted to the data; where functions are sought of these,
        infinite where the network cannot follow the equations.
    variance
        Mean of those of the data, by their misfit or as given.
    smooth
        Factors of the rows of the roughness of functions, which data suited.
    misfits, freedom
        Of each set of data the sum of the squares of its rows, and how much of their noise is left
        in them, by the variance of a row.
    """

    factor: float
    values: Float[ndarray, " k"]
    errors: Float[ndarray, " k"]
    shifts: Float[ndarray, " k"]
    steps: Float[ndarray, " k"]
    sizes: Float[ndarray, " k"]
    risk: float
    variance: float = 0.0
    smooth: tuple[float, ...] = ()
    misfits: tuple[float, ...] = ()
    freedom: tuple[float, ...] = ()

    @property
    def totals(self) -> Float[ndarray, " k"]:
        """Errors with what is not random in them."""
        return np.sqrt(self.errors**2 + self.shifts**2 + self.steps**2)

    @property
    def is_about_functions(self) -> bool:
        """Whether functions alone are unknown, and held smooth."""
        return bool(self.smooth) and not len(self.values)

    @property
    def score(self) -> float:
        """Mean of the logarithms of the squares of relative errors; of the fit without constants.

        So an unknown constant that nothing determines has no say in what is best for the others.
        """
        if not len(self.values):
            return log(max(self.risk, TINY))
        relative = np.clip(self.totals / self.sizes, 1e-150, 1e150)
        return float(np.mean(2 * np.log(relative)))

    def beside(self, others: Sequence["Level"]) -> "Level":
        """Return the level with what the levels before it, the first one first, tell of its risk.

        What the misfit has gained is a part of it: fields that have left the data, and follow the
        equations alone, are moved by neither. Where functions are sought it is infinite if the
        misfit has grown by more than the noise that a stiffer fit takes up less of.
        """
        if self.is_about_functions:
            is_strained = any(self.strain(own) > CHANCE for own in others)
            return replace(self, risk=inf) if is_strained else self
        return replace(self, risk=self.risk + max(0.0, self.variance - others[0].variance))

    def strain(self, before: "Level") -> float:
        """Return the growth of the misfit beyond that of the noise in it, by its own deviation.

        A fit that equations hold more firmly leaves more of the noise in the misfit. If they are
        those of the data, and the network can meet them, that is all: of squares of as many normal
        numbers as the freedom has grown by. Otherwise the test of Fisher (1922) tells.
        """
        excess = 0.0
        for now, then, free, was in zip(
            self.misfits, before.misfits, self.freedom, before.freedom, strict=True
        ):
            excess += (now - then) * was / max(then, TINY) - (free - was)
        grown = abs(sum(self.freedom) - sum(before.freedom))
        return excess / sqrt(2 * max(grown, 1.0))

    def is_settled(self, before: "Level") -> bool:
        """Return whether a larger weight would change nothing any more."""
        if not len(self.values):
            return not self.is_about_functions and self.score > before.score + log(STEADY)
        still = np.abs(self.values - before.values) <= SETTLED * self.totals
        is_done = np.abs(self.steps) <= CLOSE * self.errors
        return bool(np.all(is_done & still & (self.totals >= STEADY * before.totals)))

    def row(self) -> list[float]:
        """Return all of it as numbers."""
        parts = (self.values, self.errors, self.shifts, self.steps, self.sizes)
        sets = [len(self.misfits), *self.misfits, *self.freedom]
        told = [self.factor, self.risk, self.variance, len(self.smooth), *self.smooth, *sets]
        return [*told, *np.concatenate(parts).tolist()]

    @classmethod
    def of(cls, row: Float[ndarray, " m"]) -> "Level":
        """Return the level whose numbers those are."""
        at, n = 4 + int(row[3]), int(row[4 + int(row[3])])
        smooth, (_, *misfits), freedom, parts = np.split(row[4:], np.cumsum([at - 4, 1 + n, n]))
        values, errors, shifts, steps, sizes = np.split(parts, 5)
        factor, risk, variance = row[:3].tolist()
        own = (tuple(map(float, some)) for some in (smooth, misfits, freedom))
        return cls(factor, values, errors, shifts, steps, sizes, risk, variance, *own)

    def of_objective(self, stated: PointwiseObjective) -> PointwiseObjective:
        """Return an objective with the weights of this level."""
        return stated.emphasised(self.factor, self.smooth)


def level_of(
    objective: PointwiseObjective,
    factor: float,
    smooth: tuple[float, ...],
    found: Inference,
    sizes: Float[ndarray, " k"],
) -> Level:
    """Return a level with all changes in the units of the constants.

    Parameters
    ----------
    objective
        What was made small, its model at the solution.
    factor, smooth
        Of the rows of the equations, and of the roughness of functions.
    found, sizes
        What the residual says of errors, and the units in which it says so.
    """
    unknowns = objective.model.unknowns
    values = np.empty(0) if unknowns is None else unknowns().detach().double().cpu().numpy()
    errors, shift, step = (
        v.double().cpu().numpy() * sizes for v in (found.errors, found.shift, found.step)
    )
    shift *= DOUBLED
    risk = vagueness(objective) if smooth and not len(values) else found.risk
    told = factor, values, errors, shift, step, sizes, risk, found.variance
    rows = objective.value()[len(objective.weights) - sum(objective.counts) :]
    misfits = tuple(float(own @ own) for own in rows.split(list(objective.counts)))
    return Level(*told, smooth, misfits, found.freedom)


def bends(best: Level, near: Level | None) -> Float[ndarray, " k"]:
    """Return the distance by which constants may be bent, as a neighbour of the best level tells.

    From one level to another they move by chance, too: of estimates that make more and more of the
    same data the variance of the difference is that of the variances (Hausman, 1978,
    doi:10.2307/1913827). What goes beyond is due to equations that the network cannot meet. It
    grows as the square of their weight in rows at first, and less later; as the weight itself it
    is taken to grow, so that of a move to the level above a share has been made below.
    """
    if near is None:
        return np.zeros_like(best.values)
    with np.errstate(invalid="ignore"):  # of errors that are not known
        chance = np.nan_to_num(np.abs(best.errors**2 - near.errors**2), posinf=np.inf)
    beyond = np.sqrt(np.maximum((best.values - near.values) ** 2 - chance, 0.0))
    return beyond / max(1.0, near.factor / best.factor - 1)
