"""The classical solution of a problem: sparse factorisation, stepped through time if it evolves.

It is a method of its own, and what every network is held against.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.initial import initial_values
from pinnsolve.conditions.placement import Placement
from pinnsolve.errors import DivergedError, Fault, NodesError, ProblemError, SingularError
from pinnsolve.geometry.from_problem import located
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.process import State, Step
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd import direct, evolution, stages, trajectory
from pinnsolve.rbffd.discretisation import Discretisation, discretise
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.rbffd.first_steps import doublings
from pinnsolve.rbffd.levels import LevelledFactors
from pinnsolve.rbffd.stabilisation import stabilised
from pinnsolve.rbffd.stage_equations import Bind
from pinnsolve.rbffd.steps import changes
from pinnsolve.rbffd.upstream import upstream
from pinnsolve.timestepping.radau import radau

TIME_SHARE = 1e-2  # of the error expected of the nodes, that may come from the steps in time
FINEST, COARSEST = 1e-10, 1e-4  # what this may ask of the steps, relative to the solution


@dataclass(frozen=True)
class Classical:
    """A classical solution.

    Attributes
    ----------
    fields
        Their values at all nodes, ghosts included, with the time levels first if there are any.
    converged
        Whether Newton's method reached its tolerance.
    message
        How it went.
    iterations
        Newton steps, or steps in time.
    condition
        Largest estimated condition number of the matrices, rows and columns scaled; in space of
        the last one.
    error_in_time
        Relative error that the steps in time have left, estimated; zero of a steady problem.
    between
        Instants between the time levels and the values there, of a lower order in time.
    """

    fields: NodalFields
    converged: bool
    message: str
    iterations: int
    condition: float
    error_in_time: float = 0.0
    between: "tuple[Float[ndarray, ' k'], Float[ndarray, 'k N c']] | None" = None


class DirectSolve:
    """The classical solution of a problem, found in Newton steps or steps in time.

    Parameters
    ----------
    problem
        What is solved.
    system
        Its discretisation.
    placement
        Where its conditions hold, to be bound at other instants.
    watch
        Told of the progress within a step.
    """

    def __init__(
        self,
        problem: Problem,
        system: Discretisation,
        placement: Placement,
        watch: Watch = unwatched,
    ) -> None:
        self._problem, self._system = problem, system

        def tell(progress: Progress) -> None:
            watch(replace(progress, stage=_stage(progress.stage)))

        self._work: direct.Newton | evolution.Evolution | stages.Stages
        discrete = problem.settings.time_discrete
        if problem.times is None:
            self._work = direct.Newton(system, watch=tell)
        elif discrete is not None:
            self._work = stages.Stages(
                stabilised(problem, system),
                placement.at,
                initial_values(problem, system.nodes),
                problem.times,
                stages=discrete.stages,
                steps=discrete.steps,
                watch=tell,
            )
        else:
            self._work = evolution.Evolution(
                _for_steps(problem, system),
                placement.at,
                initial_values(problem, system.nodes),
                problem.times,
                tolerance=tolerance_in_time(system),
                doubling=doublings(placement, radau(system.order)),
                is_ordinary=problem.is_ordinary,
                watch=tell,
            )

    @property
    def condition(self) -> float:
        """Estimated condition number of the matrices so far; zero before the first."""
        return self._work.condition

    @property
    def factors(self) -> LevelledFactors | None:
        """Those of the matrix at the solution of a steady problem, as `direct.Newton` has them."""
        return self._work.factors if isinstance(self._work, direct.Newton) else None

    def step(self) -> Step:
        """Return the report of one more step.

        Raises
        ------
        ProblemError
            If there is no unique solution.
        DivergedError
            If the solution leaves the finite numbers.
        """
        try:
            step = self._work.step()
        except SingularError as error:
            raise unsolvable(self._problem, error) from None
        if step.done and not np.isfinite(self._work.answer()).all():
            raise DivergedError(f"the direct solution is not finite: {step.done}")
        return replace(step, stage=_stage(step.stage))

    def answer(self) -> NodalFields:
        """Return the fields so far."""
        nodes, order, times = self._system.nodes, self._system.order, self._problem.times
        return NodalFields(nodes.x, self._work.answer(), order, times, nodes.sight)

    def state(self) -> State:
        """Return all that decides the continuation."""
        return self._work.state()

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._work.restore(state)


def solve(
    problem: Problem,
    system: Discretisation,
    placement: Placement,
    watch: Watch = unwatched,
    *,
    bind: Bind | None = None,
    initial: Mapping[tuple[int, int], Float[ndarray, " N"]] | None = None,
) -> Classical:
    """Solve a discretised problem.

    Parameters
    ----------
    problem
        What is solved.
    system
        Its discretisation.
    placement
        Where its conditions hold, to be bound at other instants.
    watch
        Told of the progress.
    bind
        The conditions at other instants, if not those of the placement.
    initial
        Values when time begins, if not those of the problem.

    Raises
    ------
    SingularError
        If there is no unique solution.
    DivergedError
        If the equations or the solution leave the finite numbers.
    """
    nodes, order, times = system.nodes, system.order, problem.times
    if times is None:
        steady = direct.solve(system, watch=watch)
        return Classical(
            NodalFields(nodes.x, steady.values, order, None, nodes.sight),
            steady.converged,
            steady.message,
            steady.iterations,
            steady.condition,
        )
    moving = trajectory.integrate(
        _for_steps(problem, system),
        bind or placement.at,
        initial or initial_values(problem, nodes),
        times,
        tolerance=tolerance_in_time(system),
        doubling=doublings(placement, radau(system.order)),
        is_ordinary=problem.is_ordinary,
        watch=watch,
    )
    return Classical(
        NodalFields(nodes.x, moving.values, order, times, nodes.sight),
        True,
        moving.message,
        moving.steps,
        moving.condition,
        moving.error,
        (moving.instants, moving.between),
    )


def _for_steps(problem: Problem, system: Discretisation) -> Discretisation:
    """Return a discretisation with what steps in time need: a penalty, or other variables."""
    found = stabilised(problem, system)
    return replace(found, changed=changes(problem)) if problem.time_order == 1 else found


def tolerance_in_time(system: Discretisation) -> float:
    """Return the change on halving the steps in time below which the error is that of the nodes."""
    x = system.nodes.x[system.nodes.rows]
    half_width = float(np.max(x.max(axis=0) - x.min(axis=0))) / 2
    tolerance = TIME_SHARE * (system.nodes.spacing / half_width) ** system.order
    return float(np.clip(tolerance, FINEST, COARSEST))


def assemble(
    problem: Problem,
    nodes: Nodes,
    conditions: Sequence[Condition],
    watch: Watch = unwatched,
    *,
    order: int | None = None,
) -> Discretisation:
    """Assemble the discrete problem; what the nodes cannot carry is shown in the file.

    Parameters
    ----------
    problem, nodes
        What is to be solved, and where.
    conditions
        Its equations and conditions, bound to the nodes.
    watch
        Told of the progress.
    order
        Order of accuracy; by default the problem's.

    Raises
    ------
    ProblemError
        If the nodes are too few, or lie on a lattice or a curve.
    """
    order = order or problem.settings.solver.order
    try:
        c, time_order = len(problem.fields), problem.time_order
        system = discretise(conditions, nodes, c, order, watch, time_order=time_order)
        if (sought := problem.eigenvalue) is not None:
            return replace(system, constants={sought.name: sought.near})
        return upstream(problem, system)
    except NodesError as error:
        raise located(problem, error) from None


def unsolvable(problem: Problem, error: SingularError) -> ProblemError:
    """Return an operator without inverse as a fault of the equations."""
    return problem.source.error(Fault(("pde", "equations"), str(error)))


def _stage(part: str) -> str:
    """Return the stage, as reports book it, with the part of it that is going on."""
    return f"solution: {part}"
