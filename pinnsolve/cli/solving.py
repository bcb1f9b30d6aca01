"""What commands that solve have in common: a run in its folder, from its start to its end.

Once the results are written the checkpoints go, except those of a run that was stopped. One that
has diverged would diverge again from each of them, for the continuation is the same to the bit.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shlex import quote
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from pinnsolve.cli import terminal
from pinnsolve.cli.interruption import interruption
from pinnsolve.cli.status import code_of
from pinnsolve.errors import DivergedError, FileError
from pinnsolve.machine import age
from pinnsolve.progress import Progress, Watch

if TYPE_CHECKING:
    from pinnsolve.problem import Problem
    from pinnsolve.process import State
    from pinnsolve.solution.solution import Solution
    from pinnsolve.storage.status import Reporter


Accept = Annotated[
    bool, typer.Option("--accept", help="Exit 0 though the result is not resolved, or unknown.")
]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


@contextmanager
def watching(
    quiet: bool, time_limit: float | None = None, asked: Event | None = None
) -> Iterator[Watch]:
    """Show the progress of a run and end it when it is asked to stop.

    Parameters
    ----------
    quiet
        Whether to show nothing.
    time_limit
        Seconds after which the work is to stop.
    asked
        Set when a checkpoint is asked for.
    """
    with terminal.display(quiet) as show, interruption(time_limit, terminal.tell, asked) as stop:

        def watch(progress: Progress) -> None:
            show(progress)
            stop(progress)

        yield watch


class Keeper:
    """Keep the state of a run in its folder; a disk that is full costs checkpoints, not the run.

    Parameters
    ----------
    folder
        The run's, claimed.
    problem
        Text of the problem file, every default written out.
    asked
        Set when a checkpoint was asked for: it is said when that is written.
    has_begun
        Whether the folder is that of this run already, and not of an earlier one.

    Attributes
    ----------
    fault
        Why a checkpoint could not be written, the first time; empty if none failed.
    has_kept
        Whether there is a checkpoint of this run.
    """

    def __init__(self, folder: Path, problem: str, asked: Event, has_begun: bool = False) -> None:
        self.folder = folder
        self.fault = ""
        self.has_kept = has_begun
        self._problem, self._asked, self._has_begun = problem, asked, has_begun

    def begin(self) -> None:
        """Make the folder that of this run, if it is not yet."""
        from pinnsolve.storage.folder import begin

        if not self._has_begun:
            begin(self.folder, self._problem)
            self._has_begun = True

    def __call__(self, state: "State") -> None:
        """Write a checkpoint, or say once why that is not possible."""
        from pinnsolve.storage.checkpoint import write_checkpoint

        try:
            self.begin()
            write_checkpoint(self.folder, state, self._problem)
        except FileError as error:
            if not self.fault:
                self.fault = f"a checkpoint was not written: {error}"
                terminal.tell(f"warning: {self.fault}")
            return
        self.has_kept = True
        if self._asked.is_set():
            terminal.tell(f"SIGUSR1: a checkpoint was written to {self.folder}.")

    @property
    def asked(self) -> Event:
        """Set when a checkpoint was asked for."""
        return self._asked


class Solved(NamedTuple):
    """A run that has ended, and what it has left; why not in its folder, empty if there."""

    solution: "Solution"
    files: list[Path]
    keeper: Keeper
    exit_code: int
    elsewhere: str = ""


def begin(
    problem: "Problem",
    directory: Path,
    watch: Watch,
    asked: Event,
    *,
    overwrite: bool,
    accept: bool,
) -> Solved:
    """Solve a problem in a folder of its own, from the start.

    Parameters
    ----------
    problem
        What to solve.
    directory
        The folder that is wanted.
    watch
        Told of the progress; may raise `Stopped`.
    asked
        Set when a checkpoint is asked for.
    overwrite
        Whether to replace an earlier run there.
    accept
        Whether a result will do that is not resolved, or of which nothing is known.

    Raises
    ------
    FileError
        If nothing can be written there, or another run is at work.
    """
    from pinnsolve.storage.files import must_be_writable
    from pinnsolve.storage.folder import claimed
    from pinnsolve.storage.status import reporting

    must_be_writable(directory)
    with claimed(directory, overwrite) as claim, reporting(claim.folder, watch) as reporter:
        keeper = Keeper(claim.folder, problem.to_toml(), asked)
        if claim.is_fresh:
            keeper.begin()
        return carry_out(problem, keeper, reporter, accept=accept)


def carry_out(
    problem: "Problem",
    keeper: Keeper,
    reporter: "Reporter",
    state: "State | None" = None,
    *,
    accept: bool = False,
) -> Solved:
    """Solve a problem in its folder and write the results.

    Parameters
    ----------
    problem
        What to solve.
    keeper
        Keeps its state, unless the problem asks for no checkpoints.
    reporter
        Told of the progress, and how it ended.
    state
        That from which to go on; None to begin.
    accept
        Whether a result will do that is not resolved, or of which nothing is known.
    """
    reporter(Progress("start-up", note="loading torch"))
    from pinnsolve import run as runs
    from pinnsolve.storage.folder import forget

    keep = keeper if problem.settings.output.checkpoint else None
    try:
        solution = runs.solve(
            problem, watch=reporter, state=state, keep=keep, asked=keeper.asked, spent=age()
        )
    except DivergedError:
        if state is not None or keeper.has_kept:
            forget(keeper.folder)
        raise
    if keeper.fault:
        warnings = (*solution.outcome.warnings, keeper.fault)
        solution = replace(solution, outcome=replace(solution.outcome, warnings=warnings))
    try:
        keeper.begin()
        files = runs.write(solution, keeper.folder, watch=reporter)
    except FileError as error:  # what took hours must not be lost to a disk that is full
        files, elsewhere = _written_elsewhere(solution, keeper.folder, error)
        reporter.end("failed", elsewhere, FileError.exit_code)
        return Solved(_as_written(solution, files), files, keeper, FileError.exit_code, elsewhere)
    solution = _as_written(solution, files)
    outcome, word = solution.outcome, solution.verdict.word
    code = code_of(outcome.status, word, accept)
    reporter.end(outcome.status, outcome.message, code, word)
    if outcome.status != "stopped":
        forget(keeper.folder)
    return Solved(solution, files, keeper, code)


def _as_written(solution: "Solution", files: Sequence[Path]) -> "Solution":
    """Return the solution with the times that its files tell, that of writing them included."""
    metrics = [file for file in files if file.name == "metrics.json"]
    if not metrics:
        return solution
    seconds = json.loads(metrics[0].read_text(encoding="utf-8"))["seconds"]
    return replace(solution, course=replace(solution.course, seconds=seconds))


def _written_elsewhere(
    solution: "Solution", folder: Path, fault: FileError
) -> tuple[list[Path], str]:
    """Write the results into a folder for temporary files; return them, and what is to be said.

    Raises
    ------
    FileError
        If that is not possible either.
    """
    from pinnsolve import run as runs

    try:
        refuge = Path(tempfile.mkdtemp(prefix="pinnsolve-")) / folder.name
        files = runs.write(solution, refuge)
    except (FileError, OSError) as error:
        raise FileError(f"{fault} Nor could the results be kept elsewhere: {error}") from fault
    return files, f"{fault} The results are in {files[0].parent} instead: move them from there."


def sum_up(
    solved: Solved, json: bool, more: Mapping[str, Any] | None = None, lines: Sequence[str] = ()
) -> int:
    """Say how a run has ended; return the exit code.

    Parameters
    ----------
    solved
        The run.
    json
        Whether to say it in JSON.
    more, lines
        What is to be said besides, in JSON and in words.
    """
    from pinnsolve.cli.summary import summary
    from pinnsolve.output.metrics import plain

    solution, files, keeper, code, elsewhere = solved
    for warning in solution.outcome.warnings:
        if warning != keeper.fault:  # said already
            terminal.tell(f"warning: {warning}")
    if json:
        told = {**solution.metrics(), "files": [str(path) for path in files], **(more or {})}
        terminal.say_json(plain(told))
    else:
        terminal.say("\n".join([*summary(solution, files), *lines]))
    if elsewhere:
        terminal.tell(elsewhere)
        return code
    if solution.outcome.status == "stopped" and keeper.has_kept:
        terminal.tell(f"to go on: pinnsolve resume {quote(str(keeper.folder))}")
    return code
