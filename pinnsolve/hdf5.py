"""HDF5 files of others, read with suspicion.

HDF5 can do more than hold arrays: it links to other files, keeps data sets in other files, computes
them from other files, names objects by reference, and declares arrays a million times larger than
the file. All that is refused before anything is read: what comes out is an array of numbers or a
string that lies in this file itself, reached by hard links alone, and no larger than a limit.
Numbers go through filters (compression) that are part of HDF5 or h5py, never through one loaded
from a folder of plug-ins. Whatever HDF5 says of broken metadata is a `FileError`.

Of some it says nothing: a single byte in a heap or in an index makes the library loop for ever or
crash (HDF5 2.0, found by flipping bytes). Therefore all that its metadata lead to is read once
beforehand, in a copy of the process that may hang or crash.

Source: HDF5 File Format Specification, https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy import ndarray

from pinnsolve.errors import FileError
from pinnsolve.machine import GIB, allowance, survives
from pinnsolve.outside import must_be_ordinary

FILTERS = {1, 2, 3, 4, 5, 6, h5py.h5z.FILTER_LZF}  # deflate, shuffle, checksum, szip, …, LZF
NUMBERS = "biuf"
PATIENCE, PACE = 10.0, 1e7  # seconds and bytes per second that reading beforehand may take
BROKEN = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, OverflowError)


@contextmanager
def opened(path: Path, kind: str) -> Iterator[h5py.File]:
    """Open a file; what goes wrong while it is read is said of the file.

    Parameters
    ----------
    path
        The file.
    kind
        What it should be, as ``a node set``.

    Raises
    ------
    FileError
        If it is no HDF5 file or a broken one, or lacks what is asked of it.
    """
    patience = PATIENCE + must_be_ordinary(path) / PACE
    try:
        if not survives(partial(_examine, path), patience):
            raise ValueError("its metadata make HDF5 crash or hang")
        file = h5py.File(path, "r")
    except BROKEN as error:
        raise FileError(f"{path}: not an HDF5 file, or a broken one ({_short(error)}).") from error
    with file:
        try:
            yield file
        except BROKEN as error:
            raise FileError(f"{path}: {kind} is incomplete or broken ({_short(error)}).") from error


def _examine(path: Path) -> None:
    """Read whatever metadata lead to: attributes, texts, and numbers that are in pieces."""
    with h5py.File(path, "r") as file:
        seen, waiting = {file.id}, [file]
        while waiting:
            group = waiting.pop()
            for name in group.attrs:
                with suppress(*BROKEN):
                    attribute(group, name)
            for name in group:
                with suppress(*BROKEN):
                    item = member(group, name)
                    if isinstance(item, h5py.Group):
                        if item.id not in seen:
                            seen.add(item.id)
                            waiting.append(item)
                    elif item.dtype.kind not in NUMBERS:
                        strings(group, name)
                    elif item.chunks is not None:
                        numbers(group, name)


def members(group: h5py.Group) -> list[str]:
    """Return the names of a group's members."""
    return list(group)


def member(group: h5py.Group, path: str) -> h5py.Group | h5py.Dataset:
    """Return a member of a group, by hard links alone.

    Raises
    ------
    KeyError
        If there is none.
    ValueError
        If it is a link elsewhere, or neither a group nor a data set.
    """
    found = group
    for name in path.split("/"):
        if not isinstance(found, h5py.Group):
            raise ValueError(f"{path} lies in something that is no group")
        if type(found.get(name, getlink=True)) is not h5py.HardLink:
            if name not in list(found):
                raise KeyError(f"there is no {path}")
            raise ValueError(f"{path} is a link to somewhere else")
        found = found[name]
    if not isinstance(found, h5py.Group | h5py.Dataset):
        raise ValueError(f"{path} is neither a group nor a data set")
    return found


def shape(group: h5py.Group, path: str) -> tuple[int, ...]:
    """Return the shape of an array of numbers, of which nothing is read.

    Raises
    ------
    KeyError
        If there is none.
    ValueError
        If it is anything else.
    """
    dataset = _dataset(group, path)
    if dataset.dtype.kind not in NUMBERS:
        raise ValueError(f"{path} is not an array of real numbers")
    return tuple(int(n) for n in dataset.shape)


def numbers(group: h5py.Group, path: str, limit: int | None = None) -> ndarray:
    """Return an array of numbers.

    Parameters
    ----------
    group
        Where it is.
    path
        Its name in it.
    limit
        Bytes that it may take; None for the free memory.

    Raises
    ------
    KeyError
        If there is none.
    ValueError
        If it is anything else, or larger.
    """
    size = math.prod(shape(group, path))
    dataset = _dataset(group, path)
    _within(path, size * dataset.dtype.itemsize, limit)
    return np.asarray(dataset[()])


def strings(group: h5py.Group, path: str, limit: int | None = None) -> list[str]:
    """Return a list of strings; of a single one a list of one.

    Raises
    ------
    KeyError
        If there are none.
    ValueError
        If they are anything else, or larger than the limit.
    """
    dataset = _dataset(group, path)
    kind = h5py.check_string_dtype(dataset.dtype)
    if kind is None:
        raise ValueError(f"{path} is no text")
    count = math.prod(dataset.shape)
    longest = kind.length or 1  # of which the length is not fixed, it is known when it is read
    _within(path, count * longest, limit)
    if dataset.shape == ():
        return [_text(dataset[()], path)]
    if len(dataset.shape) != 1:
        raise ValueError(f"{path} is a table of texts, not a list")
    if kind.length is not None:
        return [_text(value, path) for value in dataset[()]]
    found, size = [], 0
    for row in range(count):  # many may be the same long one, so that not all are read at once
        found.append(_text(dataset[row], path))
        size += len(found[-1])
        _within(path, size, limit)
    return found


def text(group: h5py.Group, path: str, limit: int | None = None) -> str:
    """Return a single string.

    Raises
    ------
    KeyError
        If there is none.
    ValueError
        If it is anything else, or larger than the limit.
    """
    found = strings(group, path, limit)
    if len(found) != 1:
        raise ValueError(f"{path} is not a single text")
    return found[0]


def attribute(item: h5py.Group | h5py.Dataset, name: str) -> int | float | str | None:
    """Return an attribute that is one number or one string; None if there is none.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if name not in item.attrs:
        return None
    found = item.attrs.get_id(name)
    is_text = h5py.check_string_dtype(found.dtype) is not None
    if found.shape != () or not (is_text or found.dtype.kind in NUMBERS):
        raise ValueError(f"the attribute {name} is neither a number nor a string")
    value = item.attrs[name]
    return _text(value, name) if is_text else value.item()


def _dataset(group: h5py.Group, path: str) -> h5py.Dataset:
    """Return a data set whose elements lie in the file itself."""
    dataset = member(group, path)
    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
        raise ValueError(f"{path} is no array")
    properties = dataset.id.get_create_plist()
    if dataset.is_virtual or properties.get_external_count():
        raise ValueError(f"{path} lies in another file")
    filters = [properties.get_filter(i)[0] for i in range(properties.get_nfilters())]
    if not set(filters) <= FILTERS:
        raise ValueError(f"{path} is compressed in a way that is not known")
    return dataset


def _within(path: str, size: int, limit: int | None) -> None:
    """Refuse what is too large."""
    most = allowance() if limit is None else limit
    if size > most:
        raise ValueError(f"{path} takes {size / GIB:.3g} GiB, but {most / GIB:.3g} are free")


def _text(value: Any, name: str) -> str:
    """Return a string of HDF5's as one of Python's."""
    try:
        return value.decode() if isinstance(value, bytes) else str(value)
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is not text in UTF-8") from error


def _short(error: Exception) -> str:
    """Return the first line of a message."""
    told = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return told.splitlines()[0].rstrip(".") if told else type(error).__name__
