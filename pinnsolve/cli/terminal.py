"""Writing to the terminal: results, messages, and progress while a run lasts.

Results go to standard output, everything else to standard error. On a terminal the progress is
a live display; elsewhere (a log, a batch job) it is a plain line now and then, ever more rarely
as the run gets longer.
"""

import json
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pinnsolve.cli.streams import silence
from pinnsolve.errors import FileError, printable
from pinnsolve.progress import Progress, Watch, unwatched

LINE_INTERVAL = 2.0  # seconds between lines of progress, at least
LINES_PER_RUN = 50  # and no more often than this fraction of the time so far
COLOURS = {"red": 31, "green": 32, "yellow": 33}  # ANSI
REFRESH_INTERVAL = 0.1  # seconds between changes of the live display


def say(text: str) -> None:
    """Write a result to standard output.

    Raises
    ------
    FileError
        If it takes nothing, as on a full disk.
    BrokenPipeError
        If its reader has gone.
    """
    _write("\n".join(map(printable, text.split("\n"))))


def say_json(value: Any) -> None:
    """Write a value to standard output as JSON; what that cannot encode is escaped."""
    can_all = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    _write(json.dumps(value, indent=2, ensure_ascii=not can_all, allow_nan=False))


def tell(text: str) -> None:
    """Write a message to standard error; where that is not possible it is lost, and only it."""
    shown = "\n".join(map(printable, text.split("\n")))
    try:
        print(f"pinnsolve: {shown}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        silence(sys.stderr)


def _write(text: str) -> None:
    """Write to standard output, at once."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(sys.stdout)
        raise FileError(
            f"cannot write to standard output: {error.strerror}. What was written to files is "
            "whole."
        ) from error


def coloured(text: str, colour: str) -> str:
    """Return text in a colour, where standard output is a terminal that shows it.

    Parameters
    ----------
    text
        What to show.
    colour
        A key of `COLOURS`.
    """
    is_plain = "NO_COLOR" in os.environ or os.environ.get("TERM", "dumb") == "dumb"
    if is_plain or not sys.stdout.isatty():
        return text
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


@contextmanager
def display(quiet: bool = False) -> Iterator[Watch]:
    """Show the progress of a run: live on a terminal, by lines elsewhere, or not at all."""
    if quiet:
        yield unwatched
    elif sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        with _live() as watch:
            yield watch
    else:
        yield _lines()


def _lines() -> Watch:
    """Return a watch that writes a line now and then."""
    from pinnsolve.output.numbers import duration

    started = time.monotonic()
    stage, stage_started, last = "", started, -math.inf
    done = 0.0  # of the stage when it started, which is something in a run that is taken up

    def watch(progress: Progress) -> None:
        nonlocal stage, stage_started, last, done
        now, fraction = time.monotonic(), progress.fraction or 0.0
        if progress.stage != stage:
            stage, stage_started, done = progress.stage, now, fraction
        if now - last < max(LINE_INTERVAL, (now - started) / LINES_PER_RUN):
            return
        last = now
        parts = [progress.stage, _percent(progress.fraction), details(progress)]
        parts.append(f"{duration(now - started)} elapsed")
        if fraction > done:
            left = (now - stage_started) * ((1 - done) / (fraction - done) - 1)
            parts.append(f"{duration(left)} left in this stage" if left >= 1 else "")
        tell(", ".join(part for part in parts if part))

    return watch


@contextmanager
def _live() -> Iterator[Watch]:
    """Yield a watch that keeps one bar for each stage."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        TaskID,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    bars = Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[details]}", markup=False),
        console=Console(stderr=True),
        refresh_per_second=5,
    )
    tasks: dict[str, TaskID] = {}
    stage, last = "", -math.inf

    def watch(progress: Progress) -> None:
        nonlocal stage, last
        now = time.monotonic()
        if progress.stage == stage and now - last < REFRESH_INTERVAL and progress.fraction != 1:
            return
        if progress.stage != stage and stage:
            bars.update(tasks[stage], total=1, completed=1)
        if progress.stage not in tasks:
            tasks[progress.stage] = bars.add_task(progress.stage, total=None, details="")
        stage, last = progress.stage, now
        bars.update(
            tasks[stage],
            total=None if progress.fraction is None else 1,
            completed=progress.fraction or 0,
            details=details(progress),
        )

    with bars:
        watch(Progress("start-up", note="loading libraries"))  # which takes a second or two
        yield watch


def details(progress: Progress) -> str:
    """Return the figures of a report of progress in words.

    >>> details(Progress("training", iteration=12, loss=3.2e-9))
    'iteration 12, loss 3.2e-09'
    """
    parts = [progress.note] if progress.note else []
    if progress.iteration is not None:
        parts.append(f"iteration {progress.iteration}")
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.1e}")
    if progress.relative_l2 is not None:
        parts.append(f"relative L2 {progress.relative_l2:.1e}")
    return printable(", ".join(parts))


def _percent(fraction: float | None) -> str:
    """Return a fraction as per cent, empty if unknown."""
    return "" if fraction is None else f"{100 * fraction:.0f} %"
