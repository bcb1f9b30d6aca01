"""The commands ``pinnsolve bench …``: measure, print a table, draw a picture."""

from collections.abc import Sequence
from dataclasses import asdict
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pinnsolve.cli import terminal
from pinnsolve.cli.solving import Json, Quiet
from pinnsolve.errors import FileError
from pinnsolve.machine import prepare

CONTEXT = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    help="Measure what derivatives and steps of training cost, and how exact they are."
)

Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads; default: the usable cores.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Draw the result: .png, .svg.")]
Repeats = Annotated[int, typer.Option(min=1, help="Of each measurement; medians count.")]


@app.command()
def derivatives(
    orders: Annotated[str, typer.Option(help="Highest orders, as 1-9 or 2,4,8.")] = "1-9",
    widths: Annotated[str, typer.Option(help="Of the hidden layers, as 24 or 24,48.")] = "24",
    depths: Annotated[str, typer.Option(help="Numbers of hidden layers, as 3 or 3,5,7.")] = "3",
    batches: Annotated[str, typer.Option(help="Numbers of points, as 256 or 64,1024.")] = "256",
    precision: Annotated[
        Literal["float64", "float32"], typer.Option(help="float64 or float32.")
    ] = "float64",
    device: Annotated[Literal["cpu", "cuda"], typer.Option(help="cpu or cuda.")] = "cpu",
    against: Annotated[
        Literal["jet"] | None, typer.Option(help="Measure the package jet-for-pytorch, too: jet.")
    ] = None,
    repeats: Repeats = 9,
    threads: Threads = None,
    out: Out = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Time and memory of derivatives against their order, by Taylor mode and nested autograd.

    Every width is measured with every depth and batch. Times are forward + backward pass.
    """
    wanted = _numbers("orders", orders, 1, 20)
    combined = (
        _numbers("widths", widths, 1, 10_000),
        _numbers("depths", depths, 1, 100),
        _numbers("batches", batches, 1, 1_000_000),
    )
    _check_picture(out)
    prepare(threads)
    with terminal.display(quiet or json) as watch:
        from pinnsolve.bench.derivatives import measure, summary, table

        _check_device(device)
        cases = measure(wanted, *combined, precision, device, repeats, against, watch)
    if out is not None:
        from pinnsolve.bench.figures import draw_costs

        draw_costs(cases, out)
    text = [*terminal.table(table(cases)), ""]
    count = prod(map(len, combined))
    if count == 1:
        text += ["ms: all = forward + backward pass; MiB: most memory at once"]
    else:
        text += ["ms: forward and backward pass together; MiB: most memory at once", ""]
        text += [f"medians over {count} combinations, and in how many Taylor mode is done sooner"]
        text += terminal.table(summary(cases))
    _show([case.row() for case in cases], text, out, json)


@app.command()
def depth(
    operator: Annotated[
        Literal["laplacian", "biharmonic"], typer.Option(help="laplacian or biharmonic.")
    ] = "laplacian",
    depths: Annotated[str, typer.Option(help="Numbers of hidden layers, as 1-10.")] = "1-10",
    nodes: Annotated[int, typer.Option(min=100, help="Number of nodes.")] = 1663,
    repeats: Repeats = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the random weights.")] = 0,
    threads: Threads = None,
    out: Out = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Error and time of an operator by RBF-FD, autograd and Taylor mode against the depth."""
    wanted = _numbers("depths", depths, 1, 100)
    _check_picture(out)
    prepare(threads)
    with terminal.display(quiet or json) as watch:
        from pinnsolve.bench.depth import accuracies, lines

        rows = accuracies(operator, wanted, nodes, repeats, seed, watch)
    if out is not None:
        from pinnsolve.bench.figures import draw_accuracies

        draw_accuracies(rows, out)
    _show([asdict(row) for row in rows], terminal.table(lines(rows)), out, json)


@app.command()
def acceleration(
    study: Annotated[
        Literal["problems", "batch", "depth"],
        typer.Option(help="Against what: problems, batch or depth."),
    ] = "problems",
    problems: Annotated[str, typer.Option(help="Some of them, as burgers,schrodinger.")] = "",
    configurations: Annotated[str, typer.Option(help="Some of them, as mixed,compile.")] = "",
    iterations: Annotated[int, typer.Option(min=0, help="After which errors are told.")] = 0,
    repeats: Repeats = 5,
    threads: Threads = None,
    out: Out = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Time of an iteration of Adam by every acceleration, for the problems of PINNs-Torch."""
    _check_picture(out)
    prepare(threads)
    with terminal.display(quiet or json) as watch:
        from pinnsolve.bench.acceleration import (
            COLUMNS,
            CONFIGURATIONS,
            PAPER,
            STUDIED,
            accelerations,
            cases,
        )
        from pinnsolve.bench.rows import lines, machine, said
        from pinnsolve.cli.shipped import folder

        known = {case.problem for case in (PAPER if study == "problems" else STUDIED)}
        some = _names("problems", problems, sorted(known))
        chosen = _names("configurations", configurations, list(CONFIGURATIONS))
        place = folder()
        found = accelerations(
            cases(study, place, some),
            place,
            chosen or list(CONFIGURATIONS),
            iterations,
            repeats,
            watch,
        )
        rows = [dict(row) for row in found]
    if out is not None:
        from pinnsolve.bench.figures import draw_accelerations

        draw_accelerations(rows, study, out)
    _show(rows, [said(machine()), "", *lines(rows, COLUMNS)], out, json)


@app.command()
def operator(
    study: Annotated[
        Literal["scaling", "problems"],
        typer.Option(help="Against functions, points and order, or the problems of the paper."),
    ] = "scaling",
    problems: Annotated[
        str, typer.Option(help="Some of them, as reaction-diffusion,kirchhoff-love.")
    ] = "",
    functions: Annotated[str, typer.Option(help="Numbers of functions, as 5,80,1280.")] = "",
    points: Annotated[str, typer.Option(help="Numbers of points, as 500,8000.")] = "",
    orders: Annotated[str, typer.Option(help="Orders of the equation, as 1-9.")] = "",
    base: Annotated[
        str, typer.Option(help="Functions, points, order that stay where another one varies.")
    ] = "80,1000,3",
    strategies: Annotated[str, typer.Option(help="Some of them, as taylor,zcs.")] = "",
    precision: Annotated[
        Literal["float64", "float32"], typer.Option(help="float64 or float32.")
    ] = "float64",
    device: Annotated[Literal["cpu", "cuda"], typer.Option(help="cpu or cuda.")] = "cpu",
    against: Annotated[
        Literal["deepxde"] | None,
        typer.Option(help="Measure the package deepxde, too, in float32: deepxde."),
    ] = None,
    longest: Annotated[float, typer.Option(min=0, help="Seconds that a step may take.")] = 60.0,
    repeats: Repeats = 5,
    threads: Threads = None,
    out: Out = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Time and memory of a step for a family of functions, by every way to differentiate.

    Times are those of the processor, on a GPU of the wall; what would not fit is named.
    """
    axes = {"functions": (functions, 1_000_000), "points": (points, 10_000_000)}
    axes["order"] = (orders, 20)
    varied = {
        name: _numbers(name, text, 1, most) for name, (text, most) in axes.items() if text.strip()
    }
    fixed = [int(part) if part.strip().isdigit() else 0 for part in base.split(",")]
    if len(fixed) != 3 or min(fixed) < 1:
        raise typer.BadParameter(
            f"--base must be three whole numbers, as 80,1000,3, but is {base}."
        )
    _check_picture(out)
    prepare(threads)
    with terminal.display(quiet or json) as watch:
        from pinnsolve.bench.against import package
        from pinnsolve.bench.operator import COLUMNS, STRATEGIES, measured
        from pinnsolve.bench.operator_cases import PROBLEMS, studied
        from pinnsolve.bench.rows import lines, machine, said

        chosen = _names("strategies", strategies, list(STRATEGIES)) or list(STRATEGIES)
        _check_device(device)
        if against is not None:
            package()
            if (precision, study) != ("float32", "problems"):
                raise typer.BadParameter(
                    "--against deepxde needs --study problems --precision float32."
                )
        some = _names("problems", problems, list(PROBLEMS)) if study == "problems" else []
        cases = studied(study, (fixed[0], fixed[1], fixed[2]), varied)
        cases = [case for case in cases if not some or case.name in some]
        found = measured(
            cases, chosen, precision, device, repeats, longest, watch, against=against is not None
        )
        rows = [dict(row) for row in found]
    if out is not None:
        from pinnsolve.bench.figures import draw_scaling

        draw_scaling(rows, out)
    _show(rows, [said(machine()), "", *lines(rows, COLUMNS)], out, json)


def _names(option: str, text: str, known: Sequence[str]) -> list[str]:
    """Return names given with commas between them."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    wrong = [name for name in names if name not in known]
    if wrong:
        raise typer.BadParameter(f"--{option}: there is no {wrong[0]}. Known: {', '.join(known)}.")
    return names


def _show(rows: list[dict[str, Any]], text: Sequence[str], out: Path | None, json: bool) -> None:
    """Print the measurements."""
    if json:
        terminal.say_json(rows)
        return
    terminal.say("\n".join([*text, *(["", str(out)] if out else [])]))


def _numbers(name: str, text: str, least: int, most: int) -> list[int]:
    """Return rising whole numbers given as ``1-9`` or ``2,4,8``."""
    found: set[int] = set()
    try:
        for part in text.split(","):
            first, _, last = part.partition("-")
            low, high = int(first), int(last or first)
            if not least <= low <= high <= most:
                raise ValueError(part)
            found |= set(range(low, high + 1))
    except ValueError:
        raise typer.BadParameter(
            f"--{name} must be whole numbers from {least} to {most}, as {least}-4 or 2,4, "
            f"but is {text}."
        ) from None
    return sorted(found)


def _check_device(device: str) -> None:
    """Refuse a GPU that is not there."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise FileError("no CUDA device is available. Leave out --device, or give cpu.")


def _check_picture(path: Path | None) -> None:
    """Refuse a picture that cannot be drawn, before any work is done."""
    if path is None:
        return
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise FileError(
            f"{path} is no picture. Let the name after --out end in .png, .svg or .pdf."
        )
    if not path.absolute().parent.is_dir():
        raise FileError(f"the folder of {path} does not exist. Create it first.")
