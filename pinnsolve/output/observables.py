"""Slices, marginals, moments and what is conserved, as tables and as series for ParaView.

Each slice and marginal is a table ``slice-x-y.csv`` with a row for each point and instant, in the
plane also a series ``slice-x-y.pvd`` of the plane of both coordinates; ``moments.csv`` and
``conserved.csv`` have a row for each instant.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.output.vtk import pvd, vtu
from pinnsolve.output.vtk.grid import Grid
from pinnsolve.references.truth import word_for_truth
from pinnsolve.solution.observables import InTime, Table
from pinnsolve.solution.solution import Solution
from pinnsolve.storage.files import remove_file, write_file

IN_TIME = ("moments.csv", "conserved.csv")


def write(directory: Path, solution: Solution, formats: Sequence[str]) -> list[Path]:
    """Write what a problem file asks to be told, and return the paths.

    Parameters
    ----------
    directory
        The run's. What an earlier run left there of the kind is removed.
    solution
        The solution.
    formats
        Of its files: series for ParaView are written with ``vtu``.

    Raises
    ------
    FileError
        If a file cannot be written.
    """
    _remove(directory)
    seen = solution.observables
    if seen is None:
        return []
    paths = []
    for table in seen.tables:
        path = directory / f"{table.name}.csv"
        write_file(path, _csv(*columns(solution, table)))
        paths.append(path)
        if len(table.along) == 2 and "vtu" in formats:
            suffix, series = ("vtu", vtu.write) if table.times is None else ("pvd", pvd.write)
            path = path.with_suffix(f".{suffix}")
            series(path, solution, _plane(solution, table))
            paths.append(path)
    told = {
        f"{name} of {field}".replace(" ", "_"): own
        for field, rows in seen.moments.items()
        for name, own in rows.items()
    }
    for name, rows in zip(IN_TIME, (told, seen.conserved), strict=True):
        if rows and seen.times is not None:
            write_file(
                directory / name, _csv(*_in_time(seen.times, rows, word_for_truth(solution)))
            )
            paths.append(directory / name)
    return paths


def columns(solution: Solution, table: Table) -> tuple[list[str], Float[ndarray, "N k"]]:
    """Return the names of the columns of a slice or a marginal, and its rows."""
    names, word = solution.problem.fields, word_for_truth(solution)
    count = len(table.values)
    x = np.tile(table.x, (count, 1))
    head, parts = list(table.along), [x]
    if table.times is not None:
        head.append("t")
        parts.append(np.repeat(table.times, len(table.x))[:, None])
    for prefix, suffix, values in (
        ("", "", table.values),
        ("", "_half_width", table.half_widths),
        (f"{word}_", "", table.truth),
    ):
        if values is not None:
            head += [f"{prefix}{name}{suffix}" for name in names]
            parts.append(values.reshape(-1, len(names)))
    return head, np.concatenate(parts, axis=1)


def _in_time(
    times: Float[ndarray, " K"], rows: Mapping[str, InTime], word: str
) -> tuple[list[str], Float[ndarray, "K k"]]:
    """Return the names of the columns of numbers in time, and their rows."""
    head, parts = ["t"], [times]
    for name, own in rows.items():
        head += [name, f"{name}_half_width"]
        parts += [own.values, own.half_widths]
        if own.truth is not None:
            head.append(f"{word}_{name}")
            parts.append(own.truth)
    return head, np.stack(parts, axis=1)


def _csv(head: Sequence[str], rows: Float[ndarray, "N k"]) -> bytes:
    """Return a table as text; numbers to the bit."""
    lines = [",".join(head), *(",".join(map(repr, row)) for row in rows.tolist())]
    return ("\n".join(lines) + "\n").encode()


def _plane(solution: Solution, table: Table) -> Grid:
    """Return a table of two coordinates as a grid, without the cells that lie outside."""
    x, word = table.x, word_for_truth(solution)
    points = np.column_stack([x, np.zeros(len(x))])
    values = {}
    for i, name in enumerate(solution.problem.fields):
        values[name] = table.values[..., i]
        if table.truth is not None:
            values[f"{word}_{name}"] = table.truth[..., i]
            values[f"error_{name}"] = table.values[..., i] - table.truth[..., i]
        if table.half_widths is not None:
            values[f"{name}_half_width"] = table.half_widths[..., i]
    if table.times is None:
        values = {name: own[0] for name, own in values.items()}
    cells = _triangles(*(len(axis) for axis in table.axes))
    is_known = np.isfinite(table.values).all(axis=(0, 2))
    return Grid(points, cells[is_known[cells].all(axis=1)], values, table.times)


def _triangles(rows: int, columns: int) -> Int[ndarray, "M 3"]:
    """Return the triangles of a grid of points, of which the last index changes first."""
    number = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (
        part.ravel()
        for part in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:])
    )
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


def _remove(directory: Path) -> None:
    """Remove what an earlier run has left."""
    for kind in ("slice", "marginal"):
        for path in directory.glob(f"{kind}-*.csv"):
            remove_file(path)
            remove_file(path.with_suffix(".vtu"))
            pvd.remove(path.with_suffix(".pvd"))
    for name in IN_TIME:
        remove_file(directory / name)
