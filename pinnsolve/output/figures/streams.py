"""Pictures of plane flows: the speed in colours, and streamlines on it.

Streamlines are traced through the velocity on a lattice of points of the domain, where it is that
of the solution, between the nodes too.
"""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ma, ndarray

from pinnsolve.equations.incompressible import incompressible
from pinnsolve.geometry import Domain
from pinnsolve.output.figures.figures import COLOURS, INK, WIDTH, styled
from pinnsolve.output.figures.panels import Quantity, colour_map, entitle, scale
from pinnsolve.output.numbers import instant
from pinnsolve.output.vtk.grid import Grid
from pinnsolve.solution.solution import Solution

LATTICE = 14_000  # points, about, through which streamlines are traced
DENSITY = 1.15  # of streamlines, in matplotlib's unit, in a square
WIDEST, TALLEST = 5.6, 4.2  # inches
FEW = 40  # levels that are marked by dots


@styled
def stream_figure(solution: Solution, grid: Grid, domain: Domain) -> Figure | None:
    """Draw speed and streamlines of a plane flow, in time those of its last level.

    Parameters
    ----------
    solution, grid
        The solution, and its values on cells.
    domain
        Where it lives.

    Returns
    -------
    Figure or None
        None of anything else, and of a fluid at rest.
    """
    flow, times = incompressible(solution.problem.equations), solution.sample.times
    if flow is None or solution.sample.nodes.dim != 2:
        return None
    shown = solution.sample.values if times is None else solution.sample.values[-1]
    speed = np.linalg.norm(shown[:, flow.velocity], axis=1)
    if not np.isfinite(speed).all() or speed.max() == 0:
        return None
    title = "speed and streamlines" + ("" if times is None else f", {instant(times[-1])}")
    quantity = Quantity(title, speed, name="speed")
    figure, axes = _framed(domain)
    colour_map(axes, grid.points[:, :2], grid.cells, speed, quantity.colours)
    axes.collections[-1].set_zorder(3)  # the rim, above the streamlines that run along it
    _trace(axes, solution, domain, flow.velocity)
    scale(figure, axes, quantity.colours, quantity.name)
    entitle(axes, quantity.title, solution.problem.coordinates)
    return figure


@styled
def force_figure(solution: Solution) -> Figure | None:
    """Draw the course of the forces in time, a picture for each component; None without one."""
    found = solution.flow
    if found is None or found.times is None or not found.forces:
        return None
    names = solution.problem.coordinates
    figure = Figure(figsize=(WIDTH, 2.5))
    width = 0.86 / len(names)
    for i, name in enumerate(names):
        axes = figure.add_axes((0.07 + i * (width + 0.03), 0.19, width - 0.05, 0.66))
        for k, (piece, own) in enumerate(found.forces.items()):
            marker = "o" if len(found.times) <= FEW else None
            colour = COLOURS[k % len(COLOURS)]
            axes.plot(
                found.times, own.force[:, i], lw=1.4, marker=marker, ms=3, color=colour, label=piece
            )
        axes.grid(axis="y", color=INK, alpha=0.15, lw=0.5)
        axes.set(title=f"force along {name}", xlabel="t")
        if i == 0 and len(found.forces) > 1:
            axes.legend(loc="best")
    return figure


def _framed(domain: Domain) -> tuple[Figure, Axes]:
    """Return a figure with a place for a picture of the domain, and for a scale beside it."""
    wide, tall = domain.upper - domain.lower
    width = float(min(WIDEST, TALLEST * wide / tall))
    height = float(width * tall / wide)
    whole = height + 0.72
    figure = Figure(figsize=(WIDTH, whole))
    left = (WIDTH - width - 0.6) / 2
    place = (left / WIDTH, 0.44 / whole, width / WIDTH, height / whole)
    return figure, figure.add_axes(place)


def _trace(axes: Axes, solution: Solution, domain: Domain, velocity: tuple[int, ...]) -> None:
    """Draw streamlines."""
    x, y, flow = _lattice(solution, domain, velocity)
    wide, tall = domain.upper - domain.lower
    stretch = np.sqrt(wide / tall)
    axes.streamplot(
        x,
        y,
        flow[..., 0],
        flow[..., 1],
        density=(DENSITY * stretch, DENSITY / stretch),
        color="white",
        linewidth=0.7,
        arrowsize=0.7,
        minlength=0.15,
    )


def _lattice(
    solution: Solution, domain: Domain, velocity: tuple[int, ...]
) -> tuple[Float[ndarray, " X"], Float[ndarray, " Y"], ma.MaskedArray]:
    """Return the coordinates of a lattice, and the velocity at its points in the domain."""
    wide, tall = domain.upper - domain.lower
    step = np.sqrt(wide * tall / LATTICE)
    x = np.linspace(domain.lower[0], domain.upper[0], max(int(wide / step), 20))
    y = np.linspace(domain.lower[1], domain.upper[1], max(int(tall / step), 20))
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    inside = domain.distance(points) <= 1e-9 * domain.size
    asked = points[inside]
    if solution.sample.times is not None:
        asked = np.column_stack([asked, np.full(len(asked), solution.sample.times[-1])])
    flow = np.full(points.shape, np.nan)
    flow[inside] = solution.answer(asked)[:, velocity]
    return x, y, ma.masked_invalid(flow.reshape(len(y), len(x), 2))
