"""Pictures of the fields, beside each the error, or the difference from the direct solution.

In one dimension lines; in two colour maps over the cells; in three the surface seen from outside
and a section through the middle; above three, values along lines through the middle. Colours:
viridis for values, a diverging map that is pale at zero for signed differences.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.tri import Triangulation
from numpy import ndarray

from pinnsolve.geometry import Domain
from pinnsolve.output.figures import COLOURS, INK, WIDTH, frame, styled
from pinnsolve.output.grid import Grid
from pinnsolve.output.numbers import power_of_ten
from pinnsolve.output.projection import VIEW, project, quartered, section, slopes, surface
from pinnsolve.solution import Solution

LINE_POINTS = 200
SMOOTH = 6000  # faces of a surface, so that each is a few points wide


@dataclass(frozen=True)
class Quantity:
    """Values to be drawn, and how.

    Attributes
    ----------
    title
        What they are.
    values
        One for each point of the grid.
    is_signed
        Whether zero is in the middle of the colours.
    """

    title: str
    values: Float[ndarray, "n"]
    is_signed: bool = False

    @property
    def colours(self) -> ScalarMappable:
        """The colours of the values, which every picture of them shares."""
        low, high = float(self.values.min()), float(self.values.max())
        if self.is_signed:
            largest = max(-low, high) or 1.0
            return ScalarMappable(Normalize(-largest, largest), "RdBu_r")
        if low == high:
            low, high = low - 0.5, high + 0.5
        return ScalarMappable(Normalize(low, high), "viridis")


@styled
def field_figure(solution: Solution, grid: Grid, domain: Domain, name: str) -> Figure:
    """Draw one field, and its error if the exact solution or a baseline is known.

    Parameters
    ----------
    solution, grid
        The solution, and its values on cells.
    domain
        Where it lives.
    name
        The field.
    """
    dim = solution.nodes.dim
    if grid.cells.shape[1] != dim + 1:  # above three dimensions there are no cells
        return _profiles(solution, domain, name)
    draw = {1: _lines, 2: _maps, 3: _bodies}[dim]
    return draw(grid, quantities(grid, name), solution.problem.coordinates)


def quantities(grid: Grid, name: str) -> list[Quantity]:
    """Return what is to be drawn of a field: it, and its error or else what it differs by."""
    shown = [Quantity(name, grid.values[name])]
    if f"error_{name}" in grid.values:
        shown.append(_scaled(f"{name} − exact", grid.values[f"error_{name}"]))
    elif f"difference_{name}" in grid.values:
        shown.append(_scaled(f"{name} − direct solution", grid.values[f"difference_{name}"]))
    return [quantity for quantity in shown if np.isfinite(quantity.values).all()]


def _scaled(title: str, values: Float[ndarray, "n"]) -> Quantity:
    """Return signed values divided by a power of ten that the title names."""
    largest = float(np.abs(values).max())
    exponent = int(np.floor(np.log10(largest))) if largest > 0 else 0
    if -1 <= exponent <= 2:
        return Quantity(title, values, is_signed=True)
    return Quantity(
        f"{title}, in {power_of_ten(exponent)}", values / 10.0**exponent, is_signed=True
    )


def _lines(grid: Grid, shown: list[Quantity], coordinates: Sequence[str]) -> Figure:
    """Draw values over an interval; a gap where neighbours are not joined by a cell."""
    figure = Figure(figsize=(WIDTH, 2.6))
    for i, quantity in enumerate(shown):
        axes = figure.add_axes((0.07 + 0.5 * i, 0.18, 0.42, 0.7))
        pairs = np.stack([grid.points[grid.cells, 0], quantity.values[grid.cells]], axis=2)
        axes.add_collection(LineCollection(list(pairs), colors=COLOURS[i], lw=1.6))
        axes.autoscale()
        axes.set(title=quantity.title, xlabel=coordinates[0])
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.grid(axis="y", color=INK, alpha=0.15, lw=0.5)
        if quantity.is_signed:
            axes.axhline(0, color=INK, lw=0.6)
    return figure


def _maps(grid: Grid, shown: list[Quantity], coordinates: Sequence[str]) -> Figure:
    """Draw colour maps over triangles."""
    x = grid.points[:, :2]
    low, high = x.min(axis=0), x.max(axis=0)
    figure, panels = _panels(len(shown), (high - low)[0] / (high - low)[1])
    rim = list(x[_rim(grid.cells)])
    for axes, quantity in zip(panels, shown, strict=True):
        _colour(
            figure, axes, Triangulation(x[:, 0], x[:, 1], grid.cells), quantity.values, quantity
        )
        axes.add_collection(LineCollection(rim, colors=INK, lw=0.6), autolim=False)
        frame(axes, low, high)
        _name(axes, quantity.title, coordinates)
    return figure


def _bodies(grid: Grid, shown: list[Quantity], coordinates: Sequence[str]) -> Figure:
    """Draw surfaces, and sections through the middle, of tetrahedra."""
    x = grid.points
    low, high = x.min(axis=0), x.max(axis=0)
    box = project(np.stack(np.meshgrid(*zip(low, high, strict=True)), axis=-1).reshape(-1, 3), VIEW)
    middle = (low[2] + high[2]) / 2
    place = f"section {coordinates[2]} = {middle:.3g}".replace("-", "−")
    figure, panels = _panels(2 * len(shown), 1.0)
    for i, quantity in enumerate(shown):
        outer, inner = panels[2 * i : 2 * i + 2]
        _body(figure, outer, x, surface(grid.cells), quantity)
        margin = 0.05 * np.ptp(box, axis=0)
        frame(outer, box.min(axis=0) - margin, box.max(axis=0))
        outer.set(xticks=[], yticks=[])
        _triad(outer, coordinates)
        _name(outer, f"{quantity.title}, surface")
        cut, cells, values = section(x, grid.cells, quantity.values[:, None], x[:, 2] - middle)
        if len(cells):
            _colour(
                figure, inner, Triangulation(cut[:, 0], cut[:, 1], cells), values[:, 0], quantity
            )
        frame(inner, low[:2], high[:2])
        _name(inner, f"{quantity.title}, {place}", coordinates)
    return figure


def _body(
    figure: Figure,
    axes: Axes,
    x: Float[ndarray, "n 3"],
    faces: Int[ndarray, "F 3"],
    quantity: Quantity,
) -> None:
    """Draw the visible faces of a surface, far ones first, those turned from the eye darker."""
    corners, values = x[faces], quantity.values[faces]
    facing = slopes(corners) @ VIEW
    visible = np.flatnonzero(facing > 0)
    order = visible[np.argsort(corners[visible].mean(axis=1) @ VIEW)]
    parts = np.concatenate([corners, values[:, :, None]], axis=2)[order]
    while len(parts) < SMOOTH:  # smaller faces, each of one colour, look smooth
        parts = quartered(parts)
    light = 0.6 + 0.4 * np.repeat(facing[order], len(parts) // max(len(order), 1))
    colours = quantity.colours.to_rgba(parts[:, :, 3].mean(axis=1))
    colours[:, :3] *= light[:, None]
    flat = list(project(parts[:, :, :3].reshape(-1, 3), VIEW).reshape(-1, 3, 2))
    axes.add_collection(
        PolyCollection(flat, facecolors=colours, edgecolors="face", lw=0.3, rasterized=True),
        autolim=False,
    )
    _scale(figure, axes, quantity)


def _triad(axes: Axes, coordinates: Sequence[str]) -> None:
    """Show in a corner of a view where the coordinates point."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    length = 0.1 * max(right - left, top - bottom)
    directions = project(np.eye(3), VIEW)
    start = np.array([left, bottom]) - length * directions.min(axis=0).clip(max=0)
    for direction, name in zip(directions, coordinates, strict=True):
        end, label = start + length * direction, start + 1.4 * length * direction
        axes.plot(*zip(start, end, strict=True), color=INK, lw=0.8)
        axes.text(label[0], label[1], name, ha="center", va="center", fontsize=8)


def _profiles(solution: Solution, domain: Domain, name: str) -> Figure:
    """Draw values along lines through the middle: parallel to the first axis, and a diagonal."""
    problem = solution.problem
    i = problem.fields.index(name)
    lower, upper = domain.lower, domain.upper
    s = np.linspace(0, 1, LINE_POINTS)[:, None]
    middle = (lower + upper) / 2
    axis = np.where(np.arange(len(lower)) == 0, lower, middle)
    lines = {
        f"along {problem.coordinates[0]}, through the middle": (axis, 2 * middle - axis),
        "along a diagonal, from corner to corner": (lower, upper),
    }
    figure = Figure(figsize=(WIDTH, 2.5))
    for j, (title, (start, end)) in enumerate(lines.items()):
        points = start + s * (end - start)
        points = points[domain.distance(points) <= 1e-9 * np.linalg.norm(upper - lower)]
        axes = figure.add_axes((0.07 + 0.5 * j, 0.2, 0.42, 0.68))
        along = points[:, 0]
        axes.plot(along, solution(points)[:, i], color=COLOURS[0], lw=1.6, label=name)
        if problem.exact is not None:
            exact = problem.exact[i](points)
            axes.plot(along, exact, color=COLOURS[1], lw=1.2, ls="--", label="exact")
        axes.set(title=title, xlabel=problem.coordinates[0])
        axes.grid(axis="y", color=INK, alpha=0.15, lw=0.5)
    axes.legend(loc="best")
    return figure


def _colour(
    figure: Figure,
    axes: Axes,
    triangles: Triangulation,
    values: Float[ndarray, "n"],
    quantity: Quantity,
) -> None:
    """Draw values over triangles, with a scale."""
    image = axes.tripcolor(triangles, values, shading="gouraud", rasterized=True)
    image.set_cmap(quantity.colours.get_cmap())
    image.set_norm(quantity.colours.norm)
    _scale(figure, axes, quantity)


def _scale(figure: Figure, axes: Axes, quantity: Quantity) -> None:
    """Put the scale of the colours beside a picture."""
    place = axes.get_position()
    bottom, height = place.y0 + 0.1 * place.height, 0.8 * place.height
    bar = figure.add_axes((place.x1 + 0.012, bottom, 0.014, height))
    figure.colorbar(quantity.colours, cax=bar)
    bar.spines[:].set_visible(False)
    bar.yaxis.set_major_locator(MaxNLocator(5))
    bar.ticklabel_format(axis="y", scilimits=(-2, 4))
    bar.tick_params(length=2)


def _name(axes: Axes, title: str, coordinates: Sequence[str] = ()) -> None:
    """Write what a picture shows, and what its axes are."""
    axes.set_title(title, pad=6)
    if coordinates:
        axes.set_xlabel(coordinates[0], labelpad=1)
        axes.set_ylabel(coordinates[1], labelpad=3, rotation=0, ha="right", va="center")


def _rim(cells: Int[ndarray, "M 3"]) -> Int[ndarray, "E 2"]:
    """Return the edges that belong to one triangle only."""
    edges = np.sort(cells[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    return unique[counts == 1]


def _panels(count: int, aspect: float) -> tuple[Figure, list[Axes]]:
    """Return a figure with places for pictures of an aspect, each with room for a colour bar.

    Two stand side by side, unless they are so wide that one above the other shows more.
    """
    columns = 1 if count == 1 or aspect > 2.2 else 2
    rows = -(-count // columns)
    cell = WIDTH / 2 if columns == 2 else WIDTH
    width = min(cell - 1.2, 3.4 * aspect)
    height = width / aspect
    tall = height + 0.72
    figure = Figure(figsize=(WIDTH, rows * tall))
    panels = []
    for i in range(count):
        row, column = divmod(i, columns)
        left = (cell * column + (cell - width - 0.1) / 2) / WIDTH
        bottom = 1 - (row * tall + 0.28 + height) / (rows * tall)
        panels.append(figure.add_axes((left, bottom, width / WIDTH, height / (rows * tall))))
    return figure, panels
