"""Answers in HDF5: what is needed to have the fields again, and nothing that could run.

/answer                the plain values of the state as attributes
/answer/<name>         one array for each of the others
"""

from pathlib import Path

import h5py
import numpy as np
from numpy import ndarray

from pinnsolve.errors import FileError
from pinnsolve.process import State


def write_answer(file: h5py.File, state: State) -> None:
    """Write the state of an answer into an open file, as the group ``/answer``."""
    group = file.create_group("answer")
    for name, value in state.items():
        if isinstance(value, ndarray):
            checked = value.size > 0 and value.ndim > 0
            group.create_dataset(name, data=value, fletcher32=checked)
        else:
            group.attrs[name] = value


def read_answer(file: h5py.File) -> State:
    """Return what `write_answer` has written."""
    group = file["answer"]
    arrays = {name: np.asarray(group[name][()]) for name in group}
    plain = {
        name: value.item() if hasattr(value, "item") else value
        for name, value in group.attrs.items()
    }
    return {**arrays, **plain}


def read_solution(path: Path) -> tuple[State, str]:
    """Return the state of the answer in a ``solution.hdf``, and the text of its problem.

    Raises
    ------
    FileError
        If there is none, or it is truncated, damaged, or not one of the project's.
    """
    if not path.is_file():
        raise FileError(f"no solution {path}: there is no such file.")
    try:
        with h5py.File(path, "r") as file:
            return read_answer(file), file["provenance/problem"][()].decode()
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        raise FileError(
            f"cannot read the solution {path}: it is truncated, damaged, or not a file of "
            f"pinnsolve ({error})."
        ) from error
