"""The command ``pinnsolve resume``: a run that was stopped or killed goes on."""

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from pinnsolve.cli import terminal
from pinnsolve.cli.solving import Accept, Keeper, carry_out, sum_up, watching
from pinnsolve.cli.status import exit_code
from pinnsolve.errors import FileError, ProblemError
from pinnsolve.machine import prepare

if TYPE_CHECKING:
    from pinnsolve.problem import Problem
    from pinnsolve.storage.checkpoint import Checkpoint


def resume(
    run: Annotated[Path, typer.Argument(help="Folder of the run, as runs/NAME.")],
    time_limit: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Stop and keep what there is.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; default: the usable cores.")
    ] = None,
    accept: Accept = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write the result as JSON.")] = False,
) -> int:
    """Take up a run again that was stopped or killed, and finish it in its folder.

    It goes on from its newest checkpoint and comes to the same weights, bit for bit, as if it had
    never ended, on the same machine with as many threads. The exit codes are those of solve; of a
    run that has ended already that with which it did, and nothing is changed.
    """
    prepare(threads)
    asked = Event()
    with watching(quiet or json, time_limit, asked) as watch:
        from pinnsolve.storage.checkpoint import latest
        from pinnsolve.storage.folder import claimed
        from pinnsolve.storage.lock import Holder, holder
        from pinnsolve.storage.status import reporting, standing

        found = standing(run)
        if found.state == "finished":
            terminal.tell(f"the run in {run} has ended: {found.status.outcome}.")
            return exit_code(found)
        if found.state == "running":
            raise FileError(f"the run in {run} is at work: {holder(run) or Holder()}.")
        latest(run)  # without one nothing is to be written
        with claimed(run, overwrite=True) as claim:
            checkpoint, remark = latest(run)
            problem = _problem(run, checkpoint)
            if remark:
                terminal.tell(f"warning: {remark}")
            with reporting(claim.folder, watch) as reporter:
                keeper = Keeper(claim.folder, problem.to_toml(), asked, has_begun=True)
                solved = carry_out(problem, keeper, reporter, checkpoint.state, accept=accept)
    return sum_up(solved, json)


def _problem(run: Path, checkpoint: "Checkpoint") -> "Problem":
    """Return the problem of a checkpoint, under the name that it had."""
    from pinnsolve.problem.load import build
    from pinnsolve.problem.text.source import Source

    name = str(checkpoint.state.get("run/name", run.name))
    try:
        return build(Source(run / f"{name}.toml", checkpoint.problem))
    except ProblemError as error:
        raise FileError(
            f"the problem in the checkpoint of {run}, which pinnsolve {checkpoint.version} has "
            f"written, is not one for this version:\n{error}"
        ) from error
