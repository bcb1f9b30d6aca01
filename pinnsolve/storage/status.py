"""Where a run stands, for another shell: ``status.json`` in the run's folder.

The run replaces it at most once a second; whether the process is still there the lock says, not the
file. Of a run that was killed the file tells what it did last.

    running     the lock is held
    finished    it has ended; ``outcome`` says how: finished, accuracy missed, diverged
    stopped     by a signal or the time limit; what there was is kept
    failed      by an error, whose exit code is kept
    killed      it was at work, but the lock is free
"""

import json
import math
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pinnsolve.errors import FileError, MemoryLimitError, PinnsolveError, Stopped
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.storage import lock
from pinnsolve.storage.files import read_file, sync_directory
from pinnsolve.storage.folder import CHECKPOINT, METRICS, PREVIOUS, STATUS

INTERVAL = 1.0  # seconds between two writings, at least
LONGEST, LONGEST_METRICS = 2**16, 2**24  # bytes that are read
WHOLE = {"iteration", "pid", "exit_code"}
Stand: TypeAlias = Literal["running", "finished", "stopped", "failed", "killed"]


@dataclass(frozen=True)
class Status:
    """What a run has last said of itself.

    Attributes
    ----------
    stage, fraction, iteration, loss, relative_l2, note
        See `Progress`.
    seconds
        How long it had been at work.
    started, updated
        When, ISO 8601.
    pid, host
        Number of the process, and the machine.
    version
        Of pinnsolve.
    outcome
        How it ended; empty before.
    verdict
        Whether its result can be used; empty before, and where there is none.
    message
        More about that.
    exit_code
        With which it ended.
    """

    stage: str = ""
    fraction: float | None = None
    iteration: int | None = None
    loss: float | None = None
    relative_l2: float | None = None
    note: str = ""
    seconds: float = 0.0
    started: str = ""
    updated: str = ""
    pid: int = 0
    host: str = ""
    version: str = ""
    outcome: str = ""
    verdict: str = ""
    message: str = ""
    exit_code: int = 0


@dataclass(frozen=True)
class Standing:
    """How it is with a run, seen from outside.

    Attributes
    ----------
    state
        See the module's head.
    status
        What the run has last said.
    silence
        Seconds since then; None if unknown.
    checkpoint_age
        Seconds since the last checkpoint; None if there is none.
    """

    state: Stand
    status: Status
    silence: float | None = None
    checkpoint_age: float | None = None


class Reporter:
    """A `Watch` that keeps ``status.json`` and passes every report on to another watch.

    A disk that is full or gone costs the status, never the run.
    """

    def __init__(self, folder: Path, watch: Watch = unwatched) -> None:
        self.folder = folder
        self.watch = watch
        self.began = time.monotonic()
        self.written = -math.inf
        self.status = Status(
            started=_now(), pid=os.getpid(), host=socket.gethostname(), version=version("pinnsolve")
        )
        self._write()

    def __call__(self, progress: Progress) -> None:
        """Take note of a report and pass it on."""
        self.status = replace(self.status, **asdict(progress))
        if time.monotonic() - self.written >= INTERVAL:
            self._write()
        self.watch(progress)

    def end(self, outcome: str, message: str = "", exit_code: int = 0, verdict: str = "") -> None:
        """Say how the run has ended; the first word counts."""
        if not self.status.outcome:
            self.status = replace(
                self.status,
                outcome=outcome,
                verdict=verdict,
                message=message,
                exit_code=exit_code,
            )
            self._write()
            sync_directory(self.folder)

    def _write(self) -> None:
        """Replace the file, if that is possible."""
        self.written = time.monotonic()
        self.status = replace(self.status, updated=_now(), seconds=self.written - self.began)
        unfinished = self.folder / f".{STATUS}.part"
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
            try:
                with open(unfinished, "x", encoding="utf-8") as file:
                    file.write(json.dumps(_finite(asdict(self.status)), indent=2))
                    file.flush()
                    if self.status.outcome:  # before that a power failure may cost it
                        os.fsync(file.fileno())
                os.replace(unfinished, self.folder / STATUS)
            finally:
                unfinished.unlink(missing_ok=True)


@contextmanager
def reporting(folder: Path, watch: Watch = unwatched) -> Iterator[Reporter]:
    """Keep ``status.json`` while a run lasts; if it ends by an error, say so.

    Parameters
    ----------
    folder
        The run's, claimed.
    watch
        Told of every report.

    Yields
    ------
    Reporter
        The watch to give to the work; its `end` takes the outcome.
    """
    reporter = Reporter(folder, watch)
    try:
        yield reporter
    except BaseException as error:
        outcome = "stopped" if isinstance(error, Stopped) else "failed"
        reporter.end(outcome, str(error) or type(error).__name__, _exit_code(error))
        raise


def standing(folder: Path) -> Standing:
    """Return the standing of the run in a folder.

    Raises
    ------
    FileError
        If there is no run, or nothing can be read of it.
    """
    if not folder.is_dir():
        raise FileError(f"there is no folder {folder}.")
    status, is_held = _read(folder), lock.holder(folder) is not None
    while (again := _read(folder)) != status:  # it began, went on or ended in between
        status, is_held = again, lock.holder(folder) is not None
    ages = [_age(folder / name) for name in (CHECKPOINT, PREVIOUS)]
    checkpoint_age = min((age for age in ages if age is not None), default=None)
    if status is None and not is_held and checkpoint_age is None:
        raise FileError(
            f"there is no run in {folder}: neither {STATUS} nor {METRICS}. "
            "Name the folder of a run, as runs/NAME."
        )
    status = status or Status()
    return Standing(_state(status, is_held), status, _age(folder / STATUS), checkpoint_age)


def _exit_code(error: BaseException) -> int:
    """Return the exit code of a command that ends by an error."""
    match error:
        case PinnsolveError():
            return error.exit_code
        case KeyboardInterrupt():
            return 130
        case MemoryError():
            return MemoryLimitError.exit_code
    return 1


def _state(status: Status, is_held: bool) -> Stand:
    """Return the state of a run."""
    match status.outcome:
        case "":
            return "running" if is_held else "killed"
        case "stopped":
            return "stopped"
        case "failed":
            return "failed"
    return "finished"


def _read(folder: Path) -> Status | None:
    """Return the status of a run; of one that kept none its outcome, from its metrics."""
    if (folder / STATUS).exists():
        return _status(folder / STATUS, _table(folder / STATUS, LONGEST))
    if not (folder / METRICS).exists():
        return None
    metrics = _table(folder / METRICS, LONGEST_METRICS)
    seconds = metrics.get("seconds")
    total = seconds.get("total") if isinstance(seconds, dict) else None
    told = {name: metrics.get(name, "") for name in ("message", "verdict")}
    told["outcome"] = metrics.get("status")
    if isinstance(total, int | float):
        told["seconds"] = total
    return _status(folder / METRICS, told)


def _table(path: Path, limit: int) -> dict[str, Any]:
    """Return the table in a JSON file."""
    try:
        table = json.loads(read_file(path, limit))
    except (ValueError, RecursionError) as error:
        raise FileError(f"cannot read {path}: it is not JSON, or damaged.") from error
    if not isinstance(table, dict):
        raise FileError(f"cannot read {path}: it does not say where a run stands.")
    return table


def _status(path: Path, table: Mapping[str, Any]) -> Status:
    """Return a status of which every value is what it should be."""
    told = {field.name: table[field.name] for field in fields(Status) if field.name in table}
    for name, value in told.items():
        default = getattr(Status, name)
        kind = str if isinstance(default, str) else int if name in WHOLE else (int, float)
        is_missing = default is None and value is None
        is_fit = isinstance(value, kind) and not isinstance(value, bool) and not _is_infinite(value)
        if not (is_fit or is_missing):
            raise FileError(f"cannot read {path}: its {name} is no such thing.")
        if isinstance(value, str):  # it may be shown on a terminal
            told[name] = "".join(c if c.isprintable() else " " for c in value)
    return Status(**told)


def _age(path: Path) -> float | None:
    """Return the seconds since a file was written; None if there is none."""
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return None


def _finite(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table in which numbers that JSON does not know are null."""
    return {name: None if _is_infinite(value) else value for name, value in table.items()}


def _is_infinite(value: Any) -> bool:
    """Return whether a value is a float that is infinite or not a number."""
    return isinstance(value, float) and not math.isfinite(value)


def _now() -> str:
    """Return the time, ISO 8601."""
    return datetime.now().astimezone().isoformat(timespec="seconds")
