"""Pictures of the fields, beside each the error, or the difference from the direct solution.

In one dimension lines; in two colour maps over the cells; in three the surface seen from outside
and a section through the middle; above three, values along lines through the middle.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy import ndarray

from pinnsolve.geometry import Domain
from pinnsolve.output.figures.figures import COLOURS, INK, WIDTH, styled
from pinnsolve.output.figures.panels import (
    Quantity,
    body,
    colour_map,
    cut,
    entitle,
    estimates,
    middle,
    quantities,
    scale,
    triad,
)
from pinnsolve.output.vtk.grid import Grid
from pinnsolve.references.truth import true_fields, word_for_truth
from pinnsolve.solution.solution import Solution

LINE_POINTS = 200


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
    if not has_cells(solution, grid):
        return _profiles(solution, domain, name)
    return _drawn(solution, grid, quantities(grid, name))


@styled
def estimate_figure(solution: Solution, grid: Grid, name: str) -> Figure | None:
    """Draw the estimated error of a field, beside the true one if that is known.

    Parameters
    ----------
    solution, grid
        The solution, and its values on cells.
    name
        The field.
    """
    shown = estimates(grid, name)
    return _drawn(solution, grid, shown) if shown and has_cells(solution, grid) else None


def has_cells(solution: Solution, grid: Grid) -> bool:
    """Tell whether the grid fills space, which it does up to three dimensions."""
    return grid.cells.shape[1] == solution.sample.nodes.dim + 1


def _drawn(solution: Solution, grid: Grid, shown: list[Quantity]) -> Figure:
    draw = {1: _lines, 2: _maps, 3: _bodies}[solution.sample.nodes.dim]
    coordinates = ("t",) if solution.problem.is_ordinary else solution.problem.coordinates
    return draw(grid, shown, coordinates)


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
    wide, tall = np.ptp(x, axis=0)
    figure, panels = _panels(len(shown), wide / tall)
    for axes, quantity in zip(panels, shown, strict=True):
        colour_map(axes, x, grid.cells, quantity.values, quantity.colours)
        scale(figure, axes, quantity.colours, quantity.name)
        entitle(axes, quantity.title, coordinates)
    return figure


def _bodies(grid: Grid, shown: list[Quantity], coordinates: Sequence[str]) -> Figure:
    """Draw surfaces, and sections through the middle, of tetrahedra."""
    x = grid.points
    place = f"section {coordinates[2]} = {middle(x):.3g}".replace("-", "−")
    figure, panels = _panels(2 * len(shown), 1.0)
    for i, quantity in enumerate(shown):
        for axes, draw in zip(panels[2 * i : 2 * i + 2], (body, cut), strict=True):
            scale(figure, axes, quantity.colours, quantity.name)
            draw(axes, x, grid.cells, quantity.values, quantity.colours)
        triad(panels[2 * i], coordinates)
        entitle(panels[2 * i], f"{quantity.title}, surface")
        entitle(panels[2 * i + 1], f"{quantity.title}, {place}", coordinates)
    return figure


def _profiles(solution: Solution, domain: Domain, name: str) -> Figure:
    """Draw values along lines through the middle."""
    problem = solution.problem
    i, truth = problem.fields.index(name), true_fields(solution)
    figure = Figure(figsize=(WIDTH, 2.5))
    for j, (title, points) in enumerate(lines_through_the_middle(solution, domain).items()):
        axes = figure.add_axes((0.07 + 0.5 * j, 0.2, 0.42, 0.68))
        along = points[:, 0]
        axes.plot(along, solution.answer(points)[:, i], color=COLOURS[0], lw=1.6, label=name)
        if truth is not None:
            exact, label = truth(points)[:, i], word_for_truth(solution)
            axes.plot(along, exact, color=COLOURS[1], lw=1.2, ls="--", label=label)
        axes.set(title=title, xlabel=problem.coordinates[0])
        axes.grid(axis="y", color=INK, alpha=0.15, lw=0.5)
    axes.legend(loc="best")
    return figure


def lines_through_the_middle(
    solution: Solution, domain: Domain
) -> dict[str, Float[ndarray, "n d"]]:
    """Return points along a parallel to the first axis and along a diagonal, by their titles."""
    lower, upper = domain.lower, domain.upper
    s = np.linspace(0, 1, LINE_POINTS)[:, None]
    middle = (lower + upper) / 2
    axis = np.where(np.arange(len(lower)) == 0, lower, middle)
    ends = {
        f"along {solution.problem.coordinates[0]}, through the middle": (axis, 2 * middle - axis),
        "along a diagonal, from corner to corner": (lower, upper),
    }
    lines = {title: start + s * (end - start) for title, (start, end) in ends.items()}
    outside = 1e-9 * np.linalg.norm(upper - lower)
    return {title: points[domain.distance(points) <= outside] for title, points in lines.items()}


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
