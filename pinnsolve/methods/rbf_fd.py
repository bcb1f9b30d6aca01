"""RBF-FD: the sparse system on scattered nodes, solved directly, in time step by step.

No network: the classical solution is a method of its own, and for one forward problem the first to
try.
"""

from math import nan

import numpy as np

from pinnsolve.accuracy.estimate import estimate, estimate_in_time
from pinnsolve.errors import DivergedError, SingularError
from pinnsolve.methods import memory
from pinnsolve.methods.method import Method
from pinnsolve.process import State, Step
from pinnsolve.rbffd import solve as direct
from pinnsolve.rbffd.fields import NodalFields, from_state
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.solution import Sample


class DirectSolve:
    """The solution of the sparse system, in one step.

    Parameters
    ----------
    setup
        Of the problem.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._system = setup.discretisation()
        self._fields: NodalFields | None = None

    def step(self) -> Step:
        """Solve.

        Raises
        ------
        ProblemError
            If there is no unique solution.
        DivergedError
            If the solution leaves the finite numbers.
        """
        problem, watch = self._setup.problem, self._setup.watch
        try:
            found = direct.solve(problem, self._system, watch)
        except SingularError as error:
            raise direct.unsolvable(problem, error) from None
        if not np.all(np.isfinite(found.fields.values)):
            raise DivergedError(f"the direct solution is not finite: {found.message}")
        self._fields = found.fields
        loss = 0.0 if found.converged else nan
        return Step(loss, found.iterations, found.message, stage="solution")

    def answer(self) -> Fields:
        """Return the solution; zero before it is found."""
        if self._fields is not None:
            return self._fields
        problem, nodes = self._setup.problem, self._setup.nodes
        levels = () if problem.times is None else (len(problem.times),)
        values = np.zeros((*levels, len(nodes.x), len(problem.fields)))
        return NodalFields(nodes.x, values, problem.settings.solver.order, problem.times)

    def state(self) -> State:
        """Return the solution, if it has been found."""
        return {} if self._fields is None else self._fields.state()

    def restore(self, state: State) -> None:
        """Take a solution that has been found."""
        self._fields = from_state(state) if state else None


def sample(setup: Setup, answer: Fields) -> Sample:
    """Return the values on the nodes, where they were computed."""
    assert isinstance(answer, NodalFields)
    return Sample(setup.nodes, answer.values[..., setup.nodes.rows, :], setup.problem.times)


def estimated(setup: Setup, answer: Fields, shown: Sample) -> Estimate:
    """Return the estimated error."""
    problem = setup.problem
    assert isinstance(answer, NodalFields)
    if problem.times is not None:
        return estimate_in_time(problem, setup.nodes, shown.values, shown.values, setup.watch)
    system = setup.discretisation()
    return estimate(problem, setup.domain, system, answer.values)


METHOD = Method(
    start=DirectSolve,
    sample=sample,
    estimate=estimated,
    read=lambda _, state: from_state(state),
    memory=memory.of_direct_solution,
)
