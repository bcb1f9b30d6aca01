"""What was found of the unknown functions: values, and how far to trust them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray


@dataclass(frozen=True, eq=False)
class FoundFunction:
    """An unknown function, as found.

    Attributes
    ----------
    of
        Names of the coordinates that it depends on.
    x
        Some places, spread over these.
    values
        Its values there.
    standard_error
        Of these, by the noise of the data alone; smoothing bends them beyond.
    low, high
        The band that holds the truth at 95 % of the places, in the mean over them.
    smooth
        The weight of its roughness, as given or as the data tell; 0 without any.
    edf
        How many numbers of it data and equations determine.
    truth
        The true values; None where these are not known.
    at_nodes
        Standard error, low and high at the nodes, by name; none of a solution that was stored.
    """

    of: tuple[str, ...]
    x: Float[ndarray, "n d"]
    values: Float[ndarray, " n"]
    standard_error: Float[ndarray, " n"]
    low: Float[ndarray, " n"]
    high: Float[ndarray, " n"]
    smooth: float
    edf: float
    truth: Float[ndarray, " n"] | None = None
    at_nodes: Mapping[str, Float[ndarray, "*K m"]] = field(default_factory=dict)

    @property
    def half_width(self) -> float:
        """Half the width of the band relative to the function, in the quadratic mean."""
        size = np.sqrt(np.mean(np.square(self.values))) or 1.0
        return float(np.sqrt(np.mean(np.square(self.high - self.low))) / 2 / size)

    @property
    def held(self) -> float | None:
        """The share of the places at which the band holds the truth; None if it is not known."""
        if self.truth is None:
            return None
        return float(np.mean((self.low <= self.truth) & (self.truth <= self.high)))

    def metrics(self) -> dict[str, Any]:
        """Return all of it but what is at the nodes."""
        return {
            "of": list(self.of),
            "smooth": self.smooth,
            "degrees_of_freedom": self.edf,
            "half_width": self.half_width,
            **({} if self.held is None else {"share_in_band": self.held}),
            **{name: getattr(self, name).tolist() for name in ARRAYS},
            "truth": None if self.truth is None else self.truth.tolist(),
        }

    @classmethod
    def from_metrics(cls, told: Mapping[str, Any]) -> "FoundFunction":
        """Return the function of which `metrics` were told.

        Raises
        ------
        KeyError, TypeError
            If it is something else.
        """
        x, values, error, low, high = (np.array(told[name], dtype=float) for name in ARRAYS)
        truth = None if told["truth"] is None else np.array(told["truth"], dtype=float)
        smooth, edf = told["smooth"], told["degrees_of_freedom"]
        return cls(tuple(told["of"]), x, values, error, low, high, smooth, edf, truth)


ARRAYS = ("x", "values", "standard_error", "low", "high")
