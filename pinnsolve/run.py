"""One solve, from the problem to the solution: check, solve, measure, judge."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pinnsolve.accuracy.measure import judged, measure
from pinnsolve.checks.preflight import preflight
from pinnsolve.errors import Stopped
from pinnsolve.geometry import build_domain
from pinnsolve.machine import threads
from pinnsolve.methods import METHODS
from pinnsolve.problem import Problem, load
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Accuracy
from pinnsolve.solution.provenance import Provenance, versions
from pinnsolve.solution.solution import Solution


def solve(
    problem: Problem | str | Path,
    *,
    watch: Watch = unwatched,
    resume: Path | None = None,
    setup: Setup | None = None,
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
    setup
        That of another run on the same nodes, to be used again.
    settings
        Keys of the ``[solver]`` section, as ``order=5``, which override the file's.

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
    setup = Setup(problem, watch) if setup is None else setup.sharing(problem, watch)
    solver = problem.settings.solver
    method, able = METHODS[solver.method], ABILITIES[solver.method]

    warnings = preflight(setup)
    reference = setup.reference(able.reference) if able.reference else None
    found = method.solve(setup, resume)
    sample = method.sample(setup, found.answer)
    with setup.stage("estimate"):
        estimate = method.estimate(setup, found.answer, sample)
    with setup.stage("errors"):
        if found.outcome.status == "finished":
            watch(Progress("errors"))
        errors = measure(found.answer, sample, problem, setup.domain)
    accuracy = Accuracy(errors, estimate, () if reference is None else (reference,))
    outcome = judged(replace(found.outcome, warnings=warnings), accuracy, solver.accuracy)
    seconds = {**setup.seconds, "total": sum(setup.seconds.values())}
    precision = solver.precision if able.has_network else "float64"
    return Solution(
        problem=problem,
        answer=found.answer,
        sample=sample,
        outcome=outcome,
        course=replace(found.course, seconds=seconds),
        accuracy=accuracy,
        provenance=Provenance(found.device, precision, threads(), versions()),
        constants=found.constants,
    )


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
