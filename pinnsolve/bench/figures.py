"""Pictures of the measurements."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pinnsolve.bench.depth import Accuracy
from pinnsolve.bench.derivatives import Cost
from pinnsolve.output.figures import COLOURS, STYLE, WIDTH, logarithmic

HEIGHT = 3.2  # inches


def draw_costs(rows: Sequence[Cost], path: Path) -> None:
    """Draw time and memory against the order of the derivatives."""
    with matplotlib.rc_context(STYLE):
        figure = Figure((WIDTH, HEIGHT), layout="constrained", facecolor="white")
        times, memory = figure.subplots(1, 2)
        for name, colour in zip(("nested", "taylor"), COLOURS, strict=False):
            for axes, unit in ((times, "ms"), (memory, "mib")):
                known = [row for row in rows if getattr(row, f"{name}_{unit}") is not None]
                heights = [getattr(row, f"{name}_{unit}") for row in known]
                _curve(axes, [row.order for row in known], heights, colour, name)
        times.set(xlabel="order", title="Forward and backward pass, ms")
        memory.set(xlabel="order", title="Memory, MiB")
        times.legend()
        _finish(times, memory)
        figure.savefig(path)


def draw_accuracies(rows: Sequence[Accuracy], path: Path) -> None:
    """Draw errors and times against the depth of the network."""
    names = list(dict.fromkeys((row.backend, row.order) for row in rows))
    with matplotlib.rc_context(STYLE):
        figure = Figure((WIDTH, 1.2 * HEIGHT), layout="constrained", facecolor="white")
        errors, times = figure.subplots(1, 2)
        for (backend, order), colour in zip(names, COLOURS, strict=False):
            own = [row for row in rows if (row.backend, row.order) == (backend, order)]
            depths = [row.depth for row in own]
            label = f"{backend}, p = {order}" if order else backend
            if any(row.relative_error for row in own):  # but of the reference
                _curve(errors, depths, [row.relative_error for row in own], colour, label)
            _curve(times, depths, [row.milliseconds for row in own], colour, label)
        errors.set(xlabel="depth", title="Relative error")
        times.set(xlabel="depth", title="Time without the forward pass, ms")
        figure.legend(*times.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        _finish(errors, times)
        figure.savefig(path)


def _curve(axes: Axes, x: Sequence[int], heights: Sequence[float], colour: str, label: str) -> None:
    axes.plot(x, heights, "o-", color=colour, label=label, ms=4, lw=1.2)


def _finish(*panels: Axes) -> None:
    """Give both panels whole numbers below and powers of ten beside."""
    for axes in panels:
        heights = np.concatenate([np.asarray(line.get_ydata()) for line in axes.get_lines()])
        logarithmic(axes, heights.tolist())
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
