"""Files that are whole or not there at all, in folders that hold one run each.

A file is written under another name in the same folder, forced to the disk, and then renamed:
whoever looks sees the old file or the new one, never half of it. What the operating system
refuses is a `FileError` in words.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

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
    errno.EFBIG: "it would be larger than files may be here.",
    errno.ELOOP: "it is a link to another file.",
}
# a link is not followed, and a pipe is not waited for; not every system knows these flags
PLAIN = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))


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
        raise FileError(f"cannot write {path}: {reason(error)}") from error
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


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open an ordinary file; what else may have its name, a link or a device, is refused.

    Raises
    ------
    FileError
        If there is none, or it cannot be read.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | PLAIN), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileError(f"cannot read {path}: it is not an ordinary file.")
            yield file
    except OSError as error:
        raise FileError(f"cannot read {path}: {reason(error)}") from error


def read_file(path: Path, limit: int) -> bytes:
    """Return the content of an ordinary file of ``limit`` bytes at most.

    Raises
    ------
    FileError
        If there is none, or it cannot be read, or is larger.
    """
    with reading(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise FileError(f"cannot read {path}: it is larger than {limit:,} bytes.")
    return content


def sync_directory(path: Path) -> None:
    """Force the names of the files in a folder to the disk, where the system can."""
    with suppress(OSError):  # Windows and some file systems cannot
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


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
        raise FileError(f"cannot remove {path}: {reason(error)}") from error


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
        raise FileError(f"cannot create the folder {path}: {reason(error)}") from error


def must_be_writable(directory: Path) -> None:
    """Refuse a folder that cannot be written, before any work is done.

    Raises
    ------
    FileError
        If neither it nor the nearest folder above it that exists can be written.
    """
    place = directory.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise FileError(
            f"{place} is not a folder that can be written. Choose another one by --out."
        )


def reason(error: OSError) -> str:
    """Return the reason why the operating system refused, and the remedy."""
    return REASONS.get(error.errno or 0, f"{error.strerror or error}.")
