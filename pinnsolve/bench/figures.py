"""Pictures of the measurements."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from pinnsolve.bench.depth import Accuracy
from pinnsolve.bench.derivatives import Case, by_order, median
from pinnsolve.bench.rows import Row
from pinnsolve.output.figures.figures import COLOURS, INK, PALE, STYLE, WIDTH, logarithmic

HEIGHT = 3.2  # inches
CONTENDERS = {
    "nested": ("nested autograd", COLOURS[0]),
    "taylor": ("Taylor mode", COLOURS[1]),
    "jet": ("jet-for-pytorch", COLOURS[2]),
}


def draw_costs(cases: Sequence[Case], path: Path) -> None:
    """Draw times and memory, and the times in those of Taylor mode, against the order.

    Of several combinations of width, depth and batch the `median` is drawn, and of the ratios a
    band from the least to the most that was measured.
    """
    names = list(cases[0].costs)
    with matplotlib.rc_context(STYLE):
        figure = Figure((WIDTH, HEIGHT), layout="constrained", facecolor="white")
        times, ratios, memory = panels = figure.subplots(1, 3)
        for name in names:
            _medians(times, cases, name, partial(Case.value, name=name, unit="ms"))
            _medians(times, cases, name, partial(Case.value, name=name, unit="forward_ms"), ":")
            _medians(ratios, cases, name, partial(Case.ratio, name=name), has_band=True)
            _medians(memory, cases, name, partial(Case.value, name=name, unit="mib"))
        times.plot([], [], ":", color=INK, lw=1.2, label="forward pass alone")
        times.set(title="Forward + backward, ms")
        ratios.set(title="Time / that of Taylor mode")
        memory.set(title="Peak memory, MiB")
        handles = times.get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=1 + len(names))
        figure.suptitle(_caption(cases), x=0.012, ha="left", fontsize=8.5, color=PALE)
        _finish(*panels)
        _in_steps(ratios)
        orders = [case.order for case in cases]
        for axes in panels:
            axes.set(xlabel="order", xlim=(min(orders) - 0.4, max(orders) + 0.4))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        figure.savefig(path)


def _medians(
    axes: Axes,
    cases: Sequence[Case],
    name: str,
    value: Callable[[Case], float | None],
    look: str = "o-",
    has_band: bool = False,
) -> None:
    """Draw the medians of a contender's figures against the order, on a band of their range."""
    label, colour = CONTENDERS[name]
    orders, rows = [], []
    for order, group in by_order(cases):
        found = [value(case) for case in group]
        middle = median(found)
        if middle is not None:
            known = [height for height in found if height is not None]
            orders.append(order)
            rows.append((min(known), middle, max(known)))
    low, middles, high = np.asarray(rows).reshape(-1, 3).T
    if has_band:
        axes.fill_between(orders, low, high, color=colour, alpha=0.18, lw=0)
    label = label if look == "o-" else ""
    axes.plot(orders, middles, look, color=colour, label=label, ms=4, lw=1.2)


def _caption(cases: Sequence[Case]) -> str:
    """Say what was measured."""
    parts = []
    for key in ("width", "depth", "batch"):
        values = sorted({getattr(case, key) for case in cases})
        span = " | ".join(map(str, values)) if len(values) <= 8 else f"{values[0]}–{values[-1]}"
        parts.append(f"{key} {span}")
    count = len({(case.width, case.depth, case.batch) for case in cases})
    text = ", ".join([*parts, cases[0].precision])
    if count > 1:
        text += f"\nmedians over {count} combinations; band: least to most"
    return text


def _in_steps(axes: Axes) -> None:
    """Give an axis of ratios the ticks 1, 2, 5, 10, and no more room than they need."""
    bands = [axes.dataLim.y0, axes.dataLim.y1]
    axes.set_ylim(min(0.8, bands[0] / 1.2), max(2.4, bands[1] * 1.2))
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


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


def draw_accelerations(rows: Sequence[Row], study: str, path: Path) -> None:
    """Draw the speed-up over eager code by every configuration that was measured, with its spread.

    Parameters
    ----------
    rows
        As of `pinnsolve.bench.acceleration.accelerations`.
    study
        What they are drawn against: ``problems``, ``batch`` or ``depth``.
    path
        Where to.
    """
    known = [row for row in rows if row.get("speed_up")]
    names = list(dict.fromkeys(row["configuration"] for row in known))
    with matplotlib.rc_context(STYLE):
        figure = Figure((WIDTH, 1.2 * HEIGHT), layout="constrained", facecolor="white")
        axes = figure.subplots()
        labels = list(dict.fromkeys(map(partial(_place, study), known)))
        for k, (name, colour) in enumerate(zip(names, cycle(COLOURS), strict=False)):
            own = [row for row in known if row["configuration"] == name]
            x = [labels.index(_place(study, row)) + 0.05 * (k - len(names) / 2) for row in own]
            middles = np.array([row["speed_up"] for row in own])
            ends = [[row[f"{end}_speed_up"] for row in own] for end in ("lowest", "highest")]
            bars = np.abs(np.array(ends) - middles)
            axes.errorbar(x, middles, bars, fmt="o", ms=4, lw=1.2, color=colour, label=name)
        axes.axhline(1, color=PALE, lw=0.8)
        axes.set(title="Speed-up over eager code in float32", yscale="log")
        axes.set_xticks(range(len(labels)), labels, rotation=20 if study == "problems" else 0)
        if study != "problems":
            axes.set_xlabel({"batch": "points in a batch", "depth": "network"}[study])
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
        figure.savefig(path)


def draw_scaling(rows: Sequence[Row], path: Path) -> None:
    """Draw time and memory of a step against functions, points and order, where these vary.

    Parameters
    ----------
    rows
        As of `pinnsolve.bench.operator.measured`.
    path
        Where to.
    """
    known = [row for row in rows if row.get("total_ms")]
    kinds = [k for k in ("functions", "points", "order") if len({row[k] for row in known}) > 1]
    kinds = kinds or ["functions"]
    names = list(dict.fromkeys(row["strategy"] for row in known))
    with matplotlib.rc_context(STYLE):
        figure = Figure((WIDTH, 2 * HEIGHT), layout="constrained", facecolor="white")
        panels = figure.subplots(2, len(kinds), squeeze=False)
        for (times, memory), kind in zip(panels.T, kinds, strict=True):
            others = [k for k in ("functions", "points", "order") if k != kind]
            usual = [_commonest([row[k] for row in known]) for k in others]
            along = [row for row in known if [row[k] for k in others] == usual]
            for name, colour in zip(names, cycle(COLOURS), strict=False):
                own = [row for row in along if row["strategy"] == name]
                for axes, unit in ((times, "total_ms"), (memory, "peak_mib")):
                    axes.plot(
                        [row[kind] for row in own],
                        [row[unit] for row in own],
                        "o-",
                        color=colour,
                        label=name,
                        ms=4,
                        lw=1.2,
                    )
            for axes, title in ((times, "A step, ms"), (memory, "Peak memory, MiB")):
                scale = "linear" if kind == "order" else "log"
                axes.set(title=title, xlabel=kind, xscale=scale, yscale="log")
        figure.legend(
            *panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=len(names)
        )
        figure.savefig(path)


def _commonest(values: Sequence[int]) -> int:
    return max(set(values), key=values.count)


def _place(study: str, row: Row) -> str:
    """Return the label of a row below the axis."""
    return str(row[{"problems": "problem", "batch": "batch", "depth": "network"}[study]])


def _curve(axes: Axes, x: Sequence[int], heights: Sequence[float], colour: str, label: str) -> None:
    axes.plot(x, heights, "o-", color=colour, label=label, ms=4, lw=1.2)


def _finish(*panels: Axes) -> None:
    """Give both panels whole numbers below and powers of ten beside."""
    for axes in panels:
        heights = np.concatenate([np.asarray(line.get_ydata()) for line in axes.get_lines()])
        logarithmic(axes, heights.tolist())
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
