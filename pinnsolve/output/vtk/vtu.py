"""The solution as a VTU file, which every ParaView reads.

The same points, cells and values as in the VTKHDF file, compressed, and nothing else. A solution
in time is a series of such files: see `pvd`.
"""

from pathlib import Path

from pinnsolve.output.vtk.grid import Grid
from pinnsolve.solution.solution import Solution
from pinnsolve.storage.files import replacing

CELL_TYPES = {1: "vertex", 2: "line", 3: "triangle", 4: "tetra"}  # meshio's name, by corners


def write(path: Path, _: Solution, grid: Grid) -> None:
    """Write ``solution.vtu``.

    Parameters
    ----------
    path
        The file.
    grid
        The nodes, cells and values of the solution.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    with replacing(path) as unfinished:
        write_grid(unfinished, grid)


def write_grid(path: Path, grid: Grid) -> None:
    """Write a grid that does not change in time.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    import meshio

    cells = [(CELL_TYPES[grid.cells.shape[1]], grid.cells)]
    of_cells = {name: [values] for name, values in grid.cell_values.items()}
    mesh = meshio.Mesh(grid.points, cells, point_data=grid.values, cell_data=of_cells)
    meshio.vtu.write(path, mesh)
