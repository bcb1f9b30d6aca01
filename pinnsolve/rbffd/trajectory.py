"""Nodal values from the first time level to the last, and the condition of a first step.

The steps are those of `pinnsolve.rbffd.evolution`, taken at one go.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import DivergedError
from pinnsolve.progress import Watch, unwatched
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.evolution import Evolution
from pinnsolve.rbffd.flow import Flow
from pinnsolve.rbffd.stage_equations import Bind
from pinnsolve.timestepping.radau import radau


@dataclass(frozen=True)
class Trajectory:
    """Nodal values over time.

    Attributes
    ----------
    values
        At the time levels, at all nodes, ghosts included.
    instants
        One between every two levels.
    between
        The values there, of a lower order in time.
    error
        Relative error that the steps in time have left, estimated.
    message
        How it ended.
    steps
        Taken between the first level and the last.
    condition
        Largest estimated condition number of the matrices of steps, rows and columns scaled.
    seconds
        Time taken.
    """

    values: Float[ndarray, "K N c"]
    instants: Float[ndarray, " k"]
    between: Float[ndarray, "k N c"]
    error: float
    message: str
    steps: int
    condition: float
    seconds: float


def integrate(
    system: Discretisation,
    bind: Bind,
    initial: Mapping[tuple[int, int], Float[ndarray, " N"]],
    times: Float[ndarray, " K"],
    *,
    tolerance: float,
    doubling: int = 0,
    is_ordinary: bool = False,
    watch: Watch = unwatched,
) -> Trajectory:
    """Integrate from the first time level to the last.

    Parameters
    ----------
    system, bind, initial, times, tolerance, doubling, is_ordinary, watch
        As of `Evolution`.

    Raises
    ------
    SingularError
        If the equations do not determine how the fields go on.
    DivergedError
        If Newton's method fails however small the steps.
    """
    start = perf_counter()
    process = Evolution(
        system,
        bind,
        initial,
        times,
        tolerance=tolerance,
        doubling=doubling,
        is_ordinary=is_ordinary,
        watch=watch,
    )
    while not (step := process.step()).done:
        pass
    instants, inner = process.between
    return Trajectory(
        values=process.answer(),
        instants=instants,
        between=inner,
        error=process.error,
        message=step.done,
        steps=int(step.at),
        condition=process.condition,
        seconds=perf_counter() - start,
    )


def condition(
    system: Discretisation,
    bind: Bind,
    initial: Mapping[tuple[int, int], Float[ndarray, " N"]],
    times: Float[ndarray, " K"],
) -> float:
    """Return the largest estimated condition number of the matrices from the first level on.

    They are those of one step to the second level, the longest that `integrate` takes, whose
    parameters these are.

    Raises
    ------
    SingularError
        If a matrix is singular, or so ill conditioned that no digit can be trusted.
    """
    flow = Flow(system, bind, initial, radau(system.order))
    begin, end = times[:2]
    with suppress(DivergedError):  # of which shorter steps may be free
        flow.across(flow.beginning(), begin, end, 1, end - begin)
    return flow.condition
