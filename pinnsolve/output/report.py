"""The report: one page that holds everything, to read, print and pass on.

HTML without scripts and without anything from the network: formulas are MathML, figures inline
SVG. Whatever stands in the problem file is text of a stranger and is escaped.
"""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

import numpy as np

from pinnsolve.accuracy import relative_l2
from pinnsolve.exactness import exact_values
from pinnsolve.geometry import Domain
from pinnsolve.output.fieldfigures import field_figure
from pinnsolve.output.figures import convergence_figure, nodes_figure, svg
from pinnsolve.output.files import write_file
from pinnsolve.output.grid import Grid
from pinnsolve.output.numbers import duration, scientific
from pinnsolve.output.statement import statement
from pinnsolve.output.verdict import verdict
from pinnsolve.solution import Solution

MOST_FIELDS = 4  # that get a figure; each costs a fifth of a second and some 100 kB
NAMES = {"rbf-fd": "RBF-FD, solved directly", "dt-pinn": "DT-PINN", "pinn": "PINN"}


def write(path: Path, solution: Solution, grid: Grid, domain: Domain) -> None:
    """Write ``report.html``.

    Parameters
    ----------
    path
        The file.
    solution, grid
        The solution, and its values on cells.
    domain
        Where it lives.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    write_file(path, html(solution, grid, domain).encode())


def html(solution: Solution, grid: Grid, domain: Domain) -> str:
    """Return the report as a page."""
    problem = solution.problem
    sections = [
        _section("The problem", statement(problem)),
        _section("The solution", _fields(solution, grid, domain)),
        _section("Accuracy", _accuracy(solution)),
        _section("Training", _training(solution)),
        _section("Nodes", _nodes(solution, domain)),
        _section("Time and settings", _settings(solution)),
    ]
    template = Template(files("pinnsolve.output").joinpath("report.html").read_text("utf-8"))
    is_good = solution.status == "finished"
    status = f'<span class="status {"good" if is_good else "bad"}">{escape(solution.status)}</span>'
    return template.substitute(
        title=escape(problem.title or problem.name),
        kicker=f"{escape(NAMES.get(solution.method, solution.method))} · {status}",
        verdict=escape(" ".join(verdict(solution))),
        figures="\n".join(_figures(solution)),
        sections="\n".join(sections),
        footer=escape(
            f"Made by pinnsolve {solution.versions.get('pinnsolve', '')}. To get the same again: "
            "pinnsolve solve problem.toml, with the file that lies beside this page."
        ),
    )


def _section(title: str, content: str) -> str:
    """Return a section, or nothing if it has no content."""
    return f"<section>\n<h2>{title}</h2>\n{content}\n</section>" if content else ""


def _figures(solution: Solution) -> Iterable[str]:
    """Yield the numbers that one looks for first."""
    errors, baseline = solution.errors, solution.baseline
    known = {}
    if errors is not None:
        known["relative L2 error"] = scientific(max(errors.relative_l2.values()))
        known["largest error at a point"] = scientific(max(errors.max_error.values()))
    if baseline is not None and baseline.relative_l2 is not None:
        known["relative L2 error of the direct solution"] = scientific(baseline.relative_l2)
    known["time in all"] = duration(solution.seconds.get("total"))
    known["nodes"] = f"{solution.nodes.rows.stop:,}"
    if solution.parameters:
        unknowns = "unknowns" if solution.method == "rbf-fd" else "parameters of the network"
        known[unknowns] = f"{solution.parameters:,}"
    for name, value in known.items():
        yield f"<div><dt>{name}</dt><dd>{value}</dd></div>"


def _fields(solution: Solution, grid: Grid, domain: Domain) -> str:
    """Return pictures of the fields."""
    if not np.isfinite(solution.values).all():
        return "<p>The values are not finite: there is nothing to draw.</p>"
    parts = []
    for name in solution.problem.fields[:MOST_FIELDS]:
        figure = svg(field_figure(solution, grid, domain, name), f"The field {name}")
        parts.append(f"<figure>{figure}</figure>")
    rest = len(solution.problem.fields) - MOST_FIELDS
    if rest > 0:
        parts.append(f"<p class='soft'>{rest} more fields are in solution.hdf.</p>")
    return "\n".join(parts)


def _accuracy(solution: Solution) -> str:
    """Return the errors by field, those of the direct solution beside them."""
    errors = solution.errors
    exact = exact_values(solution.problem, solution.nodes.x[solution.nodes.rows])
    direct = solution.baseline.values if solution.baseline else None
    fields = solution.problem.fields
    if errors is not None and exact is not None:
        columns = {
            "relative L2 error": list(errors.relative_l2.values()),
            "largest error": list(errors.max_error.values()),
            "relative L2 error on nodes": list(errors.relative_l2_nodes.values()),
        }
        if direct is not None:
            both = zip(direct.T, exact.T, strict=True)
            columns["direct solution’s on nodes"] = [relative_l2(u, truth) for u, truth in both]
        caption = (
            "Against the exact solution. The first two columns of numbers were measured at "
            f"{errors.test_points:,} test points, which were not trained on."
        )
    elif direct is not None:
        both = zip(solution.values.T, direct.T, strict=True)
        columns = {"difference from the direct solution": [relative_l2(u, v) for u, v in both]}
        caption = "Relative, in L2 on the nodes. No exact solution is known."
    else:
        return ""
    numbers = (
        [scientific(value, 3) for value in row] for row in zip(*columns.values(), strict=True)
    )
    rows = [(name, *row) for name, row in zip(fields, numbers, strict=True)]
    return _table(["field", *columns], rows, caption)


def _training(solution: Solution) -> str:
    """Return the course of the training and what each phase did."""
    parts = []
    if len(solution.history) > 1:
        label = "Loss and error against training time"
        figure = svg(convergence_figure(solution), label)
        parts.append(f"<figure>{figure}</figure>")
    if solution.phases:
        head = ("phase", "iterations", "time", "loss before", "loss after", "error after", "ended")
        rows = [
            (
                phase.optimizer,
                f"{phase.iterations:,}",
                duration(phase.seconds),
                scientific(phase.loss_before),
                scientific(phase.loss_after),
                scientific(phase.relative_l2),
                phase.message,
            )
            for phase in solution.phases
        ]
        caption = (
            "The loss is the weighted mean square of all residuals; the error is relative, in L2 "
            "on the nodes."
        )
        parts.append(_table(head, rows, caption, numbers=range(1, 6)))
    return "\n".join(parts)


def _nodes(solution: Solution, domain: Domain) -> str:
    """Return the nodes in words and as a picture."""
    nodes = solution.nodes
    words = f"{nodes.n_interior:,} nodes inside and {nodes.n_boundary:,} on the boundary"
    if nodes.has_ghosts:
        words += ", and a ghost node outside for each of the latter"
    words += f". Neighbours are about {nodes.spacing:.3g} apart."
    if nodes.dim == 3:
        words += " The picture shows the boundary from outside."
    figure = svg(nodes_figure(nodes, domain), "The nodes")
    return f"<p>{words}</p>\n<figure>{figure}</figure>"


def _settings(solution: Solution) -> str:
    """Return times, settings, versions and the problem file."""
    seconds = {name: s for name, s in solution.seconds.items() if name != "total"}
    whole = max(sum(seconds.values()), 1e-9)
    bars = "".join(
        f"<tr><th>{escape(name)}</th><td class='number'>{duration(s)}</td>"
        f"<td><span class='bar' style='width:{100 * s / whole:.1f}%'></span></td></tr>"
        for name, s in seconds.items()
    )
    solver = solution.problem.settings.solver
    rows = [
        ("method", solution.method),
        ("derivatives", solution.derivatives),
        ("order of RBF-FD", str(solver.order)),
        ("precision", solution.precision),
        ("device", solution.device),
        ("seed", str(solution.seed)),
        ("versions", ", ".join(f"{name} {v}" for name, v in solution.versions.items())),
    ]
    table = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return (
        f"<table class='bars'><tbody>{bars}</tbody></table>\n"
        f"<table><tbody>{table}</tbody></table>\n"
        "<details><summary>The problem file, with every default written out</summary>"
        f"<pre>{escape(solution.problem.to_toml())}</pre></details>"
    )


def _table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    caption: str,
    numbers: Iterable[int] | None = None,
) -> str:
    """Return a table; columns of numbers, by default all but the first, are set to the right."""
    right = set(range(1, len(head)) if numbers is None else numbers)
    kinds = [" class='number'" if i in right else "" for i in range(len(head))]
    titles = "".join(
        f"<th{' style=text-align:right' if i in right else ''}>{escape(title)}</th>"
        for i, title in enumerate(head)
    )
    lines = (
        "<tr>"
        + "".join(f"<td{k}>{escape(c)}</td>" for k, c in zip(kinds, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return (
        f"<div class='scroll'><table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{titles}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )
