"""The folder of one run: claimed before the work begins, and given up if nothing came of it.

A folder that is wished for and free is made, or taken if it is empty; `mkdir` and the lock decide
between processes that wish for the same one at the same moment. What lies in it:

    .lock                              held while the run is at work (see `lock`)
    problem.toml                       the problem as it is solved
    status.json                        where the run stands (see `status`)
    checkpoint, checkpoint.previous    to go on from (see `checkpoint`)
    metrics.json                       written last: a folder without it holds no whole results
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pinnsolve.errors import FileError
from pinnsolve.storage import lock
from pinnsolve.storage.files import make_directory, reason, remove_file, write_file

PROBLEM, STATUS, METRICS = "problem.toml", "status.json", "metrics.json"
COMPARISON = "compare.json"  # in place of the last, of many runs
CHECKPOINT, PREVIOUS = "checkpoint", "checkpoint.previous"
UNFINISHED = (".checkpoint.part", ".status.json.part")  # left by a process killed while it wrote
BOOKKEEPING = {PROBLEM, STATUS, lock.NAME, *UNFINISHED}  # nothing that would be missed


@dataclass(frozen=True)
class Claim:
    """A folder in which this run alone may write.

    Attributes
    ----------
    folder
        The folder.
    is_fresh
        Whether there was nothing in it.
    is_made
        Whether it was made for this run.
    """

    folder: Path
    is_fresh: bool
    is_made: bool


@contextmanager
def claimed(directory: Path, overwrite: bool = False) -> Iterator[Claim]:
    """Claim a folder for a run while it lasts.

    If the run fails and has left nothing but its own bookkeeping in a fresh folder, the folder is
    given up: emptied, and removed, with those above it, if it was made for the run.

    Parameters
    ----------
    directory
        The folder wished for, as ``runs/poisson``; if it is not free, ``runs/poisson-2`` and so
        on are tried.
    overwrite
        Take it whatever is in it, unless another run is at work there.

    Raises
    ------
    FileError
        If the folder cannot be made or looked into, or, with ``overwrite``, another run is at
        work in it, or a problem file of the user's own lies there.
    """
    above = [parent for parent in directory.parents if not parent.exists()]
    claim, descriptor = _overwriting(directory) if overwrite else _first_free(directory)
    is_given_up = False
    try:
        for name in UNFINISHED:
            with suppress(OSError):
                (claim.folder / name).unlink()
        yield claim
    except BaseException:
        is_given_up = claim.is_fresh and _give_up(claim.folder)
        raise
    finally:
        lock.release(claim.folder, descriptor)
        if is_given_up and claim.is_made:
            with suppress(OSError):  # not empty: another run has taken it already
                for made in (claim.folder, *above):
                    made.rmdir()


def begin(folder: Path, problem: str) -> None:
    """Make a folder that of a new run: what an earlier one would be known by goes first.

    In a fresh folder this is done at once; in one that is overwritten as soon as there is
    something to put in the place of the earlier results, a checkpoint or new ones.

    Parameters
    ----------
    folder
        The folder, claimed.
    problem
        Text of ``problem.toml``.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    for name in (METRICS, CHECKPOINT, PREVIOUS):
        remove_file(folder / name)
    write_file(folder / PROBLEM, problem.encode())


def forget(folder: Path) -> None:
    """Remove the checkpoints of a run from which there is nothing to go on to."""
    for name in (CHECKPOINT, PREVIOUS):
        with suppress(OSError):  # they do no harm
            (folder / name).unlink(missing_ok=True)


def _first_free(directory: Path) -> tuple[Claim, int]:
    """Return the first of the folders wished for that is free, locked."""
    for n in count(1):
        if n > 1 and directory.name in ("", ".."):
            raise FileError(f"{directory} is not empty. Name a folder in it by --out.")
        folder = directory if n == 1 else directory.with_name(f"{directory.name}-{n}")
        is_made = _make(folder)
        if not is_made and not _is_empty(folder):
            continue
        try:
            descriptor = lock.acquire(folder)
        except FileError:
            if folder.exists():
                raise
            continue  # given up a moment ago by the run that had made it
        if descriptor is None:
            continue
        if _is_empty(folder):
            return Claim(folder, True, is_made), descriptor
        lock.release(folder, descriptor)  # a run has come and gone in the meantime
    raise AssertionError  # the numbers do not end


def _overwriting(folder: Path) -> tuple[Claim, int]:
    """Return a folder whatever is in it, locked."""
    is_made = _make(folder)
    make_directory(folder)  # refuses a file of this name
    if (folder / PROBLEM).exists() and not any(
        (folder / name).exists() for name in (STATUS, METRICS, COMPARISON)
    ):
        raise FileError(
            f"{folder / PROBLEM} is of no run, and a run here would replace it. Name another "
            "folder by --out."
        )
    descriptor = lock.acquire(folder)
    if descriptor is None:
        raise FileError(lock.refusal(folder))
    return Claim(folder, _is_empty(folder), is_made), descriptor


def _make(folder: Path) -> bool:
    """Make a folder and those above it; return whether it was not there before."""
    try:
        try:
            folder.mkdir()
        except FileNotFoundError:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
    except FileExistsError:
        return False
    except OSError as error:
        raise FileError(f"cannot create the folder {folder}: {reason(error)}") from error
    return True


def _is_empty(folder: Path) -> bool:
    """Return whether this is a folder with nothing but a lock in it."""
    try:
        return folder.is_dir() and all(path.name == lock.NAME for path in folder.iterdir())
    except FileNotFoundError:
        return False  # given up a moment ago
    except OSError as error:
        raise FileError(f"cannot look into {folder}: {reason(error)}") from error


def _give_up(folder: Path) -> bool:
    """Remove the bookkeeping if there is nothing else; return whether that was so."""
    try:
        names = {path.name for path in folder.iterdir()}
        if not names <= BOOKKEEPING:
            return False
        for name in names - {lock.NAME}:
            (folder / name).unlink()
    except OSError:
        return False  # the failure that led here is what the user should hear of
    return True
