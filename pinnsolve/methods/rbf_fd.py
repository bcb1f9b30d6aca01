"""RBF-FD: the sparse system on scattered nodes, solved directly, in time step by step.

No network: the classical solution is a method of its own, and for one forward problem the first to
try.
"""

from pinnsolve.accuracy.estimate import estimate
from pinnsolve.accuracy.in_time import estimate_in_time
from pinnsolve.methods import memory, snapshots
from pinnsolve.methods.eigenvalues import EigenSolve
from pinnsolve.methods.method import Method
from pinnsolve.process import Process, State
from pinnsolve.rbffd.assimilation import Assimilation
from pinnsolve.rbffd.fields import NodalFields, from_state
from pinnsolve.rbffd.solve import DirectSolve
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.found import Found
from pinnsolve.solution.solution import Sample


def start(setup: Setup) -> DirectSolve | Assimilation | EigenSolve:
    """Return the solution of the sparse system, in steps, or the search for one that data show."""
    if setup.problem.eigenvalue is not None:
        return EigenSolve(setup)
    if snapshots.has_search(setup):
        return snapshots.start(setup)
    return DirectSolve(setup.problem, setup.discretisation(), setup.placement, setup.watch)


def sample(setup: Setup, answer: Fields) -> Sample:
    """Return the values on the nodes, where they were computed."""
    assert isinstance(answer, NodalFields)
    return Sample(setup.nodes, answer.values[..., setup.nodes.rows, :], setup.problem.times)


def estimated(
    setup: Setup, process: Process[Fields], answer: Fields, shown: Sample
) -> Estimate | None:
    """Return the estimated error; None of what was found from data."""
    problem = setup.problem
    assert isinstance(answer, NodalFields)
    if isinstance(process, EigenSolve):
        return process.estimate()
    if isinstance(process, Assimilation):
        return None
    assert isinstance(process, DirectSolve)
    if problem.times is not None:
        return estimate_in_time(
            setup.placement,
            setup.domain,
            answer,
            shown.values,
            shown.values,
            is_network=False,
            watch=setup.watch,
        )
    system = setup.discretisation()
    return estimate(
        setup.placement.problem,
        setup.domain,
        system,
        answer.values,
        stated=problem,
        factors=process.factors,
        watch=setup.watch,
    )


def read(setup: Setup, state: State) -> NodalFields:
    """Return the fields that were stored."""
    regions = setup.nodes.regions
    return from_state(state, None if regions is None else regions.locate)


def found(setup: Setup, process: Process[Fields], answer: Fields) -> Found:
    """Return eigenvalues, or what was found from data."""
    if isinstance(process, EigenSolve):
        return process.found()
    return snapshots.found(setup, process, answer)


def condition(_: Setup, process: Process[Fields]) -> float | None:
    """Return the condition of the matrices that were factorised; None of shifted ones."""
    if isinstance(process, EigenSolve):
        return None
    assert isinstance(process, DirectSolve | Assimilation)
    return process.condition


METHOD = Method(
    start=start,
    sample=sample,
    estimate=estimated,
    read=read,
    memory=memory.of_direct_solution,
    condition=condition,
    found=found,
)
