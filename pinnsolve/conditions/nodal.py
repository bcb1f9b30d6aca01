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

from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition, names_of
from pinnsolve.conditions.constrained import constraint_places
from pinnsolve.conditions.incompressible import OnNodes, on_nodes
from pinnsolve.conditions.interfaces import placed_apart
from pinnsolve.conditions.placement import Place, Placement, boundary_rows, rows_with_room
from pinnsolve.geometry.generation import Nodes
from pinnsolve.geometry.nodal_quadrature import NodalQuadrature
from pinnsolve.geometry.periodic import ties
from pinnsolve.problem import Problem

PdeRows: TypeAlias = Literal["all", "tied too", "interior"]


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
    if problem.regions:
        return placed_apart(problem, nodes, balances_corners=pde_rows == "all")
    none = np.empty(0, dtype=int)
    posed = OnNodes(problem, none, none, none)
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
        around = np.setdiff1d(rows_with_room(problem, nodes, boundary), posed.bare)
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
