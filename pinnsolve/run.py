"""One solve, from the problem to the solution, in the order in which the data flows."""

from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy import measure, relative_l2
from pinnsolve.conditions import conditions
from pinnsolve.errors import DivergedError, Fault, FileError, ProblemError, SingularError
from pinnsolve.exactness import doubts, exact_values
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodeset import node_set
from pinnsolve.geometry.pointset import Nodes
from pinnsolve.preflight import assemble, preflight
from pinnsolve.problem import Problem, load
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd import direct
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.interpolate import interpolate
from pinnsolve.solution import Baseline, Solution

if TYPE_CHECKING:
    from pinnsolve.methods.training import Training
    from pinnsolve.networks.mlp import MLP

PACKAGES = ("pinnsolve", "torch", "numpy", "scipy", "sympy")


def solve(
    problem: Problem | str | Path,
    *,
    watch: Watch = unwatched,
    resume: Path | None = None,
    **settings: Any,
) -> Solution:
    """Solve a problem.

    Parameters
    ----------
    problem
        A problem, or the path of its file.
    watch
        Told of the progress; may raise `Stopped`.
    resume
        Folder of an earlier run of the same problem, whose network is trained further.
    settings
        Keys of the ``[solver]`` section, as ``method="pinn"``, which override the file's.

    Raises
    ------
    ProblemError
        If the problem is not well posed, or its nodes cannot carry the discretisation.
    FileError
        If a file cannot be read.
    DivergedError
        If a direct solution leaves the finite numbers; a network's is kept as the status.
    MemoryLimitError
        If the work will not fit into memory.
    """
    problem = problem if isinstance(problem, Problem) else load(problem)
    if settings:
        problem = problem.replace({f"solver.{key}": value for key, value in settings.items()})
    clock = _Clock()
    domain = build_domain(problem)
    nodes = node_set(problem, domain, watch)
    held = conditions(problem, nodes)
    preflight(problem, nodes, held)
    clock.lap("nodes")

    watch(Progress("operators"))
    solver = problem.settings.solver
    system = assemble(problem, nodes, held, watch)
    clock.lap("operators")
    warnings = tuple(doubts(problem, system))
    clock.lap("errors")
    if solver.method == "rbf-fd":
        solution = _solve_directly(problem, nodes, system, clock, watch)
    else:
        baseline = _baseline(problem, nodes, system, clock, watch)
        trained = _train(problem, nodes, system, clock, watch, resume)
        solution = replace(trained, baseline=baseline)
    return _finish(replace(solution, warnings=warnings), domain, clock, watch)


def write(solution: Solution, directory: Path, overwrite: bool = False) -> list[Path]:
    """Write a solution's files and return their paths.

    Parameters
    ----------
    solution
        What to write.
    directory
        Where; if an earlier run has filled it, ``directory-2``, ``directory-3`` … is taken.
    overwrite
        Whether to replace an earlier run instead.

    Raises
    ------
    FileError
        If a file cannot be written.
    """
    from pinnsolve.output.rundirectory import write_run

    formats = solution.problem.settings.output.formats
    domain = build_domain(solution.problem)
    return write_run(solution, domain, directory, formats, overwrite)


class _Clock:
    """Time by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._start = self._last = perf_counter()

    def lap(self, stage: str) -> float:
        """Book the time since the last lap on a stage and return it."""
        now = perf_counter()
        elapsed, self._last = now - self._last, now
        self.seconds[stage] = self.seconds.get(stage, 0.0) + elapsed
        return elapsed

    def total(self) -> float:
        """Return the time since the start."""
        return perf_counter() - self._start


def _solve_directly(
    problem: Problem, nodes: Nodes, system: Discretisation, clock: _Clock, watch: Watch
) -> Solution:
    """Solve the sparse system."""
    try:
        result = direct.solve(system, watch=watch)
    except SingularError as error:
        raise _located(problem, error) from None
    clock.lap("solution")
    if not np.all(np.isfinite(result.values)):
        raise DivergedError(f"the direct solution is not finite: {result.message}")
    solver = problem.settings.solver
    return Solution(
        problem=problem,
        nodes=nodes,
        values=result.values[nodes.rows],
        evaluate=partial(interpolate, nodes=nodes.x, values=result.values, order=solver.order),
        method=solver.method,
        derivatives=solver.derivatives,
        status="finished" if result.converged else "diverged",
        message=result.message,
        iterations=result.iterations,
        parameters=result.values.size,
        seed=solver.seed,
        versions=_versions(),
    )


def _located(problem: Problem, error: SingularError) -> ProblemError:
    """Return an operator without inverse as a fault of the equations."""
    return problem.source.error(Fault(("pde", "equations"), str(error)))


def _baseline(
    problem: Problem, nodes: Nodes, system: Discretisation, clock: _Clock, watch: Watch
) -> Baseline:
    """Solve the same discretisation directly, to hold the network against."""
    operators = clock.seconds["operators"]
    try:
        result = direct.solve(system, watch=watch)
    except SingularError as error:
        if system.is_linear:
            raise _located(problem, error) from None
        return Baseline("rbf-fd", None, None, operators + clock.lap("baseline"), str(error))
    except DivergedError as error:
        return Baseline("rbf-fd", None, None, operators + clock.lap("baseline"), str(error))
    seconds = operators + clock.lap("baseline")
    if not result.converged:
        return Baseline("rbf-fd", None, None, seconds, result.message)
    values = result.values[nodes.rows]
    exact = exact_values(problem, nodes.x[nodes.rows])
    distance = None if exact is None else relative_l2(values, exact)
    return Baseline("rbf-fd", values, distance, seconds, result.message)


def _train(
    problem: Problem,
    nodes: Nodes,
    system: Discretisation,
    clock: _Clock,
    watch: Watch,
    resume: Path | None,
) -> Solution:
    """Train a network."""
    import torch  # two seconds that a direct solution and `check` need not pay

    from pinnsolve.methods import collocation

    solver = problem.settings.solver
    device = _device(solver.device)
    net = collocation.network(problem, nodes, device)
    if resume is not None:
        _resume(net, resume)
    if solver.method == "dt-pinn":
        objective: Any = collocation.nodal_objective(net, system)
    else:
        objective = collocation.pointwise_objective(net, problem, nodes)
    clock.lap("set-up")
    exact = exact_values(problem, nodes.x[nodes.rows])
    training: Training = collocation.solve(
        objective, problem, nodes, exact, resume is not None, watch
    )
    clock.lap("errors")
    clock.seconds["errors"] -= training.seconds
    clock.seconds["training"] = training.seconds
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    return Solution(
        problem=problem,
        nodes=nodes,
        values=_evaluate(net, nodes.x[nodes.rows]),
        evaluate=partial(_evaluate, net),
        method=solver.method,
        derivatives=solver.derivatives,
        status=training.status,
        message=training.message,
        history=training.history,
        phases=training.phases,
        iterations=training.iterations,
        parameters=sum(p.numel() for p in net.parameters()),
        device=name,
        precision=solver.precision,
        seed=solver.seed,
        versions=_versions(),
        weights={name: value.cpu().numpy() for name, value in net.state_dict().items()},
    )


def _finish(solution: Solution, domain: Domain, clock: _Clock, watch: Watch) -> Solution:
    """Measure the errors, compare them with what was asked for, and stop the clock."""
    accuracy = solution.problem.settings.solver.accuracy
    if solution.status == "finished":
        watch(Progress("errors"))
    errors = measure(solution, domain)
    status, message = solution.status, solution.message
    if accuracy and errors is None and status == "finished":
        message = "the accuracy asked for cannot be judged: no exact solution is given."
    elif errors and accuracy and status == "finished":
        worst = max(errors.relative_l2.values())
        if not worst <= accuracy:
            status = "accuracy missed"
            message = (
                f"the relative error is {worst:.2e}, {accuracy:.2e} was asked for. "
                "Raise nodes.count or solver.order, or train longer."
            )
    clock.lap("errors")
    seconds = {**clock.seconds, "total": clock.total()}
    return replace(solution, errors=errors, status=status, message=message, seconds=seconds)


def _evaluate(net: "MLP", x: Float[ndarray, "n d"]) -> Float[ndarray, "n c"]:
    """Return a network's fields at points."""
    import torch

    with torch.no_grad():
        return net(torch.as_tensor(x).to(net.head.weight)).double().cpu().numpy()


def _device(wanted: str) -> str:
    """Return where to train."""
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise FileError('no CUDA device is available. Set solver.device to "auto" or "cpu".')
    return "cuda" if available and wanted != "cpu" else "cpu"


def _resume(net: "MLP", folder: Path) -> None:
    """Load the weights of an earlier run."""
    import torch

    from pinnsolve.output.checkpoint import read_checkpoint

    path = folder / "solution.hdf" if folder.is_dir() else folder
    weights, _ = read_checkpoint(path)
    expected = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    found = {name: value.shape for name, value in weights.items()}
    if found != expected:
        raise FileError(
            f"{path} holds another network than the problem asks for. "
            "Resume with the problem.toml of the same folder."
        )
    net.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})


def _versions() -> dict[str, str]:
    """Return what is needed to run the same again."""
    found = {"python": python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a checkout that is not installed
            found[package] = "unknown"
    return found
