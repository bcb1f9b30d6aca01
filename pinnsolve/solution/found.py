"""What was found beside the fields: unknown constants of the equations, and the fit to data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, ClassVar, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.solution.eigenvalues import FoundEigenvalue
from pinnsolve.solution.functions import FoundFunction

Places: TypeAlias = Callable[[float], tuple[Float[ndarray, "n d"], Float[ndarray, " n"]]]

WHITE = 4.0  # standard deviations: neighbours that agree more have more in common than chance
CONFIDENCE = 0.95
MOST = 0.7  # of what is left of data: its share, squared half of it, that is not due to equations


@dataclass(frozen=True)
class Profile:
    """How much worse data are followed with a constant at other values, all else sought anew.

    Attributes
    ----------
    values
        Of the constant, rising.
    rises
        Of the misfit, in its variance; zero where the constant was found.
    """

    RISE: ClassVar[float] = 3.841  # that noise exceeds in one case of twenty

    values: tuple[float, ...]
    rises: tuple[float, ...]

    @property
    def best(self) -> float:
        """The value with the least rise."""
        return self.values[int(np.argmin(self.rises))]

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where noise leaves the constant with a confidence of 95 %; None if that is not bounded.

        Between values the root of the rise is linear, as that of a parabola is.
        """
        middle, roots = int(np.argmin(self.rises)), np.sqrt(self.rises)
        signed = np.where(np.arange(len(roots)) < middle, -roots, roots)
        limit = sqrt(self.RISE)
        if not (signed[0] <= -limit and signed[-1] >= limit and np.all(np.diff(signed) > 0)):
            return None
        low, high = np.interp([-limit, limit], signed, self.values)
        return float(low), float(high)

    def metrics(self) -> dict[str, Any]:
        """Return the figures."""
        ends = self.interval
        return {
            "values": list(self.values),
            "rises": list(self.rises),
            "interval": None if ends is None else list(ends),
        }


@dataclass(frozen=True)
class FoundConstant:
    """An unknown constant of the equations, as found.

    Attributes
    ----------
    initial
        The value with which the search began.
    found
        The value that goes with the solution.
    true
        The value that it should have; None if that is not known.
    standard_error
        How far from it the value may be, by what is left of equations and data taken as noise;
        None where nothing determines the value.
    is_determined
        Whether equations and data determine it; None if that could not be told.
    misfit
        What is left of all equations and data, relative to what fields of zero would leave.
    remark
        What else is to be known, in words: why the value is none, that it lies at a bound.
    interval
        Where the true value lies with a confidence of 95 %, if data tell that; else None.
    correlations
        With the other constants, by name, of their errors; none without data.
    bound
        The least standard error that any estimate from the data can have, were the equations held
        exactly (Cramér and Rao); None if it is not known.
    profile
        How much worse data are followed at other values, if that was asked for.
    """

    initial: float
    found: float
    true: float | None = None
    standard_error: float | None = None
    is_determined: bool | None = None
    misfit: float | None = None
    remark: str = ""
    interval: tuple[float, float] | None = None
    correlations: Mapping[str, float] = field(default_factory=dict)
    bound: float | None = None
    profile: Profile | None = None

    @property
    def error(self) -> float | None:
        """Distance from the true value."""
        return None if self.true is None else abs(self.found - self.true)

    @property
    def half_width(self) -> float | None:
        """Half the width of the interval; None if there is none."""
        return None if self.interval is None else (self.interval[1] - self.interval[0]) / 2

    def metrics(self) -> dict[str, Any]:
        """Return all of it."""
        return {
            "initial": self.initial,
            "found": self.found,
            "true": self.true,
            "error": self.error,
            "standard_error": self.standard_error,
            "determined": self.is_determined,
            "misfit": self.misfit,
            "remark": self.remark,
            **({"interval": list(self.interval)} if self.interval else {}),
            **({"correlations": dict(self.correlations)} if self.correlations else {}),
            **({"cramer_rao_bound": self.bound} if self.bound is not None else {}),
            **({"profile": self.profile.metrics()} if self.profile else {}),
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "FoundConstant":
        """Return the constant of which `metrics` were told.

        Raises
        ------
        KeyError, TypeError
            If it is something else.
        """
        interval, profile = told.get("interval"), told.get("profile")
        return cls(
            told["initial"],
            told["found"],
            told["true"],
            told.get("standard_error"),
            told.get("determined"),
            told.get("misfit"),
            told.get("remark", ""),
            None if interval is None else (interval[0], interval[1]),
            told.get("correlations", {}),
            told.get("cramer_rao_bound"),
            profile and Profile(tuple(profile["values"]), tuple(profile["rises"])),
        )


def parameter_remarks(constants: Mapping[str, FoundConstant]) -> list[str]:
    """Return remarks on unknown constants, a sentence for each that needs one."""
    return [
        f"{name}: {p.remark}. The search ended at {p.found:.6g}."
        if p.is_determined is False
        else f"{name}: {p.remark}."
        for name, p in constants.items()
        if p.remark
    ]


@dataclass(frozen=True, eq=False)
class Fit:
    """Data, and what the solution makes of them.

    Attributes
    ----------
    name
        Of what was observed.
    axes
        Names of the coordinates, time last if there is one.
    x
        Where it was.
    values
        What was seen.
    fitted
        What the solution has there.
    sigma
        The standard deviation of the values' errors as given; None if it was not.
    estimate
        The same as the misfit tells it.
    freedom
        The number of rows, less what the fit has taken up of their noise.
    least
        The root mean square of what the features of the network would leave of the values were
        there no equations at all; zero where that is not known.
    """

    name: str
    axes: tuple[str, ...]
    x: Float[ndarray, "n D"]
    values: Float[ndarray, " n"]
    fitted: Float[ndarray, " n"]
    sigma: float | None
    estimate: float
    freedom: float
    least: float = 0.0

    @property
    def residuals(self) -> Float[ndarray, " n"]:
        """What is left of the values."""
        return self.values - self.fitted

    @property
    def spread(self) -> float:
        """How much the values vary: their standard deviation, or their size if they do not."""
        return float(np.std(self.values)) or float(np.abs(self.values).max()) or 1.0

    @property
    def alikeness(self) -> float:
        """How much neighbours have in common, in standard deviations of what noise would show.

        For each pair of nearest neighbours the residuals are multiplied; of independent ones the
        sum has the mean zero, and the variance is the sum of the squares.
        """
        from scipy.spatial import cKDTree  # 0.1 s that `pinnsolve --help` need not pay

        if len(self.x) < 3:
            return 0.0
        scale = np.ptp(self.x, axis=0)
        _, near = cKDTree(self.x / np.where(scale > 0, scale, 1.0)).query(
            self.x / np.where(scale > 0, scale, 1.0), k=2
        )
        own = np.arange(len(self.x))
        other = np.where(near[:, 0] == own, near[:, 1], near[:, 0])
        pairs = np.unique(np.sort(np.column_stack([own, other]), axis=1), axis=0)
        r = self.residuals
        products = r[pairs[:, 0]] * r[pairs[:, 1]]
        size = sqrt(float(products @ products))
        return float(products.sum()) / size if size > 0 else 0.0

    @property
    def is_white(self) -> bool:
        """Whether what is left looks like noise."""
        return self.alikeness < WHITE

    @property
    def is_out_of_reach(self) -> bool:
        """Whether most of what is left would be left without any equations, too."""
        return bool(self.least > MOST * np.sqrt(np.mean(np.square(self.residuals))))

    def metrics(self) -> dict[str, Any]:
        """Return the figures of the fit."""
        return {
            "name": self.name,
            "rows": len(self.values),
            "sigma": self.sigma,
            "sigma_estimated": self.estimate if np.isfinite(self.estimate) else None,
            "spread": self.spread,
            "degrees_of_freedom": self.freedom,
            "residual_is_white": self.is_white,
            "residual_alikeness": self.alikeness,
        }


@dataclass(frozen=True)
class Found:
    """What was found beside the fields.

    Attributes
    ----------
    constants
        The unknown constants of the equations, by name.
    data
        What was observed, and what became of it.
    warnings
        What casts doubt on it, in sentences.
    doubt
        The one of these for which none of it should be believed; empty if there is none.
    remedy
        What to do about that.
    shown
        Points of space and time where the fields are, and factors that make sums of squares over
        them integrals; None if evenly spread points tell as much.
    places
        Points in space, and weights that make sums over them integrals, at an instant of output;
        None if the fields may be anywhere.
    eigenvalues
        Those of the modes that the fields are; none of other problems.
    functions
        The unknown functions in the equations, by name.
    """

    constants: Mapping[str, FoundConstant] = field(default_factory=dict)
    data: tuple[Fit, ...] = ()
    warnings: tuple[str, ...] = ()
    doubt: str = ""
    remedy: str = ""
    shown: tuple[Float[ndarray, "n D"], Float[ndarray, " n"]] | None = None
    places: Places | None = None
    eigenvalues: tuple[FoundEigenvalue, ...] = ()
    functions: Mapping[str, FoundFunction] = field(default_factory=dict)
