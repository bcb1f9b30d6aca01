"""What the report tells of an incompressible flow: its picture, forces, fluxes, Reynolds number."""

from html import escape

import numpy as np

from pinnsolve.geometry import Domain
from pinnsolve.output.figures.apart import set_apart
from pinnsolve.output.figures.streams import force_figure, stream_figure
from pinnsolve.output.numbers import instant, scientific
from pinnsolve.output.report.page import table
from pinnsolve.output.vtk.grid import Grid
from pinnsolve.solution.solution import Solution

DIGITS = 5  # of forces and fluxes


def flow(solution: Solution, grid: Grid, domain: Domain) -> str:
    """Return the section on a flow as HTML; nothing of any other problem.

    Parameters
    ----------
    solution, grid
        The solution, and its values on cells.
    domain
        Where it lives.
    """
    parts = []
    streams = stream_figure(solution, grid, domain)
    if streams is not None:
        caption = "Streamlines, everywhere along the velocity, on its magnitude."
        parts.append(set_apart(streams, "Speed and streamlines", caption))
    if solution.flow is not None:
        parts += [_forces(solution), _fluxes(solution), _reynolds(solution)]
    return "\n".join(part for part in parts if part)


def _forces(solution: Solution) -> str:
    """Return the forces at the end, and their course if there is time."""
    found, axes = solution.flow, solution.problem.coordinates
    if found is None or not found.forces:
        return ""
    moments = [f"moment about {axis}" for axis in axes] if len(axes) == 3 else ["moment"]
    head = ["on", *(f"along {axis}" for axis in axes), *moments, "about the point"]
    rows = [
        (
            name,
            *(_number(value) for value in (*own.force[-1], *own.moment[-1])),
            ", ".join(scientific(_rounded(value), 3) for value in own.about),
        )
        for name, own in found.forces.items()
    ]
    when = "" if found.times is None else f" at {instant(found.times[-1])}"
    caption = (
        f"Forces of the fluid on pieces of its boundary{when}: the integral of the stress, in the "
        "unit of the pressure times that of a length or an area."
    )
    parts = [table(head, rows, caption)]
    course = force_figure(solution)
    if course is not None:
        label = "The course of the forces"
        parts.append(set_apart(course, label, f"{label} of the fluid on pieces of its boundary."))
    return "\n".join(parts)


def _fluxes(solution: Solution) -> str:
    """Return the fluxes through the pieces of the boundary, and their sum."""
    found = solution.flow
    assert found is not None
    rows = [(name, _number(flux[-1])) for name, flux in found.fluxes.items()]
    rows.append(("all: mass defect", scientific(float(found.mass_defect[-1]), 2)))
    when = "" if found.times is None else f" at {instant(found.times[-1])}"
    caption = (
        f"Volume that leaves through each piece of the boundary in unit time{when}. The sum of an "
        f"exact solution is zero; {_number(found.through[-1])} enter in all."
    )
    return table(["through", "flux"], rows, caption)


def _reynolds(solution: Solution) -> str:
    """Return a sentence on the Reynolds number."""
    assert solution.flow is not None
    found = solution.flow.reynolds
    if found is None:
        return ""
    return (
        f"<p>The Reynolds number is {scientific(found.number, 4)}, by the largest speed at a node, "
        f"{scientific(found.speed, 4)}, the diameter of {escape(found.of)}, "
        f"{scientific(found.length, 4)}, and the kinematic viscosity "
        f"{scientific(found.viscosity, 4)}.</p>"
    )


def _number(value: float) -> str:
    """Return a number of a table."""
    return scientific(float(value), DIGITS)


def _rounded(value: float) -> float:
    """Return a coordinate without the rounding of a sum."""
    return float(np.round(value, 12)) + 0.0  # and no −0
