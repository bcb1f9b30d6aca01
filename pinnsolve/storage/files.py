"""Files that are whole or not there at all, in folders that hold one run each.

A file is written under another name in the same folder, forced to the disk, and then renamed:
whoever looks sees the old file or the new one, never half of it. What the operating system
refuses is a `FileError` in words.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path

from pinnsolve.errors import FileError

REASONS = {
    errno.ENOSPC: "the disk is full. Free some space, or choose another directory.",
    errno.EDQUOT: "the disk quota is used up. Free some space, or choose another directory.",
    errno.EACCES: "permission denied. Choose a directory that you may write to.",
    errno.EPERM: "permission denied. Choose a directory that you may write to.",
    errno.EROFS: "the file system is read-only. Choose another directory.",
    errno.ENOTDIR: "part of the path is a file, not a folder. Choose another directory.",
    errno.EEXIST: "a file of this name is in the way. Choose another directory.",
    errno.EISDIR: "a folder of this name is in the way. Choose another directory.",
    errno.ENAMETOOLONG: "the name is too long. Choose a shorter one.",
}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Lend another name in the same folder; what is written there becomes the file at the end.

    Parameters
    ----------
    path
        The file; replaced if it exists. Its folder is created if need be.

    Raises
    ------
    FileError
        If the disk is full, the path is not writable, or a folder or file is in the way.
    """
    make_directory(path.parent)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        raise FileError(f"cannot write {path}: {_reason(error)}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()


def write_file(path: Path, content: bytes) -> None:
    """Write a file as a whole, creating its folder if need be.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)


def remove_file(path: Path) -> None:
    """Remove a file, if it is there.

    Raises
    ------
    FileError
        If it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"cannot remove {path}: {_reason(error)}") from error


def make_directory(path: Path) -> None:
    """Create a folder and those above it, unless it is there already.

    Raises
    ------
    FileError
        If it cannot be created, or a file has its name.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot create the folder {path}: {_reason(error)}") from error


def free_directory(path: Path) -> Path:
    """Return the first of ``path``, ``path-2``, ``path-3`` … that no earlier run has filled.

    Parameters
    ----------
    path
        The directory wished for; it need not exist, and is not created.

    Raises
    ------
    FileError
        If it cannot be looked into.
    """
    for candidate in chain([path], (path.with_name(f"{path.name}-{n}") for n in count(2))):
        try:
            if not candidate.exists() or (candidate.is_dir() and not any(candidate.iterdir())):
                return candidate
        except OSError as error:
            raise FileError(f"cannot look into {candidate}: {_reason(error)}") from error
    raise AssertionError  # the numbers do not end


def _reason(error: OSError) -> str:
    """Return why the operating system refused, and what to do about it."""
    return REASONS.get(error.errno or 0, f"{error.strerror or error}.")
