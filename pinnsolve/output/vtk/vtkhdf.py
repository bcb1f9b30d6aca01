"""The solution as VTKHDF: one file that is HDF5 for scripts and a grid for ParaView.

ParaView reads the group ``/VTKHDF`` and leaves the others alone:

    /VTKHDF       unstructured grid, version 1.0, which ParaView 5.11 opens under the suffix .hdf;
                  of a solution in time version 2.0: the cells once, and of each array of values
                  the time levels one after another; ``Steps/Values`` are the times. ParaView 5.11
                  shows the first of them only (`pvd` is for every version)
    /nodes        x (with ghosts), normals, tags, pieces, region if there are several; as
                  attributes: spacing, n_interior
    /answer       the fields: weights of a network, or values at all nodes (see `solutions`)
    /history      the course of the training, one array for each column
    /provenance   problem (TOML), metrics (JSON), versions (JSON)

Source: VTK file formats, VTKHDF, https://docs.vtk.org/en/latest/vtk_file_formats/index.html.
"""

import json
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.output.metrics import metrics_json
from pinnsolve.output.vtk.grid import Grid
from pinnsolve.solution.course import Record
from pinnsolve.solution.solution import Solution
from pinnsolve.storage.files import write_file
from pinnsolve.storage.solutions import write_answer

VERTEX, LINE, TRIANGLE, TETRAHEDRON = 1, 3, 5, 10
CELL_TYPES = {1: VERTEX, 2: LINE, 3: TRIANGLE, 4: TETRAHEDRON}  # VTK's number, by corners


def write_grid(path: Path, grid: Grid) -> None:
    """Write a grid alone.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    content = BytesIO()
    with h5py.File(content, "w") as file:
        _write_grid(file, grid)
    write_file(path, content.getvalue())


def write(path: Path, solution: Solution, grid: Grid) -> None:
    """Write ``solution.hdf``.

    Parameters
    ----------
    path
        The file; its suffix should be ``.hdf``, by which ParaView knows it.
    solution
        What to write.
    grid
        Its nodes and cells.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    content = BytesIO()  # a full disk is met in one place, `write_file`, not within HDF5
    with h5py.File(content, "w") as file:
        _write_grid(file, grid)
        _write_nodes(file, solution)
        write_answer(file, solution.answer.state())
        _write_history(file, solution.course.history)
        file["provenance/problem"] = solution.problem.to_toml()
        file["provenance/metrics"] = metrics_json(solution)
        file["provenance/versions"] = json.dumps(dict(solution.provenance.versions))
    write_file(path, content.getvalue())


def _write_grid(file: h5py.File, grid: Grid) -> None:
    """Write the group that ParaView reads."""
    n_cells, corners = grid.cells.shape
    group = file.create_group("VTKHDF")
    group.attrs["Version"] = np.array([1, 0] if grid.times is None else [2, 0])
    group.attrs["Type"] = np.bytes_("UnstructuredGrid")  # VTK wants text of fixed length
    group["NumberOfPoints"] = np.array([len(grid.points)])
    group["NumberOfCells"] = np.array([n_cells])
    group["NumberOfConnectivityIds"] = np.array([grid.cells.size])
    group["Points"] = grid.points
    group["Types"] = np.full(n_cells, CELL_TYPES[corners], dtype=np.uint8)
    group["Offsets"] = corners * np.arange(n_cells + 1)
    group["Connectivity"] = grid.cells.ravel()
    data = group.create_group("PointData")
    for name, values in grid.values.items():
        levels = values if grid.changes(name) else values[None]
        data[name] = levels.reshape(-1, *levels.shape[2:])  # one after another
    if grid.cell_values:
        of_cells = group.create_group("CellData")
        for name, values in grid.cell_values.items():
            of_cells[name] = values
    if grid.times is not None:
        _write_steps(group, grid, grid.times)


def _write_steps(group: h5py.Group, grid: Grid, times: Float[ndarray, " K"]) -> None:
    """Write where each time level begins: points and cells never move on, values may."""
    levels = np.arange(len(times))
    steps = group.create_group("Steps")
    steps.attrs["NSteps"] = len(times)
    steps["Values"] = times
    steps["NumberOfParts"] = np.ones_like(levels)
    steps["PartOffsets"] = np.zeros_like(levels)
    steps["PointOffsets"] = np.zeros_like(levels)
    steps["CellOffsets"] = np.zeros((len(times), 1), dtype=np.int64)
    steps["ConnectivityIdOffsets"] = np.zeros((len(times), 1), dtype=np.int64)
    offsets = steps.create_group("PointDataOffsets")
    for name in grid.values:
        offsets[name] = levels * (len(grid.points) if grid.changes(name) else 0)
    if grid.cell_values:
        offsets = steps.create_group("CellDataOffsets")
        for name in grid.cell_values:
            offsets[name] = np.zeros_like(levels)


def _write_nodes(file: h5py.File, solution: Solution) -> None:
    """Write the nodes that were computed on."""
    nodes = solution.sample.nodes
    group = file.create_group("nodes")
    group["x"], group["normals"], group["tags"] = nodes.x, nodes.normals, nodes.tags
    group.create_dataset("pieces", data=list(nodes.pieces), dtype=h5py.string_dtype())
    if nodes.regions is not None:
        group["region"] = nodes.regions.of
    group.attrs.update(spacing=nodes.spacing, n_interior=nodes.n_interior)


def _write_history(file: h5py.File, history: tuple[Record, ...]) -> None:
    """Write the course of the training; a missing error is NaN."""
    group = file.create_group("history")
    for name in ("seconds", "iteration", "loss"):
        group[name] = np.array([getattr(record, name) for record in history])
    group["relative_l2"] = np.array([record.relative_l2 for record in history], dtype=float)
    group["phase"] = np.array([record.phase for record in history], dtype=h5py.string_dtype())
