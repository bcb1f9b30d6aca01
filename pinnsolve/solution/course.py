"""The course of a solve: its records and phases, its times, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jaxtyping import Float
from numpy import ndarray


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
    """

    history: tuple[Record, ...] = ()
    phases: tuple[PhaseResult, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    iterations: int = 0
    series: Mapping[str, Float[ndarray, "k 2"]] = field(default_factory=dict)
