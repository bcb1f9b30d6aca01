"""Files of points and of values at points.

A function may be a column of a CSV or HDF5 file, known at points and interpolated.

Between the points a function is interpolated linearly (in one dimension along the line, above on
a Delaunay triangulation); just outside of them, as at the wall of cells whose middles they are, it
is that of the nearest point. Farther off nothing is known, and a function that went on there would
make a solution that looks right.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import FileError, place, suggestion
from pinnsolve.outside import must_be_ordinary
from pinnsolve.table import read as read_table
from pinnsolve.table import read_names

REACH = 0.1  # of what the points span along an axis, or their widest gap: how far they still tell
POINTS = (".csv", ".h5", ".hdf5", ".vtk", ".vtu")  # kinds of files of points


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
            If the file cannot be read, lacks a column, has two values at a point, or its points lie
            elsewhere or on a line.
        """
        points, values = self._samples
        between = self._triangulation if points.shape[1] > 1 else None
        self._check_reach(x)
        if between is None:
            return np.interp(x[:, 0], points[:, 0], values)
        from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

        result = LinearNDInterpolator(between, values)(x)
        outside = ~np.isfinite(result)
        if outside.any():
            result[outside] = NearestNDInterpolator(points, values)(x[outside])
        return result

    @property
    def bounds(self) -> tuple[Float[ndarray, " d"], Float[ndarray, " d"]]:
        """Smallest and largest coordinates of the points."""
        points, _ = self._samples
        return points.min(axis=0), points.max(axis=0)

    @cached_property
    def _samples(self) -> tuple[Float[ndarray, "n d"], Float[ndarray, " n"]]:
        """Points, each once, and values; in one dimension in their order on the line."""
        columns = read_columns(self.path, (*self.coordinates, self.column))
        points, values = np.stack(columns[:-1], axis=1), columns[-1]
        unique, first, which = np.unique(points, axis=0, return_index=True, return_inverse=True)
        which = which.reshape(-1)
        differs = np.flatnonzero(values != values[first[which]])
        if differs.size:
            row = int(differs[0])
            raise FileError(
                f'{self.path}: the column "{self.column}" has two values at '
                f"{place(points[row], 6)}, {values[first[which[row]]]:.6g} and {values[row]:.6g}. "
                "Remove one."
            )
        return unique, values[first]

    @cached_property
    def _triangulation(self) -> Any:
        """Triangles, or their like in space, between the points."""
        from scipy.spatial import Delaunay, QhullError

        points, _ = self._samples
        try:
            return Delaunay(points)
        except (QhullError, ValueError) as error:
            raise FileError(
                f"{self.path}: nothing can be interpolated between the {len(points)} points, which "
                f"lie on a line or a plane, or are fewer than {points.shape[1] + 1}. "
                f"Give values all around: in {points.shape[1]} coordinates the points must span "
                "an area or a volume."
            ) from error

    @cached_property
    def _reach(self) -> Float[ndarray, " d"]:
        """How far beyond the points, along each axis, the nearest one still tells something."""
        points, _ = self._samples
        gaps = [np.diff(np.unique(along)).max(initial=0.0) for along in points.T]
        return np.maximum(gaps, REACH * np.ptp(points, axis=0))

    def _check_reach(self, x: Float[ndarray, "N d"]) -> None:
        """Refuse places of which the file says nothing."""
        low, high = self.bounds
        beyond = (np.maximum(low - x, x - high) > self._reach).any(axis=1)
        if beyond.any():
            off = np.linalg.norm(np.maximum(np.maximum(low - x, x - high), 0), axis=1)
            raise FileError(
                f"{self.path}: has values from {place(low, 6)} to {place(high, 6)} only, but "
                f'"{self.column}" is needed at {place(x[int(off.argmax())], 6)}. Give values '
                "there, or the coordinates in the units of the domain."
            )


def read_columns(path: Path, names: tuple[str, ...]) -> list[Float[ndarray, " n"]]:
    """Read columns of numbers by name.

    Raises
    ------
    FileError
        If the file cannot be read, lacks a column, or holds something else than finite numbers.
    """
    must_be_ordinary(path)
    is_hdf5 = path.suffix.lower() in (".h5", ".hdf5", ".hdf")
    if not is_hdf5:
        table = read_table(path)
        return [table.numbers(name) for name in names]
    columns = _read_hdf5(path, names)
    shapes = {array.shape for array in columns}
    if len(shapes) > 1:
        told = ", ".join(f"{name} {a.shape}" for name, a in zip(names, columns, strict=True))
        raise FileError(f"{path}: its columns have different shapes: {told}. Give one for all.")
    for name, values in zip(names, columns, strict=True):
        bad = np.flatnonzero(~np.isfinite(values.ravel()))
        if not values.size:
            raise FileError(f'{path}: the column "{name}" is empty. Give it values.')
        if bad.size:
            raise FileError(
                f'{path}: entry {bad[0]} of the column "{name}" is {values.ravel()[bad[0]]}, not a '
                "finite number. Correct or remove it."
            )
    return [values.ravel().astype(float) for values in columns]


def _read_hdf5(path: Path, names: tuple[str, ...]) -> list[ndarray]:
    """Return those data sets of an HDF5 file that are asked for."""
    from pinnsolve.hdf5 import members, numbers, opened  # slow to import

    with opened(path, "the table of numbers") as file:
        found = members(file)
        missing = next((name for name in names if name not in found), None)
        if missing is not None:
            raise FileError(f'{path}: has no column "{missing}". {suggestion(missing, found)}')
        arrays = [numbers(file, name) for name in names]
        for name, array in zip(names, arrays, strict=True):
            if array.dtype.kind == "b":
                raise ValueError(f"{name} holds truth values, not numbers")
        return arrays


def remark(path: Path) -> str:
    """Return a sentence for kinds of files that a user may well expect to be read."""
    if path.suffix.lower() != ".msh":
        return ""
    return (
        " Gmsh's .msh is not read yet: save the points as .vtk or .csv, with an outward normal for "
        "each boundary point."
    )


def dimension(path: Path) -> int:
    """Return the number of coordinates of a file of points: HDF5, CSV or VTK.

    Raises
    ------
    FileError
        If that cannot be told.
    """
    must_be_ordinary(path)
    suffix = path.suffix.lower()
    if suffix not in POINTS:
        raise FileError(f"cannot read {path}: points come as {', '.join(POINTS)}.{remark(path)}")
    try:
        found = _dimension(path, suffix, path.stat().st_mtime_ns)
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}.") from error
    if not found:
        raise FileError(f"{path}: holds no points: no columns x, y, … or data set x.")
    return found


@lru_cache(maxsize=32)
def _dimension(path: Path, suffix: str, modified: int) -> int:  # noqa: ARG001  # of the cache's key
    """Return the number of coordinates, or zero."""
    if suffix in (".h5", ".hdf5"):
        from pinnsolve.hdf5 import opened, shape  # slow to import

        with opened(path, "the node set") as file:
            x = shape(file, "x")
            return x[1] if len(x) == 2 else 0
    if suffix in (".vtk", ".vtu"):
        from pinnsolve.vtk import read

        # the format itself knows three coordinates only
        return 3 if read(path)[0][:, 2].any() else 2
    header = set(read_names(path))
    names = ["x", "y", "z"] if "x" in header else [f"x{i + 1}" for i in range(len(header))]
    return next((i for i, name in enumerate(names) if name not in header), len(names))
