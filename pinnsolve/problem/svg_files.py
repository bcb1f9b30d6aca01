"""Closed paths of SVG files, as rings of points in the units of their viewBox, y upwards.

Paths, circles, ellipses, rectangles and polygons, with the transformations of the groups that they
are in; arcs and Bézier curves become chords, from which these are at most `TOLERANCE` of the
drawing's size away. Rings within rings are holes, and what is in these belongs to the domain again
(the rule "evenodd"). What is not closed bounds nothing and is refused with its ends.
"""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import FileError, PackageError, place
from pinnsolve.outside import content

TOLERANCE = 1e-5  # of the size of the drawing: how far curves are from their chords
MOST_CHORDS = 1 << 14  # of one curve
MOST_BYTES = 50_000_000
CLOSED = 1e-6  # of its size: how far the ends of what is closed may be apart
DECLARED = re.compile(r"<!\s*(ENTITY|DOCTYPE[^>]*\[)", re.IGNORECASE)


def read_rings(path: Path) -> list[tuple[str, Float[ndarray, "_ 2"]]]:
    """Return the closed paths of a file with their ids, empty without; the first point once.

    Of a path of several parts those after the first are called ``id-2``, ``id-3`` and so on.

    Raises
    ------
    FileError
        If it cannot be read, or a path is not closed.
    PackageError
        If svgelements is not installed.
    """
    try:
        import svgelements
    except ModuleNotFoundError:
        raise PackageError(
            f"{path}: paths are read by the package svgelements. "
            'Install it: pip install "pinnsolve[geometry]".'
        ) from None
    text = content(path, MOST_BYTES).decode("utf-8", "replace")
    if DECLARED.search(text):  # they may stand for more than fits into memory
        raise FileError(f"{path}: entities are not read. Save it as a plain SVG.")
    try:
        drawing = svgelements.SVG.parse(io.StringIO(text), reify=False)
        to_user = ~svgelements.Matrix(drawing.viewbox_transform or "")
        shapes = [shape for shape in drawing.elements() if isinstance(shape, svgelements.Shape)]
        pieces = [
            (_id(shape, k), svgelements.Path(piece))
            for shape in shapes
            for k, piece in enumerate(_reified(svgelements.Path(shape) * to_user).as_subpaths())
        ]
    except Exception as error:  # svgelements raises whatever it runs into
        text = " ".join(str(error).split()) or type(error).__name__
        raise FileError(f"{path}: the file cannot be read: {text[:200]}") from None
    pieces = [(name, piece) for name, piece in pieces if len(piece) > 1]
    if not pieces:
        raise FileError(f"{path}: there is no path in the file.")
    boxes = np.array([piece.bbox() for _, piece in pieces], dtype=float)
    size = float(np.linalg.norm(boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)))
    if not 0 < size < np.inf:
        raise FileError(f"{path}: the drawing has no size.")
    box = drawing.viewbox
    height = 0.0 if box is None else float(box.y or 0) + float(box.height or 0)
    rings = []
    for i, (name, piece) in enumerate(pieces):
        ring = np.array([0.0, height]) + [1, -1] * _points(piece, TOLERANCE * size)
        apart = float(np.linalg.norm(ring[0] - ring[-1]))
        if apart > CLOSED * size:
            which = f'the path "{name}"' if name else f"path {i + 1}"
            raise FileError(
                f"{path}: {which} is not closed: it begins at {place(ring[0], 6)} and ends at "
                f"{place(ring[-1], 6)}. End it with Z, or remove it."
            )
        rings.append((name, ring[:-1]))
    return rings


def nested(rings: Sequence[tuple[str, Float[ndarray, "_ 2"]]], shapely: Any) -> list[Any]:
    """Return the polygons that rings within rings make, each with its holes.

    Parameters
    ----------
    rings
        Closed, none across another.
    shapely
        The package.
    """
    plain = [shapely.Polygon(x) for _, x in rings]
    points = [shapely.Point(x[0]) for _, x in rings]
    inside = np.array([[i != k and a.covers(x) for k, x in enumerate(points)]
                       for i, a in enumerate(plain)])  # fmt: skip
    depth = inside.sum(axis=0)

    def holes(i: int) -> list[Any]:
        """Return the rings next within one."""
        return [plain[k].exterior for k in np.flatnonzero(inside[i] & (depth == depth[i] + 1))]

    outer = np.flatnonzero(depth % 2 == 0).tolist()
    return [shapely.Polygon(plain[i].exterior, holes(i)) for i in outer]


def _id(shape: Any, k: int) -> str:
    """Return the name of a part of a shape by its id, empty if it has none that is a name."""
    name = str(getattr(shape, "id", None) or "")
    name = f"{name}-{k + 1}" if name and k else name
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name) else ""


def _reified(path: Any) -> Any:
    path.reify()
    return path


def _points(piece: Any, tolerance: float) -> Float[ndarray, "P 2"]:
    """Return a path as points, curves as chords that are no farther away than is told."""
    import svgelements

    found, last = [], piece[0]
    for segment in piece:
        if isinstance(segment, svgelements.Move) or segment.start is None or segment.end is None:
            continue
        count = 1
        if not isinstance(segment, svgelements.Line | svgelements.Close):
            count = 4
            while count < MOST_CHORDS:
                x = _along(segment, 2 * count)
                if np.linalg.norm(x[1::2] - (x[:-1:2] + x[2::2]) / 2, axis=1).max() <= tolerance:
                    break
                count *= 2
        found.append(_along(segment, count)[:-1])
        last = segment
    found.append(_along(last, 1)[-1:])
    return np.concatenate(found)


def _along(segment: Any, count: int) -> Float[ndarray, "P 2"]:
    """Return points of a segment at even parameters, its ends among them."""
    return np.array([[p.x, p.y] for p in map(segment.point, np.linspace(0, 1, count + 1))])
