"""What the report tells of slices, marginals, moments and what is conserved."""

from collections.abc import Sequence

import numpy as np

from pinnsolve.output.figures.apart import set_apart
from pinnsolve.output.figures.figures import svg
from pinnsolve.output.figures.observables import changes_figure, curves_figure, maps_figure
from pinnsolve.output.numbers import scientific
from pinnsolve.output.report.page import table
from pinnsolve.solution.observables import InTime, Observables
from pinnsolve.solution.solution import Solution

MOST_FIELDS, MOST_MOMENTS = 2, 12
MOMENTS = (
    "Moments of the fields when time begins and ends: integrals, and means, variances and "
    "covariances of the coordinates by the fields as densities. ± is half of the 95 % interval of "
    "sums over points, and of quadratures the distance from a coarser one. All instants are in "
    "moments.csv."
)
CONSERVED = (
    "Integrals over space of what is said to be conserved; the change is the largest since the "
    "beginning, relative. All instants are in conserved.csv."
)


def observables(solution: Solution) -> str:
    """Return all of it as HTML; nothing where nothing is asked for."""
    seen = solution.observables
    if seen is None:
        return ""
    return "\n".join([*_tables(solution, seen), *_moments(seen), *_conserved(seen)])


def _tables(solution: Solution, seen: Observables) -> list[str]:
    """Return the pictures of slices and marginals."""
    parts = []
    for own in seen.tables:
        for i, name in enumerate(solution.problem.fields[:MOST_FIELDS]):
            if not np.isfinite(own.values[..., i]).any():
                continue
            label = f"{name} {own.title}"
            draw = curves_figure if len(own.along) == 1 else maps_figure
            dashed = len(own.along) == 1 and own.truth is not None
            caption = f"{label}{'; dashed, what it is held against' * dashed}. "
            parts.append(set_apart(draw(own, i, name), label, f"{caption}Also in {own.name}.csv."))
    return parts


def _moments(seen: Observables) -> list[str]:
    """Return the table of moments."""
    rows = [
        (f"{name} of {field}", *_at(own, 0), *_at(own, -1), *_truth(own))
        for field, moments in seen.moments.items()
        for name, own in list(moments.items())[:MOST_MOMENTS]
    ]
    if not rows:
        return []
    head = ["moment", "at the beginning", "±", "at the end", "±", "should be"]
    remark = f" {seen.remark}" if seen.remark else ""
    return [table(head, rows, MOMENTS + remark)]


def _conserved(seen: Observables) -> list[str]:
    """Return the table of what is conserved, and its picture."""
    if not seen.conserved or seen.times is None:
        return []
    rows = [
        (name, *_at(own, 0), *_at(own, -1), scientific(own.change))
        for name, own in seen.conserved.items()
    ]
    head = ["integral of", "at the beginning", "±", "at the end", "±", "change"]
    figure = svg(changes_figure(seen.times, seen.conserved), "Change of what is conserved")
    return [table(head, rows, CONSERVED), f"<figure>{figure}</figure>"]


def _at(own: InTime, k: int) -> Sequence[str]:
    """Return a number at an instant, and half of its interval."""
    return f"{own.values[k]:.6g}", scientific(float(own.half_widths[k]))


def _truth(own: InTime) -> Sequence[str]:
    """Return the true number at the end."""
    return ("–",) if own.truth is None else (f"{own.truth[-1]:.6g}",)
