"""A problem file's text, and how a fault in it is shown: line, excerpt, caret.

For example::

    poisson.toml:12: unknown name "lamb". Did you mean "lam"? Known: lam, u.
     12 | equations = ["laplace(u) = lamb"]
        |                            ^^^^
"""

import codecs
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from pinnsolve.errors import Fault, FileError, KeyPath, ProblemError, printable
from pinnsolve.outside import content
from pinnsolve.problem.text.positions import Position, positions, string_offsets

KEY = (-1, -1)  # the span of a fault that lies in the key itself, not in its value
MAX_BYTES = 10_000_000  # a problem file is written by a person
MAX_COLUMNS = 96  # of an excerpt; longer lines are cut around the caret
MAX_NESTING = 50  # of tables, lists and the parts of a dotted key
MAX_ENTRIES = 1_000  # keys of a table; strings and tables of a list
_PART = r"""(?:[\w-]++|"[^"\n.]*+"|'[^'\n.]*+')[ \t]*+"""
LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:\.[ \t]*+{_PART}){{{MAX_NESTING}}}")
TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True)
class Source:
    """The text a problem was read from, and what the command line changed in it.

    Attributes
    ----------
    path
        The file, as the user wrote it.
    text
        Its content.
    overrides
        Values that count instead of the file's, by dotted key.
    moved
        Of what was rewritten since, by its key, the key under which the user wrote it.
    """

    path: Path
    text: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    moved: Mapping[KeyPath, KeyPath] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder of the file, from which paths in it are sought."""
        return self.path.absolute().parent

    @cached_property
    def positions(self) -> dict[KeyPath, Position]:
        """Where each key stands."""
        return positions(self.text)

    def document(self) -> dict[str, Any]:
        """Return the file's tables.

        Raises
        ------
        ProblemError
            If the text is not TOML.
        """
        nested = Fault((), "lists or tables are nested too deeply.", place=str(self.path))
        if LONG_KEY.search(self.text):  # the parser's time grows with the square of its length
            raise ProblemError(nested)
        try:
            document = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise ProblemError(self._broken(str(error))) from error
        except RecursionError as error:
            raise ProblemError(nested) from error
        except ValueError as error:  # Python reads whole numbers up to a length
            message = "a number in it has too many digits."
            raise ProblemError(Fault((), message, place=str(self.path))) from error
        if _is_deep(document):
            raise ProblemError(nested)
        crowded = _crowded(document)
        if crowded is not None:
            raise self.error(crowded)
        return document

    def error(self, *faults: Fault) -> ProblemError:
        """Return the error that shows the faults, each with its line, in the order of the file."""
        stated = [fault if fault.place else self._as_written(fault) for fault in faults]
        located = [(self._start(fault), self._located(fault)) for fault in stated]
        unique = {str(fault): (start, fault) for start, fault in located}
        ordered = sorted(unique.values(), key=lambda pair: pair[0])
        return ProblemError(*(fault for _, fault in ordered))

    def locate(self, fault: Fault) -> Fault:
        """Return the fault with its place and an excerpt of the file.

        The caret marks the span within a string value, the key for the span `KEY`, and the value
        else; a key that is not in the file is shown at the table in which it is missing.
        """
        return fault if fault.place else self._located(self._as_written(fault))

    def _as_written(self, fault: Fault) -> Fault:
        """Return a fault of what was rewritten as one of what the user wrote."""
        for depth in range(len(fault.key), 0, -1):
            written_at = self.moved.get(fault.key[:depth])
            if written_at is not None:
                key = (*written_at, *fault.key[depth:])
                return replace(fault, key=key, span=KEY if fault.span == KEY else None)
        return fault

    def _located(self, fault: Fault) -> Fault:
        """Return a fault under the user's own key with its place and an excerpt of the file."""
        if fault.place:
            return fault
        override = self.override_of(fault.key)
        if override is not None:
            return self._in_override(fault, override)
        characters = self._characters(fault)
        if characters is None:
            return replace(fault, place=str(self.path))
        line, excerpt = show(self.text, *characters)
        at = (line, self._column(characters[0]))
        return replace(fault, place=f"{self.path}:{line}", excerpt=excerpt, at=at)

    def override_of(self, key: KeyPath) -> str | None:
        """Return the dotted key by which the command line set a key, if it did."""
        for depth in range(len(key), 0, -1):
            dotted = ".".join(str(part) for part in key[:depth])
            if dotted in self.overrides:
                return dotted
        whole = ".".join(str(part) for part in key)
        inner = [dotted for dotted in self.overrides if dotted.startswith(f"{whole}.")]
        return inner[0] if inner and key not in self.positions else None

    def _in_override(self, fault: Fault, dotted: str) -> Fault:
        """Locate a fault in a value from the command line."""
        value = self.overrides[dotted]
        shown = value if isinstance(value, str) else written(value)
        excerpt = ""
        if fault.span is not None and isinstance(value, str):
            _, excerpt = show(shown, *fault.span, numbered=False)
        return replace(fault, place=f"--set {dotted}={shown}"[:MAX_COLUMNS], excerpt=excerpt)

    def _start(self, fault: Fault) -> int:
        """Return the place of a fault in the text, for the order of the faults."""
        characters = None if self.override_of(fault.key) else self._characters(fault)
        return characters[0] if characters else -1

    def _characters(self, fault: Fault) -> tuple[int, int] | None:
        """Return the characters to mark, or None if the key's table is not in the file either."""
        position = self.positions.get(fault.key)
        if position is None:
            parents = (fault.key[:n] for n in range(len(fault.key) - 1, 0, -1))
            parent = next((p for p in parents if p in self.positions), None)
            return self.positions[parent].key if parent else None
        if fault.span == KEY:
            return position.key
        if fault.span not in (None, (0, 0)) and position.is_string:
            offsets = string_offsets(self.text, position.value[0])
            first = min(fault.span[0], len(offsets) - 1)
            last = min(max(fault.span[1], fault.span[0] + 1), len(offsets) - 1)
            return offsets[first], max(offsets[last], offsets[first] + 1)
        return position.value

    def _broken(self, message: str) -> Fault:
        """Return the fault of a text that is not TOML, from the parser's message."""
        place = TOML_PLACE.search(message)
        line, column = (int(place[1]), int(place[2])) if place and place[1] else (0, 0)
        if line:
            start = sum(len(text) for text in self.text.splitlines(keepends=True)[: line - 1])
            start = min(start + column - 1, len(self.text))
        else:
            start = len(self.text.rstrip())
        line, excerpt = show(self.text, start, start + 1)
        words = TOML_PLACE.sub("", message).rstrip(".")
        return Fault(
            (),
            f"not valid TOML: {words[:1].lower()}{words[1:]}.",
            toml_remedy(words),
            place=f"{self.path}:{line}",
            excerpt=excerpt,
            at=(line, self._column(start)),
        )

    def _column(self, start: int) -> int:
        """Return the column of a character in its line, counted from one."""
        return start - self.text.rfind("\n", 0, start)


def _is_deep(document: Mapping[str, Any]) -> bool:
    """Return whether tables and lists lie in one another beyond any use."""
    level: list[Any] = [document]
    for _ in range(MAX_NESTING):
        inner = [value.values() if isinstance(value, Mapping) else value for value in level]
        level = [v for values in inner for v in values if isinstance(v, Mapping | list)]
    return bool(level)


def _crowded(value: Any, key: KeyPath = ()) -> Fault | None:
    """Return the fault of a table or a list of strings or tables that nobody wrote by hand."""
    if isinstance(value, Mapping):
        entries = list(value.items())
        count, what = len(entries), "keys"
    elif isinstance(value, list):
        entries = [(i, v) for i, v in enumerate(value) if isinstance(v, Mapping | list)]
        count, what = sum(isinstance(v, Mapping | str) for v in value), "entries"
    else:
        return None
    if count > MAX_ENTRIES:
        return Fault(key, f"this has {count} {what}; at most {MAX_ENTRIES} are read.")
    found = (_crowded(v, (*key, name)) for name, v in entries)
    return next((fault for fault in found if fault is not None), None)


TOML_REMEDIES = {
    "Invalid value": 'Strings and expressions stand in quotes: "sin(x)".',
    "Unclosed array": "Close it with ].",
    "Expected '=' after a key": "Write key = value.",
    "Cannot overwrite a value": "Each key may stand once: remove one of the two.",
    "Cannot declare": "Each table may stand once: join the two; a list of tables is [[…]].",
    "Expected newline or end of document": "Write one key = value per line, strings in quotes.",
    "Illegal character '\\n'": "Close the string with a quote before the end of the line.",
    "Unterminated string": "Close the string with a quote.",
    "Unescaped '\\' in a string": "Write a backslash twice.",
    "Duplicate inline table key": "Each key may stand once: remove one of the two.",
    "Invalid initial character": "Keys are made of letters, digits, - and _.",
}


def toml_remedy(words: str) -> str:
    """Return the remedy for a message of the TOML parser."""
    return next((remedy for start, remedy in TOML_REMEDIES.items() if words.startswith(start)), "")


def written(value: Any) -> str:
    """Return a value as TOML writes it, in short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {written(v)}" for key, v in value.items()) + "}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def show(text: str, start: int, stop: int, *, numbered: bool = True) -> tuple[int, str]:
    """Return the number of the line at `start`, and the line with carets below [start, stop)."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    last = len(text) if last < 0 else last
    line = text.count("\n", 0, start) + 1
    content = text[first:last].rstrip("\r")
    begin = min(start - first, len(content))
    end = max(begin + 1, min(stop - first, len(content)))
    if len(content) > MAX_COLUMNS:
        cut = max(0, min(begin - MAX_COLUMNS // 3, len(content) - MAX_COLUMNS))
        head, tail = "…" * (cut > 0), "…" * (cut + MAX_COLUMNS < len(content))
        content = head + content[cut : cut + MAX_COLUMNS] + tail
        begin, end = begin - cut + len(head), min(end - cut + len(head), len(content))
    before, marked = content[:begin], content[begin:end]
    carets = " " * _columns(before) + "^" * max(1, _columns(marked))
    margin = f"{line:>4} | " if numbered else "     "
    rule = "     | " if numbered else "     "
    return line, f"{margin}{printable(content)}\n{rule}{carets}"


def _columns(text: str) -> int:
    """Return the width of a text in a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def read(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Source:
    """Read a problem file.

    Raises
    ------
    FileError
        If there is no such file, or it cannot be read.
    ProblemError
        If it is not text in UTF-8.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise FileError(f"{path}: is a folder, not a problem file. {_files_in(path)}".rstrip())
        if not path.exists():
            raise FileError(f"{path}: there is no such file. {_near(path)}".rstrip())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(f"{path}: cannot be read: {reason.lower()}.") from error
    raw = content(path, MAX_BYTES)
    return Source(path, decode(raw, path), dict(overrides or {}))


def decode(raw: bytes, path: Path) -> str:
    """Return the text of a file in UTF-8; a byte order mark is let pass."""
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        fault = Fault(
            (),
            f"is not text in UTF-8: byte {error.start} is 0x{raw[error.start]:02x}.",
            "Save the file in UTF-8.",
            place=f"{path}:{line}",
        )
        raise ProblemError(fault) from error


def _files_in(folder: Path) -> str:
    """Return a sentence that names problem files of a folder."""
    names = sorted(p.name for p in folder.glob("*.toml"))[:5]
    return f"Problem files in it: {', '.join(names)}." if names else ""


def _near(path: Path) -> str:
    """Return a sentence that suggests files with a similar name."""
    try:
        names = [p.name for p in path.parent.iterdir() if p.suffix == ".toml"]
    except OSError:
        return f"There is no folder {path.parent} either."
    near = get_close_matches(path.name, names, n=3) or get_close_matches(
        f"{path.name}.toml", names, n=3
    )
    if near:
        return f"Did you mean {' or '.join(str(path.parent / name) for name in near)}?"
    return _files_in(path.parent).replace("in it", "in that folder")
