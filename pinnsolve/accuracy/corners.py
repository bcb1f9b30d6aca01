"""Values on the boundary that contradict one another where pieces meet.

A node at such a corner is wrong by the jump, whichever of the values it takes, and so is every
solution on nodes: relative to the field the error is at least

    sqrt(sum of jump^2 over corners) / size of u at the nodes (`pinnsolve.solution.norms`).
"""

from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.cells import rim
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.jumps import at_corners
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem


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
    if nodes.dim < 2 or domain.nodes is not None:
        return []
    found = at_corners(problem, *rim(problem, domain, nodes), domain.size)
    jumping = [
        Jump(field, float(size), place)
        for field, sizes, places in found
        for size, place in zip(sizes, places, strict=True)
    ]
    return sorted(jumping, key=lambda jump: -jump.size)
