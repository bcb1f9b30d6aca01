"""The problem files that come with pinnsolve."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinnsolve.errors import FileError, suggestion

PACKAGE = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """What the list of shipped problems says of one.

    Attributes
    ----------
    name
        Name of the file without its suffix.
    title
        The problem's title.
    method
        The method that the file asks for.
    nodes
        How the nodes are given, as ``1663`` or ``spacing 0.05``.
    """

    name: str
    title: str
    method: str
    nodes: str


def folder() -> Path:
    """Return the folder of the shipped problems: within the package, or beside it in a checkout.

    Raises
    ------
    FileError
        If there is none.
    """
    for place in (PACKAGE / "_problems", PACKAGE.parent / "problems"):
        if place.is_dir():
            return place
    raise FileError("the shipped problems are missing from this installation. Install it again.")


def names() -> list[str]:
    """Return the names of the shipped problems."""
    return sorted(path.stem for path in folder().glob("*.toml"))


def entries() -> list[Entry]:
    """Return what each shipped problem is, by name."""
    return [_entry(folder() / f"{name}.toml") for name in names()]


def copy(name: str, destination: Path) -> Path:
    """Copy a shipped problem; never overwrite.

    Parameters
    ----------
    name
        Name of the problem.
    destination
        A folder, or the path of the copy.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    FileError
        If there is no such problem, or the copy cannot be written or already exists.
    """
    stem = name.removesuffix(".toml")
    known = names()
    if stem not in known:
        raise FileError(f'no shipped problem is called "{name}". {suggestion(stem, known)}')
    target = destination / f"{stem}.toml" if destination.is_dir() else destination
    create(target, (folder() / f"{stem}.toml").read_text(encoding="utf-8"))
    return target


def create(path: Path, text: str) -> None:
    """Write a new text file.

    Raises
    ------
    FileError
        If the file exists or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise FileError(f"{path} already exists. Choose another name, or move it away.") from None
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}.") from error


def _entry(path: Path) -> Entry:
    """Read the headlines of a problem file."""
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    nodes: dict[str, Any] = file.get("nodes", {})
    how = next((key for key in ("count", "spacing", "file") if key in nodes), "")
    return Entry(
        name=path.stem,
        title=file.get("title", ""),
        method=file.get("solver", {}).get("method", ""),
        nodes=str(nodes.get(how, "")) if how in ("count", "") else f"{how} {nodes[how]}",
    )
