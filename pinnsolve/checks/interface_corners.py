"""Whether what lies between materials has corners, at which solutions are singular.

It has one, with its image in the mirror, also where it meets the boundary of the domain at a slant.
Fluxes balance there (`pinnsolve.geometry.junctions`), but solutions are not smooth: errors fall
with a power of the spacing below two, whatever the order.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.fluxes import flux
from pinnsolve.errors import ProblemError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.junctions import SAME, wall_ends
from pinnsolve.geometry.junctions import corners as corners_of
from pinnsolve.problem import Problem

BENT = 20.0  # degrees, from which on a joint is a corner
SHOWN = 3  # corners that are named
REMEDY = "Take rbf-fd with order = 2 and more nodes, or round the corner."


def doubts(problem: Problem, parts: Sequence[Domain]) -> list[str]:
    """Return a warning with the corners between materials in the plane, if there are any.

    Parameters
    ----------
    problem
        What is to be solved; where its solution is known the error is measured.
    parts
        The regions.
    """
    found = corners(problem, parts)
    if not found:
        return []
    return [
        f"{found}. Errors fall slowly with the spacing there and are felt everywhere, and "
        f"networks, which are smooth, are wrong by several percent. {REMEDY}"
    ]


def corners(problem: Problem, parts: Sequence[Domain]) -> str:
    """Return a clause on the corners between materials in the plane; empty if there are none.

    Parameters
    ----------
    problem, parts
        As of `doubts`.
    """
    if problem.exact is not None or not parts or parts[0].dim != 2:
        return ""
    inside = _distinct(problem, parts, [x for part in parts for x in corners_of(part, BENT)])
    on_wall = _distinct(problem, parts, [x for part in parts for x in wall_ends(part, BENT)])
    found = [
        f"{where}, {_places(x)}"
        for where, x in (("at a corner", inside), ("aslant at the boundary", on_wall))
        if x
    ]
    if not found:
        return ""
    return (
        f"materials that differ meet {', and '.join(found)}, where gradients are infinite as a rule"
    )


def _distinct(
    problem: Problem, parts: Sequence[Domain], places: Sequence[Float[ndarray, " d"]]
) -> list[Float[ndarray, " d"]]:
    """Return those of some places, each once, at which materials differ."""
    found, size = list[Float[ndarray, " d"]](), SAME * parts[0].size
    for x in places:
        here = [k for k, own in enumerate(parts) if abs(own.distance(x[None])[0]) < 2 * size]
        is_new = all(np.linalg.norm(x - other) > 2 * size for other in found)
        if is_new and _differ(problem, here):
            found.append(x)
    return found


def _places(found: Sequence[Float[ndarray, " d"]]) -> str:
    """Return the first places in words."""
    places = [f"({', '.join(f'{c:.4g}' for c in np.round(x, 9) + 0.0)})" for x in found[:SHOWN]]
    return ", ".join(places) + (", …" if len(found) > SHOWN else "")


def _differ(problem: Problem, regions: Sequence[int]) -> bool:
    """Tell whether some field has other fluxes in some of the regions."""
    try:
        return any(
            len({flux(problem, problem.regions[k], field, 0) for k in regions}) > 1
            for field in range(len(problem.fields))
        )
    except ProblemError:  # what holds there is stated
        return True
