"""What a method is: functions from a setup to an answer, and from the answer to what is said of it.

What a problem file may ask of it, and what it is called, stands in `ABILITIES`
(`pinnsolve.problem.abilities`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from pinnsolve.conditions.condition import Condition
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.course import Course, Outcome
from pinnsolve.solution.fields import Fields, State
from pinnsolve.solution.solution import FoundConstant, Sample


@dataclass(frozen=True)
class Found:
    """What a method came to.

    Attributes
    ----------
    answer
        The fields.
    outcome
        How the work ended.
    course
        How it went.
    constants
        Unknown constants of the equations by name.
    device
        Where it was computed.
    """

    answer: Fields
    outcome: Outcome
    course: Course
    constants: Mapping[str, FoundConstant] = field(default_factory=dict)
    device: str = "cpu"


# problem, nodes, its conditions, and those of the network, to the bytes of each stage
Forecast: TypeAlias = Callable[
    [Problem, Nodes, Sequence[Condition], Sequence[Condition]], dict[str, float]
]


@dataclass(frozen=True)
class Method:
    """One way to solve.

    Attributes
    ----------
    solve
        From a setup, and the folder of an earlier run whose network is trained further, to what
        is found.
    sample
        The answer where files and figures show it.
    estimate
        Its error, estimated without an exact solution; None where no estimate is tried.
    read
        The answer from its stored state.
    memory
        A forecast of the memory in use at the peak of each stage.
    """

    solve: Callable[[Setup, Path | None], Found]
    sample: Callable[[Setup, Fields], Sample]
    estimate: Callable[[Setup, Fields, Sample], Estimate | None]
    read: Callable[[Setup, State], Fields]
    memory: Forecast
