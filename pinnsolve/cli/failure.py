"""What a failure means to the user: a message on standard error, and the exit code.

Programs that ask for JSON get the faults as such, with their places.
"""

import errno
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import typer

from pinnsolve.cli.streams import silence
from pinnsolve.cli.terminal import say_json, tell
from pinnsolve.errors import Fault, FileError, MemoryLimitError, PinnsolveError, ProblemError

EXIT_BUG, EXIT_USAGE, EXIT_INTERRUPTED, EXIT_PIPE = 1, 2, 130, 141
REFUSALS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF, errno.EFBIG}  # of a channel
NO_ROOM = ("failed to map segment", "annot allocate memory")  # of a library that is to be loaded

# the root of typer's usage errors, which has moved between modules from version to version
UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def report(error: BaseException, arguments: Sequence[str]) -> int:
    """Say what went wrong and return the exit code for it.

    With ``--json`` the faults also go to standard output, for programs.
    """
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return EXIT_INTERRUPTED
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
        # the reader of our output has left, as `head` does; typer makes it a SystemExit.
        # Nothing may be flushed to it when the process ends.
        silence(sys.stdout)
        return EXIT_PIPE
    if isinstance(error, SystemExit) and isinstance(error.code, int | None):
        return error.code or 0  # the shell's completion has its answer
    code, message = _meaning(error, arguments)
    tell(message)
    if "--json" in arguments:
        faults = error.faults if isinstance(error, ProblemError) else (Fault((), message),)
        with suppress(FileError, BrokenPipeError):  # whose message is that above
            say_json({"exit_code": code, "faults": [fault.as_dict() for fault in faults]})
    return code


def _meaning(error: BaseException, arguments: Sequence[str]) -> tuple[int, str]:
    """Return the exit code of an error, and its message."""
    if isinstance(error, PinnsolveError):
        return error.exit_code, str(error)
    if isinstance(error, UsageError):
        return EXIT_USAGE, _usage(error)
    if _is_out_of_memory(error):
        return MemoryLimitError.exit_code, (
            "out of memory. Lower nodes.count, solver.order or network.hidden; "
            "pinnsolve check FILE says what each part takes."
        )
    if isinstance(error, OSError) and (error.filename is not None or error.errno in REFUSALS):
        if error.filename is None:  # of what typer writes, as --help
            silence(sys.stdout)
        return FileError.exit_code, f"{error.filename or 'cannot write'}: {error.strerror}."
    return EXIT_BUG, _bug(error, arguments)


def _usage(error: Exception) -> str:
    """Return a usage error in one line, and where to look the usage up."""
    message = getattr(error, "format_message", lambda: str(error))()
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "pinnsolve"
    end = "" if message.endswith((".", "?")) else "."
    return f"{message[:1].lower()}{message[1:]}{end} See {path} --help."


def _is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out, on the CPU or on the device."""
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch and isinstance(error, torch.OutOfMemoryError)):
        return True
    told = str(error)
    return (isinstance(error, RuntimeError) and "can't allocate memory" in told) or (
        isinstance(error, ImportError) and any(words in told for words in NO_ROOM)
    )


def _bug(error: BaseException, arguments: Sequence[str]) -> str:
    """Return the request to report a bug, whose traceback is kept in a file."""
    text = "".join(traceback.format_exception(error))
    text = f"pinnsolve {version('pinnsolve')}, Python {sys.version}\n{list(arguments)}\n\n{text}"
    name = f"pinnsolve-crash-{datetime.now():%Y%m%d-%H%M%S}.txt"
    headline = f"internal error: {type(error).__name__}: {error}"
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        try:
            (folder / name).write_text(text, encoding="utf-8")
        except OSError:
            continue
        return (
            f"{headline}\nThis is a fault of pinnsolve, not of yours. "
            f"Please report it with the file {folder / name}."
        )
    return f"{headline}\nThis is a fault of pinnsolve. Please report it:\n\n{text}"
