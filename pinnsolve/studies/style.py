"""How the pictures of a comparison look: colours, lines, legends and axes.

Colour stands for the method with its order, derivatives and precision, the kind of line for the
optimiser; direct solutions, which have no course, are diamonds in the colour of their order.
All scales are logarithmic. Points are medians over the seeds, bars go from the least to the most.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from math import inf
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from pinnsolve.output.figures.figures import COLOURS, INK, WIDTH
from pinnsolve.output.numbers import duration, power_of_ten
from pinnsolve.studies.statistics import Spread
from pinnsolve.studies.trials import Comparison, Configuration

DASHES: tuple[Any, ...] = ("-", (0, (4, 1.6)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (2, 1)))
TICKS = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 36000.0)  # seconds
LINE = 0.19  # inches, the height of a line of text
LEGEND_COLUMNS = 3


@dataclass(frozen=True)
class Look:
    """How a configuration is drawn everywhere."""

    colour: str
    dashes: Any
    marker: str


def looks(comparison: Comparison) -> dict[Configuration, Look]:
    """Return the look of each configuration."""
    configuration = comparison.configurations
    variants = [c.order if c.optimizer is None else c.variant for c in configuration]
    for c in configuration:  # a direct solution takes the colour of the first network of its order
        if c.optimizer is not None and c.order in variants:
            variants = [c.variant if variant == c.order else variant for variant in variants]
    colours = dict(zip(dict.fromkeys(variants), cycle(COLOURS), strict=False))
    optimizers = dict.fromkeys(c.optimizer for c in configuration if c.optimizer)
    dashes = dict(zip(optimizers, cycle(DASHES), strict=False))
    return {
        c: Look(colours[variant], dashes.get(c.optimizer or "", ""), "o" if c.optimizer else "D")
        for c, variant in zip(configuration, variants, strict=True)
    }


def side_by_side(
    count: int,
    height: float,
    there: Sequence[Configuration],
    look: dict[Configuration, Look],
    names: Sequence[str] = (),
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels side by side and below them a legend of configurations.

    Parameters
    ----------
    count, height
        How many panels, and their height in inches with titles.
    there, look
        What stands in the legend, and how each is drawn.
    names
        What to call them; by default their labels.
    """
    rows = -(-len(there) // LEGEND_COLUMNS)
    below = 0.55 + LINE * rows
    whole = height + below
    figure = Figure(figsize=(WIDTH, whole))
    gap, left = 0.08, 0.075
    width = (0.98 - left - gap * (count - 1)) / count
    panels = [
        figure.add_axes((left + k * (width + gap), below / whole, width, (height - 0.3) / whole))
        for k in range(count)
    ]
    handles = [
        Line2D(
            [], [], color=look[c].colour, ls=look[c].dashes or "none", lw=1.5,
            marker=look[c].marker, ms=6 if c.optimizer is None else 3.5,
        )
        for c in there
    ]  # fmt: skip
    labels = names or [c.label for c in there]
    figure.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(left - 0.01, 0.0), handlelength=2.6,
        ncols=LEGEND_COLUMNS, borderaxespad=0, columnspacing=1.6, labelspacing=0.35,
    )  # fmt: skip
    return figure, panels


def bars(axes: Axes, x: Sequence[float], figures: Sequence[Spread | None], look: Look) -> None:
    """Draw medians, joined, with bars; a triangle where some seeds never got there.

    Parameters
    ----------
    axes, look
        Where and how.
    x, figures
        Places and figures; what has no finite median is left out.
    """
    here = [(at, s) for at, s in zip(x, figures, strict=True) if s and 0 < s.middle < inf]
    if not here:
        return
    places = [at for at, _ in here]
    axes.plot(
        places, [s.middle for _, s in here], color=look.colour, ls=look.dashes or (0, (1, 3)),
        lw=1.5 if look.dashes else 0.8, marker=look.marker, ms=6 if look.marker == "D" else 4,
    )  # fmt: skip
    for at, s in here:
        if s.most == inf:  # some seeds never got there
            axes.plot([at, at], [s.least, s.middle], color=look.colour, lw=1)
            axes.plot(at, s.middle, "^", ms=8, mec=look.colour, mfc="none")
        elif s.least == 0:  # the same, told as a speed-up
            axes.plot([at, at], [s.middle, s.most], color=look.colour, lw=1)
            axes.plot(at, s.middle, "v", ms=8, mec=look.colour, mfc="none")
        elif s.least < s.most:
            axes.plot([at, at], [s.least, s.most], color=look.colour, lw=1)


def error_axis(axes: Axes, errors: Iterable[float]) -> None:
    """Give errors a logarithmic scale upwards, between powers of ten."""
    axes.grid(axis="y", color=INK, alpha=0.15, lw=0.5)
    power_axis(axes, "y", errors)


def logarithmic(axes: Axes, which: str) -> Axis:
    """Make one of the axes, ``x`` or ``y``, logarithmic, and return it."""
    axes.set(**{f"{which}scale": "log"})
    return axes.xaxis if which == "x" else axes.yaxis


def power_axis(axes: Axes, which: str, figures: Iterable[float]) -> None:
    """Give an axis a logarithmic scale between powers of ten."""
    known = [figure for figure in figures if 0 < figure < inf]
    axis = logarithmic(axes, which)
    if known:
        low, high = np.floor(np.log10(min(known)) + 1e-9), np.ceil(np.log10(max(known)) - 1e-9)
        axes.set(**{f"{which}lim": (10.0**low / 1.2, 10.0 ** max(high, low + 1) * 1.2)})
    axis.set_major_locator(LogLocator(numticks=7 if which == "y" else 5))
    axis.set_major_formatter(FuncFormatter(lambda y, _: power_of_ten(round(np.log10(y)))))
    axis.set_minor_formatter(NullFormatter())
    axis.set_tick_params(which="minor", length=0)


def time_axis(axes: Axes, which: str, seconds: Iterable[float]) -> None:
    """Give times a logarithmic scale with ticks that a person reads."""
    known = [second for second in seconds if 0 < second < inf]
    axis = logarithmic(axes, which)
    if not known:
        return
    low, high = min(known) / 1.3, max(known) * 1.3
    axes.set(**{f"{which}lim": (low, high)})
    ticks = [tick for tick in TICKS if low <= tick <= high]
    if len(ticks) < 2:
        ticks = [float(f"{tick:.1g}") for tick in np.geomspace(low * 1.2, high / 1.2, 3)]
    axis.set_major_locator(FixedLocator(sorted(set(ticks))))
    axis.set_major_formatter(
        FuncFormatter(lambda t, _: duration(t).replace(" 0 s", "").replace(".0 s", " s"))
    )
    axis.set_minor_locator(NullLocator())
