"""Pictures of slices and marginals, and of what changes that should not."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from numpy import ndarray

from pinnsolve.output.figures.figures import COLOURS, WIDTH, styled
from pinnsolve.output.numbers import instant
from pinnsolve.solution.observables import InTime, Table

CURVES, MAPS = 5, 4  # instants that are drawn
DASHED = (0, (4, 3))


@styled
def curves_figure(table: Table, field: int, name: str) -> Figure:
    """Draw a field along one coordinate at some instants, the truth dashed.

    Parameters
    ----------
    table
        A slice or a marginal.
    field, name
        Its number and its name.
    """
    figure = Figure(figsize=(WIDTH, 2.6))
    axes = figure.add_axes((0.09, 0.18, 0.66, 0.7))
    (x,) = table.axes
    for colour, k in zip(COLOURS, _some(table, CURVES), strict=False):
        label = name if table.times is None else instant(table.times[k])
        values = table.values[k, :, field]
        axes.plot(x, values, lw=1.4, color=colour, label=label)
        if table.half_widths is not None:
            wide = table.half_widths[k, :, field]
            axes.fill_between(x, values - wide, values + wide, color=colour, alpha=0.2, lw=0)
        if table.truth is not None:
            axes.plot(x, table.truth[k, :, field], lw=1.0, color=colour, ls=DASHED)
    axes.set(xlabel=table.along[0], title=f"{name} {table.title}")
    axes.legend(loc="upper left", bbox_to_anchor=(1.03, 1.0), borderaxespad=0)
    return figure


@styled
def maps_figure(table: Table, field: int, name: str) -> Figure:
    """Draw a field over the plane of two coordinates at some instants, in the same colours.

    Parameters
    ----------
    table, field, name
        As of `curves_figure`.
    """
    chosen = _some(table, MAPS)
    figure = Figure(figsize=(WIDTH, 2.5))
    shape = [len(axis) for axis in table.axes]
    shown = table.values[chosen, :, field]
    low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
    wide = 0.84 / max(len(chosen), 3)
    image = None
    for i, k in enumerate(chosen):
        axes = figure.add_axes((0.07 + i * wide, 0.18, wide - 0.03, 0.66))
        image = axes.imshow(
            table.values[k, :, field].reshape(shape).T,
            origin="lower",
            extent=_extent(table.axes),
            aspect="auto",
            vmin=low,
            vmax=high if high > low else low + 1.0,
        )
        title = name if table.times is None else instant(table.times[k])
        axes.set(title=title, xlabel=table.along[0], ylabel=table.along[1] if not i else "")
        if i:
            axes.set_yticklabels([])
    assert image is not None
    scale = figure.add_axes((0.07 + len(chosen) * wide, 0.18, 0.015, 0.66))
    figure.colorbar(image, cax=scale)
    return figure


@styled
def changes_figure(times: Float[ndarray, " K"], conserved: Mapping[str, InTime]) -> Figure:
    """Draw how far integrals have changed since the beginning, with their intervals.

    Parameters
    ----------
    times, conserved
        The instants, and the integrals by name.
    """
    figure = Figure(figsize=(WIDTH, 2.3))
    axes = figure.add_axes((0.12, 0.19, 0.62, 0.67))
    for colour, (name, own) in zip(COLOURS, conserved.items(), strict=False):
        size = abs(own.values[0]) or 1.0
        change, wide = (own.values - own.values[0]) / size, own.half_widths / size
        axes.plot(times, change, lw=1.4, marker="o", ms=3, color=colour, label=name)
        axes.fill_between(times, change - wide, change + wide, color=colour, alpha=0.2, lw=0)
    axes.set(xlabel="t", title="change since the beginning, relative")
    axes.legend(loc="upper left", bbox_to_anchor=(1.03, 1.0), borderaxespad=0)
    return figure


def _some(table: Table, most: int) -> list[int]:
    """Return the instants that are drawn, both ends among them."""
    count = len(table.values)
    return sorted({int(k) for k in np.linspace(0, count - 1, min(most, count)).round()})


def _extent(axes: tuple[Float[ndarray, " _"], ...]) -> tuple[float, float, float, float]:
    (x, y) = axes
    return float(x[0]), float(x[-1]), float(y[0]), float(y[-1])
