"""The command ``pinnsolve status``: where a run stands, and how to go on."""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pinnsolve.cli import terminal
from pinnsolve.errors import FileError, Stopped
from pinnsolve.progress import Progress
from pinnsolve.storage.status import Standing, standing

EXIT_STATUS = {"finished": 0, "accuracy missed": 3, "diverged": 4, "stopped": Stopped.exit_code}
EXIT_DOUBTFUL = 7  # of a run that is finished, but whose result is not resolved, or unknown

Run = Annotated[Path, typer.Argument(help="Folder of the run, as runs/NAME.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON.")]


def status(run: Run, json: Json = False) -> int:
    """Say where a run stands: at work, ended or killed, how far, and how to go on.

    Exit codes: 0 at work or finished, 3 finished but the accuracy was missed, 4 diverged, 7
    finished but not resolved, 75 stopped or killed and can be resumed, 6 no run there or killed
    before its first checkpoint; of a run that failed its own.
    """
    found = standing(run)
    if json:
        terminal.say_json(as_dict(run, found))
    else:
        terminal.say("\n".join(lines(run, found)))
    return exit_code(found)


def exit_code(found: Standing) -> int:
    """Return the exit code for how it is with a run."""
    if found.state == "running":
        return 0
    if found.state == "killed":
        return FileError.exit_code if found.checkpoint_age is None else Stopped.exit_code
    return EXIT_STATUS.get(found.status.outcome) or found.status.exit_code


def code_of(status: str, word: str, accept: bool = False) -> int:
    """Return the exit code of a run that has ended.

    Parameters
    ----------
    status
        How it ended.
    word
        The verdict on its result.
    accept
        Whether a result will do that is not resolved, or of which nothing is known.
    """
    code = EXIT_STATUS[status]
    is_doubtful = code == 0 and word != "resolved" and not accept
    return EXIT_DOUBTFUL if is_doubtful else code


def go_on(run: Path, found: Standing) -> str:
    """Return the command that takes a run up again; empty if there is nothing to take up."""
    if found.state in ("running", "finished") or found.checkpoint_age is None:
        return ""
    return f"pinnsolve resume {shlex.quote(str(run))}"


def as_dict(run: Path, found: Standing) -> dict[str, Any]:
    """Return the standing of a run, for programs."""
    return {
        "folder": str(run),
        "state": found.state,
        **asdict(found.status),
        "exit_code": exit_code(found),
        "silence": found.silence,
        "checkpoint_age": found.checkpoint_age,
        "go_on": go_on(run, found),
    }


def lines(run: Path, found: Standing) -> list[str]:
    """Return the standing of a run, for people."""
    from pinnsolve.output.numbers import duration

    said = found.status
    rows = []
    if said.stage:
        known = {name: getattr(said, name) for name in Progress.__dataclass_fields__}
        percent = "" if said.fraction is None else f"{100 * said.fraction:.0f} %"
        figures = terminal.details(Progress(**known))
        rows.append(("stage", ", ".join(part for part in (said.stage, percent, figures) if part)))
    if said.seconds:
        heard = "" if found.silence is None else f", last heard of {duration(found.silence)} ago"
        at_work = found.state in ("running", "killed")
        rows.append(("time", duration(said.seconds) + (heard if at_work else "")))
    if found.state != "finished":
        age = found.checkpoint_age
        rows.append(("checkpoint", "none" if age is None else f"{duration(age)} ago"))
    if command := go_on(run, found):
        rows.append(("go on", command))
    return [f"{run}: {_in_words(found)}", *terminal.table(rows)]


def _in_words(found: Standing) -> str:
    """Return the state of a run in a sentence."""
    said = found.status
    by = f"process {said.pid} on {said.host}, since {said.started}" if said.pid else ""
    match found.state:
        case "running":
            return f"running{by and f', {by}'}."
        case "killed":
            return f"killed; it was {by or 'at work'}."
        case "finished":
            return ", ".join(part for part in (said.outcome, said.verdict) if part) + "."
    return f"{found.state}: {said.message}" if said.message else f"{found.state}."
