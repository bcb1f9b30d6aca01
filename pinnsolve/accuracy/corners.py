"""Values on the boundary that contradict one another where pieces meet.

A node at such a corner is wrong by the jump, whichever of the values it takes, and so is every
solution on nodes: relative to the field the error is at least

    sqrt(sum of jump^2 over corners) / size of u at the nodes (`pinnsolve.solution.norms`).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.cells import rim
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem

COINCIDENT = 1e-9  # of the domain's size, within which two points of the boundary are one
ROUNDING = 1e-8  # of the largest value, from which on two values differ


@dataclass(frozen=True)
class Jump:
    """Two values of one field at one point.

    Attributes
    ----------
    field
        Index of the field.
    size
        Distance of the values, in the field's unit.
    place
        The point.
    """

    field: int
    size: float
    place: Float[ndarray, " d"]


def jumps(problem: Problem, domain: Domain, nodes: Nodes) -> list[Jump]:
    """Return the places where values given on two pieces of the boundary differ, largest first.

    Parameters
    ----------
    problem, domain, nodes
        What is solved, and where. A domain that is known by its nodes only has no corners.

    Raises
    ------
    ProblemError
        If a value is not finite.
    """
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    if nodes.dim < 2 or domain.nodes is not None:
        return []
    found, pieces = rim(problem, domain, nodes)
    pairs = KDTree(found.x).query_pairs(COINCIDENT * domain.size, output_type="ndarray")
    if not len(pairs):
        return []
    ends, given = np.unique(pairs), np.full((len(problem.fields), len(found.x)), np.nan)
    for condition in problem.boundary:
        equation = condition.equation
        is_value = len(equation.terms) == 1 and equation.is_algebraic and equation.is_linear
        if condition.is_periodic or equation.constants or not is_value:
            continue
        here = ends[np.isin(pieces[ends], condition.on) | ("all" in condition.on)]
        if not len(here):
            continue
        (term,) = equation.terms
        bound = equation.bind(found.x[here], found.normals[here])
        zero = {term: np.zeros(len(here))}
        given[term.field, here] = -bound(zero) / bound.partials(zero)[term]
    first, second = pairs.T
    jumping = []
    for field, values in enumerate(given):
        size = np.nan_to_num(np.abs(values[first] - values[second]))
        largest = np.nanmax(np.abs(values), initial=0.0)
        jumping += [
            Jump(field, float(size[k]), found.x[first[k]])
            for k in np.flatnonzero(size > ROUNDING * largest)
        ]
    return sorted(jumping, key=lambda jump: -jump.size)
