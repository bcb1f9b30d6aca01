"""Further residuals, ``[[pde.extra]]``: at which points they hold, bound to them.

A region with ``x == 0`` in it has no volume, so no point of a node set or of a sequence lies in
it but by chance. Coordinates that a condition fixes by ``==`` are therefore set, and the others
drawn; with all of them fixed the region is one point.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.equations.variables import Coordinate, Symbol
from pinnsolve.errors import Fault, ProblemError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.sampling import sample, sample_in_time
from pinnsolve.problem import ExtraResidual, Predicate, Problem

MOST_DRAWN = 2**20  # points of the domain before a region counts as empty
ON_BOUNDARY = 1e-9  # of the size of the domain: closer is on the boundary
SEED = 2  # added to that of the nodes: other points than those of the test and of the equations


def extra_conditions(
    problem: Problem, domain: Domain, nodes: Nodes, first_row: int
) -> tuple[Float[ndarray, "n D"], tuple[Condition, ...]]:
    """Bind the further residuals of a problem to points of their own.

    Parameters
    ----------
    problem, domain, nodes
        What to solve, and where.
    first_row
        Index of the first of the points.

    Returns
    -------
    tuple
        The points, of space or of space and time, and the conditions, whose rows count from
        `first_row`.

    Raises
    ------
    ProblemError
        If a region holds no point, or a coefficient is not finite at one.
    """
    points = [np.empty((0, nodes.dim + (problem.time is not None)))]
    bound = []
    for k, extra in enumerate(problem.extra):
        x = _points(problem, domain, nodes, extra)
        rows = first_row + np.arange(len(x))
        first_row += len(x)
        points.append(x)
        try:
            residual = extra.equation.bind(x)
        except ProblemError as error:
            key = (*extra.key, "equation")
            faults = (replace(fault, key=key) for fault in error.faults)
            raise problem.source.error(*faults) from None
        name = f"extra {k + 1}" if len(problem.extra) > 1 else "extra"
        bound.append(Condition(name, residual, rows, extra.weight))
    return np.concatenate(points), tuple(bound)


def _points(
    problem: Problem, domain: Domain, nodes: Nodes, extra: ExtraResidual
) -> Float[ndarray, "n D"]:
    """Return the points where a further residual holds."""
    fixed = _fixed(extra.where)
    x = nodes.x[nodes.rows]
    is_point = len(fixed) == x.shape[1] + (problem.time is not None)
    wanted = 1 if is_point else extra.points
    if wanted is None and not fixed and problem.time is None:
        found = x[_within(extra, x)]
    else:
        found = _drawn(problem, domain, extra, wanted or len(x), fixed)
    if len(found):
        return found
    message = "no point of the domain lies where this holds."
    remedy = "Write it wider, give points = …, or raise nodes.count."
    raise problem.source.error(Fault((*extra.key, "where"), message, remedy))


def _drawn(
    problem: Problem,
    domain: Domain,
    extra: ExtraResidual,
    wanted: int,
    fixed: Mapping[int, float],
) -> Float[ndarray, "n D"]:
    """Return points that are spread over a region; none if none are found."""
    extent = float(np.max(domain.upper - domain.lower))
    count, seed = wanted, problem.settings.nodes.seed + SEED
    while True:
        if problem.time is None:
            x = sample(domain, count, seed)
        else:
            x = sample_in_time(domain, problem.time, count, seed)
        for axis, value in fixed.items():
            x[:, axis] = value
        # a coordinate that was set may have left the domain; the boundary is part of it
        distance = domain.distance(x[:, : domain.dim])
        found = x[_within(extra, x) & (distance <= ON_BOUNDARY * extent)]
        if len(found) >= wanted or count >= MOST_DRAWN:
            return found[:wanted]
        count *= 4


def _within(extra: ExtraResidual, x: Float[ndarray, "n D"]) -> ndarray:
    """Return at which points a further residual holds."""
    return np.ones(len(x), dtype=bool) if extra.where is None else extra.where(x)


def _fixed(where: Predicate | None) -> dict[int, float]:
    """Return the coordinates that a condition on position sets to a number, by axis."""
    if where is None:
        return {}
    found: dict[int, float] = {}
    pending: list[tuple[Any, ...]] = [where.tree]
    while pending:
        name, *parts = pending.pop()
        if name == "and":
            pending += parts
        elif name == "==":
            for a, b in (parts, parts[::-1]):
                if isinstance(a, Symbol) and isinstance(a.meaning, Coordinate) and b.is_number:
                    axis = where.symbols.coordinates.index(a.meaning.name)
                    found[axis] = float(sympy.N(b))
    return found
