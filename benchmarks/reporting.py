"""What every benchmark has in common: its options, the machine, tables row by row, and a file."""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from pinnsolve.bench.rows import Row, lines, machine, said


def options_of(doc: str | None, threads: int | None = None) -> argparse.ArgumentParser:
    """Return a parser that knows `--json` and `--threads`; to be given the benchmark's own.

    Parameters
    ----------
    doc
        That of the benchmark, whose first line says what it is.
    threads
        Of torch by default; None leaves them as they are.
    """
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the rows")
    parser.add_argument("--threads", type=int, default=threads, help="of torch")
    return parser


def report(
    options: argparse.Namespace, *tables: tuple[Iterable[Row], Mapping[str, str]]
) -> list[Row]:
    """Print the machine, and tables as their rows come; write them; return all rows.

    Parameters
    ----------
    options
        Those of `options_of`.
    tables
        Rows, and the columns to show with their formats, as of `lines`.
    """
    if options.threads:
        torch.set_num_threads(options.threads)
    found = machine()
    print(said(found), flush=True)
    rows = [row for table in tables for row in show(*table)]
    if options.json:
        kept = {"machine": found, "options": vars(options), "rows": rows}
        options.json.write_text(json.dumps(kept, indent=1, default=_plain) + "\n")
    return rows


def show(rows: Iterable[Row], columns: Mapping[str, str]) -> list[Row]:
    """Print a table as its rows come; return them."""
    kept: list[Row] = []

    def noted() -> Iterable[Row]:
        for row in rows:
            kept.append(row)
            yield row

    for line in lines(noted(), columns):
        print(line, flush=True)
    return kept


def _plain(value: Any) -> Any:
    """Return what JSON can say of a number of NumPy's, or of a path."""
    return value.item() if hasattr(value, "item") else str(value)
