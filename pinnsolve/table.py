"""Tables of comma-separated values of others: a line of names, then a row of values per line.

A value is looked at as text until it is known to be a number; what is none is told with its line.
Lines that are empty or begin with ``#`` are let pass, as are a byte order mark and line ends of any
system. The names may stand behind a ``#``, in the last such line before the first row of numbers.
Where spreadsheets write decimal commas they separate columns by semicolons or tabs: so do tables
here in which names and values have equally many of them, and numbers then may have such commas.

Source: RFC 4180, Common Format and MIME Type for Comma-Separated Values.
"""

import codecs
import csv
import io
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, islice
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
SEPARATORS = (";", "\t")  # of columns, where the first lines have equally many of one
OTHERS = {";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}  # that were not taken


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
    separator
        Sign between columns; if it is no comma, numbers may have decimal commas.
    """

    path: Path
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    separator: str = ","

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
            hint = _hint(list(self.columns))
            raise FileError(f'{self.path}: has no column "{name}". {known}{hint}')
        chosen = np.ones(len(self.lines), dtype=bool) if rows is None else rows
        texts = list(compress(self.columns[name], chosen))
        cells = [cell.replace(",", ".") for cell in texts] if self._has_commas(texts) else texts
        try:
            found = np.fromiter(map(float, cells), float, len(cells))
        except ValueError:
            found = np.array([_number(cell) for cell in cells])
        if not np.isfinite(found).all() or any("_" in cell for cell in cells):
            bad = next(i for i, cell in enumerate(cells) if not math.isfinite(_number(cell)))
            line = list(compress(self.lines, chosen))[bad]
            raise FileError(
                f'{self.path}:{line}: "{_shown(texts[bad])}" in the column "{name}" is not a '
                "finite number. Correct it, or remove the line."
            )
        return found

    def _has_commas(self, cells: Sequence[str]) -> bool:
        """Tell whether the numbers of a column have decimal commas, and none a point."""
        return self.separator != "," and not any("." in cell for cell in cells)


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
    rows, lines = list[list[str]](), list[int]()
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append(cells)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise FileError(
            f"{path}:{max(reader.line_num, 1)}: not a table of comma-separated values ({error})."
        ) from error
    at = _place_of_names(rows)
    header = _header(rows[at]) if rows else []
    is_row = [k > at and not _is_remark(row) for k, row in enumerate(rows)]
    rows, lines = list(compress(rows, is_row)), list(compress(lines, is_row))
    _check_shape(path, header, rows, lines)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    return Table(path, columns, lines, separator)


def read_names(path: Path) -> list[str]:
    """Return the names of a table's columns, of which little else is read.

    Raises
    ------
    FileError
        If it cannot be read, or its first line is longer than a person writes.
    """
    must_be_ordinary(path)
    with path.open("rb") as file:
        start = file.read(LONGEST_NAMES).removeprefix(codecs.BOM_UTF8)
    lines = start.decode(errors="replace").splitlines()
    if len(lines) == 1 and path.stat().st_size > LONGEST_NAMES:
        raise FileError(f"{path}:1: is too long for the names of columns.")
    sign = _separator("\n".join(lines))
    rows = [cells for line in lines if any(cells := [c.strip() for c in line.split(sign)])]
    return _header(rows[_place_of_names(rows)]) if rows else []


def _separator(text: str) -> str:
    r"""Return the sign between columns: a comma, unless two lines have equally many of another.

    >>> _separator("x;u\n0,1;0,2\n"), _separator("x,u\n0.1,0.2\n")
    (';', ',')
    """
    lines = (line for line in io.StringIO(text, newline=None) if line.strip())
    first = list(islice((line for line in lines if not _is_remark([line])), 2))
    for sign in SEPARATORS:
        counts = {line.count(sign) for line in first}
        if len(counts) == 1 and counts != {0}:
            return sign
    return ","


def _place_of_names(rows: Sequence[Sequence[str]]) -> int:
    """Return the row of the names: the first, or the last remark before one of numbers."""
    first = next((k for k, row in enumerate(rows) if not _is_remark(row)), len(rows))
    has_numbers = first == len(rows) or any(math.isfinite(_number(cell)) for cell in rows[first])
    return first - 1 if first and has_numbers else first


def _is_remark(row: Sequence[str]) -> bool:
    """Tell whether a line is for people alone, or has the names."""
    return row[0].lstrip().startswith("#")


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
            f"{_hint(header)}"
        )


def _hint(names: Sequence[str]) -> str:
    """Return a sentence if these seem to be no names, or columns of something else."""
    if all(math.isfinite(_number(name)) for name in names):
        return " The first line must give the names of the columns."
    (only, *more) = names
    other = next((words for sign, words in OTHERS.items() if sign in only), "")
    return f" Columns are separated by commas, not by {other}." if other and not more else ""


def _number(cell: str) -> float:
    """Return the number that a text is, NaN if none: digits grouped by _ are for programs."""
    try:
        return math.nan if "_" in cell else float(cell)
    except ValueError:
        return math.nan


def _shown(cell: str) -> str:
    """Return the beginning of a text as a terminal shows it."""
    return printable(cell if len(cell) <= SHOWN else f"{cell[:SHOWN]}…")
