"""Points around each node, where equations are looked at that hold on the nodes alone.

The points around node ``i`` lie in a box as wide as the distance ``h_i`` to its neighbours,

    x_i + h_i (frac(k alpha) - 1/2),    alpha_j = phi^-j,    phi^(d+1) = phi + 1,

multiples of the vector whose sequence is the most even one known in ``d`` dimensions (Roberts,
2018, The unreasonable effectiveness of quasirandom sequences, extremelearning.com.au), where ``k``
runs on from node to node, so that no two nodes have the same pattern: what oscillates as the nodes
do cannot hide from all of them. Those that come in pairs lie opposite to one another across the
node, so that the odd part of a residual does not spoil its mean.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int, Shaped
from numpy import ndarray

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.features import refinement
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.patches import Boundary
from pinnsolve.problem import BoundaryCondition, Problem

ON_NODE = 1e-6  # spacings: what is so close to a node is the node


# points of the boundary and the names of their pieces
Rim: TypeAlias = tuple[Boundary, Shaped[ndarray, " B"]]


@dataclass(frozen=True)
class Cells:
    """Points, each of which belongs to a node.

    Attributes
    ----------
    points
        The points.
    owner
        The node of each.
    n_nodes
        How many nodes there are.
    normals
        Outward unit normals at points of the boundary; None inside.
    """

    points: Float[ndarray, "P d"]
    owner: Int[ndarray, " P"]
    n_nodes: int
    normals: Float[ndarray, "P d"] | None = None

    def means(self, values: Float[ndarray, " P"]) -> Float[ndarray, " n"]:
        """Return the mean of values over the points of each node, zero where it has none."""
        return np.bincount(self.owner, values, self.n_nodes) / np.maximum(self.counts, 1)

    @property
    def counts(self) -> Int[ndarray, " n"]:
        """How many points each node has."""
        return np.bincount(self.owner, minlength=self.n_nodes)

    def of(self, rows: Int[ndarray, " R"]) -> "Cells":
        """Return the points of some nodes."""
        is_held = np.zeros(self.n_nodes, dtype=bool)
        is_held[rows] = True
        return self.where(is_held[self.owner])

    def where(self, chosen: ndarray) -> "Cells":
        """Return some of the points."""
        normals = None if self.normals is None else self.normals[chosen]
        return Cells(self.points[chosen], self.owner[chosen], self.n_nodes, normals)


def spacings(nodes: Nodes) -> Float[ndarray, " n"]:
    """Return the distance from each interior and boundary node to its nearest neighbours."""
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    x = nodes.x[nodes.rows]
    region = np.zeros(len(x), dtype=int) if nodes.regions is None else nodes.regions.of[nodes.rows]
    found = np.empty(len(x))
    for own in np.unique(region):
        here = x[region == own]
        distance, _ = KDTree(here).query(here, min(len(here), 1 + nodes.dim))
        found[region == own] = distance[:, 1:].mean(axis=1)
    return found


def around(
    domain: Domain,
    nodes: Nodes,
    per_node: int,
    width: float = 1.0,
    rows: Int[ndarray, " R"] | None = None,
) -> Cells:
    """Return points of the domain around interior and boundary nodes, in pairs.

    Parameters
    ----------
    domain, nodes
        Where.
    per_node
        How many around each, an even number; those outside the domain are left out.
    width
        Of the box around a node, in distances to its neighbours.
    rows
        The nodes; by default all of them.
    """
    dim, rows = nodes.dim, np.arange(nodes.rows.stop) if rows is None else rows
    half = _offsets(len(rows) * per_node // 2, dim).reshape(len(rows), -1, dim)
    offsets = np.concatenate([half, -half], axis=1).reshape(-1, dim)
    owner = np.repeat(rows, per_node)
    points = nodes.x[owner] + width * spacings(nodes)[owner, None] * offsets
    cells = Cells(points, owner, nodes.rows.stop)
    is_inside = domain.distance(points) < 0
    if nodes.regions is not None:
        is_inside &= nodes.regions.locate(points) == nodes.regions.of[owner]
    return cells.where(is_inside)


def along(points: Rim, nodes: Nodes, condition: BoundaryCondition) -> Cells:
    """Return points of the boundary where a condition holds, and the nearest boundary nodes.

    Parameters
    ----------
    points
        Those of the whole boundary, with their pieces, as of `rim`.
    nodes
        The nodes.
    condition
        The condition.
    """
    found, pieces = points
    is_here = np.isin(pieces, condition.on) | ("all" in condition.on)
    distance, owner = _nearest(nodes, found.x)
    is_between = distance > ON_NODE * nodes.spacing
    cells = Cells(found.x, owner, nodes.rows.stop, found.normals)
    return cells.where(is_here & is_between)


def _nearest(
    nodes: Nodes, x: Float[ndarray, "P d"]
) -> tuple[Float[ndarray, " P"], Int[ndarray, " P"]]:
    """Return the distance to the nearest boundary node, of the same region, and which it is."""
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    rows = np.arange(nodes.n_interior, nodes.rows.stop)
    if nodes.regions is None:
        distance, nearest = KDTree(nodes.x[rows]).query(x)
        return distance, rows[nearest]
    distance, owner = np.empty(len(x)), np.empty(len(x), dtype=int)
    region = nodes.regions.locate(x)
    for own in np.unique(region):
        here, known = region == own, rows[nodes.regions.of[rows] == own]
        distance[here], nearest = KDTree(nodes.x[known]).query(x[here])
        owner[here] = known[nearest]
    return distance, owner


def rim(problem: Problem, domain: Domain, nodes: Nodes, per_spacing: int = 1) -> Rim:
    """Return points of the boundary, a corner once for each piece, and the names of their pieces.

    Parameters
    ----------
    problem, domain, nodes
        What is solved, and where.
    per_spacing
        How many points between two nodes, in each direction.
    """
    factor = refinement(problem, domain)

    def spacing(x: Float[ndarray, "N d"]) -> Float[ndarray, " N"]:
        wanted = np.full(len(x), nodes.spacing / per_spacing)
        return wanted if factor is None else wanted * factor(x)

    found = domain.boundary(spacing, np.random.default_rng(1))
    names = np.array([*domain.pieces, *(name for name, _ in problem.pieces)])
    tags = found.tags.copy()
    for i, (_, where) in enumerate(problem.pieces):
        tags[where(found.probe)] = len(domain.pieces) + i
    return found, names[tags]


def _offsets(count: int, dim: int) -> Float[ndarray, "k d"]:
    """Return offsets in the box from -1/2 to 1/2, the next ones of the sequence."""
    phi = 2.0
    for _ in range(64):  # the iteration contracts by 1/(d + 1) at least
        phi = (1 + phi) ** (1 / (dim + 1))
    alpha = phi ** -np.arange(1.0, dim + 1)
    return np.outer(np.arange(1, count + 1), alpha) % 1.0 - 0.5
