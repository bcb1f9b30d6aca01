"""Other sets of nodes: what a problem has for a solution on fewer.

Nonlinear equations may have several discrete solutions, and a shock may stand anywhere between two
walls though every residual is small. Nothing on the nodes tells; another, coarser set does. Steady
linear problems gain nothing from it that the residual between the nodes does not show.

What keeps transport in time bounded (`pinnsolve.rbffd.stabilisation`) damps what the nodes do not
resolve, whatever the order: derivatives of a higher one lose the same, and see nothing. If the
solution changes by ``q`` from nodes twice as far apart to some ``sqrt(2)`` times as far apart, and
by ``c`` from these to all, it is expected to change by ``c (c/q)``, ``c (c/q)^2`` and so on, which
is in sum

    error = c / (q/c - 1),    q/c at most 2^(p/2), its value for smooth solutions,

as of the steps in time (`pinnsolve.rbffd.evolution`). Where ``q`` is large it says nothing of what
more nodes bring, and ``q/c`` counts as two at most. Changes are taken at points at random, where
errors are measured.
"""

from contextlib import suppress

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.nodal import placed
from pinnsolve.errors import DivergedError, PinnsolveError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.from_problem import node_set
from pinnsolve.geometry.sampling import sample_in_time
from pinnsolve.problem import Problem
from pinnsolve.progress import Watch, unwatched
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.rbffd.quadrature import weights_for
from pinnsolve.rbffd.solve import assemble
from pinnsolve.rbffd.solve import solve as solve_directly
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.norms import by_field

FEWER = 0.8  # of the nodes
WIDER = np.sqrt(2.0)  # times as far apart, once and again
GROWN = 1.3  # times as large: more than an overshoot
POINTS = 2000  # at which solutions are compared
ASYMPTOTIC = 0.1  # relative change above which it says nothing of the next
UNKNOWN_RATIO = 2.0  # of two changes, at most
SMALLEST_RATIO = 1.25  # taken for changes that fall no faster, or not at all


def on_other_nodes(
    problem: Problem, domain: Domain, x: Float[ndarray, "n d"], watch: Watch = unwatched
) -> Float[ndarray, "n c"] | None:
    """Return the direct solution on fewer nodes, at points; None if there are no other nodes.

    Raises
    ------
    PinnsolveError
        If no such solution is found.
    """
    seed = problem.settings.nodes.seed + 1
    found = _on_fewer(problem.replace({"nodes.seed": seed}), domain, FEWER * len(x), watch)
    return None if found is None else found(x)


def extrapolated(
    problem: Problem, domain: Domain, fields: Fields, count: int, watch: Watch = unwatched
) -> dict[str, float]:
    """Return relative errors of a solution in time, from those on fewer nodes; none if unknown.

    Parameters
    ----------
    problem, domain
        What was solved, and where.
    fields
        A direct solution of it, or one of a higher order on the same nodes.
    count
        How many these are.
    watch
        Told of the progress.

    Raises
    ------
    PinnsolveError
        If no solution is found on the first, or it grows.
    """
    assert problem.time is not None
    share = WIDER**-domain.dim
    wider = _on_fewer(problem, domain, share * count, watch)
    if wider is None:
        return {}
    points = sample_in_time(domain, problem.time, POINTS, problem.settings.nodes.seed)
    u, v, names = fields(points), wider(points), problem.fields
    if not np.abs(v).max() <= GROWN * np.abs(u).max():
        raise DivergedError("there it grows.")
    last, before = by_field(names, v, u), dict.fromkeys(names, np.inf)
    with suppress(PinnsolveError):  # they may be too few
        widest = _on_fewer(problem, domain, share**2 * count, watch)
        assert widest is not None
        before = by_field(names, widest(points), v)
    highest = WIDER**problem.settings.solver.order
    return {name: _sum(last[name], before[name], highest) for name in names}


def _sum(last: float, before: float, highest: float) -> float:
    """Return the sum of the changes still to come, given the last two and their highest ratio."""
    ratio = before / last if last else UNKNOWN_RATIO
    most = highest if before < ASYMPTOTIC else UNKNOWN_RATIO
    return last / (min(max(ratio, SMALLEST_RATIO), most) - 1)


def _on_fewer(problem: Problem, domain: Domain, count: float, watch: Watch) -> NodalFields | None:
    """Return the direct solution on fewer nodes; None if there are no other nodes.

    Raises
    ------
    PinnsolveError
        If no such solution is found.
    """
    if domain.nodes is not None or problem.settings.nodes.file is not None:
        return None
    nodes = node_set(problem, domain, watch, max(int(count), 1))
    placement = placed(problem, nodes, quadrature=weights_for(problem, nodes, domain))
    system = assemble(problem, nodes, placement.at(), watch)
    found = solve_directly(problem, system, placement, watch)
    if not found.converged:
        raise DivergedError(f"Newton's method: {found.message}")
    return found.fields
