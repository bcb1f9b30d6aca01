"""Where and when each equation holds: the problem's equations bound to rows of the node set.

Counting. With ``c`` fields every interior node carries ``c`` unknowns, every boundary node and
its ``k`` ghosts ``(k + 1) c``. So the equations hold in the interior; on the boundary ``k``
conditions for each field hold, and the equations too, which determine what these leave open.
An edge of a plate on which value and slope are given is an exception: they determine node and
first ghost so well that the equation, which would have to determine a second one, may do harm.

Periodic sides. Where a domain goes on from one side into another there is no boundary: the
equations hold on the first side, and the nodes that are left over, those of the second one and the
ghosts of both, have the values of the points across (`pinnsolve.geometry.periodic`): as many
conditions as are needed, whatever the order of the equations.

Placement. Rows, normals and what is tied follow from the nodes alone and are found once
(`placed`); data follow from the instants (`Placement.at`), as often as those change.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition, bound, names_of, terms_in_space
from pinnsolve.conditions.constrained import ConstraintPlace, constraint_places
from pinnsolve.conditions.incompressible import OnNodes, on_nodes
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.geometry.generation import Nodes
from pinnsolve.geometry.nodal_quadrature import NodalQuadrature
from pinnsolve.geometry.periodic import Tie, ties
from pinnsolve.problem import BoundaryCondition, Equation, Problem

PdeRows: TypeAlias = Literal["all", "tied too", "interior"]


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
        Those of what holds at points and for integrals.
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
                normals = None if place.normals is None else place.normals[chosen]
                places.append(replace(place, rows=place.rows[chosen], normals=normals))
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
            conditions.append(replace(own, is_sum=place.is_sum, closes=place.closes))
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
        is_sum = place.points is None
        return Condition(
            place.name,
            residual,
            place.rows,
            place.weight,
            levels,
            points=place.points,
            is_sum=is_sum,
        )


def placed(
    problem: Problem,
    nodes: Nodes,
    *,
    pde_rows: PdeRows = "all",
    quadrature: NodalQuadrature | None = None,
) -> Placement:
    """Find the nodes where the equations of a problem hold.

    Parameters
    ----------
    problem
        What to solve.
    nodes
        Where to solve it.
    pde_rows
        Whether the differential equations hold on the boundary too, as far as the nodes have
        ghosts to satisfy them with, and there also at nodes that are tied to others, or in the
        interior only.
    quadrature
        Weights of integrals at the nodes, if a constraint has integrals.

    Raises
    ------
    ProblemError
        If no node lies where a boundary condition holds.
    """
    none = np.empty(0, dtype=int)
    posed = OnNodes(problem, none, none)
    if pde_rows == "all" and nodes.has_ghosts:
        posed = on_nodes(problem, nodes)
        problem = posed.problem
    found = ties(nodes)
    by_sides = {frozenset(joint.sides): tie for joint, tie in zip(nodes.joints, found, strict=True)}
    is_tied = np.zeros(len(nodes.x), dtype=bool)
    for tie in found:
        is_tied[tie.rows] = True
    names, boundary = names_of(problem), list[Place]()
    for condition, name in zip(problem.boundary, names[len(problem.equations) :], strict=True):
        is_stated = condition.key[0] == "boundary"
        key = (*condition.key, "condition") if is_stated else condition.key
        own = by_sides[frozenset(condition.on)] if condition.is_periodic else None
        normals = None
        if own is None:
            rows = boundary_rows(problem, nodes, condition, is_tied)
            if not is_stated:
                rows = np.setdiff1d(rows, posed.smooth)
            normals = nodes.normals[rows - nodes.n_interior]
        else:
            rows = own.rows
        boundary.append(
            Place(
                name, key, condition.equation, rows, condition.weight, normals, own, not is_stated
            )
        )
    boundary = _with_levels(posed, nodes, boundary)
    inside = np.arange(nodes.n_interior)
    if pde_rows != "interior" and nodes.has_ghosts:
        around = np.setdiff1d(_rows_with_room(problem, nodes, boundary), posed.torn)
        boundary = [_closing(place, around) if place.closes else place for place in boundary]
        if pde_rows == "all":
            around = around[~is_tied[around]]
        inside = np.concatenate([inside, around])
    is_each_its_own = len(problem.equations) == len(problem.settings.pde.equations)
    equations = []
    for i, (equation, name) in enumerate(zip(problem.equations, names, strict=False)):
        key = ("pde", "equations", i) if is_each_its_own else ("pde", "equations")
        equations.append(Place(name, key, equation, inside))
    constraints = constraint_places(problem, nodes, quadrature)
    return Placement(
        problem, nodes, (*equations, *boundary), constraints, tuple(posed.torn.tolist())
    )


def nodal_conditions(
    problem: Problem,
    nodes: Nodes,
    times: Float[ndarray, " K"] | None = None,
    *,
    pde_rows: PdeRows = "all",
    quadrature: NodalQuadrature | None = None,
) -> tuple[Condition, ...]:
    """Bind the equations of a problem to the nodes where they hold, for those who do so once.

    Parameters
    ----------
    problem, nodes, pde_rows, quadrature
        As of `placed`.
    times
        As of `Placement.at`.
    """
    return placed(problem, nodes, pde_rows=pde_rows, quadrature=quadrature).at(times)


def boundary_rows(
    problem: Problem, nodes: Nodes, condition: BoundaryCondition, is_tied: Bool[ndarray, " N"]
) -> Int[ndarray, " R"]:
    """Return the boundary nodes on the pieces that a condition names, but for those tied."""
    here = [k for k, piece in enumerate(nodes.pieces) if {"all", piece} & set(condition.on)]
    rows = nodes.n_interior + np.flatnonzero(np.isin(nodes.tags, here))
    rows = rows[~is_tied[rows]]
    occupied = {"all", *(nodes.pieces[k] for k in np.unique(nodes.tags))}
    empty = [piece for piece in condition.on if piece not in occupied]
    if empty:
        message = f"no node lies on {', '.join(empty)}: nothing of it is left, or it is too small."
        remedy = "Raise nodes.count, or leave it out of the condition."
        raise problem.source.error(Fault((*condition.key, "on"), message, remedy))
    return rows


def _closing(place: Place, around: Int[ndarray, " R"]) -> Place:
    """Return a differential equation of the boundary where the others hold too."""
    assert place.normals is not None
    held = np.isin(place.rows, around)
    return replace(place, rows=place.rows[held], normals=place.normals[held])


def _with_levels(posed: OnNodes, nodes: Nodes, boundary: list[Place]) -> list[Place]:
    """Let a pressure that is given beside the whole velocity fix its level alone, on average."""
    count = np.zeros(len(nodes.x), dtype=int)
    for place in boundary:
        count[place.rows] += posed.moves(place.equation) and not place.closes
    return [
        replace(place, is_sum=bool((count[place.rows] >= nodes.dim).all()))
        if place.tie is None and posed.fixes_level(place.equation)
        else place
        for place in boundary
    ]


def _rows_with_room(problem: Problem, nodes: Nodes, boundary: list[Place]) -> Int[ndarray, " R"]:
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
        has_room[rows[nodes.sight.is_withheld[nodes.ghost][: nodes.n_boundary]]] = False
    return rows[has_room[rows]]
