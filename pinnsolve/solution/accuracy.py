"""How good a solution is: errors measured and estimated, and the solutions it is compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isnan, nan
from typing import Any

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.solution.held_out import HeldOut, held_out_from
from pinnsolve.solution.reference import EXACT, Reference


@dataclass(frozen=True)
class Interval:
    """A number, and half of its 95 % interval."""

    value: float
    half_width: float


@dataclass(frozen=True)
class Errors:
    """Errors against the exact solution, or the reference in its place, by field.

    Attributes
    ----------
    relative_l2
        On test points that were not trained on.
    max_error
        The largest there, in the field's unit.
    relative_l2_nodes
        On the interior and boundary nodes, where the references are known too.
    test_points
        How many there are.
    relative_l2_at_end
        On the nodes at the last time level; None if the problem is stationary.
    against
        What it was measured against, in words.
    uncertainty
        The relative error of that itself; 0 for a formula, and where it is not known.
    by_region
        Of several regions the errors in each, relative to what a field varies in it.
    derived
        Those of derived quantities; None if there are none.
    total_variation
        Half of the integral of the distance from the true density at the end; None of anything
        else.
    """

    relative_l2: Mapping[str, float]
    max_error: Mapping[str, float]
    relative_l2_nodes: Mapping[str, float]
    test_points: int
    relative_l2_at_end: Mapping[str, float] | None = None
    by_region: Mapping[str, "Errors"] = field(default_factory=dict)
    against: str = EXACT
    uncertainty: float = 0.0
    derived: "Errors | None" = None
    total_variation: Interval | None = None

    @property
    def is_exact(self) -> bool:
        """Whether they are measured against a formula."""
        return self.against == EXACT

    @property
    def worst(self) -> float:
        """Largest relative error of a field at the test points; NaN if one is not known."""
        values = list(self.relative_l2.values())
        return nan if any(isnan(value) for value in values) else max(values)

    def only(self, names: Sequence[str], *, others: bool = False) -> "Errors":
        """Return the errors of some quantities, or of all others."""

        def some(values: Mapping[str, float]) -> dict[str, float]:
            return {name: e for name, e in values.items() if (name in names) is not others}

        at_end = self.relative_l2_at_end
        return replace(
            self,
            relative_l2=some(self.relative_l2),
            max_error=some(self.max_error),
            relative_l2_nodes=some(self.relative_l2_nodes),
            relative_l2_at_end=None if at_end is None else some(at_end),
        )

    def metrics(self) -> dict[str, Any]:
        """Return the errors over all of space and time, of fields and derived quantities."""
        if self.derived is not None:
            own, further = replace(self, derived=None).metrics(), self.derived.metrics()
            joined = {k: {**own[k], **further[k]} for k in own if isinstance(own[k], dict)}
            return {**own, **joined, "derived": list(self.derived.relative_l2)}
        distance = self.total_variation
        return {
            "relative_l2": dict(self.relative_l2),
            "max_error": dict(self.max_error),
            "relative_l2_nodes": dict(self.relative_l2_nodes),
            "test_points": self.test_points,
            **({"total_variation": asdict(distance)} if distance else {}),
        }


@dataclass(frozen=True)
class Estimate:
    """Estimated errors, where no exact solution is needed; see `pinnsolve.accuracy.estimate`.

    Attributes
    ----------
    optimisation
        Relative L2 distance on the nodes, by field, from the solution of the equations that the
        method had to solve; None if it could not be estimated.
    total
        Relative L2 error on the nodes, by field, with that of the discretisation.
    optimisation_field, total_field
        Either at the interior and boundary nodes, solution minus truth.
    message
        Why something is None.
    warnings
        What the nodes or the time levels do not resolve: which datum, where, and by how much.
    remedy
        What would bring the error down, where the estimate has seen what makes it; else empty.
    doubt
        Why the total may be far too small, in a clause; empty if there is no reason to think so.
    stored_max
        What `max_error` was, where a file has kept it without the fields.
    by_region
        Of several regions the total error in each, relative to what a field varies in it.
    """

    optimisation: Mapping[str, float | None]
    total: Mapping[str, float | None]
    optimisation_field: Float[ndarray, "n c"] | Float[ndarray, "K n c"] | None = None
    total_field: Float[ndarray, "n c"] | Float[ndarray, "K n c"] | None = None
    message: str = ""
    warnings: tuple[str, ...] = ()
    remedy: str = ""
    doubt: str = ""
    stored_max: Mapping[str, float | None] | None = None
    by_region: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)

    @property
    def max_error(self) -> Mapping[str, float | None]:
        """Largest total error at a node, by field, in the field's unit; None if it is not known."""
        if self.total_field is None:
            return self.stored_max or dict.fromkeys(self.total)
        largest = abs(self.total_field).reshape(-1, len(self.total)).max(axis=0)
        return dict(zip(self.total, largest.tolist(), strict=True))

    @property
    def worst(self) -> float | None:
        """Largest total error of a field; None if it is not known of every one."""
        known = [value for value in self.total.values() if value is not None]
        return max(known) if len(known) == len(self.total) else None

    def metrics(self) -> dict[str, dict[str, float | None]]:
        """Return both errors of each field, and the largest."""
        largest = self.max_error
        return {
            name: {
                "optimisation": self.optimisation[name],
                "total": total,
                "max_error": largest[name],
            }
            for name, total in self.total.items()
        }


@dataclass(frozen=True)
class Accuracy:
    """What is known of a solution's error.

    Attributes
    ----------
    errors
        Against the exact solution; None if none is known.
    estimate
        Without the exact solution; None where no estimate was tried.
    references
        Classical solutions of the same problem, to compare with.
    truth
        What errors are measured against: the exact solution or a stated reference; None if neither
        is known.
    held_out
        Of a family of problems the errors in each of those held out.
    """

    errors: Errors | None = None
    estimate: Estimate | None = None
    references: tuple[Reference, ...] = ()
    truth: Reference | None = None
    held_out: HeldOut | None = None

    @property
    def baseline(self) -> Reference | None:
        """The first classical solution, which a network has to match; None if there is none."""
        return self.references[0] if self.references else None

    def metrics(self) -> dict[str, Any]:
        """Return errors and estimates, over all and by region if there are several."""
        unknown = dict.fromkeys(("relative_l2", "max_error", "relative_l2_nodes"))
        errors, estimate = self.errors, self.estimate
        found = {
            **(errors.metrics() if errors else {**unknown, "test_points": 0}),
            **(self.truth.metrics() if self.truth else {}),
            "error_estimate": estimate and estimate.metrics(),
            **(self.held_out.metrics() if self.held_out else {}),
        }
        measured = errors.by_region if errors else {}
        estimated = estimate.by_region if estimate else {}
        regions = {
            name: {
                **(measured[name].metrics() if name in measured else {}),
                "error_estimate": dict(estimated[name]) if name in estimated else None,
            }
            for name in {**measured, **estimated}
        }
        return {**found, "regions": regions} if regions else found


def accuracy_from(metrics: Mapping[str, Any]) -> Accuracy:
    """Return errors and estimates from the figures of `Accuracy.metrics`, without references.

    Raises
    ------
    KeyError, TypeError, ValueError
        If they are not such figures.
    """
    regions = metrics.get("regions", {}).items()
    errors, estimate, truth = None, None, None
    if metrics.get("reference") is not None:
        truth = Reference(fields=None, **metrics["reference"])
    if metrics["relative_l2"] is not None:
        by_region = {name: _errors(told) for name, told in regions}
        errors = _errors(metrics, metrics.get("relative_l2_at_end"), by_region)
        if names := metrics.get("derived"):
            errors = replace(errors.only(names, others=True), derived=errors.only(names))
        if truth is not None:
            errors = replace(errors, against=truth.described, uncertainty=truth.error or 0.0)
    if metrics["error_estimate"] is not None:
        by_field = metrics["error_estimate"].items()
        estimate = Estimate(
            {name: found["optimisation"] for name, found in by_field},
            {name: found["total"] for name, found in by_field},
            stored_max={name: found["max_error"] for name, found in by_field},
            by_region={name: e for name, told in regions if (e := told["error_estimate"])},
        )
    return Accuracy(errors, estimate, truth=truth, held_out=held_out_from(metrics))


def _errors(
    told: Mapping[str, Any],
    at_end: Mapping[str, float] | None = None,
    by_region: Mapping[str, Errors] | None = None,
) -> Errors:
    """Return errors from the figures of `Errors.metrics`."""
    return Errors(
        told["relative_l2"],
        told["max_error"],
        told["relative_l2_nodes"],
        told["test_points"],
        at_end,
        by_region or {},
        total_variation=Interval(**told["total_variation"]) if "total_variation" in told else None,
    )
