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

from pinnsolve.geometry.pointset import Nodes
from pinnsolve.problem import Problem


@dataclass(frozen=True)
class Record:
    """One point of the training history.

    Attributes
    ----------
    seconds
        Training time so far, without the time taken to measure errors.
    phase
        The training phase, as ``gauss-newton``.
    iteration
        Iterations so far, over all phases.
    loss
        Weighted mean square of the residuals.
    relative_l2
        Relative error over all fields on the nodes; None if no exact solution is known.
    """

    seconds: float
    phase: str
    iteration: int
    loss: float
    relative_l2: float | None = None


@dataclass(frozen=True)
class PhaseResult:
    """What one training phase did.

    Attributes
    ----------
    optimizer
        Its name, as ``gauss-newton``.
    iterations
        How many it took.
    seconds
        How long it took.
    loss_before, loss_after
        Weighted mean square of the residuals around it.
    relative_l2
        Relative error on the nodes after it; None if no exact solution is known.
    message
        Why it ended.
    """

    optimizer: str
    iterations: int
    seconds: float
    loss_before: float
    loss_after: float
    relative_l2: float | None
    message: str


@dataclass(frozen=True)
class Baseline:
    """A classical solution on the same nodes, to hold the network against.

    Attributes
    ----------
    method
        Its name, as ``rbf-fd``.
    values
        Its values at the interior and boundary nodes; None if it could not be computed.
    relative_l2
        Its relative error on the nodes; None if no exact solution is known or it failed.
    seconds
        Time for its operators and its solution, nodes not counted.
    message
        How it went, in words.
    """

    method: str
    values: Float[ndarray, "n c"] | None
    relative_l2: float | None
    seconds: float
    message: str = ""


@dataclass(frozen=True)
class Errors:
    """Errors against the exact solution, by field.

    Attributes
    ----------
    relative_l2, max_error
        On test points that were not trained on.
    relative_l2_nodes
        On the interior and boundary nodes, where the baseline is known too.
    test_points
        How many there are.
    """

    relative_l2: Mapping[str, float]
    max_error: Mapping[str, float]
    relative_l2_nodes: Mapping[str, float]
    test_points: int


@dataclass(frozen=True)
class Solution:
    """The outcome of one solve.

    Attributes
    ----------
    problem, nodes
        What was solved, and where.
    values
        The fields at the interior and boundary nodes, in their order.
    evaluate
        The fields at any points of the domain.
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
    seconds
        Time by stage: ``total``, ``nodes``, ``operators``, ``training``, ``output``.
    iterations, parameters
        Training iterations; trainable parameters, or unknowns of a direct solution.
    device, precision, seed, versions
        Where it ran, and with what.
    weights
        The network's state by name; empty for a direct solution.
    """

    problem: Problem
    nodes: Nodes
    values: Float[ndarray, "n c"]
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
    seconds: Mapping[str, float] = field(default_factory=dict)
    iterations: int = 0
    parameters: int = 0
    device: str = "cpu"
    precision: str = "float64"
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, ndarray] = field(default_factory=dict)

    def __call__(self, points: Float[ndarray, "n d"]) -> Float[ndarray, "n c"]:
        """Return the fields at points of the domain, one column for each field."""
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
            "nodes": self.nodes.rows.stop,
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
