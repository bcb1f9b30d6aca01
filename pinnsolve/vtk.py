"""VTK files of others, read with suspicion.

The reader, meshio, believes what a file says of itself: sizes, compressed blocks, text where
numbers should be. A few hundred bytes can ask for all memory or for ever. Therefore a file is read
once beforehand, in a copy of the process that may crash, hang, or run out of the memory it has
been given. Whatever is wrong then is a `FileError`, in words of our own.
"""

import contextlib
import io
import os
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import FileError
from pinnsolve.machine import allowance, survives
from pinnsolve.outside import must_be_ordinary

PATIENCE, PACE = 10.0, 1e7  # seconds and bytes per second that reading beforehand may take
REAL = "iuf"


def read(path: Path) -> tuple[Float[ndarray, "N 3"], Mapping[str, ndarray]]:
    """Return the points of a file and the numbers given at each, by name in lower case.

    Parameters
    ----------
    path
        File with the suffix ``.vtk`` or ``.vtu``.

    Raises
    ------
    FileError
        If it cannot be read, is broken, or its points are not finite numbers.
    """
    patience = PATIENCE + must_be_ordinary(path, allowance() // 4) / PACE
    if not survives(partial(_parsed, path), patience, allowance() // 2):
        raise FileError(
            f"{path}: not a VTK file, or a broken one: its reader crashes, hangs or takes more "
            "memory than is free."
        )
    try:
        points, fields = _parsed(path)
    except MemoryError as error:
        raise FileError(f"{path}: asks for more memory than is free.") from error
    except Exception as error:  # the reader trips over broken files in many ways
        raise FileError(
            f"{path}: not a VTK file, or a broken one ({type(error).__name__})."
        ) from error
    if points.ndim != 2 or points.shape[1] != 3 or points.dtype.kind not in REAL or not len(points):
        raise FileError(f"{path}: its points are no table of three real numbers each.")
    return np.asarray(points, dtype=float), fields


def _parsed(path: Path) -> tuple[ndarray, Mapping[str, ndarray]]:
    """Return points and point data as the reader gives them; what it prints is dropped."""
    import meshio  # slow to import

    reader = meshio.vtk.read if path.suffix.lower() == ".vtk" else meshio.vtu.read
    silence = io.StringIO()
    with (
        contextlib.redirect_stdout(silence),
        contextlib.redirect_stderr(silence),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        try:
            mesh = reader(os.fspath(path))
        except SystemExit as error:  # it ends the process where it knows no better
            raise ValueError("not read") from error
    fields = {name.lower(): np.asarray(field) for name, field in mesh.point_data.items()}
    return np.asarray(mesh.points), fields
