"""The command ``pinnsolve export``: a trained solution as a file that other programs run."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pinnsolve.cli import terminal
from pinnsolve.cli.solving import Json
from pinnsolve.machine import prepare


class Format(StrEnum):
    """For what the file is."""

    torch = "torch"
    onnx = "onnx"


def export(
    run: Annotated[
        Path, typer.Argument(help="Folder of the run, as runs/NAME.", show_default=False)
    ],
    kind: Annotated[
        Format, typer.Option("--format", help="A program of torch.export, or ONNX.")
    ] = Format.torch,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file; default: RUN.pt2 or RUN.onnx.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; default: the usable cores.")
    ] = None,
    json: Json = False,
) -> int:
    """Write a network as a file that needs nothing of pinnsolve: for torch, or ONNX.

    It takes points, and of a family before them the values of functions at the sensors, any number
    of each, and gives the fields. What is written is compared with the run before it is told of.
    """
    prepare(threads)
    from pinnsolve.methods.export import FORMATS
    from pinnsolve.methods.export import export as written
    from pinnsolve.run import load_solution

    solution = load_solution(run)
    folder = (run.parent if run.is_file() else run).resolve()
    path = out or folder.with_name(folder.name + FORMATS[kind.value])
    error = written(solution, path, kind.value)
    if json:
        terminal.say_json({"file": str(path), "difference": error})
    else:
        terminal.say(f"{path}: agrees with the run to {error:.0e} of the largest value.")
    return 0
