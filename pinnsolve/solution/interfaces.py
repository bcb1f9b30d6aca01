"""What is told of the interfaces between regions: the flux through each, from both sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray


@dataclass(frozen=True)
class InterfaceFlux:
    """What diffuses of a field through an interface; of a steady problem at one level.

    Attributes
    ----------
    between
        The two regions.
    field
        Of which it is the flux.
    leaving
        The integral over the interface of what leaves the first region, ``-n.(k grad(u))``, by the
        field on its side, at each time level.
    entering
        The same of what enters the second region, by the field on the other side.
    passing
        The integral of its size, the mean of both sides: of what comes in at one place and leaves
        at another all the same.
    times
        The time levels; None of a steady problem.
    """

    between: tuple[str, str]
    field: str
    leaving: Float[ndarray, " K"]
    entering: Float[ndarray, " K"]
    passing: Float[ndarray, " K"]
    times: Float[ndarray, " K"] | None = None

    @property
    def net(self) -> Float[ndarray, " K"]:
        """The mean of both sides."""
        return (self.leaving + self.entering) / 2

    @property
    def imbalance(self) -> Float[ndarray, " K"]:
        """What is lost between both sides: zero where no condition makes the flux jump."""
        return self.leaving - self.entering

    def metrics(self) -> dict[str, Any]:
        """Return all of it: the last time level, and if there are others their course."""
        found: dict[str, Any] = {
            "between": list(self.between),
            "field": self.field,
            "leaving": float(self.leaving[-1]),
            "entering": float(self.entering[-1]),
            "imbalance": float(self.imbalance[-1]),
            "passing": float(self.passing[-1]),
        }
        if self.times is not None:
            found |= {
                "times": self.times.tolist(),
                "leaving_in_time": self.leaving.tolist(),
                "entering_in_time": self.entering.tolist(),
                "passing_in_time": self.passing.tolist(),
            }
        return found


def fluxes_from(metrics: Mapping[str, Any]) -> tuple[InterfaceFlux, ...]:
    """Return the fluxes from the figures of a solution, which has those of each as a list.

    Raises
    ------
    KeyError, TypeError, ValueError
        If they are not such figures.
    """
    return tuple(map(_from, metrics.get("interfaces", ())))


def _from(told: Mapping[str, Any]) -> InterfaceFlux:
    """Return one flux from the figures of `InterfaceFlux.metrics`."""
    times = told.get("times")
    names = ("leaving", "entering", "passing")
    leaving, entering, passing = (
        np.array([told[name]] if times is None else told[f"{name}_in_time"]) for name in names
    )
    first, second = told["between"]
    known = None if times is None else np.array(times)
    return InterfaceFlux((first, second), told["field"], leaving, entering, passing, known)
