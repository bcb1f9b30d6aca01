"""What a comparison leaves behind: a page for people, the figures for programs.

- ``compare.html``: tables and pictures, one file without external parts
- ``compare.json``: a row for each run, with the course of its error
- ``problem.toml``: the problem that was solved
"""

import json
from html import escape
from math import inf
from pathlib import Path

from pinnsolve.output.metrics import plain
from pinnsolve.output.numbers import duration, scientific
from pinnsolve.output.report.page import page, section, table
from pinnsolve.output.report.statement import statement
from pinnsolve.storage.files import remove_file, write_file
from pinnsolve.storage.folder import COMPARISON, claimed
from pinnsolve.studies import statistics
from pinnsolve.studies.sections import arrivals, courses, each, lowest, power, speed_ups, trend
from pinnsolve.studies.trials import Comparison, Configuration, Trial


def write_comparison(
    comparison: Comparison, directory: Path, overwrite: bool = False
) -> list[Path]:
    """Write the files of a comparison and return their paths.

    Parameters
    ----------
    comparison
        What came out.
    directory
        Where; if it has been filled before, ``directory-2``, ``directory-3`` … is taken.
    overwrite
        Whether to replace what is there instead.

    Raises
    ------
    FileError
        If a file cannot be written.
    """
    record = json.dumps(plain(_record(comparison)), indent=1, allow_nan=False) + "\n"
    contents = {
        "compare.html": html(comparison),
        "problem.toml": comparison.problem.to_toml(),
        COMPARISON: record,  # written last: a folder that has it is whole
    }
    with claimed(directory, overwrite) as claim:
        remove_file(claim.folder / COMPARISON)
        for name, text in contents.items():
            write_file(claim.folder / name, text.encode())
    return [claim.folder / name for name in sorted(contents)]


def html(comparison: Comparison) -> str:
    """Return the comparison as a page."""
    problem = comparison.problem
    counts = comparison.node_counts
    sections = [
        section("Error against time", courses(comparison)),
        section("Time to a given error", each(comparison, arrivals)),
        section("How much sooner", each(comparison, speed_ups)),
        section("The lowest error", each(comparison, lowest)),
        section("More nodes", trend(comparison, "nodes") if len(counts) > 1 else ""),
        section("Higher order", trend(comparison, "order") if _orders(comparison) > 1 else ""),
        section("What the figures say, and what they do not", _notes(comparison)),
        section("Runs that did not end as planned", _failures(comparison)),
        section("What was compared", _settings(comparison)),
        section("The problem", statement(problem)),
    ]
    return page(
        title=problem.title or problem.name,
        kicker="A comparison",
        status=comparison.status,
        kind="good" if comparison.status == "finished" else "bad",
        findings=" ".join(_verdict(comparison)),
        figures=_figures(comparison),
        sections=sections,
        footer="Made by pinnsolve compare. The figures of every run are in compare.json.",
    )


def _record(comparison: Comparison) -> dict[str, object]:
    """Return everything that is known of a comparison, the courses included."""
    courses = [
        [[r.seconds, r.iteration, r.loss, r.relative_l2] for r in trial.curve]
        for trial in comparison.trials
    ]
    return {
        "problem": comparison.problem.name,
        "machine": comparison.machine,
        "status": comparison.status,
        "message": comparison.message,
        "reference": comparison.reference.label,
        "seconds_per_training": comparison.budget,
        "course": ["seconds", "iteration", "loss", "relative_l2"],
        "runs": [
            {**row, "course": course}
            for row, course in zip(comparison.rows(), courses, strict=True)
        ],
    }


def _verdict(comparison: Comparison) -> list[str]:
    """Return the results on the last node set, sentence by sentence."""
    nodes = comparison.node_counts[-1]
    ranked = {c: comparison.of(c, nodes) for c in comparison.configurations}
    said = []
    if comparison.status != "finished":
        configuration = f"{len(comparison.trials)} of {comparison.planned} runs were made"
        said.append(f"The comparison was stopped, {configuration}: {comparison.message}")
    on = f"On {nodes:,} nodes" if nodes and len(comparison.node_counts) > 1 else "Here"
    ends = {c: s for c, mine in ranked.items() if (s := statistics.errors(mine))}
    if ends:
        best = min(ends, key=lambda c: ends[c].middle)
        said.append(
            f"{on} the smallest error at the end is that of {best.label}: "
            f"{scientific(ends[best].middle)}, relative, in L2 at points that no method has seen."
        )
    networks = {c: mine for c, mine in ranked.items() if c.optimizer}
    said += _soonest(comparison, networks, nodes)
    return said


def _soonest(
    comparison: Comparison, ranked: dict[Configuration, list[Trial]], nodes: int | None
) -> list[str]:
    """Return a sentence on the network that is the first at the smallest error that two reach."""
    for target in reversed(comparison.targets()):
        times = {c: s for c, mine in ranked.items() if (s := statistics.seconds_to(mine, target))}
        times = {c: s for c, s in times.items() if s.middle < inf}
        if len(times) < 2:
            continue
        best = min(times, key=lambda c: times[c].middle)
        said = f"Of the networks, {best.label} is the first at an error of {power(target)}, "
        said += f"after {duration(times[best].middle)}"
        theirs = comparison.of(comparison.reference, nodes)
        ratio = statistics.speed_up(ranked[best], theirs, target)
        if ratio is not None and best != comparison.reference:
            said += f"; that is {ratio.text()} sooner than {comparison.reference.label}"
        direct = {
            c: s
            for c in comparison.configurations
            if c.optimizer is None
            and (s := statistics.seconds_to(comparison.of(c, nodes), target))
            and s.middle < inf
        }
        if not direct:
            return [said + "."]
        least = min(direct, key=lambda c: direct[c].middle)
        took = duration(direct[least].middle)
        return [said + ".", f"The direct solution, {least.label}, is there after {took}."]
    return []


def _figures(comparison: Comparison) -> dict[str, str]:
    """Return the numbers that one looks for first."""
    seeds = {trial.seed for trial in comparison.trials if trial.seed is not None}
    counts = [f"{nodes or 0:,}" for nodes in comparison.node_counts]
    return {
        "runs": str(len(comparison.trials)),
        "configurations": str(len(comparison.configurations)),
        "seeds for each network": str(len(seeds)),
        "nodes": counts[0] if len(counts) == 1 else f"{counts[0]} to {counts[-1]}",
        "for each training, at most": duration(comparison.budget),
    }


def _orders(comparison: Comparison) -> int:
    """Return the number of orders that were compared."""
    return len({c.order for c in comparison.configurations if c.order})


def _notes(comparison: Comparison) -> str:
    """Return the provenance of the figures, and what does not follow from them."""
    seeds = {trial.seed for trial in comparison.trials if trial.seed is not None}
    notes = [
        "A time begins with the operators, where the method uses them, and counts set-up and "
        "training or direct solution. It leaves out the nodes, which all share, the measuring of "
        "errors, and one iteration before the first run in which libraries are loaded.",
        "No run stops because of its error, and none chooses its best state by it: each goes to "
        "the end of its schedule or of its time. Times to an error, and lowest errors, are read "
        "off afterwards; whoever has no exact solution does not know when to stop there.",
        "Errors are looked at between iterations, or blocks of them, when a fiftieth of the time "
        "so far has passed since the last look. A time to an error is late by that much, and by "
        "a block for an optimiser that works in blocks.",
        "An error that was never reached is shown as such, and counts as an infinite time in "
        "medians and ranges.",
        "The runs took turns, seed by seed, on one machine and one problem. Another machine, "
        "another number of threads, or another problem may turn the order around.",
    ]
    if len(seeds) == 1:
        notes.append(
            "One seed says nothing of the spread: differences of a few tens of per cent may be "
            "chance. Repeat with --seeds 5."
        )
    return f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>"


def _failures(comparison: Comparison) -> str:
    """Return the runs that failed, diverged or were stopped, with their messages."""
    rows = [
        (t.configuration.label, f"{t.nodes or '–'}", f"{t.seed}", t.status, t.message)
        for t in comparison.trials
        if not t.has_succeeded
    ]
    words = "A run that was stopped counts nowhere, one that diverged with what it had reached."
    return table(["", "nodes", "seed", "status", ""], rows, words, numbers=(1, 2)) if rows else ""


def _settings(comparison: Comparison) -> str:
    """Return the settings of each configuration, the machine, and the problem file."""
    rows = []
    for c in comparison.configurations:
        runs = [trial for trial in comparison.trials if trial.configuration == c]
        sizes = list(dict.fromkeys(f"{t.parameters:,}" for t in runs if t.parameters))
        widths = list(dict.fromkeys(" × ".join(map(str, t.hidden)) for t in runs if t.hidden))
        devices = list(dict.fromkeys(trial.device for trial in runs if trial.device))
        rows.append(
            [
                c.label,
                c.derivatives,
                c.precision,
                "; ".join(widths) or "–",
                "; ".join(sizes) or "–",
                "; ".join(devices) or "–",
            ]
        )
    head = ["", "derivatives", "precision", "hidden layers", "unknowns", "device"]
    words = (
        f"{comparison.machine}. “default” is the method’s own schedule, any other name one phase "
        f"of that optimiser. Each training had {duration(comparison.budget)} at most."
    )
    return table(head, rows, words, numbers=(4,)) + (
        "<details><summary>The problem file, with every default written out</summary>"
        f"<pre>{escape(comparison.problem.to_toml())}</pre></details>"
    )
