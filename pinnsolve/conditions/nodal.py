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
"""

from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition, bound, names_of, terms_in_space
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.geometry.generation import Nodes
from pinnsolve.geometry.periodic import Tie, tied, ties
from pinnsolve.problem import BoundaryCondition, Problem


def nodal_conditions(
    problem: Problem,
    nodes: Nodes,
    times: Float[ndarray, " K"] | None = None,
    *,
    pde_rows: Literal["all", "tied too", "interior"] = "all",
) -> tuple[Condition, ...]:
    """Bind the equations of a problem to the nodes where they hold.

    Parameters
    ----------
    problem
        What to solve.
    nodes
        Where to solve it.
    times
        Instants at which it holds; by default those of the problem, if it has any.
    pde_rows
        Whether the differential equations hold on the boundary too, as far as the nodes have
        ghosts to satisfy them with, and there also at nodes that are tied to others, or in the
        interior only.

    Returns
    -------
    tuple
        The differential equations, then the boundary conditions, in the order of the file.

    Raises
    ------
    ProblemError
        If no node lies where a boundary condition holds.
    """
    tying = ties_of(problem, nodes)
    places = [
        boundary_rows(problem, nodes, condition) if tie is None else tie.rows
        for condition, tie in zip(problem.boundary, tying, strict=True)
    ]
    inside = np.arange(nodes.n_interior)
    if pde_rows != "interior" and nodes.has_ghosts:
        around = _rows_with_room(problem, nodes, places)
        if pde_rows == "all":
            around = around[~tied(nodes)[around]]
        inside = np.concatenate([inside, around])

    times = problem.times if times is None else times
    is_each_its_own = len(problem.equations) == len(problem.settings.pde.equations)
    found = []
    for i, equation in enumerate(problem.equations):
        key: KeyPath = ("pde", "equations", i) if is_each_its_own else ("pde", "equations")
        residual = bound(problem, key, equation, nodes.x[inside], times)
        found.append((residual, inside, 1.0))
    for condition, rows in zip(problem.boundary, places, strict=True):
        normals = None
        if not condition.is_periodic:
            normals = nodes.normals[rows - nodes.n_interior]
        key = (*condition.key, "condition")
        residual = bound(problem, key, condition.equation, nodes.x[rows], times, normals)
        found.append((residual, rows, condition.weight))
    levels = None if times is None else np.arange(len(times))
    across: list[Float[ndarray, "R d"] | None] = [None] * len(problem.equations)
    across += [None if tie is None else tie.across for tie in tying]
    return tuple(
        Condition(name, *parts, levels, points)
        for name, parts, points in zip(names_of(problem), found, across, strict=True)
    )


def ties_of(problem: Problem, nodes: Nodes) -> list[Tie | None]:
    """Return for each boundary condition what it ties; None if it is not periodic."""
    by_sides = {
        frozenset(joint.sides): tie for joint, tie in zip(nodes.joints, ties(nodes), strict=True)
    }
    return [by_sides[frozenset(c.on)] if c.is_periodic else None for c in problem.boundary]


def boundary_rows(
    problem: Problem, nodes: Nodes, condition: BoundaryCondition
) -> Int[ndarray, " R"]:
    """Return the boundary nodes on the pieces that a condition names."""
    here = [k for k, piece in enumerate(nodes.pieces) if {"all", piece} & set(condition.on)]
    rows = nodes.n_interior + np.flatnonzero(np.isin(nodes.tags, here))
    rows = rows[~tied(nodes)[rows]]
    occupied = {"all", *(nodes.pieces[k] for k in np.unique(nodes.tags))}
    empty = [piece for piece in condition.on if piece not in occupied]
    if empty:
        message = f"no node lies on {', '.join(empty)}: nothing of it is left, or it is too small."
        remedy = "Raise nodes.count, or leave it out of the condition."
        raise problem.source.error(Fault((*condition.key, "on"), message, remedy))
    return rows


def _rows_with_room(
    problem: Problem, nodes: Nodes, places: list[Int[ndarray, " _"]]
) -> Int[ndarray, " R"]:
    """Return the boundary nodes whose conditions leave room for the equations.

    Conditions with derivatives up to order k do well with k ghosts.
    """
    count, highest = np.zeros((2, len(nodes.x)), dtype=int)
    for condition, rows in zip(problem.boundary, places, strict=True):
        if condition.is_periodic:
            continue
        count[rows] += 1
        order = max(term.op.order for term in terms_in_space(problem, condition.equation))
        highest[rows] = np.maximum(highest[rows], order)
    ghosts = np.clip(highest, 1, nodes.rings)
    has_room = count <= ghosts * len(problem.fields)
    if nodes.rings == 1 and count.sum() == nodes.n_boundary * len(problem.fields):
        has_room[:] = True  # one end of an interval may have the conditions of both
    boundary = np.arange(nodes.n_interior, nodes.rows.stop)
    return boundary[has_room[boundary]]
