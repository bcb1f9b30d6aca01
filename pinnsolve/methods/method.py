"""What a method is: functions from a setup to an answer, and from the answer to what is said of it.

What a problem file may ask of it, and what it is called, stands in `ABILITIES`
(`pinnsolve.problem.abilities`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pinnsolve.accuracy.held_out import Measured
from pinnsolve.conditions.condition import Condition
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.process import Process, State
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.found import Found
from pinnsolve.solution.solution import Sample

# problem, nodes, its conditions, and those of the network, to the bytes of each stage
Forecast: TypeAlias = Callable[
    [Problem, Nodes, Sequence[Condition], Sequence[Condition]], dict[str, float]
]


def nothing(_: Setup, __: Process[Fields], ___: Fields) -> Found:
    """Return nothing that was found beside the fields."""
    return Found()


def no_condition(_: Setup, __: Process[Fields]) -> None:
    """Return no condition number of a discrete operator."""


def to_the_end(_: Setup, __: Process[Fields]) -> None:
    """Return no instant before the end of time, at which the answer ends."""
    return


def alone(_: Setup, answer: Fields) -> tuple[Fields, None]:
    """Return the answer of a problem that is of no family."""
    return answer, None


def on_cpu(_: Fields) -> str:
    """Return the device of every method that says nothing else."""
    return "cpu"


@dataclass(frozen=True)
class Method:
    """One way to solve.

    Attributes
    ----------
    start
        The work that is to be done, in steps that lead to the answer.
    sample
        The answer where files and figures show it.
    estimate
        Its error, estimated without an exact solution; None where no estimate is tried.
    read
        The answer from its stored state.
    memory
        A forecast of the memory in use at the peak of each stage.
    found
        What was found beside the fields: unknown constants of the equations, the fit to data.
    device
        Where an answer was computed: ``cpu``, or the name of the GPU.
    until
        When an answer ends that has not got to the end of time; None of one that has.
    family
        The answer, which shows one problem of a family, and what is known of the errors in others.
    condition
        Estimated condition number of the discrete operator, as the work has found it; None if it
        is not known.
    """

    start: Callable[[Setup], Process[Fields]]
    sample: Callable[[Setup, Fields], Sample]
    estimate: Callable[[Setup, Process[Fields], Fields, Sample], Estimate | None]
    read: Callable[[Setup, State], Fields]
    memory: Forecast
    found: Callable[[Setup, Process[Fields], Fields], Found] = nothing
    device: Callable[[Fields], str] = on_cpu
    condition: Callable[[Setup, Process[Fields]], float | None] = no_condition
    until: Callable[[Setup, Process[Fields]], float | None] = to_the_end
    family: Callable[[Setup, Fields], tuple[Fields, Measured | None]] = alone
