"""The command ``pinnsolve evaluate``: solutions of a family for functions in a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinnsolve.cli import terminal
from pinnsolve.cli.solving import Accept, Json
from pinnsolve.errors import Fault, FileError, ProblemError
from pinnsolve.machine import prepare

if TYPE_CHECKING:
    from pinnsolve.problem import Problem
    from pinnsolve.solution.ensemble import Evaluated
    from pinnsolve.solution.solution import Solution

NOT_RESOLVED = 7
SHOWN = 10  # functions that get a line


def evaluate(
    run: Annotated[
        Path, typer.Argument(help="Folder of the run, as runs/NAME.", show_default=False)
    ],
    functions: Annotated[
        list[str],
        typer.Option(
            "--input",
            metavar="[NAME=]FILE",
            help="CSV file: the coordinates, and a column for each function. One for each input.",
            show_default=False,
        ),
    ],
    at: Annotated[
        Path | None, typer.Option(help="CSV file of points; default: the nodes of the run.")
    ] = None,
    refine: Annotated[
        bool, typer.Option("--refine", help="Improve each solution by Newton's method.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder; default: RUN-evaluated.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; default: the usable cores.")
    ] = None,
    accept: Accept = False,
    json: Json = False,
) -> int:
    """Solve the problems of a family that functions in a file pose.

    The run has been trained by method operator. Each solution comes with an estimated error, and a
    warning if its function is unlike those that were trained with.
    """
    prepare(threads)
    import numpy as np

    from pinnsolve.methods.evaluation import evaluate as solved
    from pinnsolve.methods.evaluation import read_functions
    from pinnsolve.output.ensemble import write_ensemble
    from pinnsolve.output.metrics import plain

    solution = _trained(run)
    own, names = read_functions(solution.problem, _files(solution.problem, functions))
    found = solved(
        solution, own, names, None if at is None else _points(solution, at), refine=refine
    )
    folder = run.parent if run.is_file() else run
    paths = write_ensemble(
        out or folder.with_name(f"{folder.resolve().name}-evaluated"), solution.problem, found
    )
    if json:
        told: dict[str, Any] = {"functions": _rows(found), "files": list(map(str, paths))}
        terminal.say_json(plain(told))
    else:
        terminal.say("\n".join([*_lines(found), "", *map(str, paths)]))
    without = int(np.isnan(found.values).all(axis=(0, 2)).sum())
    if without:
        terminal.tell(f"warning: {without} of {len(found.x)} points lie outside of the domain.")
    unlike = int(found.is_unlike.sum())
    if unlike:
        terminal.tell(
            f"warning: {unlike} of {len(names)} functions are unlike those that were trained with."
        )
    return 0 if accept or found.is_resolved.all() else NOT_RESOLVED


def _trained(run: Path) -> "Solution":
    """Return the solution of a run.

    Raises
    ------
    ProblemError
        If it is not that of a family.
    """
    from pinnsolve.run import load_solution

    solution = load_solution(run)
    if solution.problem.family is None:
        message = f"{run}: the run has solved one problem, and not a family."
        raise ProblemError(Fault((), message, "Give a run whose problem file has [operator]."))
    return solution


def _files(problem: "Problem", given: list[str]) -> dict[str, Path]:
    """Return the file of each input.

    Raises
    ------
    FileError
        If an input has none, or more than one.
    """
    assert problem.family is not None
    names = [own.name for own in problem.family.inputs]
    files: dict[str, Path] = {}
    for text in given:
        name, sign, path = text.partition("=")
        if sign and name not in names and not Path(text).exists():
            known = ", ".join(names)
            raise FileError(f'--input {text}: there is no input "{name}". Known: {known}.')
        if not sign or name not in names:
            name, path = names[0], text
        if name in files or (len(names) > 1 and path == text):
            raise FileError(
                f"--input {text}: write NAME=FILE, once for each of {', '.join(names)}."
            )
        files[name] = Path(path)
    for name in names:
        if name not in files:
            raise FileError(f'the input "{name}" has no file. Add --input {name}=FILE.')
    return files


def _points(solution: "Solution", path: Path) -> Any:
    """Return points from a file."""
    import numpy as np

    from pinnsolve.table import read

    table = read(path)
    names = solution.problem.equations[0].symbols.coordinates
    return np.column_stack([table.numbers(name) for name in names])


def _rows(found: "Evaluated") -> list[dict[str, Any]]:
    """Return the figures of each function."""
    return [
        {
            "name": name,
            "error_estimate": {field: e[i] for field, e in found.estimates.items()},
            "is_resolved": found.is_resolved[i],
            "is_unlike": found.is_unlike[i],
            "outside": found.outside[i],
            "distance": found.distance[i],
        }
        for i, name in enumerate(found.names)
    ]


def _lines(found: "Evaluated") -> list[str]:
    """Return lines on the functions, those of the largest errors first."""
    import numpy as np

    worst = np.max([*found.estimates.values()], axis=0)
    order = np.argsort(-np.nan_to_num(worst, nan=np.inf), kind="stable")[:SHOWN].tolist()
    head = ("function", *(f"estimated error of {name}" for name in found.estimates), "")
    rows = [head] + [
        (
            found.names[i],
            *(f"{e[i]:.2e}" for e in found.estimates.values()),
            "unlike the family" if found.is_unlike[i] else "",
        )
        for i in order
    ]
    count = int(found.is_resolved.sum())
    told = f"{len(found.names)} functions at {len(found.x):,} points: {count} resolved."
    rest = len(found.names) - len(order)
    return [told, *terminal.table(rows), *([f"{rest} more have smaller errors."] if rest else [])]
