"""Files of points and of values at points.

A function may be a column of a CSV or HDF5 file, known at points and interpolated.

Between the points a function is interpolated linearly (in one dimension along the line, above on
a Delaunay triangulation); outside of them it is that of the nearest point.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import FileError, suggestion


@dataclass(frozen=True)
class Table:
    """A function of position, read from a file when it is first needed.

    Attributes
    ----------
    path
        CSV file with a line of names, or HDF5 file with a data set per column.
    column
        Name of the column that holds the values.
    coordinates
        Names of the columns that hold the points.
    """

    path: Path
    column: str
    coordinates: tuple[str, ...]

    def __call__(self, x: Float[ndarray, "N d"]) -> Float[ndarray, " N"]:
        """Return the interpolated values.

        Raises
        ------
        FileError
            If the file cannot be read, or lacks a column.
        """
        points, values = self._samples
        if points.shape[1] == 1:
            order = np.argsort(points[:, 0])
            return np.interp(x[:, 0], points[order, 0], values[order])
        from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

        result = LinearNDInterpolator(points, values)(x)
        outside = ~np.isfinite(result)
        if outside.any():
            result[outside] = NearestNDInterpolator(points, values)(x[outside])
        return result

    @cached_property
    def _samples(self) -> tuple[Float[ndarray, "n d"], Float[ndarray, " n"]]:
        columns = read_columns(self.path, (*self.coordinates, self.column))
        return np.stack(columns[:-1], axis=1), columns[-1]


def read_columns(path: Path, names: tuple[str, ...]) -> list[Float[ndarray, " n"]]:
    """Read columns of numbers by name.

    Raises
    ------
    FileError
        If the file cannot be read, lacks a column, or holds something else than finite numbers.
    """
    try:
        is_hdf5 = path.suffix in (".h5", ".hdf5", ".hdf")
        columns = _read_hdf5(path, names) if is_hdf5 else _read_csv(path)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: cannot be read as a table of numbers: {error}.") from error
    for name in names:
        if name not in columns:
            raise FileError(f'{path}: has no column "{name}". {suggestion(name, columns)}')
    arrays = [np.asarray(columns[name], dtype=np.float64).ravel() for name in names]
    for name, values in zip(names, arrays, strict=True):
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise FileError(f'{path}: entry {bad[0] + 1} of column "{name}" is not a number.')
        if len(values) != len(arrays[0]):
            raise FileError(f"{path}: columns have different lengths.")
    return arrays


def _read_csv(path: Path) -> dict[str, Any]:
    """Return the columns of a CSV file with a line of names."""
    with path.open(encoding="utf-8-sig") as file:
        header = [name.strip().strip('"') for name in file.readline().lstrip("# ").split(",")]
        rows = np.loadtxt(file, delimiter=",", ndmin=2)
    if rows.shape[1] != len(header):
        raise ValueError(f"{len(header)} names for {rows.shape[1]} columns")
    return {name: rows[:, i] for i, name in enumerate(header)}


def _read_hdf5(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """Return those data sets of an HDF5 file that are asked for."""
    from pinnsolve.hdf5 import members, numbers, opened  # slow to import

    with opened(path, "the table of numbers") as file:
        found = members(file)
        missing = next((name for name in names if name not in found), None)
        if missing is not None:
            raise FileError(f'{path}: has no column "{missing}". {suggestion(missing, found)}')
        return {name: numbers(file, name) for name in names}


def dimension(path: Path) -> int:
    """Return the number of coordinates of a file of points: HDF5, CSV or VTK.

    Raises
    ------
    FileError
        If that cannot be told.
    """
    try:
        found = _dimension(path, path.stat().st_mtime_ns)
    except (OSError, KeyError, AttributeError, ValueError) as error:
        raise FileError(f"{path}: cannot be read as a file of points ({error}).") from error
    if not found:
        raise FileError(f"{path}: holds no points: no columns x, y, … or data set x.")
    return found


@lru_cache(maxsize=32)
def _dimension(path: Path, modified: int) -> int:  # noqa: ARG001  # part of the cache's key
    """Return the number of coordinates, or zero."""
    suffix = path.suffix.lower()
    if suffix in (".h5", ".hdf5"):
        from pinnsolve.hdf5 import opened, shape  # slow to import

        with opened(path, "the node set") as file:
            x = shape(file, "x")
            return x[1] if len(x) == 2 else 0
    if suffix in (".vtk", ".vtu"):
        return _of_vtk(path)
    with path.open(encoding="utf-8-sig") as file:
        header = {name.strip() for name in file.readline().split(",")}
    names = ["x", "y", "z"] if "x" in header else [f"x{i + 1}" for i in range(len(header))]
    return next((i for i, name in enumerate(names) if name not in header), len(names))


def _of_vtk(path: Path) -> int:
    """Return two for points in a plane: the format itself knows three coordinates only."""
    import meshio  # slow to import

    try:
        points = meshio.read(path).points
    except Exception as error:  # its readers trip over broken files in many ways
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise FileError(f"{path}: not a VTK file, or a broken one ({reason}).") from error
    return 3 if points[:, 2].any() else 2
