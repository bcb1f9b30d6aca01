"""The course of a training: its records and phases."""

from dataclasses import dataclass


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
