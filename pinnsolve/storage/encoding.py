"""A state as a file of bytes that can do nothing but be read.

    16 bytes   the format's name and version
     8, 8      sizes of header and body, little-endian
    header     JSON: version and problem, and of each value its name and kind; of an array dtype and
               shape, of anything else the value itself
    body       the arrays' elements, one array after another in the order of the header
    32 bytes   SHA-256 of all before

Nothing in it is executed, and no name in it is that of a file. Each array's size follows from dtype
and shape; what they add up to must be what the file has before memory is asked for. Numbers come
back bit for bit, the payloads of NaNs included: the header holds a float as its eight bytes.

Source: FIPS 180-4, Secure Hash Standard; the first bytes after PNG's (RFC 2083, section 3.1), which
show files that were taken for text on their way.
"""

import json
import math
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy import ndarray

from pinnsolve.machine import GIB

State: TypeAlias = Mapping[str, ndarray | float | int | str]

MAGIC = b"\x89pinnsolve\r\n\x1a\n"
PREAMBLE = struct.Struct("<14sHQQ")
VERSION = 1
DIGEST = 32  # bytes of a checksum
LONGEST_HEADER = 2**26
BLOCK = 2**20  # bytes read at a time
MOST_AXES = 32
DTYPES = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"}
DTYPES |= {"<f2", "<f4", "<f8", "<c8", "<c16"}


@dataclass(frozen=True)
class Checkpoint:
    """What a run goes on from.

    Attributes
    ----------
    state
        All that decides the continuation.
    problem
        Text of the problem file, every default written out.
    version
        Of pinnsolve, that has written it.
    """

    state: State
    problem: str
    version: str


def encode(file: BinaryIO, checkpoint: Checkpoint) -> None:
    """Write a checkpoint.

    Arrays come back in C order and in the machine's byte order, NumPy's scalars as Python's.

    Raises
    ------
    TypeError
        If a value is neither an array of numbers nor a number nor a string.
    """
    digest = sha256()
    for part in _parts(checkpoint):
        digest.update(part)
        file.write(part)
    file.write(digest.digest())


def decode(file: BinaryIO, limit: int) -> Checkpoint:
    """Read a checkpoint.

    Parameters
    ----------
    file
        Open at its beginning.
    limit
        Bytes that the arrays may take.

    Raises
    ------
    ValueError
        If the file is not whole, or not a checkpoint; the message says why.
    """
    digest = sha256()
    header_size, body_size = _sizes(file, digest)
    if body_size > limit:
        raise ValueError(f"it holds {body_size / GIB:.3g} GiB, but {limit / GIB:.3g} are free")
    text = _read(file, header_size)
    digest.update(text)
    try:
        header = json.loads(text)
        entries = [_entry(entry) for entry in header["values"]]
        problem, version = _string(header["problem"]), _string(header["version"])
    except (ValueError, KeyError, TypeError, RecursionError, struct.error) as error:
        raise ValueError(f"its header is broken: {error}") from error
    arrays = [value for _, value in entries if isinstance(value, _Declared)]
    if sum(array.size for array in arrays) != body_size:
        raise ValueError("its arrays do not add up to its size")
    state = {
        name: _read_array(file, value, digest) if isinstance(value, _Declared) else value
        for name, value in entries
    }
    if len(state) != len(entries):
        raise ValueError("two of its values have the same name")
    if _read(file, DIGEST) != digest.digest():
        raise ValueError("its checksum is wrong")
    return Checkpoint(state, problem, version)


def is_whole(file: BinaryIO) -> bool:
    """Return whether a file has the sizes that it declares and the right checksum."""
    digest = sha256()
    try:
        left = sum(_sizes(file, digest))
        while left:
            block = _read(file, min(left, BLOCK))
            digest.update(block)
            left -= len(block)
        return _read(file, DIGEST) == digest.digest()
    except ValueError:
        return False


@dataclass(frozen=True)
class _Declared:
    """An array as the header declares it."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Size in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


def _parts(checkpoint: Checkpoint) -> Iterator[bytes | memoryview]:
    """Yield all but the checksum."""
    values, arrays = [], []
    for name, value in checkpoint.state.items():
        if isinstance(value, ndarray):
            array = np.asarray(value).astype(value.dtype.newbyteorder("<"), order="C", copy=False)
            if array.dtype.str not in DTYPES:
                raise TypeError(f"{name} has elements of type {value.dtype}, not numbers.")
            arrays.append(array)
            made = {"kind": "array", "dtype": array.dtype.str, "shape": list(array.shape)}
        else:
            made = _plain(name, value.item() if isinstance(value, np.generic) else value)
        values.append({"name": name, **made})
    header = {"version": checkpoint.version, "problem": checkpoint.problem, "values": values}
    text = json.dumps(header).encode("ascii")
    yield PREAMBLE.pack(MAGIC, VERSION, len(text), sum(array.nbytes for array in arrays))
    yield text
    for array in arrays:
        yield _bytes_of(array)


def _plain(name: str, value: Any) -> dict[str, Any]:
    """Return the entry of a value that is no array."""
    match value:
        case bool():
            return {"kind": "bool", "value": value}
        case int():
            return {"kind": "int", "value": hex(value)}  # JSON's are of 53 bits to some
        case float():
            return {"kind": "float", "value": struct.pack(">d", value).hex()}
        case str():
            return {"kind": "str", "value": value}
    raise TypeError(f"{name} is a {type(value).__name__}, not a number, a string or an array.")


def _entry(entry: Any) -> tuple[str, Any]:
    """Return name and value of an entry; of an array what is declared of it."""
    name, kind = _string(entry["name"]), entry["kind"]
    if kind == "array":
        return name, _declared(name, entry)
    value = entry["value"]
    match kind:
        case "bool" if isinstance(value, bool):
            return name, value
        case "int":
            return name, int(_string(value), 16)
        case "float":
            return name, struct.unpack(">d", bytes.fromhex(_string(value)))[0]
        case "str":
            return name, _string(value)
    raise ValueError(f"{name} is of no known kind")


def _declared(name: str, entry: Any) -> _Declared:
    """Return the layout that the header declares of an array."""
    dtype, shape = entry["dtype"], entry["shape"]
    if dtype not in DTYPES:
        raise ValueError(f"{name} has elements of no known type")
    if not isinstance(shape, list) or len(shape) > MOST_AXES:
        raise ValueError(f"{name} has no shape")
    if not all(type(n) is int and 0 <= n < 2**63 for n in shape):
        raise ValueError(f"{name} has a shape that no array has")
    return _Declared(np.dtype(dtype), tuple(shape))


def _read_array(file: BinaryIO, declared: _Declared, digest: Any) -> ndarray:
    """Read an array into memory of its own."""
    array = np.empty(declared.shape, declared.dtype)
    content = _bytes_of(array)
    if file.readinto(content) != len(content):  # type: ignore[attr-defined]
        raise ValueError("it ends too early")
    digest.update(content)
    if declared.dtype.kind == "b" and array.view(np.uint8).max(initial=0) > 1:
        raise ValueError("it holds truth values that are neither true nor false")
    return array.astype(declared.dtype.newbyteorder("="), copy=False)


def _sizes(file: BinaryIO, digest: Any) -> tuple[int, int]:
    """Return the sizes of header and body, which must add up to the file's."""
    preamble = _read(file, PREAMBLE.size)
    digest.update(preamble)
    magic, version, header, body = PREAMBLE.unpack(preamble)
    if magic != MAGIC:
        raise ValueError("it does not begin like one")
    if version != VERSION:
        raise ValueError(f"its format is {version}, this version of pinnsolve reads {VERSION}")
    wanted, found = PREAMBLE.size + header + body + DIGEST, os.fstat(file.fileno()).st_size
    if wanted != found:
        raise ValueError(f"it should have {wanted:,} bytes, but has {found:,}")
    if header > LONGEST_HEADER:
        raise ValueError(f"its header has {header:,} bytes")
    return header, body


def _read(file: BinaryIO, size: int) -> bytes:
    """Read exactly so many bytes."""
    content = file.read(size)
    if len(content) != size:
        raise ValueError("it ends too early")
    return content


def _bytes_of(array: ndarray) -> memoryview:
    """Return the memory of an array in C order."""
    return array.reshape(-1).view(np.uint8).data


def _string(value: Any) -> str:
    """Return a value that must be a string."""
    if not isinstance(value, str):
        raise ValueError("a string is missing in its header")
    return value
