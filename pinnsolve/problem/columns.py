"""Columns of observations in a file, whatever its kind: CSV, NPZ, MAT, HDF5, VTU.

A column is a name, or a part of an array, ``"U[:,0]"``. Arrays of values on a grid come with
coordinates along its axes, ``usol`` of 256 by 100 values with 256 places ``x`` and 100 instants
``t``: each coordinate then belongs to the axis that has its length.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve import arrays
from pinnsolve.errors import FileError, suggestion
from pinnsolve.outside import must_be_ordinary
from pinnsolve.table import read as read_table

KINDS = (".csv", ".npz", ".mat", ".h5", ".hdf5", ".hdf", ".vtu", ".vtk")
PART = re.compile(r"(?P<name>[^\[\]]+)\[(?P<places>[0-9:,\s-]+)\]")
AXES = ("x", "y", "z")


def read_columns(
    path: Path, coordinates: Mapping[str, str], values: Mapping[str, str]
) -> tuple[dict[str, Float[ndarray, " n"]], Sequence[str]]:
    """Return columns by what they are, and the place of each row in the file, in words.

    Parameters
    ----------
    path
        The file.
    coordinates, values
        By what they are, the columns of coordinates and of what was observed there.

    Raises
    ------
    FileError
        If it cannot be read, lacks a column, holds something else than finite numbers, or columns
        of different lengths.
    """
    suffix = path.suffix.lower()
    if suffix not in KINDS:
        known = ", ".join(kind for kind in KINDS if kind not in (".hdf", ".hdf5"))
        raise FileError(f"cannot read {path}: observations come as {known}.")
    wanted = {**coordinates, **values}
    if suffix == ".csv":
        table = read_table(path)
        columns = {key: table.numbers(name) for key, name in wanted.items()}
        return columns, [f"{path}:{line}" for line in table.lines]
    parts = {key: _part(name) for key, name in wanted.items()}
    found = _arrays(path, list(dict.fromkeys(name for name, _ in parts.values())))
    pieces = {key: _taken(path, found[name], name, at) for key, (name, at) in parts.items()}
    columns = _in_rows(path, pieces, list(coordinates), list(values))
    for key, column in columns.items():
        bad = np.flatnonzero(~np.isfinite(column))
        if bad.size:
            raise FileError(
                f'{path}: entry {bad[0]} of the column "{wanted[key]}" is {column[bad[0]]}, not a '
                "finite number. Correct or remove it."
            )
    count = len(next(iter(columns.values())))
    return columns, [f"{path}, entry {row}" for row in range(count)]


def has_column(path: Path, name: str) -> bool:
    """Return whether a file has a column of a name.

    Raises
    ------
    FileError
        If it cannot be read.
    """
    try:
        if path.suffix.lower() == ".csv":
            return name in read_table(path).columns
        _arrays(path, [_part(name)[0]])
    except FileError as error:
        if "has no" in str(error):
            return False
        raise
    return True


def _part(text: str) -> tuple[str, tuple[int | slice, ...] | None]:
    """Return the name of an array and the part of it that a column is; None for all of it."""
    match = PART.fullmatch(text.strip())
    if match is None:
        return text, None
    places: list[int | slice] = []
    for place in match["places"].split(","):
        ends = [part.strip() for part in place.split(":")]
        if not all(re.fullmatch(r"-?\d*", end) for end in ends) or len(ends) > 3 or ends == [""]:
            return text, None
        numbers = [int(end) if end not in ("", "-") else None for end in ends]
        (first, *more) = numbers
        places.append(slice(*numbers) if more else first if first is not None else slice(None))
    return match["name"].strip(), tuple(places)


def _arrays(path: Path, names: Sequence[str]) -> Mapping[str, ndarray]:
    """Return arrays of a file by name."""
    suffix = path.suffix.lower()
    if suffix in (".npz", ".mat"):
        return arrays.read(path, names)
    if suffix in (".vtu", ".vtk"):
        return _of_vtk(path, names)
    from pinnsolve.hdf5 import members, numbers, opened  # slow to import

    must_be_ordinary(path)
    with opened(path, "the table of numbers") as file:
        known = members(file)
        missing = next((name for name in names if name.split("/")[0] not in known), None)
        if missing is not None:
            raise FileError(f'{path}: has no column "{missing}". {suggestion(missing, known)}')
        return {name: numbers(file, name) for name in names}


def _of_vtk(path: Path, names: Sequence[str]) -> dict[str, ndarray]:
    """Return point data of a VTK file; its points are called x, y, z."""
    from pinnsolve.vtk import read

    points, fields = read(path)
    known = {**dict(zip(AXES, points.T, strict=True)), **fields}
    for name in names:
        if name.lower() not in known:
            raise FileError(f'{path}: has no column "{name}". {suggestion(name, known)}')
        if known[name.lower()].dtype.kind not in arrays.REAL:
            raise FileError(f'{path}: the column "{name}" is no array of real numbers.')
    return {name: known[name.lower()] for name in names}


def _taken(
    path: Path, array: ndarray, name: str, at: tuple[int | slice, ...] | None
) -> Float[ndarray, "..."]:
    """Return a part of an array, without axes of length one."""
    try:
        part = array if at is None else array[at]
    except IndexError as error:
        shape = " by ".join(map(str, array.shape))
        raise FileError(f'{path}: the array "{name}" has {shape} entries: {error}.') from error
    return np.squeeze(np.asarray(part, dtype=float))


def _in_rows(
    path: Path,
    pieces: Mapping[str, Float[ndarray, "..."]],
    coordinates: Sequence[str],
    values: Sequence[str],
) -> dict[str, Float[ndarray, " n"]]:
    """Return arrays as columns, coordinates of a grid repeated along its other axes."""
    shape = pieces[values[0]].shape
    told = ", ".join(f"{key} {piece.shape}" for key, piece in pieces.items())
    fault = f"{path}: its columns do not fit together: {told}."
    if any(pieces[key].shape != shape for key in values):
        raise FileError(f"{fault} Give all values in arrays of one shape.")
    if not pieces[values[0]].size:
        raise FileError(f"{path}: has no values.")
    found = {key: pieces[key].reshape(-1) for key in values}
    for key in coordinates:
        piece = pieces[key]
        if piece.shape == shape or (piece.size == found[values[0]].size and len(shape) < 2):
            found[key] = piece.reshape(-1)
            continue
        axes = [axis for axis, length in enumerate(shape) if piece.shape == (length,)]
        if len(axes) != 1:
            why = f"{key} could go along several axes" if axes else f"{key} fits to no axis"
            raise FileError(f"{fault} {why} of the values: give it for every one of them.")
        along = [1] * len(shape)
        along[axes[0]] = -1
        found[key] = np.broadcast_to(piece.reshape(along), shape).reshape(-1)
    return {key: found[key] for key in pieces}
