"""The sections of a comparison that hold its figures: for each node set pictures and tables."""

from collections.abc import Callable
from html import escape
from math import log10

from pinnsolve.output.figures.figures import svg
from pinnsolve.output.numbers import duration, power_of_ten, scientific
from pinnsolve.output.report.page import table
from pinnsolve.studies import statistics
from pinnsolve.studies.figures import arrival_figure, course_figure, lowest_figure
from pinnsolve.studies.statistics import Spread
from pinnsolve.studies.trends import sooner_figure, trend_figure
from pinnsolve.studies.trials import Comparison

COLUMNS = 6  # of errors in a table, at most


def each(comparison: Comparison, draw: Callable[[Comparison, int | None], str]) -> str:
    """Return a part for each node set, that of the last one open."""
    *others, last = comparison.node_counts
    parts = [f"<h3>{last:,} nodes</h3>" if others and last else "", draw(comparison, last)]
    parts += [
        f"<details><summary>{nodes:,} nodes</summary>{draw(comparison, nodes)}</details>"
        for nodes in reversed(others)
    ]
    return "\n".join(parts)


def courses(comparison: Comparison) -> str:
    """Return the error against time on each node set."""

    def draw(comparison: Comparison, nodes: int | None) -> str:
        if not any(trial.lowest for trial in comparison.trials if trial.nodes == nodes):
            return "<p>No run has recorded an error.</p>"
        label = f"Error against time on {nodes} nodes"
        return f"<figure>{svg(course_figure(comparison, nodes), label)}{caption}</figure>"

    caption = (
        "<figcaption>A line for each seed, to the end of its schedule or of its time, and where "
        "there are several a heavy one for their median; a diamond for each direct solution. "
        "Level lines: the direct solution of the same discretisation, below which a network with "
        "RBF-FD derivatives has no reason to go.</figcaption>"
    )
    return each(comparison, draw)


def arrivals(comparison: Comparison, nodes: int | None) -> str:
    """Return the times to given errors as picture and table."""
    targets = _columns(comparison)
    mine = {c: comparison.of(c, nodes) for c in comparison.configurations}
    if not targets:
        return "<p>No run has reached an error of 0.1.</p>"
    rows = []
    for c, runs in mine.items():
        times = [statistics.seconds_to(runs, target) for target in targets]
        rows.append([c.label, *(_text(time, duration) for time in times)])
    words = "Medians over the seeds, below them the range. Errors are those on the nodes."
    parts = [table(["", *map(power, targets)], rows, words)]
    if any(trial.first(targets[0]) for runs in mine.values() for trial in runs):
        drawn = svg(arrival_figure(comparison, nodes), f"Time to given errors on {nodes} nodes")
        note = "Medians, with bars over the range. A triangle: some seeds never got there."
        parts.insert(0, f"<figure>{drawn}<figcaption>{note}</figcaption></figure>")
    return "\n".join(parts)


def speed_ups(comparison: Comparison, nodes: int | None) -> str:
    """Return the factors by which each error is reached sooner than by the reference."""
    reference = comparison.of(comparison.reference, nodes)
    targets = _columns(comparison)
    rows = []
    for c in comparison.configurations:
        found = [
            statistics.speed_up(comparison.of(c, nodes), reference, target) for target in targets
        ]
        rows.append([c.label, *("–" if r is None else _on_two_lines(r.text()) for r in found)])
    if not targets or not reference:
        return ""
    words = (
        f"Time of {comparison.reference.label} divided by that of each configuration, seed by "
        "seed: median and range. “≥”: with some seed the reference had not got there when it "
        "ended, and the time that it had taken by then was put in."
    )
    return table(["", *map(power, targets)], rows, words)


def lowest(comparison: Comparison, nodes: int | None) -> str:
    """Return the lowest errors, and when they were reached, as picture and table."""
    rows = []
    for c in comparison.configurations:
        runs = comparison.of(c, nodes)
        least = statistics.spread(t.lowest.relative_l2 for t in runs if t.lowest)
        rows.append(
            [
                c.label,
                _text(least, scientific),
                _text(statistics.seconds_to_lowest(runs), duration),
                _text(statistics.iterations_to_lowest(runs), "{:,.0f}".format),
                _text(statistics.errors(runs), scientific),
                _text(statistics.seconds(runs), duration),
            ]
        )
    head = ["", "lowest error", "time to it", "iterations", "error at the end", "time in all"]
    words = (
        "Medians over the seeds, below them the range. The lowest error is that on the nodes, "
        "the error at the end that at the test points."
    )
    parts = [table(head, rows, words)]
    if any(trial.lowest for trial in comparison.trials if trial.nodes == nodes):
        drawn = svg(lowest_figure(comparison, nodes), f"Lowest errors on {nodes} nodes")
        parts.insert(0, f"<figure>{drawn}</figure>")
    return "\n".join(parts)


def trend(comparison: Comparison, against: str) -> str:
    """Return the picture of the gain by more nodes or a higher order."""
    drawn = svg(trend_figure(comparison, against), f"Error and time against {against}")
    words = "Medians over the seeds, with bars over the range."
    if against == "order":
        words += " Methods without an order are level lines."
        return f"<figure>{drawn}<figcaption>{words}</figcaption></figure>"
    sooner = svg(sooner_figure(comparison), "Speed-up against nodes")
    return (
        f"<figure>{drawn}<figcaption>{words}</figcaption></figure><figure>{sooner}<figcaption>"
        f"How many times sooner than {escape(comparison.reference.label)}. On the left each is "
        "timed to its own lowest error, whatever that is; on the right both to the same error, "
        "the smallest that the reference reaches with every seed.</figcaption></figure>"
    )


def _columns(comparison: Comparison) -> list[float]:
    """Return the errors worth a column: those that two configurations reach, and the smallest."""
    reached = comparison.targets()
    arrived = {
        target: {t.configuration for t in comparison.trials if t.first(target)}
        for target in reached
    }
    return [t for t in reached[:-1] if len(arrived[t]) > 1][1 - COLUMNS :] + reached[-1:]


def power(target: float) -> str:
    """Return a power of ten as a person writes it."""
    return power_of_ten(round(log10(target)))


def _text(figures: Spread | None, form: Callable[[float], str]) -> str:
    """Return a spread in words, the range below the median; a dash if there is none."""
    return "–" if figures is None else _on_two_lines(figures.text(form))


def _on_two_lines(text: str) -> str:
    """Return a median with its range below instead of behind it."""
    return text.removesuffix(")").replace(" (", "\n")
