"""The command line: reads the arguments, runs one command, returns the exit code.

    0    done
    1    a bug of ours; the details are in a file pinnsolve-crash-….txt
    2    wrong usage, or the problem file is not a well-posed problem
    3    finished, but the accuracy asked for in [solver] was missed
    4    diverged
    5    out of memory
    6    a file or a checkpoint could not be read or written
    7    finished, but the result is not resolved, or nothing is known of its error
    75   stopped by SIGTERM, SIGINT or the time limit; what there was is kept
    130  ended at once by a second Ctrl-C (143: by a second SIGTERM)
    141  the reader of the output has gone

Heavy modules are imported by the command that needs them, so that ``--help`` answers at once.
"""

import sys
from collections.abc import Sequence
from importlib.metadata import version as metadata_version
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer

from pinnsolve.cli import bench, completion, terminal
from pinnsolve.cli.distil import distil
from pinnsolve.cli.evaluate import evaluate
from pinnsolve.cli.export import export
from pinnsolve.cli.failure import report
from pinnsolve.cli.resume import resume
from pinnsolve.cli.solving import Accept, Json, Quiet, begin, sum_up, watching
from pinnsolve.cli.status import EXIT_STATUS, status
from pinnsolve.cli.streams import prepare_streams
from pinnsolve.errors import FileError
from pinnsolve.machine import must_have_room, prepare

CONTEXT = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(context_settings=CONTEXT, rich_markup_mode=None)
shipped_problems = typer.Typer(help="List the problems that come with pinnsolve, or copy one.")
app.add_typer(shipped_problems, name="problems", context_settings=CONTEXT)
app.add_typer(bench.app, name="bench", context_settings=CONTEXT)
WITHOUT_ARGUMENTS = {
    (): ["--help"],
    ("problems",): ["problems", "list"],
    ("bench",): ["bench", "--help"],
}

File = Annotated[Path, typer.Argument(help="Problem file, TOML.", show_default=False)]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override any key of the file. May be repeated."
    ),
]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; the one place where errors end."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        must_have_room()
        command = typer.main.get_command(app)
        meant = WITHOUT_ARGUMENTS.get(tuple(arguments), arguments)
        code = command.main(meant, prog_name="pinnsolve", standalone_mode=False)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        return report(error, arguments)
    return code or 0


def run() -> None:
    """Run the command line and leave the process; the console script."""
    prepare_streams()
    sys.exit(main())


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Solve partial differential equations with neural networks, and say how far to trust them.

    Start with: pinnsolve new, pinnsolve check FILE, pinnsolve solve FILE.
    """
    if version:
        terminal.say(f"pinnsolve {metadata_version('pinnsolve')}")
        raise typer.Exit


@app.command()
def solve(
    file: File,
    method: Annotated[
        str | None,
        typer.Option(
            help="Override solver.method: rbf-fd, dt-pinn, pinn.", autocompletion=completion.methods
        ),
    ] = None,
    order: Annotated[int | None, typer.Option(help="Override solver.order.")] = None,
    device: Annotated[
        str | None, typer.Option(help="Override solver.device: auto, cpu, cuda.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Override solver.seed.")] = None,
    profile: Annotated[str, typer.Option(help="Parameters whose profile is told, as k,nu.")] = "",
    settings: Set = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the results.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that are already there.")
    ] = False,
    time_limit: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Stop and keep what there is.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; default: the usable cores.")
    ] = None,
    accept: Accept = False,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Solve a problem, write the results and sum them up.

    A result that is not resolved (its error, measured or estimated, is above 5 %, or unknown) ends
    with exit code 7; with --accept it is taken as it is.

    Every [output] checkpoint seconds, on SIGUSR1, and when it is stopped by Ctrl-C, SIGTERM or the
    time limit, the run leaves a checkpoint from which pinnsolve resume goes on.
    """
    prepare(threads)
    chosen = {"method": method, "order": order, "device": device, "seed": seed}
    flags: dict[str, Any] = {f"solver.{k}": v for k, v in chosen.items() if v is not None}
    if profile:
        flags["output.profile"] = profile.split(",")
    asked = Event()
    with watching(quiet or json, time_limit, asked) as watch:
        from pinnsolve.problem import load

        problem = load(_existing(file), _overrides(settings) | flags)
        wanted = problem.settings.output.directory or f"runs/{problem.name}"
        directory = out or Path(wanted)
        solved = begin(problem, directory, watch, asked, overwrite=overwrite, accept=accept)
    return sum_up(solved, json)


@app.command()
def compare(
    file: File,
    methods: Annotated[
        str, typer.Option(help="Methods, as rbf-fd,pinn; default: all of them.")
    ] = "",
    optimizers: Annotated[
        str,
        typer.Option(
            help="default (the method's own schedule), head, gauss-newton, variable-projection, "
            "adam, lbfgs."
        ),
    ] = "default,lbfgs",
    orders: Annotated[
        str, typer.Option(help="Orders of RBF-FD, as 2,3,4,5; default: the problem's.")
    ] = "",
    derivatives: Annotated[str, typer.Option(help="Derivatives of pinn; default: its own.")] = "",
    precision: Annotated[
        str, typer.Option(help="Precision of the networks, as float32 or pinn=float32.")
    ] = "",
    nodes: Annotated[
        str, typer.Option(help="Numbers of nodes, as 582,1663; default: the problem's.")
    ] = "",
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds: 0, 1, 2 …")] = 1,
    seconds: Annotated[float, typer.Option(min=0.001, help="Time for each training.")] = 30.0,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Iterations of each training; default: no limit.")
    ] = None,
    hidden: Annotated[
        str, typer.Option(help="Hidden layers of every network, as 50,50,50,50.")
    ] = "",
    reference: Annotated[
        str | None, typer.Option(help="What speed-ups refer to; default: the first pinn.")
    ] = None,
    settings: Set = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the results.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that are already there.")
    ] = False,
    time_limit: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Stop and keep what there is.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; default: the usable cores.")
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Solve a problem in many ways, and compare errors and times."""
    prepare(threads)
    from pinnsolve.problem import load
    from pinnsolve.storage.files import must_be_writable
    from pinnsolve.studies import plan as planning

    grid = planning.Grid(
        methods=planning.names(methods) or planning.METHODS,
        derivatives=planning.names(derivatives),
        orders=planning.whole_numbers("orders", orders),
        optimizers=planning.names(optimizers),
        precisions=planning.precisions(precision),
        seeds=seeds,
        nodes=planning.whole_numbers("nodes", nodes),
        seconds=seconds,
        iterations=iterations,
        hidden=planning.whole_numbers("hidden", hidden) or None,
    )
    plan = planning.plan(load(_existing(file), _overrides(settings)), grid, reference)
    directory = out or Path(f"runs/{plan.problems[0].name}-compare")
    must_be_writable(directory)
    if not (quiet or json):
        terminal.tell(plan.announcement)
    with watching(quiet or json, time_limit) as watch:
        from pinnsolve.cli.summary import comparison_lines
        from pinnsolve.output.metrics import plain
        from pinnsolve.studies import compare as comparing
        from pinnsolve.studies.page import write_comparison

        comparison = comparing.compare(plan, watch)
        files = write_comparison(comparison, directory, overwrite)
    if json:
        terminal.say_json(plain(comparison.rows()))
    else:
        terminal.say("\n".join(comparison_lines(comparison, files)))
    if comparison.bug is not None:
        raise comparison.bug
    return EXIT_STATUS[comparison.status]


app.command()(distil)
app.command()(evaluate)
app.command()(export)
app.command()(resume)
app.command()(status)


@app.command()
def check(file: File, settings: Set = None, json: Json = False) -> None:
    """Say what a problem is and what it will take."""
    from pinnsolve.checks.preflight import check as examine
    from pinnsolve.problem import load

    report = examine(load(_existing(file), _overrides(settings)))
    if json:
        terminal.say_json(report.as_dict())
        return
    terminal.say("\n".join(report.lines))
    for warning in report.warnings:
        terminal.tell(f"warning: {warning}")


@app.command()
def nodes(
    file: File,
    settings: Set = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the nodes: .h5 or .csv.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw the nodes: .png.")] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make the nodes of a problem, say how even they are, write or draw them."""
    overrides = _overrides(settings)
    if picture is not None and picture.suffix.lower() != ".png":
        raise typer.BadParameter(f"--picture must end in .png, but is {picture}.")
    with watching(quiet or json) as watch:
        from pinnsolve.cli.summary import node_figures, node_lines
        from pinnsolve.geometry import build_domain, pointclouds
        from pinnsolve.geometry.from_problem import node_set
        from pinnsolve.problem import load

        problem = load(_existing(file), overrides)
        domain = build_domain(problem)
        made = node_set(problem, domain, watch)
        if out is not None:
            pointclouds.write(out, made)
        if picture is not None:
            from pinnsolve.output.figures.figures import write_nodes_figure

            write_nodes_figure(picture, made, domain)
    figures = node_figures(made, domain)
    if json:
        terminal.say_json(figures)
    else:
        terminal.say(
            "\n".join([*node_lines(figures), *(str(path) for path in (out, picture) if path)])
        )


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Name of the file.")] = "problem",
    template: Annotated[
        str,
        typer.Option(
            help="What to start from: poisson, nonlinear, system, hole, plate, heat.",
            autocompletion=completion.templates,
        ),
    ] = "poisson",
) -> None:
    """Write a commented problem file to start from; nothing is overwritten."""
    from pinnsolve.cli.shipped import create
    from pinnsolve.cli.templates import TEMPLATES
    from pinnsolve.errors import suggestion

    if template not in TEMPLATES:
        raise typer.BadParameter(f'no template "{template}". {suggestion(template, TEMPLATES)}')
    path = Path(name) if name.endswith(".toml") else Path(f"{name}.toml")
    create(path, TEMPLATES[template])
    terminal.say(str(path))
    terminal.tell(f"now edit {path}, then: pinnsolve check {path}")


@app.command()
def schema(
    json_schema: Annotated[
        bool, typer.Option("--json-schema", help="For editors: the JSON schema.")
    ] = False,
) -> None:
    """Show every section and key of a problem file."""
    from pinnsolve.problem.schema import reference

    if json_schema:
        terminal.say_json(reference.json_schema())
    else:
        terminal.say(reference.text())


@app.command()
def doctor(json: Json = False) -> None:
    """Say what this machine offers: versions, cores, memory, GPU."""
    from pinnsolve.cli import doctor as examination

    findings = examination.examine()
    if json:
        terminal.say_json(findings)
    else:
        terminal.say("\n".join(examination.lines(findings)))


@shipped_problems.command("list")
def list_problems(json: Json = False) -> None:
    """List the problems that come with pinnsolve."""
    from dataclasses import asdict

    from pinnsolve.cli import shipped

    entries = shipped.entries()
    if json:
        terminal.say_json([asdict(entry) for entry in entries])
        return
    rows = [("name", "method", "nodes", "title")]
    rows += [(entry.name, entry.method, entry.nodes, entry.title) for entry in entries]
    terminal.say("\n".join(terminal.table(rows)))


@shipped_problems.command("copy")
def copy_problem(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of the problem.", show_default=False, autocompletion=completion.shipped_names
        ),
    ],
    destination: Annotated[Path, typer.Argument(metavar="[DEST]", help="Folder or file.")] = Path(),
) -> None:
    """Copy one of them; nothing is overwritten."""
    from pinnsolve.cli import shipped

    terminal.say(str(shipped.copy(name, destination)))


def _existing(file: Path) -> Path:
    """Return the path of a problem file; a shipped problem's name gets a hint instead."""
    from pinnsolve.cli import shipped

    if not file.exists() and file.parent == Path() and file.stem in shipped.names():
        raise FileError(
            f"there is no file {file}. A problem of this name comes with pinnsolve: "
            f"run pinnsolve problems copy {file.stem}, then use {file.stem}.toml."
        )
    return file


def _overrides(settings: Sequence[str] | None) -> dict[str, Any]:
    """Return the overrides given by ``--set``."""
    from pinnsolve.problem.text.overrides import parse_override

    return dict(parse_override(setting) for setting in settings or ())
