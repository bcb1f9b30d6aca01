"""The report: one page that holds everything, to read, print and pass on.

HTML without scripts and without anything from the network: formulas are MathML, figures inline
SVG. Whatever stands in the problem file is text of a stranger and is escaped.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.geometry import Domain
from pinnsolve.output.figures.apart import set_apart
from pinnsolve.output.figures.errors import error_figure
from pinnsolve.output.figures.evolution import estimate_in_time_figure, evolution_figure
from pinnsolve.output.figures.fields import estimate_figure, field_figure
from pinnsolve.output.figures.figures import convergence_figure, nodes_figure, svg
from pinnsolve.output.figures.scene import painting
from pinnsolve.output.numbers import between, duration, instant, scientific
from pinnsolve.output.report.data import data, intervals
from pinnsolve.output.report.family import estimated, family
from pinnsolve.output.report.findings import findings
from pinnsolve.output.report.flow import flow
from pinnsolve.output.report.functions import functions
from pinnsolve.output.report.growth import growth
from pinnsolve.output.report.modes import modes
from pinnsolve.output.report.observables import observables
from pinnsolve.output.report.page import page, section, table
from pinnsolve.output.report.regions import regions
from pinnsolve.output.report.statement import statement
from pinnsolve.output.vtk.grid import Grid
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.references.truth import truth_at_nodes, word_for_truth
from pinnsolve.solution.accuracy import Errors
from pinnsolve.solution.norms import max_error, relative_l2
from pinnsolve.solution.solution import Solution
from pinnsolve.storage.files import write_file

ESTIMATED = (
    "Relative to the field’s variation, in L2 on the nodes, from the equations alone: what the "
    "solution leaves of them, in derivatives better than those it was found with, is turned into "
    "an error by the equations linearised there. An estimate, never a bound. The largest is that "
    "at a node, in the field’s unit."
)
ESTIMATED_IN_TIME = (
    "Relative to the field’s variation, in L2 on the nodes over all time levels: the distance from "
    "a classical solution of the same equations whose order in space and time is higher by two, "
    "whose own error it cannot see below. An estimate, never a bound. The largest is that at a "
    "node, in the field’s unit."
)
ESTIMATED_BY_STEPS = (
    "Relative to the field’s variation, in L2 on the {}: what fits and steps have lost by all time "
    "levels, as points tell to which nothing was fitted; where that is less, the distance from a "
    "classical solution or from one with fewer features. An estimate, never a bound."
)
KINDS = {"resolved": "good", "not resolved": "bad", "unknown": "doubt", "diverged": "bad"}
MOST_FIELDS = 4  # that get a figure; each costs a fifth of a second and some 100 kB


def write(path: Path, solution: Solution, content: Sequence[str]) -> None:
    """Write ``report.html``.

    Parameters
    ----------
    path
        The file.
    solution
        The solution.
    content
        The `contents` of the report.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    write_file(path, _page(solution, content).encode())


def html(solution: Solution, grid: Grid, domain: Domain) -> str:
    """Return the report as a page."""
    return _page(solution, contents(solution, grid, domain))


def contents(solution: Solution, grid: Grid, domain: Domain) -> list[str]:
    """Return the sections with pictures, which take a while to draw and hold no time of the run.

    Parameters
    ----------
    solution, grid
        The solution, and its values on cells.
    domain
        Where it lives.
    """
    return [
        section("The problem", statement(solution.problem)),
        section("Parameters found", _parameters(solution)),
        section("Functions found", functions(solution)),
        section("The data", data(solution)),
        section("Eigenvalues and modes", modes(solution, grid)),
        section("The solution", "" if solution.eigenvalues else _fields(solution, grid, domain)),
        section("Along some coordinates, and in all", observables(solution)),
        section("The flow", flow(solution, grid, domain)),
        section("All of the family", family(solution, domain)),
        section("Accuracy", _accuracy(solution)),
        section("Estimated error", _estimate(solution, grid)),
        section("Regions", regions(solution)),
        section("Training", _training(solution)),
        section("Nodes", "" if solution.problem.is_ordinary else _nodes(solution, domain)),
    ]


def _page(solution: Solution, content: Sequence[str]) -> str:
    """Return the page around the sections with pictures."""
    problem = solution.problem
    return page(
        title=problem.title or problem.name,
        kicker=ABILITIES[solution.method].title,
        status=solution.verdict.word,
        kind=KINDS[solution.verdict.word],
        findings=" ".join(findings(solution)),
        figures=_figures(solution),
        sections=[*content, section("Time and settings", _settings(solution))],
        footer=f"Made by pinnsolve {solution.provenance.versions.get('pinnsolve', '')}. To get the "
        "same again: pinnsolve solve problem.toml, with the file that lies beside this page.",
    )


def _figures(solution: Solution) -> dict[str, str]:
    """Return the numbers that one looks for first."""
    errors, baseline = solution.accuracy.errors, solution.accuracy.baseline
    known = {}
    if errors is not None:
        known["relative L2 error"] = scientific(max(errors.relative_l2.values()))
        known["largest error at a point"] = scientific(max(errors.max_error.values()))
        if errors.total_variation is not None:
            known["total variation at the end"] = scientific(errors.total_variation.value)
    elif solution.accuracy.estimate is not None and solution.accuracy.estimate.worst is not None:
        known["estimated relative L2 error"] = scientific(solution.accuracy.estimate.worst)
    if baseline is not None and baseline.relative_l2 is not None:
        worst = max(baseline.relative_l2.values())
        known["relative L2 error of the direct solution"] = scientific(worst)
    known["time in all"] = duration(solution.course.seconds.get("total"))
    known["nodes"] = f"{solution.sample.nodes.rows.stop:,}"
    if solution.sample.times is not None:
        known["time levels"] = f"{len(solution.sample.times):,}"
    if solution.answer.size:
        is_trained = ABILITIES[solution.method].has_network
        unknowns = "parameters of the network" if is_trained else "unknowns"
        known[unknowns] = f"{solution.answer.size:,}"
    return known


def _parameters(solution: Solution) -> str:
    """Return the unknown parameters as found."""
    if not solution.constants:
        return ""
    rows = [
        (
            name,
            f"{p.initial:.6g}",
            "not determined" if p.is_determined is False else f"{p.found:.12g}",
            scientific(p.standard_error),
            *([scientific(p.bound), between(p.interval)] if solution.data else []),
            "–" if p.true is None else f"{p.true:.12g}",
            scientific(p.error),
            p.remark,
        )
        for name, p in solution.constants.items()
    ]
    head = ["parameter", "initial", "found", "standard error", "true", "error", "remark"]
    if solution.data:
        head[4:4] = ["bound", "95 % interval"]
        caption = (
            "Unknown numbers in the equations, found from data. Standard errors are those that the "
            "noise of the data makes, bounds the least that any estimate could have, were the "
            "equations held exactly (Cramér and Rao); intervals count in how far the numbers move "
            "when the equations weigh more, and what the search has left."
        )
        found = table(head, rows, caption, numbers=range(1, len(head) - 1))
        return f"{found}\n{intervals(solution)}"
    misfit = next(iter(solution.constants.values())).misfit
    caption = (
        "Unknown numbers in the equations, found together with the fields. The standard error "
        "takes what is left of equations and data for noise; of both together "
        f"{scientific(misfit)} of their size is left."
    )
    return table(head, rows, caption, numbers=range(1, 6))


def _fields(solution: Solution, grid: Grid, domain: Domain) -> str:
    """Return pictures of the fields."""
    if not np.isfinite(solution.sample.values).all():
        return "<p>The values are not finite: there is nothing to draw.</p>"
    draw = field_figure if grid.times is None else evolution_figure
    parts = [
        set_apart(
            draw(solution, grid, domain, name),
            f"The field {name}",
            _caption(grid, name, word_for_truth(solution)),
        )
        for name in solution.problem.fields[:MOST_FIELDS]
    ]
    rest = len(solution.problem.fields) - MOST_FIELDS
    notes = [f"{rest} more fields are in solution.hdf."] * (rest > 0)
    notes += painting(solution.sample.nodes.dim)
    return "\n".join([*parts, *(f"<p class='soft'>{note}</p>" for note in notes)])


def _caption(grid: Grid, name: str, truth: str) -> str:
    """Return a sentence on the pictures of a field."""
    if f"error_{name}" in grid.values:
        whole = "exact solution" if truth == "exact" else truth
        return f"The field {name}, and its distance from the {whole}."
    if f"difference_{name}" in grid.values:
        return f"The field {name}, and its distance from the direct solution on the same nodes."
    return f"The field {name}."


def _accuracy(solution: Solution) -> str:
    """Return the errors by field, those of the direct solution beside them."""
    errors = solution.accuracy.errors
    exact = truth_at_nodes(solution)
    direct = solution.accuracy.baseline.values if solution.accuracy.baseline else None
    fields = solution.problem.fields
    if errors is not None and exact is not None:
        columns = {
            "relative L2 error": list(errors.relative_l2.values()),
            "largest error": list(errors.max_error.values()),
            f"relative L2 error on {solution.problem.places}": list(
                errors.relative_l2_nodes.values()
            ),
        }
        if errors.relative_l2_at_end is not None:
            columns["at the end"] = list(errors.relative_l2_at_end.values())
        if direct is not None:
            both = zip(_by_field(direct), _by_field(exact), strict=True)
            pairs = list(both)
            columns["direct solution’s on nodes"] = [relative_l2(u, truth) for u, truth in pairs]
            columns["its largest"] = [max_error(u, truth) for u, truth in pairs]
        caption = (
            f"Against {errors.against}, relative to the variation of the field, and the largest "
            "in the field’s unit. The first two columns of numbers were measured at "
            f"{errors.test_points:,} test points, which were not trained on."
        )
    elif direct is not None:
        both = zip(_by_field(solution.sample.values), _by_field(direct), strict=True)
        columns = {"difference from the direct solution": [relative_l2(u, v) for u, v in both]}
        caption = (
            "Relative to the field’s variation, in L2 on the nodes. No exact solution is known."
        )
    else:
        return ""
    numbers = (
        [scientific(value, 3) for value in row] for row in zip(*columns.values(), strict=True)
    )
    rows = [(name, *row) for name, row in zip(fields, numbers, strict=True)]
    if errors is not None and errors.derived is not None:
        rows += _derived(errors.derived, len(columns))
    return table(["field", *columns], rows, caption) + _errors_in_time(solution)


def _derived(errors: Errors, columns: int) -> list[tuple[str, ...]]:
    """Return the rows of derived quantities, which the direct solution is not told of."""
    own = [errors.relative_l2, errors.max_error, errors.relative_l2_nodes]
    own += [errors.relative_l2_at_end] if errors.relative_l2_at_end is not None else []
    rows = []
    for name in errors.relative_l2:
        numbers = [scientific(values[name], 3) for values in own]
        rows.append((name, *numbers, *[""] * (columns - len(own))))
    return rows


def _estimate(solution: Solution, grid: Grid) -> str:
    """Return the estimated errors, as numbers and as pictures beside what is known."""
    found, errors = solution.accuracy.estimate, solution.accuracy.errors
    if found is None:
        return ""
    if solution.eigenvalues and found.worst is not None:
        return ""  # told with the eigenvalues
    columns = {
        "estimated error": found.total,
        "its largest": found.max_error,
        "left by the training": found.optimisation,
    }
    if errors is not None:
        columns["true error"] = errors.relative_l2_nodes
    if not ABILITIES[solution.method].has_network:
        del columns["left by the training"]
    fields = solution.problem.fields
    rows = [(name, *(scientific(c[name], 3) for c in columns.values())) for name in fields]
    caption = ESTIMATED if solution.sample.times is None else ESTIMATED_IN_TIME
    if "evolution" in ABILITIES[solution.method].needs:
        caption = ESTIMATED_BY_STEPS.format(solution.problem.places)
    caption = estimated(solution.problem) or caption
    parts = [table(["field", *columns], rows, caption)]
    if found.message:
        parts.append(f"<p>Not everything could be estimated: {escape(found.message)}</p>")
    draw = estimate_figure if grid.times is None else estimate_in_time_figure
    for name in fields[:MOST_FIELDS]:
        figure = draw(solution, grid, name)
        if figure is not None:
            beside = ", beside the true one" if f"error_{name}" in grid.values else ""
            label = f"The estimated error of {name}"
            parts.append(set_apart(figure, label, f"{label}{beside}."))
    return "\n".join(parts)


def _by_field(values: Float[ndarray, "*K n c"]) -> Float[ndarray, "c N"]:
    """Return all values of each field in a row."""
    return values.reshape(-1, values.shape[-1]).T


def _errors_in_time(solution: Solution) -> str:
    """Return the errors against time, if there is time."""
    figure = error_figure(solution) if np.isfinite(solution.sample.values).all() else None
    return f"\n<figure>{svg(figure, 'Errors against time')}</figure>" if figure else ""


def _training(solution: Solution) -> str:
    """Return the course of the training and what each phase did."""
    parts = []
    if len(solution.course.history) > 1:
        has_error = any(record.relative_l2 for record in solution.course.history)
        label = f"Loss{' and error' * has_error} against training time"
        caption = f"{label}; each colour is a phase, the dashed line the direct solution."
        has_line = "error" in label and solution.accuracy.baseline is not None
        parts.append(
            set_apart(convergence_figure(solution), label, caption if has_line else f"{label}.")
        )
    if solution.course.phases:
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
            for phase in solution.course.phases
        ]
        caption = (
            "The loss is the weighted mean square of all residuals; the error is relative, in L2 "
            "on the nodes."
        )
        parts.append(table(head, rows, caption, numbers=range(1, 6)))
    return "\n".join([*parts, growth(solution)])


def _nodes(solution: Solution, domain: Domain) -> str:
    """Return the nodes in words and as a picture."""
    nodes = solution.sample.nodes
    words = f"{nodes.n_interior:,} nodes inside and {nodes.n_boundary:,} on the boundary"
    if nodes.has_ghosts:
        words += ", and outside for each of the latter "
        words += "a ghost node" if nodes.rings == 1 else f"{nodes.rings} ghost nodes"
    words += f". Neighbours are about {nodes.spacing:.3g} apart."
    if nodes.dim == 3:
        words += " The picture shows the boundary from outside."
    if solution.sample.times is not None:
        first, last = (instant(t) for t in solution.sample.times[[0, -1]])
        words += f" The solution is given on them at {len(solution.sample.times):,} time levels, "
        words += f"from {first} to {last}."
    figure = svg(nodes_figure(nodes, domain), "The nodes")
    return f"<p>{words}</p>\n<figure>{figure}</figure>"


def _settings(solution: Solution) -> str:
    """Return times, settings, versions and the problem file."""
    seconds = {name: s for name, s in solution.course.seconds.items() if name != "total"}
    whole = max(sum(seconds.values()), 1e-9)
    bars = "".join(
        f"<tr><th>{escape(name)}</th><td class='number'>{duration(s)}</td>"
        f"<td><span class='bar' style='width:{100 * s / whole:.1f}%'></span></td></tr>"
        for name, s in seconds.items()
    )
    solver = solution.problem.settings.solver
    rows = [
        ("method", solution.method),
        ("derivatives", solver.derivatives),
        ("order of RBF-FD", str(solver.order)),
        ("precision", solution.provenance.precision),
        ("device", solution.provenance.device),
        ("seed", str(solver.seed)),
        ("versions", ", ".join(f"{name} {v}" for name, v in solution.provenance.versions.items())),
    ]
    lines = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return (
        f"<table class='bars'><tbody>{bars}</tbody></table>\n"
        f"<table><tbody>{lines}</tbody></table>\n"
        "<details><summary>The problem file, with every default written out</summary>"
        f"<pre>{escape(solution.problem.to_toml())}</pre></details>"
    )
