"""RBF-FD: the sparse system on scattered nodes, solved directly, in time step by step.

No network: the classical solution is a method of its own, and for one forward problem the first to
try.
"""

from pathlib import Path

import numpy as np

from pinnsolve.accuracy.estimate import estimate, estimate_in_time
from pinnsolve.errors import DivergedError, SingularError
from pinnsolve.methods import memory
from pinnsolve.methods.method import Found, Method
from pinnsolve.rbffd import solve as direct
from pinnsolve.rbffd.fields import NodalFields, from_state
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.course import Course, Outcome
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.solution import Sample


def solve(setup: Setup, _: Path | None) -> Found:
    """Solve the sparse system.

    Raises
    ------
    ProblemError
        If it has no unique solution.
    DivergedError
        If the solution leaves the finite numbers.
    """
    problem = setup.problem
    system = setup.discretisation(problem.settings.solver.order)
    with setup.stage("solution"):
        try:
            found = direct.solve(problem, system, setup.watch)
        except SingularError as error:
            raise direct.unsolvable(problem, error) from None
    values = found.fields.values
    if not np.all(np.isfinite(values)):
        raise DivergedError(f"the direct solution is not finite: {found.message}")
    status = "finished" if found.converged else "diverged"
    course = Course(iterations=found.iterations, unknowns=values.size)
    return Found(found.fields, Outcome(status, found.message), course)


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
    system = setup.discretisation(problem.settings.solver.order)
    return estimate(problem, setup.domain, system, answer.values)


METHOD = Method(
    solve=solve,
    sample=sample,
    estimate=estimated,
    read=lambda _, state: from_state(state),
    memory=memory.of_direct_solution,
)
