"""Pictures of modes, many small ones: each as it is, from -1 to 1, under its eigenvalue."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ndarray

from pinnsolve.output.figures.figures import COLOURS, INK, WIDTH, styled
from pinnsolve.output.figures.panels import Quantity, body, colour_map
from pinnsolve.output.vtk.grid import Grid
from pinnsolve.solution.solution import Solution

MOST = 12  # modes that are drawn
COLUMNS = 4


@styled
def modes_figure(solution: Solution, grid: Grid) -> Figure:
    """Draw the first modes; of several fields the root of the sum of their squares.

    Parameters
    ----------
    solution, grid
        A solution whose fields are modes, and its values on cells, which fill space.
    """
    names, found = solution.problem.fields, solution.eigenvalues[:MOST]
    each = len(names) // len(solution.eigenvalues)
    dim = solution.sample.nodes.dim
    extent = np.ptp(grid.points[:, :2], axis=0) if dim == 2 else np.array([1.3, 1.0])
    width = WIDTH / COLUMNS
    tall = min(0.9 * width * extent[1] / extent[0], 1.6 * width)
    rows = -(-len(found) // COLUMNS)
    height = rows * (tall + 0.34)
    figure = Figure(figsize=(WIDTH, height))
    for k, eigenvalue in enumerate(found):
        row, column = divmod(k, COLUMNS)
        left, bottom = (column + 0.05) * width, height - (row + 1) * (tall + 0.34) + 0.06
        axes = figure.add_axes((left / WIDTH, bottom / height, 0.9 / COLUMNS, tall / height))
        own = [grid.values[name] for name in names[k * each : (k + 1) * each]]
        _draw(axes, grid, own, dim)
        value = eigenvalue.value
        text = f"{value.real:.5g}"
        text += f" {'+' if value.imag > 0 else '−'} {abs(value.imag):.3g}i" * eigenvalue.is_complex
        axes.set_title(text.replace("-", "−"), fontsize=8.5, pad=3, loc="center")
    return figure


def _draw(axes: Axes, grid: Grid, own: list[Float[ndarray, " n"]], dim: int) -> None:
    """Draw a mode, without marks at its axes."""
    if dim == 1:
        order = np.argsort(grid.points[:, 0])
        for values, colour in zip(own, COLOURS, strict=False):
            axes.plot(grid.points[order, 0], values[order], color=colour, lw=1.4)
        axes.axhline(0, color=INK, lw=0.5)
    else:
        size = own[0] if len(own) == 1 else np.sqrt(np.sum(np.square(own), axis=0))
        colours = Quantity("", size, is_signed=len(own) == 1).colours
        draw = colour_map if dim == 2 else body
        x = grid.points[:, :2] if dim == 2 else grid.points
        draw(axes, x, grid.cells, size, colours)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
