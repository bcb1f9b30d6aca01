"""The folder of a run: every file whole, and no earlier run lost."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from pinnsolve.geometry import Domain
from pinnsolve.output import WRITERS
from pinnsolve.output.files import free_directory, make_directory, remove_file, write_file
from pinnsolve.output.grid import grid
from pinnsolve.output.metrics import metrics_json
from pinnsolve.solution import Solution


def write_run(
    solution: Solution,
    domain: Domain,
    directory: Path,
    formats: Sequence[str],
    overwrite: bool = False,
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
        on, so that no earlier run is lost.
    formats
        Which of `WRITERS` to use.
    overwrite
        Write into the folder whatever is there, and remove what an earlier run left there in
        formats that are not wanted now.

    Raises
    ------
    FileError
        If a file cannot be written.
    """
    from pinnsolve.output import report  # draws with matplotlib, which is slow to import

    start = perf_counter()
    directory = directory if overwrite else free_directory(directory)
    make_directory(directory)
    write_file(directory / "problem.toml", solution.problem.to_toml().encode())
    paths = [directory / "problem.toml"]
    drawn = grid(solution, domain)
    for name, write in WRITERS.items():
        path = directory / f"solution.{name}"
        if name in formats:
            write(path, solution, drawn)
            paths.append(path)
        else:
            remove_file(path)
    report.write(directory / "report.html", solution, drawn, domain)
    timed = replace(solution, seconds=_with_output(solution.seconds, perf_counter() - start))
    write_file(directory / "metrics.json", metrics_json(timed).encode())
    return [*paths, directory / "report.html", directory / "metrics.json"]


def _with_output(seconds: Mapping[str, float], output: float) -> dict[str, float]:
    """Return the times with that of the output, which is part of the total."""
    return {**seconds, "output": output, "total": seconds.get("total", 0.0) + output}
