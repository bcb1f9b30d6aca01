"""Files of an ensemble: the solutions of a family for many functions.

``values.hdf`` is VTKHDF: points, and an array for each field and function. ``functions.csv`` has a
line for each function, with its estimated errors and how far it is from the family.
"""

from pathlib import Path

import numpy as np

from pinnsolve.output.vtk.grid import Grid
from pinnsolve.output.vtk.vtkhdf import write_grid
from pinnsolve.problem import Problem
from pinnsolve.solution.ensemble import Evaluated
from pinnsolve.storage.files import write_file


def write_ensemble(directory: Path, problem: Problem, found: Evaluated) -> list[Path]:
    """Write the files, in place of those of an earlier evaluation; return their paths.

    Raises
    ------
    FileError
        If one cannot be written.
    """
    dim = len(problem.coordinates)
    points = np.zeros((len(found.x), 3))
    points[:, : min(dim, 3)] = found.x[:, : min(dim, 3)]
    values = {
        f"{field}_{name}": found.values[i, :, c]
        for i, name in enumerate(found.names)
        for c, field in enumerate(problem.fields)
    }
    if problem.time is not None:
        values = {"t": found.x[:, -1], **values}
    cells = np.arange(len(points))[:, None]
    paths = [directory / "values.hdf", directory / "functions.csv"]
    write_grid(paths[0], Grid(points, cells, values))
    head = ["function", *(f"error_estimate_{name}" for name in found.estimates)]
    lines = [",".join([*head, "outside", "distance", "is_resolved", "is_unlike"])]
    for i, name in enumerate(found.names):
        numbers = [*(e[i] for e in found.estimates.values()), found.outside[i], found.distance[i]]
        flags = (str(bool(flag)).lower() for flag in (found.is_resolved[i], found.is_unlike[i]))
        lines.append(",".join([name, *(f"{number:.6g}" for number in numbers), *flags]))
    write_file(paths[1], ("\n".join(lines) + "\n").encode())
    return paths
