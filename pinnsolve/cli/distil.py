"""The command ``pinnsolve distil``: a smaller network for a run that has finished."""

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from pinnsolve.cli.solving import Accept, Json, Quiet, begin, sum_up, watching
from pinnsolve.errors import Fault, FileError, ProblemError
from pinnsolve.machine import prepare

if TYPE_CHECKING:
    from pinnsolve.solution.solution import Solution


def distil(
    run: Annotated[
        Path, typer.Argument(help="Folder of the run, as runs/NAME.", show_default=False)
    ],
    weights: Annotated[
        int, typer.Option(min=1, help="At most so many weights.", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the results; default: RUN-WEIGHTS."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that are already there.")
    ] = False,
    time_limit: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Stop and keep what there is.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; default: the usable cores.")
    ] = None,
    accept: Accept = False,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Make a network of fewer weights for a finished run, and say what it loses or gains.

    It is trained on the same equations and nodes: few bumps, drawn where the residual is, which
    then move to where they leave the least. What comes out is a run as solve writes it, with its
    own error, estimate and verdict; the exit codes are those of solve.
    """
    prepare(threads)
    asked = Event()
    with watching(quiet or json, time_limit, asked) as watch:
        from pinnsolve.training.distillation import smaller

        larger = _finished(run)
        problem = smaller(larger, weights, run)
        folder = run.parent if run.is_file() else run
        directory = out or folder.with_name(f"{folder.resolve().name}-{weights}")
        solved = begin(problem, directory, watch, asked, overwrite=overwrite, accept=accept)
    beside = {str(run): larger, str(solved.keeper.folder): solved.solution}
    told = {
        name: {"parameters": each.answer.size, "error": each.verdict.error}
        for name, each in beside.items()
    }
    lines = [f"{name}: {_in_words(each)}" for name, each in beside.items()]
    return sum_up(solved, json, {"distilled": told}, ["", *lines])


def _finished(run: Path) -> "Solution":
    """Return the solution of a run.

    Raises
    ------
    ProblemError
        If there is none that can be read.
    """
    from pinnsolve.run import load_solution

    try:
        return load_solution(run)
    except (FileError, ProblemError) as error:
        remedy = "Give the folder of a run that has finished, or solve its problem.toml again."
        raise ProblemError(Fault((), str(error), remedy)) from error


def _in_words(solution: "Solution") -> str:
    """Return the size of a network and its error in words."""
    error = solution.verdict.error
    known = "of unknown error" if error is None else f"relative error {error:.1e}"
    return f"{solution.answer.size:,} weights, {known}"
