"""Layers between the boundary and the nodes next to it, which no node sees.

A layer thinner than the nodes leaves them right, to either side of it, and what is interpolated
between them wrong by its height: in L2 by about the square root of the spacing. There the values
on the boundary, and ghosts beyond it, are not what the nodes inside lead up to. With ``u`` the
solution as it is evaluated anywhere, and ``v_k`` the interpolant of degree ``k`` from the nodes
inside alone, the distance ``g_k = |u - v_k|`` at points in the cells at the boundary shrinks as the
degree is raised where the solution is resolved, and does not where there is a layer. Then the error
is as large as the least of these distances.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.accuracy.cells import around
from pinnsolve.accuracy.relative import still
from pinnsolve.diffop import identity
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.periodic import seen, unrolled
from pinnsolve.problem import Problem
from pinnsolve.rbffd.weights import local_values
from pinnsolve.solution import norms
from pinnsolve.solution.fields import Fields

BESIDE = 4  # points around each node
LEAST = 1e-3  # relative distance below which there is nothing to look at
HIGH = 3  # order of the higher degree at least
SHRINK = 0.5  # of the distance, by the higher degree: what is more is a layer


@dataclass(frozen=True)
class Layer:
    """What lies between the boundary and the nodes inside.

    Attributes
    ----------
    sizes
        Relative errors that layers make, by field; none of a field without.
    place
        Where the largest is farthest off; None if there is none.
    """

    sizes: Mapping[str, float] = field(default_factory=dict)
    place: Float[ndarray, " d"] | None = None

    def __str__(self) -> str:
        """Return a warning."""
        name = max(self.sizes, key=lambda name: self.sizes[name])
        return (
            f"the values of {name} on the boundary are not what the nodes inside lead up to, most "
            f"near {self._where}: a layer there is thinner than the nodes resolve, and between "
            f"them {name} may be wrong by {100 * self.sizes[name]:.2g} %."
        )

    @property
    def remedy(self) -> str:
        """What would resolve it."""
        return (
            f"Refine the nodes along the boundary near {self._where}, until there are some in it."
        )

    @property
    def _where(self) -> str:
        assert self.place is not None
        return f"({', '.join(f'{x:.3g}' for x in self.place)})"


def layers(
    problem: Problem,
    domain: Domain,
    nodes: Nodes,
    U: Float[ndarray, "N c"],
    fields: Fields | None = None,
) -> Layer:
    """Return the layers along the boundary that the nodes do not resolve.

    Parameters
    ----------
    problem, domain, nodes
        What was solved, and where.
    U
        The solution at all nodes, ghosts included.
    fields
        The same as it is evaluated anywhere; None if it is a direct solution.

    Raises
    ------
    NodesError
        If too few nodes are inside.
    """
    cells = around(domain, nodes, BESIDE, rows=_along(nodes))
    known, owner = unrolled(nodes)
    is_inside = owner < nodes.n_interior
    known, owner = known[is_inside], owner[is_inside]
    sight = seen(nodes, known, owner)
    x, order, value = cells.points, problem.settings.solver.order, [identity(nodes.dim)]
    if fields is None:  # of one degree more than derivatives have, as `interpolate`
        there = local_values(x, nodes.x, U, value, order + 1, nodes.sight)[0]
    else:
        there = fields(x)
    at_rest = still(problem, U[nodes.rows])
    sizes = [at_rest.get(i) or norms.size(values) for i, values in enumerate(U[nodes.rows].T)]

    def apart(order: int) -> Float[ndarray, "P c"]:
        return there - local_values(x, known, U[owner], value, order + 1, sight)[0]

    def size(e: Float[ndarray, "P c"]) -> Float[ndarray, " c"]:
        means = [cells.means(squares).sum() for squares in (e**2).T]
        return np.sqrt(means) / sizes

    low = apart(1)
    g_low = size(low)
    if not g_low.max() > LEAST:
        return Layer()
    g = size(apart(max(order, HIGH)))
    found = {
        name: float(min(least, most))
        for name, least, most in zip(problem.fields, g, g_low, strict=True)
        if most > LEAST and least > SHRINK * most
    }
    if not found:
        return Layer()
    worst = problem.fields.index(max(found, key=lambda name: found[name]))
    return Layer(found, x[np.argmax(np.abs(low[:, worst]))])


def _along(nodes: Nodes) -> ndarray:
    """Return the nodes on the boundary, and those next to it."""
    rows = np.arange(nodes.n_interior, nodes.rows.stop)
    _, near = KDTree(nodes.x[nodes.interior]).query(nodes.x[rows])
    return np.concatenate([np.unique(near), rows])
