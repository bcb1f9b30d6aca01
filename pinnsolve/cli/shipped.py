"""The problem files that come with pinnsolve, and the node sets that they name.

Problems and node sets lie in two folders side by side, in the repository as in the package, so
that a problem finds its nodes by the same relative path in both. A copy has them beside it.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinnsolve.errors import FileError, suggestion

PACKAGE = Path(__file__).parents[1]
CLOUD = re.compile(r'(?<=")\.\./pointclouds/(?=([^"/]+)")')  # how a shipped problem names one


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
        How the nodes are given, as ``1663``, ``spacing 0.05`` or ``file star_2180.h5``.
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
    for place in (PACKAGE / "_shipped" / "problems", PACKAGE.parent / "problems"):
        if place.is_dir():
            return place
    raise FileError("the shipped problems are missing from this installation. Install it again.")


def names() -> list[str]:
    """Return the names of the shipped problems."""
    return sorted(path.stem for path in folder().glob("*.toml"))


def entries() -> list[Entry]:
    """Return a description of each shipped problem, by name."""
    return [_entry(folder() / f"{name}.toml") for name in names()]


def copy(name: str, destination: Path) -> Path:
    """Copy a shipped problem, and beside it the node sets that it names; never overwrite.

    Parameters
    ----------
    name
        Name of the problem.
    destination
        A folder, or the path of the copy.

    Returns
    -------
    Path
        The copy of the problem file.

    Raises
    ------
    FileError
        If there is no such problem, or a file cannot be written, or another one is in its place.
    """
    stem = name.removesuffix(".toml")
    known = names()
    if stem not in known:
        raise FileError(f'no shipped problem is called "{name}". {suggestion(stem, known)}')
    target = destination / f"{stem}.toml" if destination.is_dir() else destination
    text = (folder() / f"{stem}.toml").read_text(encoding="utf-8")
    clouds = {
        target.parent / cloud: (folder().parent / "pointclouds" / cloud).read_bytes()
        for cloud in CLOUD.findall(text)
    }
    for path, content in clouds.items():
        if path.exists() and not _holds(path, content):
            raise FileError(f"{path} is another file. Copy to another folder, or move it away.")
    if target.exists():
        raise _taken(target)
    for path, content in clouds.items():
        if not path.exists():
            _create(path, content)
    create(target, CLOUD.sub("", text))
    return target


def create(path: Path, text: str) -> None:
    """Write a new text file.

    Raises
    ------
    FileError
        If the file exists or cannot be written.
    """
    _create(path, text.encode())


def _create(path: Path, content: bytes) -> None:
    """Write a new file."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}.") from error


def _taken(path: Path) -> FileError:
    return FileError(f"{path} already exists. Choose another name, or move it away.")


def _holds(path: Path, content: bytes) -> bool:
    """Tell whether a file has this content."""
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _entry(path: Path) -> Entry:
    """Read the headlines of a problem file."""
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    nodes: dict[str, Any] = file.get("nodes", {})
    how = next((key for key in ("count", "spacing", "file") if key in nodes), "count")
    value = Path(nodes[how]).name if how == "file" else nodes.get(how, "")
    return Entry(
        name=path.stem,
        title=file.get("title", ""),
        method=file.get("solver", {}).get("method", ""),
        nodes=str(value) if how == "count" else f"{how} {value}",
    )
