"""Node sets read from and written to files.

HDF5 (``.h5``, ``.hdf5``) holds everything; its layout, version 1:

    /x        (N, d)  interior, boundary and ghost nodes, in this order; ghosts ring by ring
    /normals  (B, d)  outward unit normals of the boundary nodes
    /tags     (B,)    index of each boundary node's piece
    /pieces   (P,)    names of the pieces
    attributes: format = "pinnsolve nodes", version = 1, n_interior, spacing

CSV holds a header and one node per line: ``x,y,z,kind,nx,ny,nz,piece`` with as many coordinates
as there are (``x1,x2,…`` and ``n1,n2,…`` above three), kind ``interior``, ``boundary`` or
``ghost``; normals and piece of the boundary nodes only. VTK and VTU files (read only) give the
points, and as point data ``normals`` (zero in the interior) and, if there are several, the
``piece`` of each boundary point as a number.
"""

import csv
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.errors import FileError, NodesError, printable
from pinnsolve.geometry.nodes import UNIT, Nodes
from pinnsolve.outside import must_be_ordinary
from pinnsolve.problem.data_files import remark
from pinnsolve.table import read as read_table

FORMAT, VERSION = "pinnsolve nodes", 1
KINDS = ("interior", "boundary", "ghost")
MOST_ROWS = 50_000_000  # more than can be solved on, ghosts included
LONGEST_NAMES = 2**20  # bytes that the names of pieces may take
ROUNDED = 1e-3  # how far from 1 the length of a normal written with few digits may be


def read(path: Path) -> Nodes:
    """Read a node set.

    Parameters
    ----------
    path
        File with the suffix ``.h5``, ``.hdf5``, ``.csv``, ``.vtk`` or ``.vtu``.

    Raises
    ------
    FileError
        If the file is missing, broken, or not a valid node set.
    """
    reader = _by_suffix(path, READERS, "read")
    must_be_ordinary(path)
    try:
        return reader(path)
    except NodesError as error:
        raise FileError(f"{path}: {error}") from error
    except ValueError as error:
        raise FileError(f"{path}: {str(error).rstrip('.')}.") from error
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}.") from error


def write(path: Path, nodes: Nodes) -> None:
    """Write a node set: to a temporary file first, so that the file is never half written.

    Parameters
    ----------
    path
        File with the suffix ``.h5``, ``.hdf5`` or ``.csv``; replaced if it exists.
    nodes
        What to write, ghosts included.

    Raises
    ------
    FileError
        If the file cannot be written, or its kind is not known.
    """
    writer = _by_suffix(path, WRITERS, "write")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer(unfinished, nodes)
        os.replace(unfinished, path)
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _by_suffix(path: Path, table: Mapping[str, Any], verb: str) -> Any:
    """Return the function for a file's suffix."""
    found = table.get(path.suffix.lower())
    if found is None:
        raise FileError(
            f"cannot {verb} {path}: nodes come as {', '.join(sorted(table))}.{remark(path)}"
        )
    return found


def _read_hdf(path: Path) -> Nodes:
    from pinnsolve.hdf5 import attribute, opened, strings  # slow to import

    with opened(path, "the node set") as file:
        if attribute(file, "format") != FORMAT:
            raise FileError(f'{path}: holds no node set (its attribute format is not "{FORMAT}").')
        version = attribute(file, "version")
        if version != VERSION:
            raise FileError(
                f"{path}: has version {version} of the layout; this version of "
                f"pinnsolve reads version {VERSION}."
            )
        n_interior, spacing = (attribute(file, name) for name in ("n_interior", "spacing"))
        if not isinstance(n_interior, int) or isinstance(n_interior, bool):
            raise ValueError("its attribute n_interior is missing, or not a whole number")
        if isinstance(spacing, str | bool | None):
            raise ValueError("its attribute spacing is missing, or not a number")
        x = _reals(file, "x", 2)
        return Nodes(
            x,
            n_interior,
            _reals(file, "normals", 2),
            _whole(_reals(file, "tags", 1)),
            _names(strings(file, "pieces", LONGEST_NAMES)),
            float(spacing),
        )


def _reals(file: Any, name: str, axes: int) -> ndarray:
    """Return an array of real numbers with so many axes."""
    from pinnsolve.hdf5 import numbers, shape

    found = shape(file, name)
    if len(found) != axes or found[0] > MOST_ROWS:
        wanted = "a row of numbers for each node" if axes == 2 else "a number for each node"
        raise ValueError(f"{name} has the shape {found}, not {wanted}, at most {MOST_ROWS:,}")
    array = numbers(file, name)
    if array.dtype.kind == "b":
        raise ValueError(f"{name} holds truth values, not numbers")
    return array.astype(float)


def _whole(tags: Float[ndarray, "B"]) -> Int[ndarray, "B"]:
    """Return the numbers of pieces as integers."""
    wrong = np.flatnonzero(~(np.abs(tags) < MOST_ROWS) | (tags != np.round(tags)))
    if len(wrong):
        b = int(wrong[0])
        raise ValueError(f"tags gives boundary node {b} the piece {tags[b]:g}, not a number from 0")
    return tags.astype(int)


def _names(pieces: Sequence[str]) -> tuple[str, ...]:
    """Return the names of pieces, each one a name and no other's."""
    twice = Counter(pieces)
    bad = next((p for p in pieces if not (p.strip() and p.isprintable() and twice[p] == 1)), None)
    if bad is not None:
        raise ValueError(f"{bad!r} in pieces is no name, or stands there twice")
    return tuple(pieces)


def _write_hdf(path: Path, nodes: Nodes) -> None:
    import h5py  # slow to import

    with h5py.File(path, "w") as file:
        file.attrs.update(
            format=FORMAT, version=VERSION, n_interior=nodes.n_interior, spacing=nodes.spacing
        )
        file["x"] = nodes.x
        file["normals"] = nodes.normals
        file["tags"] = nodes.tags
        file["pieces"] = [name.encode() for name in nodes.pieces]


def _axes(dim: int) -> tuple[list[str], list[str]]:
    """Return the names of the columns of coordinates and normals."""
    names = list("xyz")[:dim] if dim <= 3 else [f"x{i + 1}" for i in range(dim)]
    return names, [f"n{name.removeprefix('x') if dim > 3 else name}" for name in names]


def _write_csv(path: Path, nodes: Nodes) -> None:
    coordinates, normals = _axes(nodes.dim)
    blank = [""] * (nodes.dim + 1)
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow([*coordinates, "kind", *normals, "piece"])
        out.writerows([*x, "interior", *blank] for x in nodes.x[nodes.interior].tolist())
        out.writerows(
            [*x, "boundary", *n, nodes.pieces[tag]]
            for x, n, tag in zip(
                nodes.x[nodes.boundary].tolist(), nodes.normals.tolist(), nodes.tags, strict=True
            )
        )
        out.writerows([*x, "ghost", *blank] for x in nodes.x[nodes.ghost].tolist())


def _read_csv(path: Path) -> Nodes:
    table = read_table(path)
    columns = table.columns
    dim = next((d for d in range(20, 0, -1) if set(_axes(d)[0]) <= set(columns)), 0)
    coordinates, normals = _axes(dim)
    if not dim or not {*normals, "kind"} <= set(columns):
        raise FileError(
            f"{path}: the header has the columns {', '.join(table.names[:20])}, but must have "
            f"{', '.join([*_axes(max(dim, 1))[0], 'kind', *_axes(max(dim, 1))[1]])}."
        )
    kind = np.array([KINDS.index(k) if k in KINDS else -1 for k in columns["kind"]])
    if (kind < 0).any():
        wrong = int(np.argmin(kind))
        found = printable(columns["kind"][wrong][:20])
        raise FileError(
            f'{path}:{table.lines[wrong]}: the kind is "{found}", but must be one of '
            f"{', '.join(KINDS)}."
        )
    inner, on_boundary, ghosts = (kind == k for k in range(len(KINDS)))
    x = np.stack([table.numbers(name) for name in coordinates], axis=1)
    names = [name or "surface" for name in columns.get("piece", [""] * len(kind))]
    return _assemble(
        x[inner],
        x[on_boundary],
        x[ghosts],
        np.stack([table.numbers(name, on_boundary) for name in normals], axis=1),
        list(compress(names, on_boundary)),
    )


def _read_vtk(path: Path) -> Nodes:
    from pinnsolve.vtk import read as read_mesh

    x, fields = read_mesh(path)
    normals = fields.get("normals")
    if normals is None or normals.shape != x.shape or normals.dtype.kind not in "iuf":
        raise FileError(
            f'{path}: has no point data "normals" with a vector for each point, zero in the '
            "interior, so what is boundary cannot be told."
        )
    if not x[:, 2].any() and not normals[:, 2].any():
        x, normals = x[:, :2], normals[:, :2]  # the format knows three coordinates only
    on_boundary = ~(normals == 0).all(axis=1)  # what is no number is not the interior's
    given = fields.get("piece", np.zeros(len(x)))
    if given.shape not in ((len(x),), (len(x), 1)) or given.dtype.kind not in "iuf":
        raise FileError(f'{path}: its point data "piece" has no whole number for each point.')
    number = _whole(given.reshape(-1)[on_boundary].astype(float))
    pieces = np.unique(number)
    names = [f"piece{n}" if len(pieces) > 1 else "surface" for n in number]
    return _assemble(
        x[~on_boundary], x[on_boundary], x[:0], normals[on_boundary].astype(float), names
    )


def _assemble(
    interior: Float[ndarray, "I d"],
    boundary: Float[ndarray, "B d"],
    ghosts: Float[ndarray, "G d"],
    normals: Float[ndarray, "B d"],
    names: Sequence[str],
) -> Nodes:
    """Return the nodes; their spacing is the median distance to the nearest neighbour."""
    closed = np.concatenate([interior, boundary])
    if len(closed) < 2 or not np.isfinite(closed).all():
        raise NodesError("there must be two nodes or more, with finite coordinates.")
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    off = np.abs(lengths - 1).max(initial=0)
    if UNIT < off < ROUNDED:
        normals = normals / lengths
    gaps = KDTree(closed).query(closed, 2)[0][:, 1]
    spacing = float(np.median(gaps[gaps > 0])) if gaps.any() else 1.0
    pieces = _names(list(dict.fromkeys(names)))  # in the order in which they appear
    number = {name: i for i, name in enumerate(pieces)}
    return Nodes(
        np.concatenate([closed, ghosts]),
        len(interior),
        normals,
        np.array([number[name] for name in names], dtype=int),
        pieces,
        spacing,
    )


READERS: Mapping[str, Callable[[Path], Nodes]] = {
    ".h5": _read_hdf,
    ".hdf5": _read_hdf,
    ".csv": _read_csv,
    ".vtk": _read_vtk,
    ".vtu": _read_vtk,
}
WRITERS: Mapping[str, Callable[[Path, Nodes], None]] = {
    ".h5": _write_hdf,
    ".hdf5": _write_hdf,
    ".csv": _write_csv,
}
