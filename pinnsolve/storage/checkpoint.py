"""Checkpoints of a run: the newest and the one before, so that there is a good one at any moment.

A new one is written beside the others under another name and forced to the disk; then the present
one is renamed to ``checkpoint.previous``, if it is whole, and the new one to ``checkpoint``. Killed
at any moment, or without power, a run leaves one of the two whole. `encoding` has the format.
"""

import os
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from pinnsolve.errors import FileError
from pinnsolve.machine import allowance
from pinnsolve.storage.encoding import Checkpoint, State, decode, encode, is_whole
from pinnsolve.storage.files import make_directory, reading, reason, sync_directory
from pinnsolve.storage.folder import CHECKPOINT, PREVIOUS

__all__ = ["Checkpoint", "State", "latest", "read_checkpoint", "write_checkpoint"]


def write_checkpoint(folder: Path, state: State, problem: str) -> None:
    """Write a checkpoint, keeping the one before.

    Parameters
    ----------
    folder
        The run's; it must be claimed, since two that write at once would undo each other's work.
    state
        All that decides the continuation.
    problem
        Text of the problem file, every default written out.

    Raises
    ------
    FileError
        If it cannot be written; those that are there are left alone.
    """
    newest, unfinished = folder / CHECKPOINT, folder / f".{CHECKPOINT}.part"
    make_directory(folder)
    try:
        unfinished.unlink(missing_ok=True)  # of a run that was killed
        with open(unfinished, "xb") as file:
            encode(file, Checkpoint(state, problem, version("pinnsolve")))
            file.flush()
            os.fsync(file.fileno())
        if _is_whole(newest):  # a damaged one must not take the place of a good one
            os.replace(newest, folder / PREVIOUS)
        os.replace(unfinished, newest)
        sync_directory(folder)
    except OSError as error:
        raise FileError(f"cannot write {newest}: {reason(error)}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()


def latest(folder: Path, limit: int | None = None) -> tuple[Checkpoint, str]:
    """Return the newest checkpoint that is whole, and a remark if there is a newer, damaged one.

    Parameters
    ----------
    folder
        The run's.
    limit
        Bytes that the arrays may take; None for the free memory.

    Raises
    ------
    FileError
        If there is none, or none can be read.
    """
    newest, before = folder / CHECKPOINT, folder / PREVIOUS
    if not newest.exists() and not before.exists():
        raise FileError(f"there is no checkpoint in {folder}.")
    try:
        return read_checkpoint(newest, limit), ""
    except FileError as error:
        fault = str(error)
    try:
        found = read_checkpoint(before, limit)
    except FileError as error:
        raise FileError(f"{fault} {error}") from error
    return found, f"{fault} The one before it, {before}, is taken."


def read_checkpoint(path: Path, limit: int | None = None) -> Checkpoint:
    """Return the checkpoint in a file.

    Parameters
    ----------
    path
        The file.
    limit
        Bytes that the arrays may take; None for the free memory.

    Raises
    ------
    FileError
        If there is none, or it is not whole, or asks for more than the limit.
    """
    with reading(path) as file:
        try:
            return decode(file, allowance() if limit is None else limit)
        except ValueError as error:
            fault = f"cannot read the checkpoint {path}: {_sentence(error)}"
            raise FileError(fault) from error


def _is_whole(path: Path) -> bool:
    """Return whether there is a checkpoint that can be read again."""
    try:
        with reading(path) as file:
            return is_whole(file)
    except FileError:
        return False


def _sentence(error: ValueError) -> str:
    """Return the message of an error with a full stop."""
    return f"{str(error).rstrip('.')}."
