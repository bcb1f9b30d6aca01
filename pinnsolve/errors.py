"""What can go wrong that is not a bug of ours, each error naming place, fault and remedy.

    PinnsolveError             exit code
    ├── ProblemError           2    problem file or command line is not a well-posed problem
    ├── NodesError             2    the nodes cannot carry the discretisation asked of them
    ├── PointsError            2    points at which a solution is asked for are no points of it
    ├── SingularError          2    the discrete operator has no unique solution
    ├── PackageError           2    a package that was asked for is missing or unfit
    ├── DivergedError          4    training left the finite numbers
    ├── MemoryLimitError       5    the work does not fit in memory
    ├── FileError              6    a file could not be read or written
    └── Stopped                75   a signal or the time limit ended the work

Exit codes 0 (done), 1 (a bug of ours), 3 (the requested accuracy was missed), 7 (the result is not
resolved) and 130 (second Ctrl-C) have no error of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]  # ("boundary", 0, "condition")


class PinnsolveError(Exception):
    """Base of every error that the command line reports without a traceback."""

    exit_code: ClassVar[int] = 1


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a problem file.

    Attributes
    ----------
    key
        Path of the key at fault, as ``("boundary", 0, "condition")``; empty for the whole file.
    message
        What is wrong, in lower case, with a full stop.
    remedy
        What to do about it; may be empty.
    span
        Half-open range of characters at fault within the key's string value, if it has one.
    place
        ``file:line`` once the fault has been located in a file; empty before.
    excerpt
        The line of the file and a caret below the fault, once located; empty before.
    at
        Line and column in the file, counted from one, once located there; None else.
    """

    key: KeyPath
    message: str
    remedy: str = ""
    span: tuple[int, int] | None = None
    place: str = ""
    excerpt: str = ""
    at: tuple[int, int] | None = None

    def __str__(self) -> str:
        """Return the fault as the user reads it."""
        head = ": ".join(part for part in (self.place or _dotted(self.key), self.message) if part)
        return "\n".join(part for part in (f"{head} {self.remedy}".rstrip(), self.excerpt) if part)

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the fault for programs: the file as it was named, line and column from one."""
        line, column = self.at or (None, None)
        file = self.place.removesuffix(f":{line}") if line else None
        return {
            "file": file,
            "line": line,
            "column": column,
            "place": self.place,
            "key": _dotted(self.key),
            "message": self.message,
            "remedy": self.remedy,
        }


class ProblemError(PinnsolveError):
    """The problem file does not describe a well-posed problem; carries every fault found."""

    exit_code = 2

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class NodesError(PinnsolveError):
    """The node set cannot carry the discretisation asked of it.

    Parameters
    ----------
    message
        Fault and remedy.
    key
        What asks for it, where that is not the number of nodes.
    """

    exit_code = 2

    def __init__(self, message: str, key: KeyPath = ()) -> None:
        super().__init__(message)
        self.key = key


class PointsError(PinnsolveError):
    """What should be points of a solution are none, or it has no such field."""

    exit_code = 2


class SingularError(PinnsolveError):
    """The discrete operator is singular, or so ill conditioned that no digit can be trusted."""

    exit_code = 2


class DivergedError(PinnsolveError):
    """Training left the finite numbers."""

    exit_code = 4


class CompilerError(PinnsolveError):
    """The training cannot be compiled on this machine."""

    exit_code = 2


class PackageError(PinnsolveError):
    """A package that was asked for is missing, or does not do what it should."""

    exit_code = 2


class MemoryLimitError(PinnsolveError):
    """The work does not fit into the memory there is."""

    exit_code = 5


class FileError(PinnsolveError):
    """A file could not be read or written."""

    exit_code = 6


class Stopped(PinnsolveError):
    """A signal or the time limit asked the work to stop."""

    exit_code = 75


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ``Did you mean "x"? Known: …`` for a name that is not among the known ones.

    >>> suggestion("laplce", ["laplace", "grad"])
    'Did you mean "laplace"? Known: grad, laplace.'
    """
    names = sorted(set(known))
    near = get_close_matches(name, names, n=1)
    guess = f'Did you mean "{near[0]}"? ' if near else ""
    return f"{guess}Known: {', '.join(names)}."


def place(x: Iterable[float], digits: int = 4) -> str:
    """Return a point as a person writes it.

    >>> place([0.5, 1 / 3])
    '(0.5, 0.3333)'
    """
    return "(" + ", ".join(f"{value:.{digits}g}" for value in x) + ")"


def printable(text: str) -> str:
    r"""Return the text with a replacement for what a terminal would not print as itself.

    >>> printable("a\tb\x1b[31mc")
    'a b�[31mc'
    """
    shown = text.replace("\t", " ")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)


def _dotted(key: KeyPath) -> str:
    """Return a key path as a person writes it: ``boundary[0].condition``."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
