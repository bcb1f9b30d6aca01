"""What the report tells of eigenvalues and their modes."""

import numpy as np

from pinnsolve.output.figures.fields import has_cells
from pinnsolve.output.figures.figures import svg
from pinnsolve.output.figures.modes import MOST, modes_figure
from pinnsolve.output.numbers import scientific
from pinnsolve.output.report.page import table
from pinnsolve.output.vtk.grid import Grid
from pinnsolve.solution.solution import Solution

ABOUT = (
    "The eigenvalues nearest to {near:g}, ascending. Their errors, and those of the modes in the "
    "mean over the nodes, are estimated, no bounds: by the distance from those of derivatives of a "
    "higher order on the same nodes, and from those on nodes √2 times as far apart. Eigenvalues "
    "that agree within their errors count as one, multiple: its modes are any of a space."
)


def modes(solution: Solution, grid: Grid) -> str:
    """Return eigenvalues and pictures of their modes as HTML; nothing of other problems.

    Parameters
    ----------
    solution, grid
        The solution, and its values on cells.
    """
    found, sought = solution.eigenvalues, solution.problem.eigenvalue
    if not found or sought is None:
        return ""
    each = len(solution.problem.fields) // len(found)
    estimate = solution.accuracy.estimate
    head = [
        sought.name,
        "estimated error",
        "mode",
        "its estimated error",
        "true",
        "error",
        "remark",
    ]
    rows: list[tuple[str, ...]] = []
    for k, own in enumerate(found):
        names = solution.problem.fields[k * each : (k + 1) * each]
        in_mode = None if estimate is None else estimate.total[names[0]]
        rows.append(
            (
                str(own),
                scientific(own.estimate),
                ", ".join(names),
                scientific(in_mode),
                "–" if own.true is None else f"{own.true:.12g}",
                scientific(own.error),
                own.remark,
            )
        )
    if not sought.true:
        head, rows = [*head[:4], head[6]], [(*row[:4], row[6]) for row in rows]
    numbers = [k for k, name in enumerate(head) if name not in ("mode", "remark")]
    parts = [table(head, rows, ABOUT.format(near=sought.near), numbers=numbers)]
    if np.isfinite(solution.sample.values).all() and has_cells(solution, grid):
        figure = svg(modes_figure(solution, grid), "Modes")
        caption = "The modes" if len(found) <= MOST else f"The first {MOST} modes"
        caption += ", each from −1 to 1, and zero pale, under its eigenvalue"
        caption += "; of several fields the root of the sum of their squares." if each > 1 else "."
        parts.append(f"<figure>{figure}<figcaption>{caption}</figcaption></figure>")
    return "\n".join(parts)
