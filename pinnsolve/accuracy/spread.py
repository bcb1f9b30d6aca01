"""What spreading point sources changes, beside what derivatives leave.

Away from a source that is spread over ``w`` a solution is wrong by ``c w^4``, and by what the nodes
see of the spread source. Spread 1.4 times as wide it is wrong by ``c (1.4 w)^4``: the difference is
almost three times the first, and as much as the second. Where there is no room for that before the
boundary it is spread 0.7 times as wide, which the nodes see worse. The places where it is spread
are left out: the solution there is not that of a point.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.error_equation import ErrorOf
from pinnsolve.accuracy.relative import relative
from pinnsolve.conditions.condition import bound
from pinnsolve.conditions.placement import Placement
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.sources import clearance
from pinnsolve.problem import Problem
from pinnsolve.problem.sources import is_far, spread, with_widths
from pinnsolve.rbffd.discretisation import Discretisation

WIDER, NARROWER = 1.4, 0.7  # times the widths


def beside_sources(
    problem: Problem,
    domain: Domain,
    system: Discretisation,
    U: Float[ndarray, "N c"],
    error: ErrorOf,
    total: Float[ndarray, "n c"],
) -> tuple[Float[ndarray, "n c"], dict[str, float | None]]:
    """Return the error of a steady solution away from point sources, and its size by field.

    Parameters
    ----------
    problem, domain
        What was solved, and where.
    system, U
        Its discretisation, and the solution at all nodes, ghosts included.
    error
        The error that a residual means.
    total
        The error of derivatives at the interior and boundary nodes.
    """
    rows = system.nodes.rows
    if not problem.sources:
        return total, relative(problem, U[rows], total)
    factor = _factor(problem, domain)
    other = _spread_by(problem, factor)
    parts = []
    for i, condition in enumerate(system.conditions):
        if i >= len(problem.equations):
            parts.append(np.zeros(condition.size))
            continue
        jet = {
            term: D @ U[:, system.slot(term.field, term.time_order)]
            for term, D in system.matrices[i].items()
        }
        x = system.nodes.x[condition.rows]
        changed = bound(problem, ("pde", "equations"), other.equations[i], x, None)
        parts.append(changed(jet) - condition.residual(jet))
    of_spread = error(np.concatenate(parts))[rows]
    far = is_far(problem, system.nodes.x[rows], max(1.0, factor))
    sizes, more = (relative(problem, U[rows][far], e[far]) for e in (total, of_spread))
    return np.where(far[:, None], total, 0.0), {
        name: None if size is None else size + (more[name] or 0.0) for name, size in sizes.items()
    }


def spread_otherwise(placement: Placement, domain: Domain) -> tuple[Placement, float]:
    """Return the placement with point sources of other widths, and the reach of these.

    Parameters
    ----------
    placement, domain
        Where the conditions of a problem in time hold, and where it is posed.

    Returns
    -------
    tuple
        The same, and in widths of the problem how far sources of either reach.
    """
    problem = placement.problem
    if not problem.sources:
        return placement, 1.0
    factor = _factor(problem, domain)
    other = _spread_by(problem, factor)
    of = {source.name: source.width for source in other.sources if source.width is not None}
    places = tuple(replace(p, equation=spread(p.equation, of)) for p in placement.places)
    return replace(placement, problem=other, places=places), max(1.0, factor)


def _factor(problem: Problem, domain: Domain) -> float:
    """Return the factor by which sources are spread wider, or less where there is no room."""
    room = [
        clearance(problem, domain, source) - WIDER * source.width.value
        for source in problem.sources
        if source.width is not None
    ]
    return WIDER if min(room) >= 0 else NARROWER


def _spread_by(problem: Problem, factor: float) -> Problem:
    known: Mapping[str, float] = {
        source.name: factor * source.width.value
        for source in problem.sources
        if source.width is not None
    }
    return with_widths(problem, lambda: known)
