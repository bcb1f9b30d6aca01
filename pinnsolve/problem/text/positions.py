"""Where in a TOML text each key and value stands.

The standard library's parser gives values without positions. This scanner walks over a text that
has been found valid TOML 1.0 and notes, for every key path, the characters of key and value; it
interprets nothing else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pinnsolve.errors import KeyPath

BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")  # between statements, and inside of arrays
SPACE = re.compile(r"[ \t]*")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
SCALAR = re.compile(r"[^,\]}#\n]*")  # number, truth value or date
ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([btnfr\"\\])|[ \t]*\r?\n\s*)")


@dataclass(frozen=True)
class Position:
    """Characters of a key and of its value, as half-open ranges of the text.

    Attributes
    ----------
    key
        The key, or the header of a table; an entry of a list has that of its value.
    value
        The value; for a table with a header, the header.
    is_string
        Whether the value is a string.
    """

    key: tuple[int, int]
    value: tuple[int, int]
    is_string: bool = False


def positions(text: str) -> dict[KeyPath, Position]:
    """Return the position of every key, table and list entry of a valid TOML text.

    >>> positions("nodes.count = 7")["nodes", "count"]
    Position(key=(0, 11), value=(14, 15), is_string=False)
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.found


def string_offsets(text: str, start: int) -> list[int]:
    """Return the place in the text of each character of the string value at `start`.

    The list has one entry more than the value: the position of the closing quote.
    """
    quote = text[start]
    is_long = text.startswith(quote * 3, start)
    i, end = start + (3 if is_long else 1), string_end(text, start) - (3 if is_long else 1)
    if is_long:
        i += 2 if text.startswith("\r\n", i) else text.startswith("\n", i)
    offsets = []
    while i < end:
        escaped = ESCAPED.match(text, i) if quote == '"' else None
        if escaped is None or any(escaped.groups()):
            offsets.append(i)
        i = escaped.end() if escaped else i + (2 if text.startswith("\r\n", i) else 1)
    return [*offsets, end]


def string_end(text: str, start: int) -> int:
    """Return the position after the closing quote of the string at `start`."""
    quote = text[start]
    close = quote * (3 if text.startswith(quote * 3, start) else 1)
    i = start + len(close)
    while not text.startswith(close, i):
        i += 2 if text[i] == "\\" and quote == '"' else 1
    i += len(close)
    while len(close) == 3 and text.startswith(quote, i):  # up to two quotes before the close
        i += 1
    return i


@dataclass
class _Scanner:
    """A walk over the text; `at` is the position, `found` what was seen."""

    text: str
    at: int = 0
    found: dict[KeyPath, Position] = field(default_factory=dict)
    counts: dict[KeyPath, int] = field(default_factory=dict)  # entries so far of lists of tables

    def document(self) -> None:
        """Walk over the whole text."""
        table: KeyPath = ()
        self.skip(BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(BLANK)

    def header(self) -> KeyPath:
        """Walk over ``[table]`` or ``[[table]]``; return its path."""
        start = self.at
        brackets = 2 if self.text.startswith("[[", start) else 1
        self.at += brackets
        self.skip(SPACE)
        names = self.key()
        self.at += brackets
        here = (start, self.at)
        for count in range(1, len(names)):
            self.note(self.inside(names[:count]), Position(here, here))
        if brackets == 1:
            path = self.inside(names)
            self.found[path] = Position(here, here)
            return path
        path = (*self.inside(names[:-1]), names[-1])
        index = self.counts.get(path, -1) + 1
        self.counts[path] = index
        self.found.setdefault(path, Position(here, here))
        self.found[*path, index] = Position(here, here)
        return (*path, index)

    def inside(self, names: tuple[str, ...]) -> KeyPath:
        """Return the path of a table's name, with the indices of the last entries of lists."""
        path: KeyPath = ()
        for name in names:
            path = (*path, name)
            if path in self.counts:
                path = (*path, self.counts[path])
        return path

    def pair(self, table: KeyPath) -> None:
        """Walk over ``key = value``."""
        start = self.at
        path = (*table, *self.key())
        key = (start, self.end_of_key)
        self.at += 1  # the sign of equality
        self.skip(SPACE)
        first, is_string = self.at, self.text[self.at] in "\"'"
        self.value(path)
        position = Position(key, (first, self.at), is_string)
        self.found[path] = position
        for depth in range(len(table) + 1, len(path)):  # a.b = 1 makes the table a
            self.note(path[:depth], Position(key, key))

    def key(self) -> tuple[str, ...]:
        """Walk over a dotted key, to the sign after it; return its parts."""
        parts = []
        while True:
            if self.text[self.at] in "\"'":
                end = string_end(self.text, self.at)
                parts.append(string_value(self.text, self.at))
                self.at = end
            else:
                parts.append(self.skip(BARE_KEY))
            self.end_of_key = self.at
            self.skip(SPACE)
            if self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1
            self.skip(SPACE)

    def value(self, path: KeyPath) -> None:
        """Walk over a value, noting what it holds under `path`."""
        match self.text[self.at]:
            case "[":
                self.array(path)
            case "{":
                self.inline_table(path)
            case '"' | "'":
                self.at = string_end(self.text, self.at)
            case _:
                self.at += len(self.skip_back())

    def array(self, path: KeyPath) -> None:
        """Walk over ``[value, …]``."""
        for index in self.entries("]", BLANK):
            start, is_string = self.at, self.text[self.at] in "\"'"
            self.value((*path, index))
            here = (start, self.at)
            self.found[*path, index] = Position(here, here, is_string)

    def inline_table(self, path: KeyPath) -> None:
        """Walk over ``{ key = value, … }``."""
        for _ in self.entries("}", SPACE):
            self.pair(path)

    def entries(self, close: str, blank: re.Pattern[str]) -> Iterator[int]:
        """Yield at the start of every entry; then step over the closing bracket."""
        self.at += 1
        self.skip(blank)
        index = 0
        while self.text[self.at] != close:
            yield index
            index += 1
            self.skip(blank)
            if self.text[self.at] == ",":
                self.at += 1
                self.skip(blank)
        self.at += 1

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Step over what matches and return it."""
        match = pattern.match(self.text, self.at)
        assert match is not None, f"no key at character {self.at}"
        self.at = match.end()
        return match.group()

    def skip_back(self) -> str:
        """Return the number, truth value or date here, without the space after it."""
        match = SCALAR.match(self.text, self.at)
        assert match is not None
        return match.group().rstrip()

    def note(self, path: KeyPath, position: Position) -> None:
        """Note a table that is only implied, where it is met first."""
        self.found.setdefault(path, position)


def string_value(text: str, start: int) -> str:
    """Return the value of a one-line string, as far as keys need it."""
    body = text[start + 1 : string_end(text, start) - 1]
    if text[start] == "'":
        return body

    def plain(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else ESCAPES.get(match[3] or "", "")

    return ESCAPED.sub(plain, body)
