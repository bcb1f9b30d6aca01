"""One run in one folder: a lock that the kernel releases when the process dies.

The lock is on a file ``.lock`` in the folder, which says who holds it, for people. It is that of
`flock`, not the file's presence: what a killed run leaves behind locks nothing. A file may be
removed between the moments when another process opens it and locks it; therefore the lock counts
only if the file locked is still the one in the folder. Where there is no `flock` there is no
protection.

Source: flock(2), Linux Programmer's Manual.
"""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from pinnsolve.errors import FileError
from pinnsolve.storage.files import PLAIN, reason

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NAME = ".lock"
LONGEST = 4096  # bytes of it that are read
ATTEMPTS, PAUSE = 10, 0.02  # seconds; whoever asks for the holder has the lock for a moment

_mine: set[str] = set()  # folders locked by this process


@dataclass(frozen=True)
class Holder:
    """Who holds a lock, as far as the file says.

    Attributes
    ----------
    pid
        Number of the process; zero if unknown.
    host
        Name of the machine.
    since
        When it was taken, ISO 8601.
    """

    pid: int = 0
    host: str = ""
    since: str = ""

    def __str__(self) -> str:
        """Return the holder in words."""
        if not self.pid:
            return "another process"
        return f"process {self.pid} on {self.host}, since {self.since}"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder.

    Raises
    ------
    FileError
        If another run holds it, or the file cannot be written.
    """
    descriptor = acquire(folder)
    if descriptor is None:
        raise FileError(refusal(folder))
    try:
        yield
    finally:
        release(folder, descriptor)


def acquire(folder: Path) -> int | None:
    """Take the lock of a folder; return its file descriptor, None if another run holds it.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    try:
        for _ in range(ATTEMPTS):
            descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | PLAIN, 0o644)
            if _is_locked(descriptor) and _is_in_place(descriptor, folder / NAME):
                _sign(descriptor)
                _mine.add(os.path.realpath(folder))
                return descriptor
            os.close(descriptor)
            time.sleep(PAUSE)
    except OSError as error:
        raise FileError(f"cannot lock {folder}: {reason(error)}") from error
    return None


def release(folder: Path, descriptor: int) -> None:
    """Give the lock of a folder back."""
    _mine.discard(os.path.realpath(folder))
    with suppress(OSError):
        os.unlink(folder / NAME)  # while it is held: see above
    os.close(descriptor)


def is_mine(folder: Path) -> bool:
    """Return whether this process holds the lock of a folder."""
    return os.path.realpath(folder) in _mine


def holder(folder: Path) -> Holder | None:
    """Return who holds the lock of a folder, None if it is free."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY | PLAIN)
    except OSError:
        return None
    try:
        if fcntl is None:
            return None
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _signature(os.read(descriptor, LONGEST))
    except OSError:
        pass  # a file system without locks
    finally:
        os.close(descriptor)
    return None


def refusal(folder: Path) -> str:
    """Return the reason why a folder is refused."""
    return (
        f"another run is at work in {folder}: {holder(folder) or Holder()}. "
        "Wait until it ends, or choose another folder by --out."
    )


def _is_locked(descriptor: int) -> bool:
    """Try to lock a file; where the file system knows no locks it counts as locked."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_in_place(descriptor: int, path: Path) -> bool:
    """Return whether an open file is still the one of this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _sign(descriptor: int) -> None:
    """Write into the lock who holds it."""
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    content = json.dumps(asdict(Holder(os.getpid(), socket.gethostname(), since)))
    with suppress(OSError):  # on a full disk it is held without a name
        os.ftruncate(descriptor, 0)
        os.write(descriptor, content.encode())


def _signature(content: bytes) -> Holder:
    """Return who has signed a lock; nobody if that cannot be read."""
    try:
        table = json.loads(content)
        pid, host, since = table["pid"], table["host"], table["since"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Holder()
    named = isinstance(pid, int) and isinstance(host, str) and isinstance(since, str)
    return Holder(pid, host, since) if named and (host + since).isprintable() else Holder()
