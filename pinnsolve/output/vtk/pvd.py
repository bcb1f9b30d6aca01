"""The solution in time as a series of VTU files, which every ParaView opens by its list.

``solution.pvd`` names a file and a time for each level:

    solution.pvd
    solution/0000.vtu, solution/0001.vtu, …

All files are written under other names first and renamed together, the list last: whoever finds a
list finds every file of it whole.

Source: ParaView's file formats, PVD, https://www.paraview.org/Wiki/ParaView/Data_formats.
"""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from pinnsolve.output.vtk.grid import Grid
from pinnsolve.output.vtk.vtu import write_grid
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.solution.solution import Solution
from pinnsolve.storage.files import remove_file, replacing

LIST = """<?xml version="1.0"?>
<VTKFile type="Collection" version="0.1" byte_order="LittleEndian">
<Collection>
{entries}
</Collection>
</VTKFile>
"""
ENTRY = '<DataSet timestep="{time!r}" group="" part="0" file="{file}"/>'


def write(path: Path, _: Solution, grid: Grid, watch: Watch = unwatched) -> None:
    """Write ``solution.pvd`` and the folder ``solution``.

    Parameters
    ----------
    path
        The list; the folder beside it has its name without the suffix. What an earlier run of
        more levels left there is removed.
    grid
        The nodes, cells and values of a solution in time.
    watch
        Told of each level.

    Raises
    ------
    FileError
        If a file cannot be written.
    """
    assert grid.times is not None
    folder = path.with_suffix("")
    files = [folder / f"{level:04d}.vtu" for level in range(len(grid.times))]
    with ExitStack() as waiting:  # leaves what was entered last first
        unfinished_list = waiting.enter_context(replacing(path))
        for level, file in enumerate(files):
            watch(Progress("output", level / len(files), note=path.name))
            write_grid(waiting.enter_context(replacing(file)), grid.at(level))
        entries = [
            ENTRY.format(time=float(time), file=f"{folder.name}/{file.name}")
            for time, file in zip(grid.times, files, strict=True)
        ]
        unfinished_list.write_text(LIST.format(entries="\n".join(entries)), encoding="utf-8")
        remove(path, keep=files)  # from here on: a list that is there is the new one


def remove(path: Path, keep: Sequence[Path] = ()) -> None:
    """Remove the list and the files of its levels, where they are there.

    Parameters
    ----------
    path
        The list.
    keep
        Files to be left alone.

    Raises
    ------
    FileError
        If one cannot be removed.
    """
    remove_file(path)
    folder = path.with_suffix("")
    for file in folder.glob("*.vtu"):
        if file.stem.isdecimal() and file not in keep:
            remove_file(file)
    with suppress(OSError):  # not there, or not empty
        folder.rmdir()
