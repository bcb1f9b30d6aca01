"""The course of a solve: its records and phases, its times, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray

CONDITIONING = (  # series of weights that evolve
    "residual",
    "residual at its own points",
    "step",
    "rate of the weights",
    "regularization",
    "fits",
    "largest eigenvalue",
    "iterations",
)
ROWS = 200  # of a series among the figures, at most


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
class GrowthStep:
    """What a network was after a step of its growth: its first features, or bumps more.

    Attributes
    ----------
    features, weights
        How many it had.
    loss
        What was left at the points it was trained on.
    fresh_loss
        What was left at fresh points; None where they are not looked at.
    seconds
        What the step took, that of the first features all their trials.
    is_kept
        Whether the features stayed, and were not taken back.
    relative_l2
        Relative error on the nodes after it; None if no exact solution is known, or it was taken
        back.
    """

    features: int
    weights: int
    loss: float
    fresh_loss: float | None
    seconds: float
    is_kept: bool
    relative_l2: float | None


@dataclass(frozen=True)
class Outcome:
    """How a solve ended.

    Attributes
    ----------
    status
        ``finished``, ``accuracy missed``, ``diverged`` or ``stopped``.
    message
        The status in a sentence.
    warnings
        What is allowed in the problem, but casts doubt on the result.
    """

    status: str
    message: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Course:
    """How a solution came about, whatever the method.

    Attributes
    ----------
    history, phases
        The course of the training; empty for a direct solution.
    seconds
        Time by stage: ``total``, ``nodes``, ``operators``, ``training``, ``output``.
    iterations
        Of the training, over all phases; or steps of a direct solution.
    series
        Further figures by name, each in rows of iteration (or time) and value.
    growth
        The steps by which the network has grown; none if it has not.
    """

    history: tuple[Record, ...] = ()
    phases: tuple[PhaseResult, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    iterations: int = 0
    series: Mapping[str, Float[ndarray, "k 2"]] = field(default_factory=dict)
    growth: tuple[GrowthStep, ...] = ()

    def conditioning(self) -> dict[str, list[list[float]]]:
        """Return the difficulty of an evolution by name, in rows of time and value."""
        found = {}
        for name in CONDITIONING:
            rows = self.series.get(name, np.zeros((0, 2)))
            some = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), ROWS)).astype(int))
            if len(rows):
                found[name.replace(" ", "_")] = rows[some].tolist()
        return found

    def weights_to(self, error: float) -> int | None:
        """Return the number of weights with which growth has passed an error; None if it has not.

        Parameters
        ----------
        error
            Relative, on the nodes.
        """
        passed = (
            step.weights
            for step in self.growth
            if step.relative_l2 is not None and step.relative_l2 <= error
        )
        return next(passed, None)
