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

Time. At a fixed instant a derivative in time is a field of its own: with the fields and their
derivatives in time side by side, ``u_t = laplace(u)`` is a steady equation for the two fields
``u`` and ``u_t``. So the term ``(f, d_t^a D)`` of an equation becomes ``(f + a c, D)``, with ``D``
a derivative in space alone, and data hold one column for each instant.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.diffop import Term, identity, in_space
from pinnsolve.errors import Fault, KeyPath, ProblemError
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.periodic import Tie, tied, ties
from pinnsolve.problem import BoundaryCondition, Equation, Problem, Residual
from pinnsolve.problem.residual import prescribed


@dataclass(frozen=True)
class Condition:
    """An equation and the nodes where it holds.

    Attributes
    ----------
    name
        As reports call it: ``pde``, ``pde 2``, or the boundary pieces.
    residual
        The equation, its data evaluated at these nodes.
    rows
        Indices of the nodes.
    weight
        Factor of its mean square in the loss, dimensionless.
    levels
        Indices of the instants at which it holds; None in a steady problem, whose data have no
        axis of time.
    across
        For each node the point whose terms are subtracted from its own, as it is periodic; None
        if nothing is subtracted.
    """

    name: str
    residual: Residual
    rows: Int[ndarray, " R"]
    weight: float
    levels: Int[ndarray, " L"] | None = None
    across: Float[ndarray, "R D"] | None = None

    @property
    def size(self) -> int:
        """Number of rows of the residual, over all instants."""
        return len(self.rows) * (1 if self.levels is None else len(self.levels))

    def at(self, level: int) -> "Condition":
        """Return the condition at one instant, as that of a steady problem."""
        return replace(
            self, residual=self.residual.with_data(lambda data: data[:, level]), levels=None
        )


def conditions(
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


def initial_conditions(problem: Problem, nodes: Nodes) -> tuple[Condition, ...]:
    """Bind the initial values of a problem in time to all nodes, ghosts included.

    Returns
    -------
    tuple
        One condition for each field and derivative in time, which holds at the first instant.
    """
    everywhere, first = np.arange(len(nodes.x)), np.zeros(1, dtype=int)
    return tuple(
        Condition(
            "initial values",
            prescribed((field + order * len(problem.fields), identity(nodes.dim)), values[:, None]),
            everywhere,
            1.0,
            first,
        )
        for (field, order), values in initial_values(problem, nodes).items()
    )


def initial_values(problem: Problem, nodes: Nodes) -> dict[tuple[int, int], Float[ndarray, " N"]]:
    """Return the initial values at all nodes, by field and order in time.

    Raises
    ------
    ProblemError
        If one is not finite at a node.
    """
    found = {}
    for field, functions in enumerate(problem.initial):
        for order, function in enumerate(functions):
            with np.errstate(all="ignore"):
                values = function(nodes.x)
            name = problem.fields[field] + ("_" + "t" * order if order else "")
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                pairs = zip(problem.coordinates, nodes.x[bad[0]], strict=True)
                place = ", ".join(f"{axis} = {value:.4g}" for axis, value in pairs)
                message = f"the initial value is not finite at {place}."
                remedy = "It is needed a little outside of the domain too, at the ghosts."
                raise problem.source.error(Fault(("initial", name), message, remedy))
            found[field, order] = values
    return found


def names_of(problem: Problem) -> list[str]:
    """Return the names of the equations and conditions of a problem, in the order of the file."""
    labels = ["pde"] * len(problem.equations) + [", ".join(c.on) for c in problem.boundary]
    repeated, seen, names = Counter(labels), Counter[str](), list[str]()
    for label in labels:
        seen[label] += 1
        names.append(f"{label} {seen[label]}" if repeated[label] > 1 else label)
    return names


def terms_in_space(problem: Problem, equation: Equation) -> tuple[Term, ...]:
    """Return what an equation needs at a fixed instant; see the head of the module."""
    if problem.time is None:
        return equation.terms
    parts = [(field, *in_space(op)) for field, op in equation.terms]
    return tuple((field + order * len(problem.fields), op) for field, order, op in parts)


def bound(
    problem: Problem,
    key: KeyPath,
    equation: Equation,
    x: Float[ndarray, "R d"],
    times: Float[ndarray, " K"] | None,
    normals: Float[ndarray, "R s"] | None = None,
) -> Residual:
    """Return an equation at its points; what is wrong with it is shown in the file."""
    try:
        if times is None:
            return equation.bind(x, normals)
        there = np.column_stack([np.repeat(x, len(times), axis=0), np.tile(times, len(x))])
        if normals is not None:
            normals = np.repeat(normals, len(times), axis=0)
        residual = equation.bind(there, normals)
        table = residual.with_data(lambda data: data.reshape(len(x), len(times)))
        return replace(table, terms=terms_in_space(problem, equation))
    except ProblemError as error:
        faults = (replace(fault, key=key) for fault in error.faults)
        raise problem.source.error(*faults) from None


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
        order = max(op.order for _, op in terms_in_space(problem, condition.equation))
        highest[rows] = np.maximum(highest[rows], order)
    ghosts = np.clip(highest, 1, nodes.rings)
    has_room = count <= ghosts * len(problem.fields)
    if nodes.rings == 1 and count.sum() == nodes.n_boundary * len(problem.fields):
        has_room[:] = True  # one end of an interval may have the conditions of both
    boundary = np.arange(nodes.n_interior, nodes.rows.stop)
    return boundary[has_room[boundary]]
