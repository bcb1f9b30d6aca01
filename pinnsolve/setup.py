"""What a solve starts from: nodes, operators, and the solution to hold a network against."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter

from pinnsolve.accuracy.measure import relative_l2
from pinnsolve.accuracy.truth import exact_at
from pinnsolve.checks.exact_solution import doubts
from pinnsolve.checks.preflight import preflight
from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.constraints.build import given_away
from pinnsolve.errors import DivergedError, Fault, ProblemError, SingularError
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.from_problem import node_set
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.solve import assemble
from pinnsolve.rbffd.solve import solve as solve_directly
from pinnsolve.solution.accuracy import Baseline


class Clock:
    """Time by stage, that of work which is done already included."""

    def __init__(self, done: Mapping[str, float]) -> None:
        self.seconds = dict(done)
        self._last = perf_counter()
        self._start = self._last - sum(done.values())

    def lap(self, stage: str) -> float:
        """Book the time since the last lap on a stage and return it."""
        now = perf_counter()
        elapsed, self._last = now - self._last, now
        self.seconds[stage] = self.seconds.get(stage, 0.0) + elapsed
        return elapsed

    def total(self) -> float:
        """Return the time since the start."""
        return perf_counter() - self._start


@dataclass(frozen=True)
class Ground:
    """What every method starts from, and several runs on the same nodes may share.

    Attributes
    ----------
    domain, nodes
        Where the problem is solved.
    system
        The problem as discretised there; None if it has unknown parameters, for which a
        discretisation leaves no room.
    baseline
        Its direct solution; None if the method is the direct one.
    warnings
        What is allowed in the problem, but casts doubt on the result.
    seconds
        Time by stage.
    """

    domain: Domain
    nodes: Nodes
    system: Discretisation | None
    baseline: Baseline | None = None
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


def prepare(problem: Problem, watch: Watch = unwatched) -> Ground:
    """Make the nodes and the operators of a problem, and the solution to hold a network against.

    Parameters
    ----------
    problem
        What is to be solved.
    watch
        Told of the progress; may raise `Stopped`.

    Raises
    ------
    ProblemError
        If the problem is not well posed, or its nodes cannot carry the discretisation.
    FileError
        If a file of nodes cannot be read.
    MemoryLimitError
        If the work will not fit into memory.
    """
    clock = Clock({})
    domain = build_domain(problem)
    nodes = node_set(problem, domain, watch)
    conditions = nodal_conditions(problem, nodes)
    preflight(problem, nodes, conditions)
    clock.lap("nodes")
    if problem.parameters:
        return Ground(domain, nodes, None, seconds=clock.seconds)
    watch(Progress("operators"))
    system = assemble(problem, nodes, conditions, watch)
    clock.lap("operators")
    warnings = (*doubts(problem, system), *given_away(problem, nodes))
    clock.lap("errors")
    is_direct = problem.settings.solver.method == "rbf-fd"
    baseline = None if is_direct else _baseline(problem, nodes, system, clock, watch)
    return Ground(domain, nodes, system, baseline, warnings, clock.seconds)


def located(problem: Problem, error: SingularError) -> ProblemError:
    """Return an operator without inverse as a fault of the equations."""
    return problem.source.error(Fault(("pde", "equations"), str(error)))


def _baseline(
    problem: Problem, nodes: Nodes, system: Discretisation, clock: Clock, watch: Watch
) -> Baseline:
    """Solve the same discretisation directly, to hold the network against."""
    operators = clock.seconds["operators"]
    try:
        result = solve_directly(problem, system, watch)
    except SingularError as error:
        if system.is_linear:
            raise located(problem, error) from None
        return Baseline("rbf-fd", None, None, operators + clock.lap("baseline"), str(error))
    except DivergedError as error:
        return Baseline("rbf-fd", None, None, operators + clock.lap("baseline"), str(error))
    seconds = operators + clock.lap("baseline")
    if not result.converged:
        return Baseline("rbf-fd", None, None, seconds, result.message)
    values = result.values[..., nodes.rows, :]
    exact = exact_at(problem, nodes)
    distance = None if exact is None else relative_l2(values, exact)
    return Baseline("rbf-fd", values, distance, seconds, result.message)
