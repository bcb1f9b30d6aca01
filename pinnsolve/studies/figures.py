"""Pictures of a comparison on one node set: error against time, times to errors, lowest errors."""

from collections.abc import Callable, Iterable
from math import inf, isfinite

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter
from numpy import ndarray

from pinnsolve.output.figures.figures import INK, WIDTH, styled
from pinnsolve.output.numbers import power_of_ten
from pinnsolve.studies import statistics
from pinnsolve.studies.statistics import Spread
from pinnsolve.studies.style import (
    LINE,
    bars,
    error_axis,
    looks,
    power_axis,
    side_by_side,
    time_axis,
)
from pinnsolve.studies.trials import Comparison, Trial

POINTS = 160  # of a curve that are drawn


@styled
def course_figure(comparison: Comparison, nodes: int | None) -> Figure:
    """Draw the error on the nodes against time, a line for each seed.

    Parameters
    ----------
    comparison
        What was compared.
    nodes
        On which node set.
    """
    look = looks(comparison)
    there = [c for c in look if any(trial.lowest for trial in comparison.of(c, nodes))]
    figure, (axes,) = side_by_side(1, 3.4, there, look)
    drawn = [trial for c in there for trial in comparison.of(c, nodes)]
    for trial in drawn:
        how = look[trial.configuration]
        time, error = _course(trial)
        if trial.configuration.optimizer is None:
            axes.plot(time, error, how.marker, color=how.colour, ms=6, zorder=3)
        else:
            many = len(comparison.of(trial.configuration, nodes)) > 1
            lw, alpha, dashes = (0.6, 0.35, "-") if many else (1.5, 1.0, how.dashes)
            axes.plot(time, error, color=how.colour, ls=dashes, lw=lw, alpha=alpha)
            axes.plot(time[-1:], error[-1:], "o", color=how.colour, ms=3)
    for c in there:
        courses = [_course(trial) for trial in comparison.of(c, nodes) if trial.lowest]
        if c.optimizer is not None and len(courses) > 1:
            axes.plot(*_middle(courses), color=look[c].colour, ls=look[c].dashes, lw=1.6)
    floors = {(trial.floor, look[trial.configuration].colour) for trial in drawn if trial.floor}
    for floor, colour in sorted(floors):
        axes.axhline(floor, color=colour, lw=0.6, alpha=0.7, zorder=0)
    time_axis(axes, "x", [t for trial in drawn for t in _course(trial)[0]])
    error_axis(axes, [*(e for trial in drawn for e in _course(trial)[1]), *(f for f, _ in floors)])
    axes.set_xlabel("time: operators, set-up and training")
    axes.set_title("relative L2 error on the nodes")
    return figure


@styled
def arrival_figure(comparison: Comparison, nodes: int | None) -> Figure:
    """Draw the time to each power of ten of the error, medians and ranges.

    Parameters
    ----------
    comparison
        What was compared.
    nodes
        On which node set.
    """
    look = looks(comparison)
    targets = comparison.targets()
    times = {
        c: [statistics.seconds_to(comparison.of(c, nodes), target) for target in targets]
        for c in look
    }
    there = [c for c in look if any(time and time.middle < inf for time in times[c])]
    figure, (axes,) = side_by_side(1, 3.1, there, look)
    shifts = np.linspace(-0.16, 0.16, len(there)) if len(there) > 1 else [0.0]
    known = [t.middle for c in there for t in times[c] if t and t.middle < inf]
    known += [t.most for c in there for t in times[c] if t and t.most < inf]
    for c, shift in zip(there, shifts, strict=True):
        x = [-np.log10(target) + shift for target in targets]
        bars(axes, x, times[c], look[c])
    axes.set_xlim(0.5, max(-np.log10(targets[-1]) + 0.5, 2.5))
    axes.xaxis.set_major_locator(FixedLocator([round(-np.log10(t)) for t in targets]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: power_of_ten(-round(x))))
    time_axis(axes, "y", known)
    axes.grid(axis="y", color=INK, alpha=0.15, lw=0.5)
    axes.set_xlabel("relative L2 error on the nodes")
    axes.set_title("time to reach it")
    return figure


@styled
def lowest_figure(comparison: Comparison, nodes: int | None) -> Figure:
    """Draw for each configuration its lowest error, and the time and iterations to it.

    Parameters
    ----------
    comparison
        What was compared.
    nodes
        On which node set.
    """
    look = looks(comparison)
    there = [c for c in look if any(trial.lowest for trial in comparison.of(c, nodes))]
    height = LINE * 1.25 * len(there) + 0.15
    whole = height + 0.8
    figure = Figure(figsize=(WIDTH, whole))
    label_width = 0.068 * max(len(c.label) for c in there) / WIDTH + 0.015
    wide = (1 - label_width - 0.07) / 3
    panels: list[tuple[str, Callable[[list[Trial]], Spread | None]]] = [
        ("lowest error on the nodes", lambda runs: _lowest_errors(runs)),
        ("time to it", statistics.seconds_to_lowest),
        ("iterations to it", statistics.iterations_to_lowest),
    ]
    for k, (title, measure) in enumerate(panels):
        left = label_width + k * (wide + 0.03)
        axes = figure.add_axes((left, 0.42 / whole, wide, height / whole))
        figures = [measure(comparison.of(c, nodes)) for c in there]
        for row, (c, figure_) in enumerate(zip(there, figures, strict=True)):
            if figure_ is not None and figure_.middle > 0:
                how = look[c]
                axes.plot([max(figure_.least, 1e-300), figure_.most], [row, row],
                          color=how.colour, lw=1.2)  # fmt: skip
                filled = how.colour if how.dashes in ("-", "") else "none"
                axes.plot(figure_.middle, row, how.marker, ms=5, mec=how.colour, mfc=filled)
        axes.set(ylim=(len(there) - 0.4, -0.6), title=title, xscale="log")
        known = [f for figure_ in figures if figure_ for f in (figure_.least, figure_.most)]
        (time_axis if k == 1 else power_axis)(axes, "x", known)
        axes.grid(axis="both", color=INK, alpha=0.15, lw=0.5)
        axes.yaxis.set_major_locator(FixedLocator(range(len(there))))
        names = [c.label for c in there] if k == 0 else [""] * len(there)
        axes.set_yticks(range(len(there)), names)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    return figure


def _course(trial: Trial) -> tuple[Float[ndarray, " K"], Float[ndarray, " K"]]:
    """Return time and error, at most `POINTS` of them, evenly spread on the scale of the time."""
    pairs = [(r.seconds, r.relative_l2) for r in trial.curve if r.relative_l2 and r.seconds > 0]
    time, error = np.array([pair for pair in pairs if isfinite(pair[1])] or [(np.nan, np.nan)]).T
    if len(time) > POINTS:
        wanted = np.geomspace(time[0], time[-1], POINTS)
        chosen = np.unique([0, *np.searchsorted(time, wanted[1:-1]), len(time) - 1])
        time, error = time[chosen], error[chosen]
    return time, error


def _middle(courses: list[tuple[ndarray, ndarray]]) -> tuple[ndarray, ndarray]:
    """Return the median of the errors as they stand from when all have one; the last one stays."""
    first, last = max(t[0] for t, _ in courses), max(t[-1] for t, _ in courses)
    time = np.geomspace(first, last, POINTS)
    logs = [np.interp(np.log(time), np.log(t), np.log(error)) for t, error in courses]
    return time, np.exp(np.median(logs, axis=0))


def _lowest_errors(runs: Iterable[Trial]) -> Spread | None:
    return statistics.spread(trial.lowest.relative_l2 for trial in runs if trial.lowest)
