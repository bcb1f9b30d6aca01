"""Weights on disk: arrays and text in HDF5, nothing that could run when it is read.

The layout is shared by ``checkpoint.hdf`` and ``solution.hdf``:

    /network                   attributes "format" and "version"
    /network/meta              JSON
    /network/weights/<name>    one array of numbers for each weight, with a checksum
"""

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy import ndarray

from pinnsolve.errors import FileError
from pinnsolve.storage.files import write_file

FORMAT, VERSION = "pinnsolve network", 1


def write_checkpoint(path: Path, weights: Mapping[str, ndarray], meta: Mapping[str, Any]) -> None:
    """Write a checkpoint, keeping the one before as ``<name>.previous<suffix>``.

    Parameters
    ----------
    path
        The file, as ``checkpoint.hdf``.
    weights
        Arrays of numbers, by name.
    meta
        Whatever is needed to go on: numbers, strings, lists and dictionaries of them.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    content = BytesIO()
    with h5py.File(content, "w") as file:
        write_network(file, weights, meta)
    if path.is_file():
        write_file(previous(path), path.read_bytes())
    write_file(path, content.getvalue())


def previous(path: Path) -> Path:
    """Return where the checkpoint before the latest is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def write_network(file: h5py.File, weights: Mapping[str, ndarray], meta: Mapping[str, Any]) -> None:
    """Write the group ``/network`` into an open file."""
    group = file.create_group("network")
    group.attrs.update(format=FORMAT, version=VERSION)
    group["meta"] = json.dumps(meta, default=_number)
    arrays = group.create_group("weights")
    for name, weight in weights.items():
        array = np.asarray(weight)
        arrays.create_dataset(name, data=array, fletcher32=array.size > 0 and array.ndim > 0)


def _number(value: Any) -> Any:
    """Return a number of NumPy's as one of Python's."""
    return value.item()


def read_checkpoint(path: Path) -> tuple[dict[str, ndarray], dict[str, Any]]:
    """Return the weights and the meta data of a checkpoint or of a ``solution.hdf``.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    FileError
        If there is none, or it is truncated, damaged, or not one of the project's.
    """
    remedy = f" Try {previous(path)}." if previous(path).is_file() else ""
    if not path.is_file():
        raise FileError(f"no checkpoint {path}: there is no such file.{remedy}")
    try:
        with h5py.File(path, "r") as file:
            return _read_network(file)
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        raise FileError(
            f"cannot read the checkpoint {path}: it is truncated, damaged, or not a file "
            f"of pinnsolve ({error}).{remedy}"
        ) from error


def _read_network(file: h5py.File) -> tuple[dict[str, ndarray], dict[str, Any]]:
    """Return what `write_network` has written, or raise one of many errors."""
    group = file["network"]
    if group.attrs["format"] != FORMAT or group.attrs["version"] != VERSION:
        raise ValueError(f"format {group.attrs['format']}, version {group.attrs['version']}")
    weights = {}
    for name, dataset in group["weights"].items():
        if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "biuf":
            raise ValueError(f"{name} is not an array of numbers")
        weights[name] = dataset[()]
    return weights, json.loads(group["meta"][()])
