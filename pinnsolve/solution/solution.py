"""What came out: the solution, how it was found, and how far it can be trusted.

A `Solution` is complete in itself. It can be called at points; it carries the errors against
the exact solution where one is known, the classical solution on the same nodes as a baseline,
the history of the training and everything that is needed to run it again.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.solution.accuracy import Baseline, Errors, Estimate
from pinnsolve.solution.course import PhaseResult, Record


@dataclass(frozen=True)
class FoundParameter:
    """An unknown parameter of the equations, as found.

    Attributes
    ----------
    initial
        The value with which the search began.
    found
        The value that goes with the solution.
    true
        The value that it should have; None if that is not known.
    """

    initial: float
    found: float
    true: float | None = None

    @property
    def error(self) -> float | None:
        """Distance from the true value."""
        return None if self.true is None else abs(self.found - self.true)

    def metrics(self) -> dict[str, float | None]:
        """Return all of it."""
        return {**asdict(self), "error": self.error}


@dataclass(frozen=True)
class Solution:
    """The outcome of one solve.

    Attributes
    ----------
    problem, nodes
        What was solved, and where.
    values
        The fields at the interior and boundary nodes, in their order; with the time levels
        first if there are any.
    evaluate
        The fields at any points of the domain, or of space and time.
    method, derivatives
        How it was solved.
    status
        ``finished``, ``accuracy missed``, ``diverged`` or ``stopped``.
    message
        The status in a sentence.
    warnings
        What is allowed in the problem, but casts doubt on the result.
    history, phases
        The course of the training; empty for a direct solution.
    errors
        Against the exact solution; None if none is known.
    baseline
        The classical solution on the same nodes; None for a direct solution, which is it.
    estimate
        Its error, estimated without the exact solution; None where no estimate was tried.
    seconds
        Time by stage: ``total``, ``nodes``, ``operators``, ``training``, ``output``.
    iterations, parameters
        Training iterations; trainable parameters, or unknowns of a direct solution.
    device, precision, seed, versions
        Where it ran, and with what.
    weights
        The network's state by name; empty for a direct solution.
    times
        The time levels, ascending; None if the problem is stationary.
    found_parameters
        The unknown parameters of the equations by name.
    """

    problem: Problem
    nodes: Nodes
    values: Float[ndarray, "n c"] | Float[ndarray, "K n c"]
    evaluate: Callable[[ndarray], ndarray]
    method: str
    derivatives: str
    status: str
    message: str
    warnings: tuple[str, ...] = ()
    history: tuple[Record, ...] = ()
    phases: tuple[PhaseResult, ...] = ()
    errors: Errors | None = None
    baseline: Baseline | None = None
    estimate: Estimate | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    iterations: int = 0
    parameters: int = 0
    device: str = "cpu"
    precision: str = "float64"
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, ndarray] = field(default_factory=dict)
    times: Float[ndarray, " K"] | None = None
    found_parameters: Mapping[str, FoundParameter] = field(default_factory=dict)

    def __call__(self, points: Float[ndarray, "n d"]) -> Float[ndarray, "n c"]:
        """Return the fields at points, one column for each field.

        Parameters
        ----------
        points
            Points of the domain; of a time-dependent problem with the time as last coordinate.
        """
        return self.evaluate(points)

    def metrics(self) -> dict[str, Any]:
        """Return the figures of ``metrics.json``, numbers and strings only."""
        errors = self.errors
        baseline = self.baseline
        return {
            "problem": self.problem.name,
            "method": self.method,
            "derivatives": self.derivatives,
            "status": self.status,
            "message": self.message,
            "warnings": list(self.warnings),
            "relative_l2": dict(errors.relative_l2) if errors else None,
            "max_error": dict(errors.max_error) if errors else None,
            "relative_l2_nodes": dict(errors.relative_l2_nodes) if errors else None,
            "test_points": errors.test_points if errors else 0,
            "error_estimate": self.estimate and self.estimate.metrics(),
            "nodes": self.nodes.rows.stop,
            **self._metrics_in_time(),
            "unknown_parameters": {k: p.metrics() for k, p in self.found_parameters.items()},
            "parameters": self.parameters,
            "seconds": dict(self.seconds),
            "iterations": self.iterations,
            "phases": [asdict(phase) for phase in self.phases],
            "baseline": baseline
            and {
                "method": baseline.method,
                "relative_l2": baseline.relative_l2,
                "seconds": baseline.seconds,
                "message": baseline.message,
            },
            "device": self.device,
            "precision": self.precision,
            "seed": self.seed,
            "versions": dict(self.versions),
        }

    def _metrics_in_time(self) -> dict[str, Any]:
        """Return the figures that only a solution in time has."""
        if self.times is None:
            return {}
        at_end = self.errors.relative_l2_at_end if self.errors else None
        return {
            "time_levels": len(self.times),
            "time": [float(self.times[0]), float(self.times[-1])],
            "relative_l2_at_end": None if at_end is None else dict(at_end),
        }
