"""Tables of comma-separated values of others: a line of names, then a row of values per line.

A value is looked at as text until it is known to be a number; what is none is told with its line.
Lines that are empty or begin with ``#`` are let pass, as are a byte order mark, line ends of any
system, and a ``#`` before the names.

Source: RFC 4180, Common Format and MIME Type for Comma-Separated Values.
"""

import codecs
import csv
import io
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from pinnsolve.errors import FileError, printable, suggestion
from pinnsolve.machine import allowance
from pinnsolve.outside import content, must_be_ordinary

PER_BYTE = 40  # bytes of memory that a byte of a table may take while it is read
LONGEST_NAMES = 2**16  # bytes of the line of names
MOST_NAMES = 40  # in a message
SHOWN = 24  # characters of a value in a message
OTHERS = {";": "semicolons", "\t": "tabs", "|": "bars"}  # what columns may be separated by instead


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    path
        The file.
    columns
        The values by name of the column.
    lines
        For each row the number of its line, from 1.
    """

    path: Path
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]

    @property
    def names(self) -> list[str]:
        """Names of the columns as a terminal shows them."""
        return [_shown(name) for name in self.columns]

    def numbers(self, name: str, rows: Bool[ndarray, " N"] | None = None) -> Float[ndarray, " n"]:
        """Return a column as numbers.

        Parameters
        ----------
        name
            Of the column.
        rows
            Those wanted; None for all.

        Raises
        ------
        FileError
            If there is no such column, or a value in it is no finite number.
        """
        if name not in self.columns:
            known = suggestion(name, self.names[:MOST_NAMES])
            raise FileError(f'{self.path}: has no column "{name}". {known}{self._hint()}')
        chosen = np.ones(len(self.lines), dtype=bool) if rows is None else rows
        cells = list(compress(self.columns[name], chosen))
        try:
            found = np.fromiter(map(float, cells), float, len(cells))
        except ValueError:
            found = np.array([_number(cell) for cell in cells])
        if not np.isfinite(found).all() or any("_" in cell for cell in cells):
            bad = next(i for i, cell in enumerate(cells) if not math.isfinite(_number(cell)))
            line = list(compress(self.lines, chosen))[bad]
            raise FileError(
                f'{self.path}:{line}: "{_shown(cells[bad])}" in the column "{name}" is not a '
                "finite number. Correct it, or remove the line."
            )
        return found

    def _hint(self) -> str:
        """Return a sentence if the columns seem to be separated by something else."""
        (only, *more) = self.columns
        other = next((words for sign, words in OTHERS.items() if sign in only), "")
        return f" Columns are separated by commas, not by {other}." if other and not more else ""


def read(path: Path) -> Table:
    """Return the table in a file.

    Raises
    ------
    FileError
        If it cannot be read, is no text, has no rows, rows of different lengths, or two columns of
        the same name.
    """
    raw = content(path, max(allowance() // PER_BYTE, 1))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"{path}:{line}: is not text in UTF-8: byte {error.start} is "
            f"0x{raw[error.start]:02x}. Save the table in UTF-8."
        ) from error
    header, rows, lines = list[str](), list[list[str]](), list[int]()
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not header:
                header = _header(cells)
            elif not cells[0].startswith("#"):
                rows.append(cells)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise FileError(
            f"{path}:{max(reader.line_num, 1)}: not a table of comma-separated values ({error})."
        ) from error
    _check_shape(path, header, rows, lines)
    return Table(path, dict(zip(header, zip(*rows, strict=True), strict=True)), lines)


def read_names(path: Path) -> list[str]:
    """Return the names in the first line of a table, of which nothing else is read.

    Raises
    ------
    FileError
        If it cannot be read, or that line is longer than a person writes.
    """
    must_be_ordinary(path)
    with path.open("rb") as file:
        line = file.readline(LONGEST_NAMES).removeprefix(codecs.BOM_UTF8)
    if len(line) == LONGEST_NAMES:
        raise FileError(f"{path}:1: is too long for the names of columns.")
    return _header(line.decode(errors="replace").split(","))


def _header(cells: Sequence[str]) -> list[str]:
    """Return the names of columns."""
    return [cell.strip().lstrip("#").strip().strip('"') for cell in cells]


def _check_shape(
    path: Path, header: list[str], rows: list[list[str]], lines: Sequence[int]
) -> None:
    """Refuse a table without rows, with uneven ones, or with two columns of a name."""
    twice = next((name for name, count in Counter(header).items() if count > 1 and name), None)
    if twice is not None:
        raise FileError(f'{path}: has two columns "{_shown(twice)}". Rename or remove one.')
    if not rows:
        raise FileError(f"{path}: no values in it; it needs a line of names and a row per line.")
    uneven = next((i for i, row in enumerate(rows) if len(row) != len(header)), None)
    if uneven is not None:
        raise FileError(
            f"{path}:{lines[uneven]}: has {len(rows[uneven])} values, but there are "
            f"{len(header)} names in the first line. Give each column a value in each row."
        )


def _number(cell: str) -> float:
    """Return the number that a text is, NaN if none: digits grouped by _ are for programs."""
    try:
        return math.nan if "_" in cell else float(cell)
    except ValueError:
        return math.nan


def _shown(cell: str) -> str:
    """Return the beginning of a text as a terminal shows it."""
    return printable(cell if len(cell) <= SHOWN else f"{cell[:SHOWN]}…")
