"""A second set of nodes: whether a nonlinear problem has the same solution on it.

Nonlinear equations may have several discrete solutions, and a shock may stand anywhere between two
walls though every residual is small. Nothing on the nodes tells; another, coarser set does. A
linear problem gains nothing from it that the residual between the nodes does not show.
"""

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.errors import DivergedError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.from_problem import node_set
from pinnsolve.problem import Problem
from pinnsolve.progress import Watch, unwatched
from pinnsolve.rbffd import direct
from pinnsolve.rbffd.discretisation import discretise
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.rbffd.quadrature import weights_for

FEWER = 0.8  # of the nodes


def on_other_nodes(
    problem: Problem, domain: Domain, x: Float[ndarray, "n d"], watch: Watch = unwatched
) -> Float[ndarray, "n c"] | None:
    """Return the direct solution on fewer nodes, at points; None if there are no other nodes.

    Raises
    ------
    PinnsolveError
        If no such solution is found.
    """
    if domain.nodes is not None or problem.settings.nodes.file is not None:
        return None
    count, seed = max(int(FEWER * len(x)), 1), problem.settings.nodes.seed + 1
    nodes = node_set(problem.replace({"nodes.seed": seed}), domain, watch, count=count)
    order, c = problem.settings.solver.order, len(problem.fields)
    weights = weights_for(problem, nodes, domain)
    conditions = nodal_conditions(problem, nodes, quadrature=weights)
    system = discretise(conditions, nodes, c, order, watch)
    found = direct.solve(system, watch=watch)
    if not found.converged:
        raise DivergedError(f"Newton's method: {found.message}")
    return NodalFields(nodes.x, found.values, order, sight=nodes.sight)(x)
