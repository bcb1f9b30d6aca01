"""Files of others, before anything in them is looked at: ordinary ones of a bounded size.

A pipe or a terminal would be waited for, a device never ends; what such a file is, and that it may
be opened, is asked of the open file, which cannot be another one a moment later.
"""

import errno
import os
import stat
from pathlib import Path

from pinnsolve.errors import FileError

# not every system knows these flags; without the first a pipe would be waited for
WAITLESS = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOCTTY"))
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
REASONS = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "part of the path is a file, not a folder",
    errno.EACCES: "permission denied",
    errno.ELOOP: "its links lead in a circle",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENXIO: "it is a pipe or a socket, not an ordinary file",
}
BYTES = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3), ("bytes", 1))


def must_be_ordinary(path: Path, limit: int | None = None) -> int:
    """Return the size of a file that is to be read; refuse what is none.

    Parameters
    ----------
    path
        The file; a link to one counts.
    limit
        Bytes that it may have.

    Raises
    ------
    FileError
        If there is no such file, it may not be read, is a folder, a pipe, a socket or a device,
        or is larger.
    """
    descriptor = _opened(path)
    try:
        return _sized(path, descriptor, limit)
    finally:
        os.close(descriptor)


def content(path: Path, limit: int) -> bytes:
    """Return the content of an ordinary file.

    Parameters
    ----------
    path
        The file.
    limit
        Bytes that it may have.

    Raises
    ------
    FileError
        As of `must_be_ordinary`.
    """
    with os.fdopen(_opened(path), "rb") as file:
        _sized(path, file.fileno(), limit)
        try:
            found = file.read(limit + 1)
        except OSError as error:
            raise FileError(f"cannot read {path}: {_reason(error)}.") from error
    if len(found) > limit:  # such as a file of /proc, which has no size
        raise _too_large(path, "more", limit)
    return found


def _opened(path: Path) -> int:
    """Return the descriptor of a file that is open for reading."""
    try:
        return os.open(path, os.O_RDONLY | WAITLESS)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot read {path}: {_reason(error)}.") from error


def _sized(path: Path, descriptor: int, limit: int | None) -> int:
    """Return the size of an open file; refuse what is no ordinary file, or larger."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        kind = KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise FileError(f"cannot read {path}: it is {kind}, not an ordinary file.")
    if limit is not None and found.st_size > limit:
        raise _too_large(path, _bytes(found.st_size), limit)
    return found.st_size


def _too_large(path: Path, size: str, limit: int) -> FileError:
    """Return the error of a file that is too large."""
    return FileError(f"cannot read {path}: it has {size}; at most {_bytes(limit)} can be read.")


def _bytes(size: int) -> str:
    """Return a size as a person reads it."""
    unit, scale = next((unit, scale) for unit, scale in BYTES if size >= scale or scale == 1)
    return f"{size / scale:.3g} {unit}"


def _reason(error: OSError | ValueError) -> str:
    """Return the reason why a file cannot be opened or read."""
    if isinstance(error, OSError):
        told = error.strerror or type(error).__name__
        return REASONS.get(error.errno or 0, f"{told[:1].lower()}{told[1:]}")
    return "its name has a character that no name of a file has"
