"""Parts of a picture of a field: what is drawn, in which colours, and one view of it.

Colours: viridis for values, a diverging map that is pale at zero for signed differences.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator
from matplotlib.tri import Triangulation
from numpy import ndarray

from pinnsolve.output.figures.figures import INK, frame
from pinnsolve.output.figures.projection import VIEW, project, quartered, section, slopes, surface
from pinnsolve.output.figures.scene import can_render, rendered
from pinnsolve.output.numbers import power_of_ten
from pinnsolve.output.vtk.grid import Grid

SMOOTH = 6000  # faces of a surface, so that each is a few points wide
FLAT = 0.25  # of the nodes of a plane across a cube: at one height so many are a flat part
BESIDE = 0.05  # of the height of a body


@dataclass(frozen=True)
class Quantity:
    """Values to be drawn, and how.

    Attributes
    ----------
    title
        What they are.
    values
        One for each point of the grid, at every time level if there are any.
    is_signed
        Whether zero is in the middle of the colours.
    name
        What they are in a word, at the scale of the colours.
    """

    title: str
    values: Float[ndarray, "*K n"]
    is_signed: bool = False
    name: str = ""

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


def quantities(grid: Grid, name: str) -> list[Quantity]:
    """Return the quantities to be drawn of a field: it, and its error or else its difference."""
    shown = [Quantity(name, grid.values[name], name=name)]
    if f"error_{name}" in grid.values:
        shown.append(
            _scaled(f"{name} − {_truth(grid, name)}", grid.values[f"error_{name}"], "error")
        )
    elif f"difference_{name}" in grid.values:
        shown.append(
            _scaled(f"{name} − direct solution", grid.values[f"difference_{name}"], "difference")
        )
    return [quantity for quantity in shown if np.isfinite(quantity.values).all()]


def estimates(grid: Grid, name: str) -> list[Quantity]:
    """Return the estimated error of a field, if there is one, and before it the true one."""
    found = grid.values.get(f"{name}_error_estimate")
    if found is None:
        return []
    shown = [_scaled(f"{name} − truth, estimated", found, "estimate")]
    if f"error_{name}" in grid.values:
        shown.insert(
            0, _scaled(f"{name} − {_truth(grid, name)}", grid.values[f"error_{name}"], "error")
        )
    return [quantity for quantity in shown if np.isfinite(quantity.values).all()]


def _truth(grid: Grid, name: str) -> str:
    """Return the word for what errors are measured against."""
    return "reference" if f"reference_{name}" in grid.values else "exact"


def _scaled(title: str, values: Float[ndarray, "*K n"], name: str) -> Quantity:
    """Return signed values divided by a power of ten that the title names."""
    largest = float(np.abs(values).max())
    exponent = int(np.floor(np.log10(largest))) if largest > 0 else 0
    if -1 <= exponent <= 2:
        return Quantity(title, values, is_signed=True, name=name)
    unit = power_of_ten(exponent)
    shown = values / 10.0**exponent
    return Quantity(f"{title}, in {unit}", shown, is_signed=True, name=f"{name}\nin {unit}")


def colour_map(
    axes: Axes,
    x: Float[ndarray, "n 2"],
    cells: Int[ndarray, "M 3"],
    values: Float[ndarray, "n"],
    colours: ScalarMappable,
) -> None:
    """Draw values over triangles, with a line around them."""
    low, high = x.min(axis=0), x.max(axis=0)
    _coloured(axes, x, cells, values, colours)
    axes.add_collection(LineCollection(list(x[_rim(cells)]), colors=INK, lw=0.6), autolim=False)
    frame(axes, low, high)


def body(
    axes: Axes,
    x: Float[ndarray, "n 3"],
    cells: Int[ndarray, "M 4"],
    values: Float[ndarray, "n"],
    colours: ScalarMappable,
) -> None:
    """Draw the outside of tetrahedra: by PyVista where it can be, else by the painter."""
    ends = zip(x.min(axis=0), x.max(axis=0), strict=True)
    box = project(np.stack(np.meshgrid(*ends), axis=-1).reshape(-1, 3), VIEW)
    low, high = box.min(axis=0) - 0.05 * np.ptp(box, axis=0), box.max(axis=0)
    faces = surface(cells)
    if can_render():
        image = rendered(x, faces, values, colours, (low, high))
        axes.imshow(image, extent=(low[0], high[0], low[1], high[1]), interpolation="none")
    else:
        painted(axes, x, faces, values, colours)
    frame(axes, low, high)
    axes.set(xticks=[], yticks=[])


def painted(
    axes: Axes,
    x: Float[ndarray, "n 3"],
    faces: Int[ndarray, "F 3"],
    values: Float[ndarray, "n"],
    colours: ScalarMappable,
) -> None:
    """Draw the visible faces of a surface, far ones first, those turned from the eye darker."""
    corners = x[faces]
    facing = slopes(corners) @ VIEW
    visible = np.flatnonzero(facing > 0)
    order = visible[np.argsort(corners[visible].mean(axis=1) @ VIEW)]
    parts = np.concatenate([corners, values[faces][:, :, None]], axis=2)[order]
    while 0 < len(parts) < SMOOTH:  # smaller faces, each of one colour, look smooth
        parts = quartered(parts)
    light = 0.6 + 0.4 * np.repeat(facing[order], len(parts) // max(len(order), 1))
    shades = colours.to_rgba(parts[:, :, 3].mean(axis=1))
    shades[:, :3] *= light[:, None]
    flat = list(project(parts[:, :, :3].reshape(-1, 3), VIEW).reshape(-1, 3, 2))
    axes.add_collection(
        PolyCollection(flat, facecolors=shades, edgecolors="face", lw=0.3, rasterized=True),
        autolim=False,
    )


def triad(axes: Axes, coordinates: Sequence[str], share: float = 0.1) -> None:
    """Show in a corner of a view where the coordinates point, as long as a share of the view."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    length = share * max(right - left, top - bottom)
    directions = project(np.eye(3), VIEW)
    start = np.array([left, bottom]) - length * directions.min(axis=0).clip(max=0)
    for direction, name in zip(directions, coordinates, strict=True):
        end, label = start + length * direction, start + 1.4 * length * direction
        axes.plot(*zip(start, end, strict=True), color=INK, lw=0.8)
        axes.text(label[0], label[1], name, ha="center", va="center", fontsize=8)


def cut(
    axes: Axes,
    x: Float[ndarray, "n 3"],
    cells: Int[ndarray, "M 4"],
    values: Float[ndarray, "n"],
    colours: ScalarMappable,
) -> None:
    """Draw the section of tetrahedra by the plane through the middle, across the third axis."""
    low, high = x.min(axis=0), x.max(axis=0)
    points, triangles, there = section(x, cells, values[:, None], x[:, 2] - middle(x))
    if len(triangles):
        _coloured(axes, points[:, :2], triangles, there[:, 0], colours)
    frame(axes, low[:2], high[:2])


def middle(x: Float[ndarray, "n 3"]) -> float:
    """Return the height at which bodies are cut: half of theirs, or beside a flat part there."""
    low, high = float(x[:, 2].min()), float(x[:, 2].max())
    half = (low + high) / 2
    # in the plane of a flat part the section ends at its nodes, not at the rim
    is_flat = (abs(x[:, 2] - half) < 1e-6 * (high - low)).sum() > FLAT * len(x) ** (2 / 3)
    return half - BESIDE * (high - low) if is_flat else half


def scale(figure: Figure, axes: Axes, colours: ScalarMappable, name: str = "") -> None:
    """Put the scale of the colours beside a picture, and above it what they stand for."""
    place = axes.get_position()
    bottom, height = place.y0 + 0.1 * place.height, 0.8 * place.height
    bar = figure.add_axes((place.x1 + 0.012, bottom, 0.014, height))
    figure.colorbar(colours, cax=bar)
    bar.spines[:].set_visible(False)
    if isinstance(colours.norm, LogNorm):
        bar.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        bar.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        bar.minorticks_off()
    else:
        bar.yaxis.set_major_locator(MaxNLocator(5))
        bar.ticklabel_format(axis="y", scilimits=(-2, 4))
    bar.tick_params(length=2)
    bar.set_title(name, fontsize=8, loc="left", pad=3)


def entitle(axes: Axes, title: str, coordinates: Sequence[str] = ()) -> None:
    """Write what a picture shows, and what its axes are."""
    axes.set_title(title, pad=6)
    if coordinates:
        axes.set_xlabel(coordinates[0], labelpad=1)
        axes.set_ylabel(coordinates[1], labelpad=3, rotation=0, ha="right", va="center")


def _coloured(
    axes: Axes,
    x: Float[ndarray, "n 2"],
    cells: Int[ndarray, "M 3"],
    values: Float[ndarray, "n"],
    colours: ScalarMappable,
) -> None:
    """Draw values over triangles."""
    triangles = Triangulation(x[:, 0], x[:, 1], cells)
    image = axes.tripcolor(triangles, values, shading="gouraud", rasterized=True)
    image.set_cmap(colours.get_cmap())
    image.set_norm(colours.norm)


def _rim(cells: Int[ndarray, "M 3"]) -> Int[ndarray, "E 2"]:
    """Return the edges that belong to one triangle only."""
    edges = np.sort(cells[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    return unique[counts == 1]
