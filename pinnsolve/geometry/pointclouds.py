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
import errno
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.errors import FileError, NodesError
from pinnsolve.geometry.nodes import UNIT, Nodes

FORMAT, VERSION = "pinnsolve nodes", 1
KINDS = ("interior", "boundary", "ghost")
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
    try:
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return reader(path)
    except NodesError as error:
        raise FileError(f"{path}: {error}") from error
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
        raise FileError(f"cannot {verb} {path}: nodes come as {', '.join(sorted(table))}.")
    return found


def _read_hdf(path: Path) -> Nodes:
    from pinnsolve.hdf5 import attribute, numbers, opened, strings  # slow to import

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
        if n_interior is None or spacing is None:
            raise ValueError("it lacks n_interior or spacing")
        return Nodes(
            np.asarray(numbers(file, "x"), dtype=float),
            int(n_interior),
            np.asarray(numbers(file, "normals"), dtype=float),
            np.asarray(numbers(file, "tags"), dtype=int),
            tuple(strings(file, "pieces")),
            float(spacing),
        )


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
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file) if any(row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"{path}: not a table of comma-separated values ({error}).") from error
    if len(rows) < 2:
        raise FileError(f"{path}: no nodes in it; it needs a header and one node per line.")
    header, *rows = rows
    uneven = next((i for i, row in enumerate(rows) if len(row) != len(header)), None)
    if uneven is not None:
        raise FileError(
            f"{path}: node {uneven + 1} has {len(rows[uneven])} values, the header {len(header)}."
        )
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    dim = next((d for d in range(20, 0, -1) if set(_axes(d)[0]) <= set(columns)), 0)
    coordinates, normals = _axes(dim)
    if not dim or not {*normals, "kind"} <= set(columns):
        raise FileError(
            f"{path}: the header has the columns {', '.join(header)}, but must have "
            f"{', '.join([*_axes(max(dim, 1))[0], 'kind', *_axes(max(dim, 1))[1]])}."
        )
    kind = np.array(columns["kind"])
    if not np.isin(kind, KINDS).all():
        wrong = int(np.flatnonzero(~np.isin(kind, KINDS))[0])
        raise FileError(
            f'{path}: node {wrong + 1} has the kind "{kind[wrong]}", but must be one of '
            f"{', '.join(KINDS)}."
        )
    on_boundary = kind == "boundary"
    x = _numbers(path, columns, coordinates, np.ones(len(rows), dtype=bool))
    names = np.array(columns.get("piece", ["surface"] * len(rows)))[on_boundary]
    return _assemble(
        x[kind == "interior"],
        x[on_boundary],
        x[kind == "ghost"],
        _numbers(path, columns, normals, on_boundary),
        np.where(names == "", "surface", names),
    )


def _numbers(
    path: Path, columns: Mapping[str, Sequence[str]], names: Sequence[str], rows: ndarray
) -> Float[ndarray, "N d"]:
    """Return columns of a table as numbers, at the rows wanted."""
    cells = np.array([columns[name] for name in names]).T[rows]
    try:
        return cells.astype(float).reshape(-1, len(names))
    except ValueError as error:
        raise FileError(f"{path}: in the columns {', '.join(names)}: {error}.") from error


def _read_vtk(path: Path) -> Nodes:
    import meshio  # slow to import

    reader = meshio.vtk.read if path.suffix.lower() == ".vtk" else meshio.vtu.read
    try:
        mesh = reader(path)
    except Exception as error:  # its readers trip over broken files in many ways
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise FileError(f"{path}: not a VTK file, or a broken one ({reason}).") from error
    fields = {name.lower(): np.asarray(field) for name, field in mesh.point_data.items()}
    x = np.asarray(mesh.points, dtype=float)
    normals = fields.get("normals")
    if normals is None or normals.shape != x.shape:
        raise FileError(
            f'{path}: has no point data "normals" with a vector for each point, zero in the '
            "interior, so what is boundary cannot be told."
        )
    if len(x) and not x[:, 2].any() and not normals[:, 2].any():
        x, normals = x[:, :2], normals[:, :2]  # the format knows three coordinates only
    on_boundary = np.linalg.norm(normals, axis=1) > 0
    number = fields.get("piece", np.zeros(len(x))).reshape(len(x), -1)[:, 0].astype(int)
    pieces = np.unique(number[on_boundary])
    names = np.array([f"piece{n}" if len(pieces) > 1 else "surface" for n in number[on_boundary]])
    return _assemble(x[~on_boundary], x[on_boundary], x[:0], normals[on_boundary], names)


def _assemble(
    interior: Float[ndarray, "I d"],
    boundary: Float[ndarray, "B d"],
    ghosts: Float[ndarray, "G d"],
    normals: Float[ndarray, "B d"],
    names: ndarray,
) -> Nodes:
    """Return the nodes; their spacing is the median distance to the nearest neighbour."""
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    off = np.abs(lengths - 1).max(initial=0)
    if UNIT < off < ROUNDED:
        normals = normals / lengths
    closed = np.concatenate([interior, boundary])
    if len(closed) < 2 or not np.isfinite(closed).all():
        raise NodesError("there must be two nodes or more, with finite coordinates.")
    spacing = float(np.median(KDTree(closed).query(closed, 2)[0][:, 1]))
    pieces, first, tags = np.unique(names, return_index=True, return_inverse=True)
    order = np.argsort(first)  # pieces in the order in which they appear
    rank = np.argsort(order)
    return Nodes(
        np.concatenate([closed, ghosts]),
        len(interior),
        normals,
        rank[tags].astype(int),
        tuple(str(name) for name in pieces[order]),
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
