"""Errors on problems of a family with which nothing was trained."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray


@dataclass(frozen=True)
class HeldOut:
    """Errors of some problems of a family, each relative to its own solution.

    Attributes
    ----------
    errors
        Relative L2 error of each field, in each of the problems.
    estimates
        The same as estimated from the equations alone; empty if none were estimated.
    outside
        Of each problem the share of its inputs that no function to train with has.
    distance
        Root mean square of its coordinates among those functions, about one of a member.
    seconds
        What it took to find the solutions that errors are measured against, for each problem.
    found, truths
        Of some of the problems, the best and the worst among them, the fields that were found on
        the nodes, and the true ones.
    """

    errors: Mapping[str, Float[ndarray, " M"]]
    estimates: Mapping[str, Float[ndarray, " M"]] = field(default_factory=dict)
    outside: Float[ndarray, " M"] | None = None
    distance: Float[ndarray, " M"] | None = None
    seconds: float = 0.0
    found: Mapping[int, Float[ndarray, "*K n c"]] = field(default_factory=dict)
    truths: Mapping[int, Float[ndarray, "*K n c"]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of problems."""
        return len(next(iter(self.errors.values())))

    @property
    def order(self) -> list[int]:
        """The problems, the one of the smallest error first."""
        together = np.sqrt(np.mean([e**2 for e in self.errors.values()], axis=0))
        return np.argsort(together, kind="stable").tolist()

    @property
    def median(self) -> int:
        """The problem in the middle of the order."""
        return self.order[(self.count - 1) // 2]

    @property
    def decisive(self) -> float:
        """The mean error of the field where that is largest."""
        return float(np.max([np.mean(e) for e in self.errors.values()]))

    def metrics(self) -> dict[str, Any]:
        """Return the errors by field in short, and those of each problem."""
        return {
            "held_out": {name: in_short(errors) for name, errors in self.errors.items()},
            "held_out_errors": {name: e.tolist() for name, e in self.errors.items()},
            "held_out_estimates": {name: e.tolist() for name, e in self.estimates.items()},
            "reference_seconds_per_function": self.seconds,
        }


def in_short(errors: Float[ndarray, " M"]) -> dict[str, float | int]:
    """Return mean, median and largest of some errors, and their number."""
    return {
        "mean": float(np.mean(errors)),
        "median": float(np.median(errors)),
        "worst": float(np.max(errors)),
        "count": len(errors),
    }


def held_out_from(metrics: Mapping[str, Any]) -> HeldOut | None:
    """Return the errors from the figures of `HeldOut.metrics`; None if there are none."""
    if "held_out_errors" not in metrics:
        return None
    errors, estimates = (
        {name: np.array(e, dtype=float) for name, e in metrics[key].items()}
        for key in ("held_out_errors", "held_out_estimates")
    )
    return HeldOut(errors, estimates, seconds=metrics["reference_seconds_per_function"])
