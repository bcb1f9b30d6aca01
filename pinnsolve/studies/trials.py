"""What a comparison found: one trial for each run.

A trial keeps the course of its error, not its network. Times count what the method itself needs:
operators where it uses them, set-up, and training or solution. The nodes, which all share, and
the measuring of errors are not counted. Nobody stops because of an error: a trial runs to the
end of its schedule or of its time, and the times to given errors are read off afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from pinnsolve.problem import Problem
from pinnsolve.solution.course import Record

TARGETS = tuple(10.0**-digits for digits in range(1, 13))
SUCCEEDED = ("finished", "accuracy missed")


@dataclass(frozen=True)
class Configuration:
    """What is compared: a method with its settings, whatever the nodes and the seed.

    Attributes
    ----------
    method, derivatives, precision
        As in the section ``[solver]``.
    order
        Of RBF-FD; None for a method that does not use it.
    optimizer
        ``default`` for the method's own schedule; None for a direct solution.
    """

    method: str
    derivatives: str
    precision: str
    order: int | None
    optimizer: str | None

    @property
    def variant(self) -> str:
        """Everything but the optimiser, as in ``dt-pinn p = 4``."""
        parts = [self.method, f"p = {self.order}" if self.order else self.derivatives]
        return " ".join(parts + [self.precision] * (self.precision != "float64"))

    @property
    def label(self) -> str:
        """The name of the configuration, as in ``dt-pinn p = 4, lbfgs``."""
        return f"{self.variant}, {self.optimizer}" if self.optimizer else self.variant


@dataclass(frozen=True)
class Trial:
    """One run of a comparison.

    Attributes
    ----------
    configuration
        What was run.
    nodes
        Interior and boundary nodes; None if there were none to run on.
    seed
        Of the network; None for a direct solution, which has no random part.
    status, message
        How it ended; ``failed`` if it could not be run.
    relative_l2
        Error at the test points, of the worst field; None if it failed.
    seconds
        Time by stage that the method needs: ``operators``, ``set-up``, ``training``, ``solution``.
    iterations, parameters
        Of the training; trainable parameters, or unknowns of a direct solution.
    hidden
        Widths of the network's hidden layers.
    curve
        Error on the nodes against time and iterations, from the start of the first stage.
    floor
        Error on the nodes of the direct solution of the same discretisation, if it uses one.
    """

    configuration: Configuration
    nodes: int | None
    seed: int | None
    status: str
    message: str
    relative_l2: float | None = None
    seconds: Mapping[str, float] | None = None
    iterations: int = 0
    parameters: int = 0
    hidden: tuple[int, ...] = ()
    device: str = ""
    curve: tuple[Record, ...] = ()
    floor: float | None = None

    @property
    def total(self) -> float | None:
        """Time that the method took."""
        return None if self.seconds is None else sum(self.seconds.values())

    @property
    def has_succeeded(self) -> bool:
        """Whether it ran to the end of its schedule or of its time."""
        return self.status in SUCCEEDED

    @property
    def lowest(self) -> Record | None:
        """Where the error on the nodes was lowest."""
        known = [r for r in self.curve if r.relative_l2 is not None and isfinite(r.relative_l2)]
        return min(known, key=lambda record: record.relative_l2 or 0.0, default=None)

    def first(self, target: float) -> Record | None:
        """Return the first record with an error of at most the target; None if there is none."""
        return next(
            (r for r in self.curve if r.relative_l2 is not None and r.relative_l2 <= target), None
        )

    def row(self) -> dict[str, Any]:
        """Return the figures, for a program."""
        configuration, lowest = self.configuration, self.lowest
        seconds = self.seconds or {}
        firsts = {f"{target:.0e}": self.first(target) for target in TARGETS}
        return {
            "method": configuration.method,
            "derivatives": configuration.derivatives,
            "optimizer": configuration.optimizer,
            "order": configuration.order,
            "precision": configuration.precision,
            "nodes": self.nodes,
            "seed": self.seed,
            "status": self.status,
            "message": self.message,
            "relative_l2": self.relative_l2,
            "seconds": self.total,
            "iterations": self.iterations,
            "seconds_by_stage": dict(seconds),
            "seconds_to": {key: record and record.seconds for key, record in firsts.items()},
            "iterations_to": {key: record and record.iteration for key, record in firsts.items()},
            "lowest_relative_l2": lowest and lowest.relative_l2,
            "seconds_to_lowest": lowest and lowest.seconds,
            "iterations_to_lowest": lowest and lowest.iteration,
            "floor": self.floor,
            "parameters": self.parameters,
            "hidden": list(self.hidden),
            "device": self.device,
        }


@dataclass(frozen=True)
class Comparison:
    """All trials of a problem.

    Attributes
    ----------
    problem
        What was solved.
    trials
        In the order in which they ran.
    reference
        The configuration that speed-ups refer to.
    budget
        Time in seconds that each training was given.
    planned
        How many trials there were to be.
    status, message
        ``finished``, or ``stopped`` and why.
    machine
        Where it ran, in words.
    bug
        The first error of a run that is a fault of ours; it is to be raised in the end.
    """

    problem: Problem
    trials: tuple[Trial, ...]
    reference: Configuration
    budget: float
    planned: int
    status: str
    message: str
    machine: str
    bug: Exception | None = None

    @property
    def configurations(self) -> list[Configuration]:
        """What was compared, in order."""
        return list(dict.fromkeys(trial.configuration for trial in self.trials))

    @property
    def node_counts(self) -> list[int | None]:
        """The sizes of the node sets in order; None alone if not one could be made."""
        return list(dict.fromkeys(t.nodes for t in self.trials if t.nodes)) or [None]

    def of(self, configuration: Configuration, nodes: int | None) -> list[Trial]:
        """Return the trials of a configuration on a node set that were not cut short, by seed."""
        return [
            trial
            for trial in self.trials
            if (trial.configuration, trial.nodes) == (configuration, nodes)
            and trial.status != "stopped"
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Return the figures of all trials, for a program."""
        return [trial.row() for trial in self.trials]

    def targets(self) -> list[float]:
        """Return the given errors that some trial has reached."""
        return [t for t in TARGETS if any(trial.first(t) is not None for trial in self.trials)]
