"""The picture of bumps: where a network has put them, and how wide they are.

Dots are the centres, in the colours of the radii, of several along the axes their geometric mean;
in space the nodes of the boundary are beside them. On a line the radius is the height. A body is
seen from outside, as if of glass; above three dimensions the first two coordinates are shown.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy import ndarray

from pinnsolve.output.figures.figures import DENSE, INK, PALE, WIDTH, frame, logarithmic, styled
from pinnsolve.output.figures.panels import entitle, scale, triad
from pinnsolve.output.figures.projection import VIEW, project
from pinnsolve.solution.localised import Supports
from pinnsolve.solution.solution import Solution

TALLEST = 4.0  # inches, of a picture
SPREAD = 1.05  # of radii: the least ratio that colours are to tell apart


@styled
def supports_figure(solution: Solution, supports: Supports) -> Figure:
    """Draw the bumps of a solution.

    Parameters
    ----------
    solution
        The solution, on whose nodes the frame is set.
    supports
        Where its bumps live.
    """
    names = [*solution.problem.coordinates, *(["t"] if solution.sample.times is not None else [])]
    radii = np.exp(np.mean(np.log(supports.radii), axis=1))
    low, high = float(radii.min()), float(radii.max())
    norm = LogNorm(low / SPREAD, high * SPREAD)
    colours = ScalarMappable(norm, "viridis")
    if supports.centres.shape[1] == 1:
        return _on_a_line(solution, supports, names)
    x, corners = _shown(solution, supports.centres)
    wide, tall = np.ptp(corners, axis=0)
    is_space = solution.sample.times is None
    ratio = tall / wide if is_space else 0.8
    width = min(4.6, TALLEST / ratio)
    whole = width * ratio + 0.75
    figure = Figure(figsize=(WIDTH, whole))
    left = (WIDTH - width - 1.0) / 2
    axes = figure.add_axes((left / WIDTH, 0.4 / whole, width / WIDTH, width * ratio / whole))
    if is_space:
        nodes = solution.sample.nodes
        rim = nodes.x[nodes.boundary]
        rim = project(rim, VIEW) if rim.shape[1] == 3 else rim[:, :2]
        axes.scatter(rim[:, 0], rim[:, 1], s=1.5, c=PALE, lw=0, rasterized=len(rim) > DENSE)
    order = np.argsort(-radii)  # the narrowest on top
    axes.scatter(
        x[order, 0], x[order, 1], s=7, c=radii[order], norm=norm, cmap=colours.get_cmap(), lw=0,
        zorder=3, rasterized=len(supports) > DENSE,
    )  # fmt: skip
    frame(axes, corners.min(axis=0), corners.max(axis=0))
    if not is_space:
        axes.set_aspect("auto")
    if len(names) == 3:
        axes.set(xticks=[], yticks=[])
        triad(axes, names)
        entitle(axes, f"{len(supports):,} bumps")
    else:
        entitle(axes, f"{len(supports):,} bumps", names[:2])
    scale(figure, axes, colours, "radius")
    return figure


def _on_a_line(solution: Solution, supports: Supports, names: Sequence[str]) -> Figure:
    """Draw the radii of bumps over their centres."""
    figure = Figure(figsize=(WIDTH, 2.6))
    axes = figure.add_axes((0.1, 0.18, 0.84, 0.69))
    axes.scatter(supports.centres[:, 0], supports.radii[:, 0], s=9, c=INK, lw=0, alpha=0.7)
    logarithmic(axes, supports.radii[:, 0])
    x = solution.sample.x[:, 0]
    axes.set(xlim=(x.min(), x.max()), xlabel=names[0], title=f"radii of {len(supports):,} bumps")
    return figure


def _shown(
    solution: Solution, centres: Float[ndarray, "m D"]
) -> tuple[Float[ndarray, "m 2"], Float[ndarray, "n 2"]]:
    """Return centres as drawn, and points that the frame is to hold."""
    nodes, times = solution.sample.x, solution.sample.times
    if times is not None:
        ends = np.resize(times[[0, -1]], len(nodes))
        nodes = np.column_stack([nodes, ends])
    if centres.shape[1] == 3:
        return project(centres, VIEW), project(nodes, VIEW)
    return centres[:, :2], nodes[:, :2]
