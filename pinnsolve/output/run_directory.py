"""The folder of a run: every file whole, and no earlier run lost."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter

from pinnsolve.geometry import Domain
from pinnsolve.output import observables
from pinnsolve.output.metrics import metrics_json
from pinnsolve.output.vtk import pvd, vtkhdf, vtu
from pinnsolve.output.vtk.grid import grid
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.solution.solution import Solution
from pinnsolve.storage.files import remove_file, write_file
from pinnsolve.storage.folder import STATUS, begin, claimed
from pinnsolve.storage.lock import is_mine

WRITERS = {"hdf": vtkhdf.write, "vtu": vtu.write, "pvd": pvd.write}  # they write solution.<suffix>
SERIES = {"vtu": "pvd"}  # what takes the place of a format where there are time levels


def write_run(
    solution: Solution,
    domain: Domain,
    directory: Path,
    formats: Sequence[str],
    overwrite: bool = False,
    watch: Watch = unwatched,
    began: float | None = None,
) -> list[Path]:
    """Write all files of a run and return their paths.

    Parameters
    ----------
    solution
        The outcome of the run.
    domain
        Where it lives.
    directory
        The folder wished for, as ``runs/poisson``; if it is not empty, ``runs/poisson-2`` and so
        on, so that no earlier run is lost. One that this process has claimed is taken as it is.
    formats
        ``hdf``, ``vtu`` or both; in time ``vtu`` stands for a series of such files.
    overwrite
        Write into the folder whatever is there, and remove what an earlier run left there in
        formats that are not wanted now.
    watch
        Told of the progress.
    began
        When the writing began, by `time.perf_counter`; None for now.

    Raises
    ------
    FileError
        If a file cannot be written.
    """
    began = perf_counter() if began is None else began
    if is_mine(directory):
        return _write_into(directory, solution, domain, formats, watch, began)
    with claimed(directory, overwrite) as claim:
        remove_file(claim.folder / STATUS)  # of an earlier run
        begin(claim.folder, solution.problem.to_toml())
        return _write_into(claim.folder, solution, domain, formats, watch, began)


def _write_into(
    directory: Path,
    solution: Solution,
    domain: Domain,
    formats: Sequence[str],
    watch: Watch,
    began: float,
) -> list[Path]:
    """Write all files of a run into a folder that is claimed."""
    from pinnsolve.output.report import report

    remove_file(directory / "metrics.json")  # written last: a folder that has it is whole
    write_file(directory / "problem.toml", solution.problem.to_toml().encode())
    paths = [directory / "problem.toml"]
    drawn = grid(solution, domain)
    in_time = {} if drawn.times is None else SERIES
    suffixes = {in_time.get(name, name) for name in formats}
    writers = WRITERS | {"pvd": partial(pvd.write, watch=watch)}
    for suffix, write in writers.items():
        path = directory / f"solution.{suffix}"
        if suffix in suffixes:
            watch(Progress("output", note=path.name))
            write(path, solution, drawn)
            paths.append(path)
        elif suffix == "pvd":
            pvd.remove(path)
        else:
            remove_file(path)
    paths += observables.write(directory, solution, formats)
    watch(Progress("output", note="report.html"))
    content = report.contents(solution, drawn, domain)
    # one time in all files: what is left to do takes none to speak of
    seconds = _with_output(solution.course.seconds, perf_counter() - began)
    timed = replace(solution, course=replace(solution.course, seconds=seconds))
    report.write(directory / "report.html", timed, content)
    write_file(directory / "metrics.json", metrics_json(timed).encode())
    return [*paths, directory / "report.html", directory / "metrics.json"]


def _with_output(seconds: Mapping[str, float], output: float) -> dict[str, float]:
    """Return the times with that of the output, which is part of the total."""
    return {**seconds, "output": output, "total": seconds.get("total", 0.0) + output}
