"""One solve, from the problem to the solution, in the order in which the data flows."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.estimate import estimate, estimate_in_time
from pinnsolve.accuracy.measure import judged, measure
from pinnsolve.accuracy.truth import exact_at
from pinnsolve.checks.preflight import preflight
from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.conditions.points import points_of
from pinnsolve.constraints.ansatz import Ansatz
from pinnsolve.constraints.build import ansatz
from pinnsolve.errors import DivergedError, FileError, SingularError, Stopped
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.machine import EVALUATED
from pinnsolve.problem import Problem, load
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.solve import solve as solve_directly
from pinnsolve.setup import Clock, Ground, located, prepare
from pinnsolve.solution.provenance import versions
from pinnsolve.solution.solution import FoundParameter, Solution
from pinnsolve.storage.resume import load_weights

if TYPE_CHECKING:
    from pinnsolve.networks.mlp import MLP
    from pinnsolve.training.loop import Training


def solve(
    problem: Problem | str | Path,
    *,
    watch: Watch = unwatched,
    resume: Path | None = None,
    ground: Ground | None = None,
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
    ground
        Nodes and operators of another run on the same nodes at the same order, to be used again.
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
    if ground is None:
        ground = prepare(problem, watch)
    else:  # made for another method, which may need less memory
        preflight(problem, ground.nodes, nodal_conditions(problem, ground.nodes))
    clock = Clock(ground.seconds)
    nodes, system = ground.nodes, ground.system
    if problem.settings.solver.method == "rbf-fd":
        assert system is not None  # parameters are refused where there is no network
        solution = _solve_directly(problem, ground.domain, nodes, system, clock, watch)
    else:
        solution = _train(problem, ground, clock, watch, resume)
    return _finish(replace(solution, warnings=ground.warnings), ground.domain, clock, watch)


def write(
    solution: Solution, directory: Path, overwrite: bool = False, watch: Watch = unwatched
) -> list[Path]:
    """Write a solution's files and return their paths.

    Parameters
    ----------
    solution
        What to write.
    directory
        Where; if an earlier run has filled it, ``directory-2``, ``directory-3`` … is taken.
    overwrite
        Whether to replace an earlier run instead.
    watch
        Told of the progress. It cannot stop the writing: what has been computed is kept.

    Raises
    ------
    FileError
        If a file cannot be written.
    """
    from pinnsolve.output.run_directory import write_run

    def show(progress: Progress) -> None:
        with suppress(Stopped):
            watch(progress)

    formats = solution.problem.settings.output.formats
    domain = build_domain(solution.problem)
    return write_run(solution, domain, directory, formats, overwrite, show)


def _solve_directly(
    problem: Problem,
    domain: Domain,
    nodes: Nodes,
    system: Discretisation,
    clock: Clock,
    watch: Watch,
) -> Solution:
    """Solve the sparse system."""
    try:
        result = solve_directly(problem, system, watch)
    except SingularError as error:
        raise located(problem, error) from None
    clock.lap("solution")
    if not np.all(np.isfinite(result.values)):
        raise DivergedError(f"the direct solution is not finite: {result.message}")
    solver = problem.settings.solver
    solution = Solution(
        problem=problem,
        nodes=nodes,
        values=result.values[..., nodes.rows, :],
        times=problem.times,
        evaluate=result.evaluate,
        method=solver.method,
        derivatives=solver.derivatives,
        status="finished" if result.converged else "diverged",
        message=result.message,
        iterations=result.iterations,
        parameters=result.values.size,
        seed=solver.seed,
        versions=versions(),
    )
    if problem.times is not None:
        found = estimate_in_time(problem, nodes, solution.values, solution.values, watch)
    else:
        found = estimate(problem, domain, system, result.values)
    clock.lap("estimate")
    return replace(solution, estimate=found)


def _train(
    problem: Problem, ground: Ground, clock: Clock, watch: Watch, resume: Path | None
) -> Solution:
    """Train a network."""
    import torch  # two seconds that a direct solution and `check` need not pay

    from pinnsolve.methods.dt_pinn import nodal_objective
    from pinnsolve.methods.pinn import pointwise_objective
    from pinnsolve.networks.build import network
    from pinnsolve.objectives.exact_residual import exact_residual
    from pinnsolve.training import schedule

    solver, domain, nodes = problem.settings.solver, ground.domain, ground.nodes
    device = _device(solver.device)
    net, made = network(problem, nodes, device), ansatz(problem, nodes)
    if resume is not None:
        load_weights(net, problem, resume)
    if solver.method == "dt-pinn":
        assert ground.system is not None  # with unknown parameters the method is refused
        objective: Any = nodal_objective(net, problem, ground.system)
    else:
        objective = pointwise_objective(net, problem, domain, nodes)
    clock.lap("set-up")
    exact = exact_at(problem, nodes)
    training: Training = schedule.solve(objective, problem, nodes, exact, resume is not None, watch)
    clock.lap("errors")
    clock.seconds["errors"] -= training.seconds
    clock.seconds["training"] = training.seconds
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    solution = Solution(
        problem=problem,
        nodes=nodes,
        values=_evaluate(net, made, points_of(problem, nodes)),
        times=problem.times,
        evaluate=partial(_evaluate, net, made),
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
        versions=versions(),
        weights={name: value.cpu().numpy() for name, value in net.state_dict().items()},
        found_parameters=_found(problem, net),
        baseline=ground.baseline,
    )
    if ground.system is None:
        return solution
    if problem.times is not None:
        # a PINN was not trained on the equations that the classical solution satisfies
        same = ground.baseline if solver.method == "dt-pinn" else None
        classical_values = None if same is None else same.values
        found = estimate_in_time(problem, nodes, solution.values, classical_values, watch)
    else:
        U = _evaluate(net, made, nodes.x)
        exact_of_net = partial(exact_residual, net, made)
        found = estimate(problem, domain, ground.system, U, exact_of_net)
    clock.lap("estimate")
    return replace(solution, estimate=found)


def _found(problem: Problem, net: "MLP") -> dict[str, FoundParameter]:
    """Return what was found for the unknown parameters."""
    if net.unknowns is None:
        return {}
    values = net.unknowns().detach().double().cpu().tolist()
    return {
        name: FoundParameter(parameter.start, value, parameter.true)
        for (name, parameter), value in zip(problem.parameters.items(), values, strict=True)
    }


def _finish(solution: Solution, domain: Domain, clock: Clock, watch: Watch) -> Solution:
    """Measure the errors, compare them with what was asked for, and stop the clock."""
    if solution.status == "finished":
        watch(Progress("errors"))
    solution = judged(replace(solution, errors=measure(solution, domain)))
    clock.lap("errors")
    return replace(solution, seconds={**clock.seconds, "total": clock.total()})


def _evaluate(net: "MLP", made: Ansatz, x: Float[ndarray, "*n d"]) -> Float[ndarray, "*n c"]:
    """Return the fields that are made of a network's outputs at points."""
    import torch

    points = torch.as_tensor(x).to(net.head.weight)
    with torch.no_grad():
        parts = [net(part) for part in points.flatten(0, -2).split(EVALUATED)]
    return made(torch.cat(parts).view(*x.shape[:-1], -1).double().cpu().numpy(), x)


def _device(wanted: str) -> str:
    """Return where to train."""
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise FileError('no CUDA device is available. Set solver.device to "auto" or "cpu".')
    return "cuda" if available and wanted != "cpu" else "cpu"
