"""The process's own channels, made fit for whatever they are: closed, full, or of few characters.

A file descriptor that is closed would be given to the next file that is opened, and what a library
prints would end in the results. A channel that cannot take a character, or anything at all, must
cost the text, never the run. And what libraries written in C print by themselves (LAPACK, SuperLU,
HDF5) is no message to a user: it goes nowhere, while Python keeps channels of its own.
"""

import contextlib
import io
import os
import sys
import warnings
from typing import TextIO

STANDARD = (0, 1, 2)  # descriptors of input, output, errors


def prepare_streams() -> None:
    """Make the standard channels safe to write to; for the process as a whole."""
    for descriptor in STANDARD:
        if not _is_open(descriptor):
            while (made := os.open(os.devnull, os.O_RDWR)) < descriptor:
                continue  # a lower one is closed, too, and has just been filled
            if made != descriptor:
                os.close(made)
    sys.stdout = _own(sys.stdout, 1)
    sys.stderr = _own(sys.stderr, 2)
    if not sys.warnoptions:  # which a user of Python asks for, not one of a command
        warnings.simplefilter("ignore")


def silence(stream: TextIO) -> None:
    """Send what a channel still has, and what will be written to it, nowhere.

    One that cannot take anything would fail once more when the process ends, and change its code.
    """
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _is_open(descriptor: int) -> bool:
    """Return whether a file descriptor is open."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _own(stream: TextIO | None, descriptor: int) -> TextIO:
    """Return a channel to where a standard one leads, of which the C libraries know nothing.

    What it cannot encode is written as an escape sequence.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    own = os.dup(descriptor)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        if stream is not None:
            stream.flush()
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
    line_buffering = descriptor == 2 or os.isatty(own)
    return io.TextIOWrapper(
        open(own, "wb"), encoding, errors="backslashreplace", line_buffering=line_buffering
    )
