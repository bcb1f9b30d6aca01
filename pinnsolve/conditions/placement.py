"""Where one equation holds, and where all of a problem do."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition, bound, terms_in_space
from pinnsolve.conditions.constrained import ConstraintPlace
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.geometry.generation import Nodes
from pinnsolve.geometry.nodes import INTERFACE
from pinnsolve.geometry.periodic import Tie
from pinnsolve.problem import BoundaryCondition, Equation, Problem


@dataclass(frozen=True)
class Place:
    """Where one equation holds.

    Attributes
    ----------
    name
        As reports call it: ``pde``, ``pde 2``, or the boundary pieces.
    key
        Where it stands in the file.
    equation
        What holds.
    rows
        Indices of the nodes.
    weight
        Factor of its mean square in the loss, dimensionless.
    normals
        Unit outward normals at the nodes; None of a differential equation, or a tie.
    tie
        What it ties; None if it is not periodic.
    closes
        Whether it is a differential equation that the boundary has beside its conditions.
    is_sum
        Whether it is the sum over its nodes that vanishes.
    partners
        On an interface for each node the one in the same place in the other region; None elsewhere.
    """

    name: str
    key: KeyPath
    equation: Equation
    rows: Int[ndarray, " R"]
    weight: float = 1.0
    normals: Float[ndarray, "R d"] | None = None
    tie: Tie | None = None
    closes: bool = False
    is_sum: bool = False
    partners: Int[ndarray, " R"] | None = None


@dataclass(frozen=True)
class Placement:
    """Where the equations of a problem hold, at whatever instants.

    Attributes
    ----------
    problem
        What to solve.
    nodes
        Where to solve it.
    places
        Those of the differential equations, then of the boundary conditions, in the order of the
        file.
    constraints
        Those of what holds at points, around them, and for integrals.
    torn
        Corner nodes of a flow at which the velocities of both sides differ, and no equation holds.
    """

    problem: Problem
    nodes: Nodes
    places: tuple[Place, ...]
    constraints: tuple[ConstraintPlace, ...] = ()
    torn: tuple[int, ...] = ()

    @property
    def boundary(self) -> tuple[Place, ...]:
        """The places of the boundary conditions."""
        return self.places[len(self.problem.equations) :]

    def thinned(self, count: int) -> "Placement":
        """Return the placement at ``count`` nodes of each place, evenly chosen, without ties."""
        places = []
        for place in self.places:
            if place.tie is None:
                chosen = np.unique(np.linspace(0, len(place.rows) - 1, count).astype(int))
                normals, partners = (
                    None if values is None else values[chosen]
                    for values in (place.normals, place.partners)
                )
                rows = place.rows[chosen]
                places.append(replace(place, rows=rows, normals=normals, partners=partners))
        return replace(self, places=tuple(places), constraints=())

    def at(self, times: Float[ndarray, " K"] | None = None) -> tuple[Condition, ...]:
        """Return the conditions with their data, in the order of the places, then constraints.

        Parameters
        ----------
        times
            Instants at which they hold; by default those of the problem, if it has any.
        """
        times = self.problem.times if times is None else times
        levels = None if times is None else np.arange(len(times))
        conditions = []
        for place in self.places:
            x = self.nodes.x[place.rows]
            residual = bound(self.problem, place.key, place.equation, x, times, place.normals)
            across = None if place.tie is None else place.tie.across
            own = Condition(place.name, residual, place.rows, place.weight, levels, across)
            own = replace(own, is_sum=place.is_sum, closes=place.closes, partners=place.partners)
            conditions.append(own)
        return (*conditions, *(self._constrained(own, times, levels) for own in self.constraints))

    def _constrained(
        self,
        place: ConstraintPlace,
        times: Float[ndarray, " K"] | None,
        levels: Int[ndarray, " K"] | None,
    ) -> Condition:
        """Return a constraint with its data."""
        x = self.nodes.x[place.rows] if place.points is None else place.points
        residual = bound(self.problem, place.key, place.equation, x, times, place.normals)
        is_sum = place.points is None or place.node is not None
        return Condition(
            place.name,
            residual,
            place.rows,
            place.weight,
            levels,
            points=place.points,
            is_sum=is_sum,
            node=place.node,
        )


def boundary_rows(
    problem: Problem, nodes: Nodes, condition: BoundaryCondition, is_tied: Bool[ndarray, " N"]
) -> Int[ndarray, " R"]:
    """Return the boundary nodes on the pieces that a condition names, but for those tied."""
    outer = [(k, piece) for k, piece in enumerate(nodes.pieces) if piece != INTERFACE]
    here = [k for k, piece in outer if {"all", piece} & set(condition.on)]
    rows = nodes.n_interior + np.flatnonzero(np.isin(nodes.tags, here))
    rows = rows[~is_tied[rows]]
    occupied = {"all", *(nodes.pieces[k] for k in np.unique(nodes.tags))}
    empty = [piece for piece in condition.on if piece not in occupied]
    if empty:
        message = f"no node lies on {', '.join(empty)}: nothing of it is left, or it is too small."
        remedy = "Raise nodes.count, or leave it out of the condition."
        raise problem.source.error(Fault((*condition.key, "on"), message, remedy))
    return rows


def rows_with_room(problem: Problem, nodes: Nodes, boundary: list[Place]) -> Int[ndarray, " R"]:
    """Return the boundary nodes whose conditions leave room for the equations.

    Conditions with derivatives up to order k do well with k ghosts.
    """
    count, highest = np.zeros((2, len(nodes.x)), dtype=int)
    for place in boundary:
        if place.tie is not None or place.closes or place.is_sum:
            continue
        count[place.rows] += 1
        order = max(term.op.order for term in terms_in_space(problem, place.equation))
        highest[place.rows] = np.maximum(highest[place.rows], order)
    ghosts = np.clip(highest, 1, nodes.rings)
    has_room = count <= ghosts * len(problem.fields)
    if nodes.rings == 1 and count.sum() == nodes.n_boundary * len(problem.fields):
        has_room[:] = True  # one end of an interval may have the conditions of both
    rows = np.arange(nodes.n_interior, nodes.rows.stop)
    if nodes.sight is not None:  # ghosts that nobody sees satisfy nothing
        withheld = rows[nodes.sight.is_withheld[nodes.ghost][: nodes.n_boundary]]
        has_room[withheld] = count[withheld] == 0
    return rows[has_room[rows]]
