"""Pictures of nodes and of convergence, and how every picture of the report looks.

Figures are drawn with matplotlib's object interface, without pyplot and its global state. In the
report they are inline SVG: text is text in the page's own font, ink is the page's text colour
(so that a dark page has light axes), and dense parts are images within. The colours of pieces
and phases can be told apart without colour vision.

Source of the colours: M. Okabe and K. Ito (2008), Color Universal Design,
https://jfly.uni-koeln.de/color/.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from matplotlib.transforms import Bbox
from numpy import ndarray

from pinnsolve.geometry import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.output.figures.projection import VIEW, is_facing, project
from pinnsolve.output.numbers import power_of_ten
from pinnsolve.solution.course import Record
from pinnsolve.solution.solution import Solution
from pinnsolve.storage.files import write_file

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F", "#7F7F7F")
INK = "#1a1b1c"  # in SVG replaced by currentColor
PALE = "#80868c"  # to be seen on white and on black
WIDTH = 7.6  # inches; 9-point text is then as large as the page's small print
DENSE = 3000  # points beyond which an image is lighter than vectors
STYLE: Any = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "figure.dpi": 160,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.size": 9,
    "font.family": "sans-serif",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "savefig.dpi": 160,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,  # names of pieces may hold anything
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.direction": "out",
    "ytick.direction": "out",
}
styled = matplotlib.rc_context(STYLE)


def svg(
    figure: Figure, label: str, shown: Collection[Axes] | None = None, part: Bbox | None = None
) -> str:
    """Return a figure, or a part of it, as an SVG element to stand in a page.

    Parameters
    ----------
    figure
        The figure.
    label
        What it shows, for those who cannot see it; plain text without markup characters.
    shown, part
        The axes that are drawn, and the part of the figure, in inches; None for all of it.
    """
    content = BytesIO()
    visible = [axes.get_visible() for axes in figure.axes]
    for axes in figure.axes:
        axes.set_visible(shown is None or axes in shown)
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": label}):
        figure.savefig(content, format="svg", metadata={"Date": None}, bbox_inches=part)
    for axes, was in zip(figure.axes, visible, strict=True):
        axes.set_visible(was)
    text = content.getvalue().decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, count=1, flags=re.DOTALL)
    text = re.sub(r'(<svg [^>]*?)width="[^"]*" height="[^"]*"', r"\1", text, count=1)
    head = f'<svg role="img" aria-label="{label}" '
    return text.replace("<svg ", head, 1).replace(INK, "currentColor")


@styled
def write_nodes_figure(path: Path, nodes: Nodes, domain: Domain | None = None) -> None:
    """Write the picture of a node set as PNG, on white.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    content = BytesIO()
    nodes_figure(nodes, domain).savefig(content, format="png", facecolor="white", dpi=200)
    write_file(path, content.getvalue())


@styled
def nodes_figure(nodes: Nodes, domain: Domain | None = None) -> Figure:
    """Draw the nodes: interior, boundary by piece with normals, ghosts.

    Parameters
    ----------
    nodes
        The nodes. Of three dimensions the boundary is seen from outside; above three, the first
        two coordinates are shown.
    domain
        Their domain, if its box is to set the frame.
    """
    is_body = nodes.dim == 3
    corners = nodes.x if domain is None else np.vstack([nodes.x, domain.lower, domain.upper])
    figure, axes = _framed(_flat(corners), nodes.spacing, len(nodes.pieces) + 1)
    size = _dot_size(nodes, axes)
    is_dense = len(nodes.x) > DENSE
    if not is_body:
        x, y = _flat(nodes.x[nodes.interior]).T
        axes.scatter(x, y, s=size, c=PALE, lw=0, rasterized=is_dense)
    boundary, arrows = _flat(nodes.x[nodes.boundary]), _flat(nodes.normals)
    seen = is_facing(nodes.normals, VIEW) if is_body else np.ones(nodes.n_boundary, dtype=bool)
    for tag, piece in enumerate(nodes.pieces):
        here = (nodes.tags == tag) & seen
        colour = COLOURS[tag % len(COLOURS)]
        ends = boundary[here] + 0.7 * nodes.spacing * arrows[here]
        lines = list(np.stack([boundary[here], ends], axis=1))
        normals = LineCollection(lines, colors=colour, lw=0.6, rasterized=is_dense)
        axes.add_collection(normals, autolim=False)
        x, y = boundary[here].T
        label = f"{piece} ({(nodes.tags == tag).sum()})"
        axes.scatter(x, y, s=2.2 * size, c=colour, lw=0, label=label, rasterized=is_dense)
    if is_body:
        axes.set(xticks=[], yticks=[])  # a view has no coordinates
    elif nodes.has_ghosts:
        x, y = _flat(nodes.x[nodes.ghost]).T
        axes.scatter(
            x, y, s=1.4 * size, facecolors="none", edgecolors=PALE, lw=0.5,
            label=f"ghosts ({len(x)})", rasterized=is_dense,
        )  # fmt: skip
    if nodes.dim == 1:
        axes.set(yticks=[])
    legend = axes.legend(
        loc="upper left", bbox_to_anchor=(1.02, 1.0), borderaxespad=0, handletextpad=0.2
    )
    for handle in legend.legend_handles:
        handle.set_sizes([16.0])  # type: ignore[union-attr]
    return figure


@styled
def convergence_figure(solution: Solution) -> Figure:
    """Draw loss and error against training time, one colour for each phase.

    Parameters
    ----------
    solution
        A solution with a history; the error is drawn if it is known, and the baseline's with it.
    """
    history = solution.course.history
    has_error = any(record.relative_l2 for record in history)
    figure = Figure(figsize=(WIDTH, 2.6))
    width = 0.40 if has_error else 0.89
    panels = [("loss", "loss (weighted mean square residual)", 0.08)]
    panels += [("relative_l2", "relative L2 error on the nodes", 0.57)] * has_error
    for name, title, left in panels:
        axes = figure.add_axes((left, 0.18, width, 0.69))
        _curve(axes, history, name)
        axes.set(title=title, xlabel="training time in seconds")
    baseline = solution.accuracy.baseline
    if has_error and baseline is not None and baseline.overall_l2:
        axes.axhline(baseline.overall_l2, color=INK, lw=0.8, ls=(0, (4, 3)), zorder=1)
        axes.annotate(
            "direct solution", (0, baseline.overall_l2), xycoords=("axes fraction", "data"),
            xytext=(4, 3), textcoords="offset points", ha="left", va="bottom", fontsize=8.5,
        )  # fmt: skip
        _decades(axes, [*(record.relative_l2 or 0.0 for record in history), baseline.overall_l2])
    figure.axes[0].legend(loc="upper right", borderaxespad=0, handlelength=1.4)
    return figure


def _curve(axes: Axes, history: Sequence[Record], name: str) -> None:
    """Draw one column of the history on a logarithmic scale, phase by phase."""
    seconds = np.array([record.seconds for record in history])
    heights = np.array([getattr(record, name) for record in history], dtype=float)
    heights[~((heights > 0) & np.isfinite(heights))] = np.nan
    starts = [i for i, r in enumerate(history) if i == 0 or r.phase != history[i - 1].phase]
    phases = dict.fromkeys(record.phase for record in history)
    colours = dict(zip(phases, cycle(COLOURS), strict=False))
    labelled = set()
    for start, stop in zip(starts, [*starts[1:], len(history)], strict=True):
        phase = history[start].phase
        part = slice(max(start - 1, 0), stop)  # from the last point of the phase before
        axes.plot(
            seconds[part], heights[part], color=colours[phase], lw=1.5,
            marker="o" if len(history) <= 40 else None, ms=3,
            label=None if phase in labelled else phase,
        )  # fmt: skip
        labelled.add(phase)
    logarithmic(axes, heights)


def logarithmic(axes: Axes, values: Iterable[float], which: Literal["x", "y"] = "y") -> None:
    """Give an axis a logarithmic scale with the powers of ten around values, and few marks."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.yaxis if which == "y" else axes.xaxis
    axes.grid(axis="y", color=INK, alpha=0.15, lw=0.5)
    axis.set_major_locator(LogLocator(numticks=7))
    axis.set_major_formatter(FuncFormatter(lambda y, _: power_of_ten(round(np.log10(y)))))
    axis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis=which, which="minor", length=0)
    _decades(axes, values, which)


def _decades(axes: Axes, values: Iterable[float], which: str = "y") -> None:
    """Let a logarithmic scale begin and end at a power of ten."""
    known = [value for value in values if 0 < value < np.inf]
    if known:
        low, high = np.floor(np.log10(min(known))), np.ceil(np.log10(max(known)))
        axes.set(**{f"{which}lim": (10.0**low, 10.0 ** max(high, low + 1))})


def frame(axes: Axes, low: Float[ndarray, "2"], high: Float[ndarray, "2"]) -> None:
    """Give a picture of a domain equal scales, few ticks, and no box around it."""
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.spines[:].set_visible(False)


def _framed(points: Float[ndarray, "N 2"], margin: float, lines: int) -> tuple[Figure, Axes]:
    """Return a figure for points at equal scales, with room for a legend of some lines beside."""
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    wide, tall = high - low
    width = min(4.6, 4.0 * wide / tall)
    height = width * tall / wide
    below = max(0.35, 0.19 * lines - height)
    whole = height + below + 0.1
    figure = Figure(figsize=(WIDTH, whole))
    left = (WIDTH - width - 1.4) / 2
    place = (left / WIDTH, below / whole, width / WIDTH, height / whole)
    axes = figure.add_axes(place)
    frame(axes, low, high)
    return figure, axes


def _flat(points: Float[ndarray, "N d"]) -> Float[ndarray, "N 2"]:
    """Return points as drawn: 1-D on a line, 3-D as seen by the eye, else two coordinates."""
    dim = points.shape[1]
    if dim == 1:
        return np.column_stack([points, np.zeros(len(points))])
    return project(points, VIEW) if dim == 3 else points[:, :2]


def _dot_size(nodes: Nodes, axes: Axes) -> float:
    """Return the area of a dot, in square points, that leaves the nodes apart."""
    low, high = axes.get_xlim()
    points_per_unit = axes.get_position().width * WIDTH * 72 / (high - low)
    return float(np.clip(0.35 * nodes.spacing * points_per_unit, 0.6, 4.0)) ** 2
