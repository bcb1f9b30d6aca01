"""Pictures of fields that change in time: some instants side by side, in the same colours.

In one dimension space and time are one picture, with profiles beside it; in two each instant is
a colour map, in three a surface and a section; above three, values along lines through the
middle.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float, Int
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy import ndarray

from pinnsolve.geometry import Domain
from pinnsolve.output.figures.fields import has_cells, lines_through_the_middle
from pinnsolve.output.figures.figures import INK, WIDTH, styled
from pinnsolve.output.figures.panels import (
    Quantity,
    body,
    colour_map,
    cut,
    estimates,
    middle,
    quantities,
    scale,
    triad,
)
from pinnsolve.output.figures.projection import VIEW, project
from pinnsolve.output.numbers import instant
from pinnsolve.output.vtk.grid import Grid
from pinnsolve.references.truth import true_fields, word_for_truth
from pinnsolve.solution.solution import Solution

INSTANTS = 5  # as many as fit side by side
PIXELS = (240, 360)  # of the picture of space and time: instants, places
MARGIN, SCALE_ROOM, GAP = 0.55, 0.6, 0.12  # inches: for ticks, for the scale, between pictures
ROUND = [1, 2, 5, 10]  # leading digits of the distance of ticks
WIDE = 2.2  # width over height beyond which instants stand one below the other


@dataclass(frozen=True)
class View:
    """What is drawn at each instant.

    Attributes
    ----------
    title
        What is seen.
    quantity
        The values, at every time level.
    draw
        Draws the values of one level in given colours.
    coordinates
        Names of the axes; three where they are seen from afar.
    aspect
        Width over height.
    """

    title: str
    quantity: Quantity
    draw: Callable[..., None]
    coordinates: Sequence[str]
    aspect: float


@styled
def evolution_figure(solution: Solution, grid: Grid, domain: Domain, name: str) -> Figure:
    """Draw one field in time, and its error if the exact solution or a baseline is known.

    Parameters
    ----------
    solution, grid
        The solution with its time levels, and its values on cells.
    domain
        Where it lives.
    name
        The field.
    """
    assert solution.sample.times is not None
    if not has_cells(solution, grid):
        return _profiles(
            solution, domain, name, solution.sample.times[instants(solution.sample.times)]
        )
    return _drawn(solution, grid, quantities(grid, name))


@styled
def estimate_in_time_figure(solution: Solution, grid: Grid, name: str) -> Figure | None:
    """Draw the estimated error of a field in time, beside the true one if that is known.

    Parameters
    ----------
    solution, grid
        The solution with its time levels, and its values on cells.
    name
        The field.
    """
    shown = estimates(grid, name)
    return _drawn(solution, grid, shown) if shown and has_cells(solution, grid) else None


def _drawn(solution: Solution, grid: Grid, shown: list[Quantity]) -> Figure:
    assert solution.sample.times is not None
    dim, coordinates = solution.sample.nodes.dim, solution.problem.coordinates
    levels = instants(solution.sample.times)
    if dim == 1:
        return _space_time(grid, shown, coordinates[0], solution.sample.times, levels)
    views = {2: _maps, 3: _bodies}[dim](grid, shown, coordinates)
    return _instants(views, solution.sample.times, levels)


def instants(times: Float[ndarray, " K"]) -> Int[ndarray, " J"]:
    """Return a few levels that are evenly spread over time, the first and the last among them."""
    wanted = np.linspace(times[0], times[-1], INSTANTS)
    return np.unique(np.abs(times - wanted[:, None]).argmin(axis=1))


def _maps(grid: Grid, shown: Sequence[Quantity], coordinates: Sequence[str]) -> list[View]:
    """Return a colour map of each quantity."""
    x = grid.points[:, :2]
    draw = partial(colour_map, x=x, cells=grid.cells)
    return [View(quantity.title, quantity, draw, coordinates, _aspect(x)) for quantity in shown]


def _bodies(grid: Grid, shown: Sequence[Quantity], coordinates: Sequence[str]) -> list[View]:
    """Return a surface and a section of each quantity."""
    x, cells = grid.points, grid.cells
    outside, inside = partial(body, x=x, cells=cells), partial(cut, x=x, cells=cells)
    place = f"section {coordinates[2]} = {middle(x):.3g}".replace("-", "−")
    flat, seen = _aspect(x[:, :2]), _aspect(project(x, VIEW))
    return [
        view
        for quantity in shown
        for view in (
            View(f"{quantity.title}, surface", quantity, outside, coordinates, seen),
            View(f"{quantity.title}, {place}", quantity, inside, coordinates[:2], flat),
        )
    ]


def _aspect(x: Float[ndarray, "n 2"]) -> float:
    """Return the width of a picture of points over its height."""
    wide, tall = np.ptp(x, axis=0)
    return float(wide / tall)


def _instants(
    views: Sequence[View], times: Float[ndarray, " K"], levels: Int[ndarray, " J"]
) -> Figure:
    """Draw each view at some levels, in colours that hold for all levels."""
    is_wide = min(view.aspect for view in views) > WIDE
    aspects = [view.aspect for view in views]
    figure, panels = (_columns if is_wide else _rows)(aspects, len(levels))
    for view, row in zip(views, panels, strict=True):
        colours = view.quantity.colours
        place = row[0].get_position()
        above = place.y1 + 0.27 / figure.get_figheight()
        figure.text(place.x0, above, view.title, fontsize=9.5)
        for axes, level in zip(row, levels, strict=True):
            view.draw(axes, values=view.quantity.values[level], colours=colours)
            axes.set_title(instant(times[level]), pad=3, fontsize=8.5)
            if axes is not row[-1 if is_wide else 0]:
                axes.set(xticks=[], yticks=[])
            elif len(view.coordinates) == 2:
                _name(axes, view.coordinates)
            else:
                triad(axes, view.coordinates, 0.2)
        scale(figure, row[0 if is_wide else -1], colours, view.quantity.name)
    return figure


def _name(axes: Axes, coordinates: Sequence[str]) -> None:
    """Name the axes of a small picture, with few ticks."""
    axes.set_xlabel(coordinates[0], labelpad=1)
    axes.set_ylabel(coordinates[1], labelpad=3, rotation=0, ha="right", va="center")
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=ROUND))
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=ROUND))


def _rows(aspects: Sequence[float], count: int) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure with a row of places for each view."""
    most = (WIDTH - MARGIN - SCALE_ROOM - GAP * (count - 1)) / count
    widths = [min(most, 2.4, 2.0 * aspect) for aspect in aspects]
    heights = [width / aspect for width, aspect in zip(widths, aspects, strict=True)]
    tops = np.cumsum([0.46, *(height + 0.9 for height in heights)])
    figure = Figure(figsize=(WIDTH, tops[-1] - 0.46))
    return figure, [
        [_place(figure, MARGIN + j * (width + GAP), top, width, height) for j in range(count)]
        for top, width, height in zip(tops[:-1], widths, heights, strict=True)
    ]


def _columns(aspects: Sequence[float], count: int) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure with a column of places for each view, all of the same aspect."""
    room = WIDTH / len(aspects)
    width = min(room - MARGIN - SCALE_ROOM, 4.5)
    height = width / aspects[0]
    figure = Figure(figsize=(WIDTH, 0.66 + count * (height + 0.26)))
    return figure, [
        [
            _place(figure, MARGIN + i * room, 0.46 + j * (height + 0.26), width, height)
            for j in range(count)
        ]
        for i in range(len(aspects))
    ]


def _place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Return a place in a figure, measured in inches from its left and its top."""
    whole = figure.get_figheight()
    return figure.add_axes(
        (left / WIDTH, 1 - (top + height) / whole, width / WIDTH, height / whole)
    )


def _space_time(
    grid: Grid,
    shown: Sequence[Quantity],
    coordinate: str,
    times: Float[ndarray, " K"],
    levels: Int[ndarray, " J"],
) -> Figure:
    """Draw values over an interval and time, and beside them their profiles at some instants."""
    x = grid.points[:, 0]
    figure = Figure(figsize=(WIDTH, 2.7 * len(shown)))
    for i, quantity in enumerate(shown):
        bottom, height = 1 - (i + 0.83) / len(shown), 0.7 / len(shown)
        left = figure.add_axes((0.06, bottom, 0.34, height))
        seen = image(x, grid.cells, quantity.values, times)
        extent = (x.min(), x.max(), times[0], times[-1])
        colours = quantity.colours
        drawn = left.imshow(seen, aspect="auto", origin="lower", extent=extent)
        drawn.set_cmap(colours.get_cmap())
        drawn.set_norm(colours.norm)
        left.set(title=quantity.title, xlabel=coordinate)
        left.set_ylabel("t", rotation=0, ha="right", va="center")
        left.spines[:].set_visible(False)
        scale(figure, left, colours, quantity.name)
        right = figure.add_axes((0.55, bottom, 0.31, height))
        for level, colour in zip(levels, _colours(len(levels)), strict=True):
            now = quantity.values[level]
            pairs = np.stack([x[grid.cells], now[grid.cells]], axis=2)
            label = instant(times[level])
            right.add_collection(LineCollection(list(pairs), colors=[colour], lw=1.5, label=label))
        right.autoscale()
        right.set(xlabel=coordinate)
        right.grid(axis="y", color=INK, alpha=0.15, lw=0.5)
        for axes in (left, right):
            axes.xaxis.set_major_locator(MaxNLocator(5, steps=ROUND))
            axes.yaxis.set_major_locator(MaxNLocator(6, steps=ROUND))
        right.legend(
            loc="upper left", bbox_to_anchor=(1.0, 1.02), borderaxespad=0, handlelength=1.2
        )
    return figure


def image(
    x: Float[ndarray, " n"],
    cells: Int[ndarray, "M 2"],
    values: Float[ndarray, "K n"],
    times: Float[ndarray, " K"],
) -> Float[ndarray, "T P"]:
    """Return values at evenly spaced places and times, linear in between; NaN outside the cells."""
    cells = cells[np.argsort(x[cells[:, 0]])]
    starts, ends = x[cells].T
    places = np.linspace(starts[0], ends[-1], PIXELS[1])
    cell = np.searchsorted(starts, places, side="right") - 1
    share = (places - starts[cell]) / (ends[cell] - starts[cell])
    share[share > 1 + 1e-9] = np.nan  # between two parts of the domain
    along = values[:, cells[cell, 0]] * (1 - share) + values[:, cells[cell, 1]] * share
    moments = np.linspace(times[0], times[-1], PIXELS[0])
    after = np.searchsorted(times, moments).clip(1, len(times) - 1)
    weight = ((moments - times[after - 1]) / np.diff(times)[after - 1])[:, None]
    return along[after - 1] * (1 - weight) + along[after] * weight


def _profiles(solution: Solution, domain: Domain, name: str, times: Float[ndarray, " J"]) -> Figure:
    """Draw values along lines through the middle at some instants."""
    problem = solution.problem
    i, truth = problem.fields.index(name), true_fields(solution)
    figure = Figure(figsize=(WIDTH, 2.6))
    for j, (title, line) in enumerate(lines_through_the_middle(solution, domain).items()):
        axes = figure.add_axes((0.06 + 0.44 * j, 0.2, 0.37, 0.68))
        for t, colour in zip(times, _colours(len(times)), strict=True):
            points = np.column_stack([line, np.full(len(line), t)])
            along = points[:, 0]
            axes.plot(along, solution.answer(points)[:, i], color=colour, lw=1.5, label=instant(t))
            if truth is not None:
                label = word_for_truth(solution) if t == times[-1] else None
                axes.plot(along, truth(points)[:, i], color=INK, lw=0.8, ls=":", label=label)
        axes.set(title=f"{name} {title}", xlabel=problem.coordinates[0])
        axes.grid(axis="y", color=INK, alpha=0.15, lw=0.5)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02), borderaxespad=0, handlelength=1.2)
    return figure


def _colours(count: int) -> Float[ndarray, "J 4"]:
    """Return colours from early to late, to be seen on white and on black."""
    return colormaps["viridis"](np.linspace(0.25, 0.8, count))
