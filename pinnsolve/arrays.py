"""Arrays in NPZ and MAT files of others, read with suspicion.

Both are containers that may hold objects, code in the case of NPZ, and claims of sizes that no
memory has. So only arrays of real numbers are read, by name, after the file has been read once in
a copy of the process that may crash, hang, or run out of the memory it has been given. MAT files
of version 7.3 are HDF5, which keeps the axes of MATLAB's arrays in reverse order.
"""

import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy import ndarray

from pinnsolve.errors import FileError, printable, suggestion
from pinnsolve.machine import GIB, allowance, survives
from pinnsolve.outside import must_be_ordinary

PATIENCE, PACE = 10.0, 1e7  # seconds and bytes per second that reading beforehand may take
REAL = "biuf"
HDF5 = b"\x89HDF\r\n\x1a\n"
HEADER = 512  # bytes of the text with which MATLAB begins a file of HDF5
MOST_NAMES = 40  # in a message


def read(path: Path, names: Sequence[str]) -> dict[str, ndarray]:
    """Return arrays of real numbers by name.

    Parameters
    ----------
    path
        File with the suffix ``.npz`` or ``.mat``.
    names
        Which of its arrays.

    Raises
    ------
    FileError
        If it cannot be read, is broken, lacks an array, or holds something else under its name.
    """
    size = must_be_ordinary(path, allowance() // 4)
    is_npz = path.suffix.lower() == ".npz"
    kind = "an NPZ file" if is_npz else "a MAT file"
    if not is_npz and _is_hdf5(path):
        return _of_hdf5(path, names)
    reader = _npz if is_npz else _mat
    if not survives(partial(reader, path, names), PATIENCE + size / PACE, allowance() // 2):
        raise FileError(
            f"{path}: not {kind}, or a broken one: reading it crashes, hangs or takes more "
            "memory than is free."
        )
    try:
        known, found = reader(path, names)
    except FileError:
        raise
    except MemoryError as error:
        raise FileError(f"{path}: asks for more memory than is free.") from error
    except Exception as error:  # readers trip over broken files in many ways
        raise FileError(f"{path}: not {kind}, or a broken one ({type(error).__name__}).") from error
    for name in names:
        if name not in found:
            told = suggestion(printable(name), [printable(n) for n in known[:MOST_NAMES]])
            raise FileError(f'{path}: has no array "{name}". {told}')
        if not isinstance(found[name], np.ndarray) or found[name].dtype.kind not in REAL:
            raise FileError(f'{path}: "{name}" is not an array of real numbers.')
    return {name: found[name] for name in names}


def _npz(path: Path, names: Sequence[str]) -> tuple[list[str], Mapping[str, ndarray]]:
    """Return the names of the arrays in an NPZ file, and those asked for."""
    with zipfile.ZipFile(path) as archive:
        wanted = {f"{name}.npy" for name in names}
        size = sum(item.file_size for item in archive.infolist() if item.filename in wanted)
    if size > allowance() // 2:
        message = f"takes {size / GIB:.3g} GiB, but {allowance() / 2 / GIB:.3g} are free."
        raise FileError(f"{path}: {message}")
    with np.load(path, allow_pickle=False) as stored:
        return stored.files, {name: stored[name] for name in names if name in stored.files}


def _mat(path: Path, names: Sequence[str]) -> tuple[list[str], Mapping[str, ndarray]]:
    """Return the names of the arrays in a MAT file before version 7.3, and those asked for."""
    from scipy.io import loadmat, whosmat  # slow to import

    with path.open("rb") as file:
        known = [name for name, _, _ in whosmat(file)]
    with path.open("rb") as file:
        found = loadmat(file, variable_names=list(names))
    return known, {name: found[name] for name in names if name in found}


def _is_hdf5(path: Path) -> bool:
    """Return whether a MAT file is one of version 7.3."""
    with path.open("rb") as file:
        head = file.read(HEADER + len(HDF5))
    return head.startswith(HDF5) or head[HEADER:] == HDF5


def _of_hdf5(path: Path, names: Sequence[str]) -> dict[str, ndarray]:
    """Return arrays of a MAT file of version 7.3, their axes as MATLAB has them."""
    from pinnsolve.hdf5 import members, numbers, opened  # slow to import

    with opened(path, "the MAT file") as file:
        known = members(file)
        missing = next((name for name in names if name not in known), None)
        if missing is not None:
            told = suggestion(printable(missing), [printable(n) for n in known[:MOST_NAMES]])
            raise FileError(f'{path}: has no array "{missing}". {told}')
        return {name: numbers(file, name).T for name in names}
