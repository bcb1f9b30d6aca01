"""Results in a few lines: of a solve its status, errors and files; of nodes how even they are."""

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from pinnsolve.cli.terminal import coloured, table
from pinnsolve.geometry import Domain
from pinnsolve.geometry.generation import Nodes
from pinnsolve.geometry.quality import quality
from pinnsolve.output.numbers import between, duration
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.solution.accuracy import Errors
from pinnsolve.solution.found import parameter_remarks
from pinnsolve.solution.held_out import HeldOut, in_short
from pinnsolve.solution.solution import Solution
from pinnsolve.studies import statistics
from pinnsolve.studies.trials import Comparison, Trial

COLOURS = {"resolved": "green", "not resolved": "red", "unknown": "yellow", "diverged": "red"}
MOST_FLUXES = 4  # through interfaces that get a line
SHOWN = (1e-3, 1e-4)  # errors to which a comparison is summed up


def summary(solution: Solution, files: Sequence[Path]) -> list[str]:
    """Return the lines that a person wants to read first.

    Parameters
    ----------
    solution
        The outcome.
    files
        The files that were written.
    """
    problem = solution.problem
    outcome = f"{solution.method} on "
    if not problem.is_ordinary:
        outcome += f"{solution.sample.nodes.rows.stop} nodes, "
    if solution.sample.times is not None:
        outcome += f"{len(solution.sample.times)} time levels, "
    outcome += f"{solution.provenance.device}, "
    outcome += f"{solution.provenance.precision}: {solution.outcome.status}"
    if "total" in solution.course.seconds:
        outcome += f" in {duration(solution.course.seconds['total'])}"
    lines = [problem.title or problem.name, outcome]
    if solution.outcome.status == "stopped" and solution.outcome.message:
        lines.append(solution.outcome.message)
    lines.append(coloured(str(solution.verdict), COLOURS[solution.verdict.word]))
    return [
        *lines,
        "",
        *_parameters(solution),
        *_functions(solution),
        *(_eigenvalues(solution) or [*_errors(solution), *_estimate(solution)]),
        *_regions(solution),
        *_flow(solution),
        "",
        *_folders(files),
    ]


def node_figures(nodes: Nodes, domain: Domain) -> dict[str, Any]:
    """Return counts and quality of a node set; lengths relative to the spacing but itself."""
    measured = quality(nodes, domain)
    return {
        "interior": nodes.n_interior,
        "boundary": nodes.n_boundary,
        "pieces": {name: int(np.sum(nodes.tags == i)) for i, name in enumerate(nodes.pieces)},
        "ghosts": len(nodes.x) - nodes.rows.stop,
        "spacing": nodes.spacing,
        "separation": measured.separation,
        "fill_distance": measured.fill_distance,
        "neighbour": measured.neighbour,
    }


def node_lines(figures: Mapping[str, Any]) -> list[str]:
    """Return the figures of a node set as a person reads them."""
    pieces = ", ".join(f"{name} {count}" for name, count in figures["pieces"].items())
    return [
        f"{figures['interior'] + figures['boundary']} nodes: {figures['interior']} interior, "
        f"{figures['boundary']} boundary ({pieces}), and {figures['ghosts']} ghosts",
        f"spacing {figures['spacing']:.4g}; in spacings: nearest neighbour "
        f"{figures['neighbour']:.2f} (median), {figures['separation']:.2f} (closest pair), "
        f"widest hole {figures['fill_distance']:.2f}",
    ]


def comparison_lines(comparison: Comparison, files: Sequence[Path]) -> list[str]:
    """Return a line for each configuration: medians over the seeds, and ranges.

    Parameters
    ----------
    comparison
        The outcome.
    files
        The files that were written.
    """
    problem, reference = comparison.problem, comparison.reference
    several = len(comparison.node_counts) > 1
    head = ["", "relative L2", "time", *(f"to {target:.0e}" for target in SHOWN)]
    head += [f"sooner at {target:.0e}" for target in SHOWN]
    rows = [head]
    for nodes in comparison.node_counts:
        theirs = comparison.of(reference, nodes)
        for configuration in comparison.configurations:
            mine = comparison.of(configuration, nodes)
            if not mine:
                continue
            name = f"{configuration.label}, {nodes} nodes" if several else configuration.label
            rows.append([name, *_standing(mine, theirs)])
    bad = {
        (trial.configuration.label, trial.status, trial.message): None
        for trial in comparison.trials
        if not trial.has_succeeded
    }
    remarks = [": ".join(parts) for parts in bad]
    lines = [problem.title or problem.name]
    several_seeds = any(trial.seed for trial in comparison.trials)
    figures = "medians over the seeds (ranges)" if several_seeds else "one seed"
    lines.append(f"{len(comparison.trials)} runs on {comparison.machine}; {figures}")
    if comparison.status != "finished":
        lines.append(
            f"{comparison.status} after them, of {comparison.planned}: {comparison.message}"
        )
    sooner = f"Sooner than {reference.label}. Times count operators, set-up and training."
    return [*lines, "", *table(rows), *remarks, "", sooner, "", *_folders(files)]


def _standing(mine: Sequence[Trial], theirs: Sequence[Trial]) -> list[str]:
    """Return error, time, times to the errors shown, and how much sooner than the reference."""
    error, time = statistics.errors(mine), statistics.seconds(mine)
    cells = [error.text("{:.1e}".format) if error else "–", time.text(duration) if time else "–"]
    for target in SHOWN:
        reached = statistics.seconds_to(mine, target)
        cells.append(reached.text(duration) if reached else "–")
    for target in SHOWN:
        ratio = statistics.speed_up(mine, theirs, target)
        cells.append(ratio.text() if ratio else "–")
    return cells


def _parameters(solution: Solution) -> list[str]:
    """Return the unknown parameters as found."""
    if not solution.constants:
        return []
    has_data = bool(solution.data)
    further = ("bound", "95 % interval") if has_data else ()
    rows = [("parameter", "initial", "found", "standard error", *further, "true", "error")]
    for name, p in solution.constants.items():
        found = "not determined" if p.is_determined is False else f"{p.found:.12g}"
        deviation = "–" if p.standard_error is None else f"{p.standard_error:.1e}"
        true, error = ("–", "–") if p.true is None else (f"{p.true:.10g}", f"{p.error:.2e}")
        bound = "–" if p.bound is None else f"{p.bound:.1e}"
        told = (bound, between(p.interval)) if has_data else ()
        rows.append((name, f"{p.initial:.6g}", found, deviation, *told, true, error))
    lines = [*table(rows), *parameter_remarks(solution.constants), *_data(solution)]
    misfit = next(iter(solution.constants.values())).misfit
    if misfit is not None:
        lines.append(f"Of equations and data together {misfit:.1e} of their size is left.")
    return [*lines, ""]


def _eigenvalues(solution: Solution) -> list[str]:
    """Return eigenvalues and the errors of their modes, if the fields are modes."""
    found, names = solution.eigenvalues, solution.problem.fields
    if not found:
        return []
    estimate, each = solution.accuracy.estimate, len(names) // len(found)
    rows: list[tuple[str, ...]] = [("eigenvalue", "estimated error", "mode", "its", "error", "")]
    for k, own in enumerate(found):
        modes = names[k * each : (k + 1) * each]
        in_mode = None if estimate is None else estimate.total[modes[0]]
        told = ("–" if e is None else f"{e:.1e}" for e in (own.estimate, in_mode, own.error))
        error, of_mode, true = told
        rows.append((str(own), error, ", ".join(modes), of_mode, true, own.remark))
    if not any(own.true is not None for own in found):
        rows = [(*row[:4], row[5]) for row in rows]
    lines = table(rows)
    if estimate is not None and estimate.message:
        lines.append(f"The errors could not be estimated: {estimate.message}")
    return lines


def _functions(solution: Solution) -> list[str]:
    """Return the unknown functions as found."""
    if not solution.functions:
        return []
    rows = [("function", "of", "smooth", "known numbers", "95 % band, +-")]
    for name, own in solution.functions.items():
        place = ", ".join(own.of)
        width = f"{100 * own.half_width:.2g} %"
        rows.append((name, place, f"{own.smooth:.2g}", f"{own.edf:.1f}", width))
    return [*table(rows), *([] if solution.constants else _data(solution)), ""]


def _data(solution: Solution) -> list[str]:
    """Return a line on each set of data and what is left of it."""
    return [
        f"{fit.name}, {len(fit.values)} rows: errors of {fit.estimate:.3g} by the misfit"
        + ("" if fit.sigma is None else f", {fit.sigma:.3g} as given")
        + f", {100 * fit.estimate / fit.spread:.2g} % of the spread; what is left "
        + ("looks like noise." if fit.is_white else "is no noise.")
        if isfinite(fit.estimate)
        else f"{fit.name}, {len(fit.values)} rows: how large errors are no misfit tells."
        for fit in solution.data
    ]


def _measured(errors: Errors, places: str) -> list[tuple[str, str, str, str]]:
    """Return the rows of measured errors."""
    rows = []
    for name in errors.relative_l2:
        at = f"{errors.test_points} test points"
        largest = f"{errors.max_error[name]:.2e}"
        rows.append((name, f"{errors.relative_l2[name]:.2e}", largest, at))
        rows.append(("", f"{errors.relative_l2_nodes[name]:.2e}", "", f"the {places}"))
        if errors.relative_l2_at_end is not None:
            last = f"{errors.relative_l2_at_end[name]:.2e}"
            rows.append(("", last, "", f"the {places}, at the end"))
    return rows


def _errors(solution: Solution) -> list[str]:
    """Return the errors by field, and the baseline's."""
    errors, baseline = solution.accuracy.errors, solution.accuracy.baseline
    if solution.accuracy.held_out is not None:
        return _held_out(solution.accuracy.held_out)
    if errors is None:
        lines = ["No exact solution is given, so the error is not known."]
        if baseline:
            lines.append(f"{baseline.name} on the same nodes took {duration(baseline.seconds)}.")
        return lines
    rows = [("field", "relative L2", "max error", "measured at")]
    rows += _measured(errors, solution.problem.places)
    if errors.derived is not None:
        rows += _measured(errors.derived, solution.problem.places)
    if baseline and baseline.relative_l2 is not None:
        at = f"the nodes, solved directly in {duration(baseline.seconds)}"
        several = len(baseline.relative_l2) > 1
        for name, error in baseline.relative_l2.items():
            label = f"{name}, {baseline.name}" if several else baseline.name
            largest = "" if baseline.max_error is None else f"{baseline.max_error[name]:.2e}"
            rows.append((label, f"{error:.2e}", largest, at))
    lines = table(rows)
    truth = solution.accuracy.truth
    if truth is not None and truth.title:
        lines.append(
            f"Against {errors.against}; the classical solver took {duration(truth.seconds)}."
        )
        if errors.worst < errors.uncertainty:
            lines.append("The error is smaller than the reference's own.")
    if baseline and baseline.relative_l2 is None:
        lines.append(f"No {baseline.name} baseline: {baseline.message}")
    return lines


def _held_out(held_out: HeldOut) -> list[str]:
    """Return the errors of the functions held out, by field."""
    rows = [("field", "mean", "median", "worst", "relative L2 errors of")]
    for name, errors in held_out.errors.items():
        own = in_short(errors)
        mean, median, worst = (f"{own[key]:.2e}" for key in ("mean", "median", "worst"))
        rows.append((name, mean, median, worst, f"{own['count']} functions held out"))
    return table(rows)


def _estimate(solution: Solution) -> list[str]:
    """Return the estimated errors in a line: relative, and the largest in the field's unit."""
    found = solution.accuracy.estimate
    if found is None:
        return []
    if found.worst is None:
        return [f"The error could not be estimated: {found.message}"]
    several = len(found.total) > 1
    errors = [
        (f"{name} " if several else "")
        + f"{error:.2e}"
        + ("" if largest is None else f" (largest {largest:.2e})")
        for (name, error), largest in zip(
            found.total.items(), found.max_error.values(), strict=True
        )
    ]
    left = [e for e in found.optimisation.values() if e is not None]
    is_trained = ABILITIES[solution.method].has_network and left
    training = f"; {max(left):.2e} left by the training" if is_trained else ""
    at = solution.problem.places
    return [f"Estimated error on the {at}, no bound: {', '.join(errors)}{training}."]


def _regions(solution: Solution) -> list[str]:
    """Return the largest error in each region in a line, and lines on what passes between them."""
    errors, estimate = solution.accuracy.errors, solution.accuracy.estimate
    kind, worst = "Relative L2", dict[str, float]()
    if errors is not None:
        worst = {
            name: max(own.relative_l2_nodes.values()) for name, own in errors.by_region.items()
        }
    elif estimate is not None:
        kind = "Estimated error"
        known = {name: [*own.values()] for name, own in estimate.by_region.items()}
        worst = {
            name: max(e for e in own if e is not None) for name, own in known.items() if any(own)
        }
    told = ", ".join(f"{name} {error:.2e}" for name, error in worst.items())
    lines = [f"{kind} on the nodes by region: {told}."] if told else []
    for own in solution.fluxes[:MOST_FLUXES]:
        first, second = own.between
        net, apart, passing = (v[-1] for v in (own.net, own.imbalance, own.passing))
        lines.append(
            f"Flux of {own.field}, {first} to {second}: {net:.6g} net, {passing:.6g} either "
            f"way; from both sides it differs by {abs(apart):.1e}."
        )
    rest = len(solution.fluxes) - MOST_FLUXES
    return [*lines, f"{rest} more fluxes are in the report."] if rest > 0 else lines


def _flow(solution: Solution) -> list[str]:
    """Return the forces of a flow at its end, what is lost of it, and its Reynolds number."""
    found, axes = solution.flow, solution.problem.coordinates
    if found is None:
        return []
    lines = []
    if found.forces:
        about = ["about " + axis for axis in axes] if len(axes) == 3 else ["moment"]
        rows = [("force on", *axes, *about)]
        for name, own in found.forces.items():
            numbers = (*own.force[-1], *own.moment[-1])
            rows.append((name, *(f"{number:.6g}" for number in numbers)))
        lines += ["", *table(rows)]
    lines.append(
        f"Flow through the boundary: {found.through[-1]:.6g}, of which "
        f"{abs(found.mass_defect[-1]):.1e} is lost or gained."
    )
    if found.reynolds is not None:
        lines.append(
            f"Reynolds number {found.reynolds.number:.4g}, by the largest speed and the diameter "
            f"of {found.reynolds.of}."
        )
    return lines


def _folders(files: Sequence[Path]) -> list[str]:
    """Return the files written, by folder."""
    folders: dict[Path, list[str]] = {}
    for file in files:
        folders.setdefault(file.parent, []).append(file.name)
    return [f"{folder}: {', '.join(names)}" for folder, names in folders.items()]
