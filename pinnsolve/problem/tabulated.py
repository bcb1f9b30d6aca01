"""Functions in a table: a column for each coordinate, whose rows make a grid, and one for each.

The rows may come in any order. A grid of one coordinate is any set of points.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import FileError
from pinnsolve.table import read

COVERED = 1e-6  # of the domain's side that a grid may leave uncovered, for rounding


def read_functions(
    path: Path, coordinates: Sequence[str], box: tuple[Sequence[float], Sequence[float]]
) -> tuple[tuple[Float[ndarray, " _"], ...], Float[ndarray, "M k"], tuple[str, ...]]:
    """Return the lines of the grid along each axis, the values of each function, and their names.

    Parameters
    ----------
    path
        A CSV file.
    coordinates
        Those that the functions depend on; none of numbers, which have one row.
    box
        What the grid has to cover.

    Raises
    ------
    FileError
        If the file cannot be read, holds no grid that covers the domain, or no function.
    """
    found = read(path)
    points = [found.numbers(name) for name in coordinates]
    names = tuple(name for name in found.columns if name not in coordinates)
    if not names:
        raise FileError(f"{path}: has no functions, a column for each beside the coordinates.")
    values = np.array([found.numbers(name) for name in names])
    if not coordinates:
        if values.shape[1] != 1:
            raise FileError(f"{path}: has {values.shape[1]} rows, but numbers have one.")
        return (), values, names
    lines = [np.unique(column, return_inverse=True) for column in points]
    axes, places = [line[0] for line in lines], [line[1] for line in lines]
    for name, axis, low, high in zip(coordinates, axes, *box, strict=True):
        slack = COVERED * (high - low)
        if axis[0] > low + slack or axis[-1] < high - slack:
            raise FileError(
                f"{path}: {name} goes from {axis[0]:g} to {axis[-1]:g}, but the domain from "
                f"{low:g} to {high:g}."
            )
        if len(axis) < 2:
            raise FileError(f"{path}: has a single value of {name}.")
    shape = tuple(map(len, axes))
    order = np.ravel_multi_index(places, shape)
    if len(order) != np.prod(shape) or len(np.unique(order)) != len(order):
        size = " times ".join(map(str, shape))
        raise FileError(
            f"{path}: its {len(order)} rows are no grid of {size} points, each of which stands "
            "there once."
        )
    table = np.empty_like(values)
    table[:, order] = values
    return tuple(axes), table, names
