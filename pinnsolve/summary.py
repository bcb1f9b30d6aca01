"""Results in a few lines: of a solve its status, errors and files; of nodes how even they are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pinnsolve.geometry import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.quality import quality
from pinnsolve.output.numbers import duration
from pinnsolve.solution import Solution
from pinnsolve.terminal import table


def summary(solution: Solution, files: Sequence[Path]) -> list[str]:
    """Return what a person wants to know first.

    Parameters
    ----------
    solution
        The outcome.
    files
        The files that were written.
    """
    problem = solution.problem
    outcome = f"{solution.method} on {solution.nodes.rows.stop} nodes, {solution.device}, "
    outcome += f"{solution.precision}: {solution.status}"
    if "total" in solution.seconds:
        outcome += f" in {duration(solution.seconds['total'])}"
    lines = [problem.title or problem.name, outcome]
    if solution.status != "finished" and solution.message:
        lines.append(solution.message)
    return [*lines, "", *_errors(solution), "", *_folders(files)]


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


def _errors(solution: Solution) -> list[str]:
    """Return the errors by field, and the baseline's."""
    errors, baseline = solution.errors, solution.baseline
    if errors is None:
        lines = ["No exact solution is given, so the error is not known."]
        if baseline:
            lines.append(f"{baseline.method} on the same nodes took {duration(baseline.seconds)}.")
        return lines
    rows = [("field", "relative L2", "max error", "measured at")]
    for name in errors.relative_l2:
        at = f"{errors.test_points} test points"
        largest = f"{errors.max_error[name]:.2e}"
        rows.append((name, f"{errors.relative_l2[name]:.2e}", largest, at))
        rows.append(("", f"{errors.relative_l2_nodes[name]:.2e}", "", "the nodes"))
    if baseline and baseline.relative_l2 is not None:
        at = f"the nodes, solved directly in {duration(baseline.seconds)}"
        rows.append((baseline.method, f"{baseline.relative_l2:.2e}", "", at))
    lines = table(rows)
    if baseline and baseline.relative_l2 is None:
        lines.append(f"No {baseline.method} baseline: {baseline.message}")
    return lines


def _folders(files: Sequence[Path]) -> list[str]:
    """Return the files written, by folder."""
    folders: dict[Path, list[str]] = {}
    for file in files:
        folders.setdefault(file.parent, []).append(file.name)
    return [f"{folder}: {', '.join(names)}" for folder, names in folders.items()]
