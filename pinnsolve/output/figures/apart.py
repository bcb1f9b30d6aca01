"""A figure of several pictures as so many SVG elements, which a page sets side by side or in turn.

On a wide page they stand as they were drawn; on a narrow one, a phone's, each gets the full width.
A picture is what is drawn in one pair of axes, with its scale of colours. Each is drawn on its own
and cut out of the figure halfway to its neighbours, so that the parts of a row fit together again.
"""

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from pinnsolve.output.figures.figures import styled, svg

SCALE = 0.03  # of the figure's width, which the axes of a scale of colours are narrower than
LEAST = 4.2  # rem for each inch of a picture below which the next one goes below it


def rows_of_pictures(figure: Figure, label: str) -> list[list[tuple[str, float]]]:
    """Return the pictures of a figure as SVG, row by row, each with its width in inches.

    Parameters
    ----------
    figure
        The figure.
    label
        What it shows, for those who cannot see it; plain text without markup characters.
    """
    places = _places(figure)
    if len(places) == 1 and len(places[0]) == 1:
        return [[(svg(figure, label), figure.get_figwidth())]]
    numbered, rows = 0, []
    for row in places:
        pictures = []
        for shown, box in row:
            numbered += 1
            text = svg(figure, f"{label}, {numbered}", shown, box)
            pictures.append((text, box.width))
        rows.append(pictures)
    return rows


def set_apart(figure: Figure, label: str, caption: str = "") -> str:
    """Return a figure as HTML, its pictures side by side where there is room.

    Parameters
    ----------
    figure, label
        As of `rows_of_pictures`.
    caption
        A sentence below; escaped here.
    """
    rows = rows_of_pictures(figure, label)
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    if len(rows) == 1 and len(rows[0]) == 1:
        return f"<figure>{rows[0][0][0]}{below}</figure>"
    lines = (
        "".join(
            f"<div style='flex:{width:.3f} 1 {LEAST * width:.2f}rem'>{text}</div>"
            for text, width in row
        )
        for row in rows
    )
    inside = "".join(f"<div class='row'>{line}</div>" for line in lines)
    return f"<figure>{inside}{below}</figure>"


@styled
def _places(figure: Figure) -> list[list[tuple[list[Axes], Bbox]]]:
    """Return for each row of pictures their axes, and the part of the figure that they take."""
    figure.draw_without_rendering()
    wide, tall = figure.get_size_inches()
    pictures = [[axes] for axes in figure.axes if not _is_scale(axes)]
    for bar in filter(_is_scale, figure.axes):
        _owner(bar, pictures).append(bar)
    rows = _rows(pictures)
    spans = [_span(figure, [axes for picture in row for axes in picture]) for row in rows]
    for text in figure.texts:  # the title of a row, which runs on from picture to picture
        box = _in_inches(figure, text)
        nearest = min(range(len(rows)), key=lambda i: abs(spans[i].y1 - box.y0))
        spans[nearest] = Bbox.union([spans[nearest], box])
    heights = _cuts([(span.y0, span.y1) for span in reversed(spans)], tall)
    places = []
    for row, (y0, y1) in zip(rows, reversed(heights), strict=True):
        boxes = [_span(figure, picture) for picture in row]
        widths = _cuts([(box.x0, box.x1) for box in boxes], wide)
        parts = [Bbox.from_extents(x0, y0, x1, y1) for x0, x1 in widths]
        places.append(list(zip(row, parts, strict=True)))
    return places


def _rows(pictures: Sequence[list[Axes]]) -> list[list[list[Axes]]]:
    """Return pictures in rows from top to bottom, each from left to right."""
    rows: list[list[list[Axes]]] = []
    for picture in sorted(pictures, key=lambda p: -p[0].get_position().y1):
        if rows and rows[-1][0][0].get_position().y0 < picture[0].get_position().y1:
            rows[-1].append(picture)
        else:
            rows.append([picture])
    return [sorted(row, key=lambda p: p[0].get_position().x0) for row in rows]


def _span(figure: Figure, axes: Sequence[Axes]) -> Bbox:
    """Return the part of a figure, in inches, that axes take with all that is written at them."""
    return Bbox.union([_in_inches(figure, each) for each in axes])


def _in_inches(figure: Figure, drawn: Artist) -> Bbox:
    """Return the part of a figure that something takes."""
    box = drawn.get_tightbbox()
    assert box is not None  # of what is visible
    return box.transformed(figure.dpi_scale_trans.inverted())


def _is_scale(axes: Axes) -> bool:
    """Tell whether axes are those of a scale of colours."""
    return bool(axes.get_position().width < SCALE)


def _owner(bar: Axes, groups: Sequence[list[Axes]]) -> list[Axes]:
    """Return the picture beside which a scale stands: the nearest to its left at its height."""
    place = bar.get_position()
    middle = (place.y0 + place.y1) / 2
    beside = [
        group
        for group in groups
        if group[0].get_position().y0 < middle < group[0].get_position().y1
        and group[0].get_position().x1 <= place.x0
    ]
    return max(beside, key=lambda group: group[0].get_position().x1)


def _cuts(spans: Sequence[tuple[float, float]], whole: float) -> list[tuple[float, float]]:
    """Return spans in ascending order widened until they meet, and reach from zero to the whole."""
    between = [(before[1] + after[0]) / 2 for before, after in pairwise(spans)]
    return list(pairwise([0.0, *between, whole]))
