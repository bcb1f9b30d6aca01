"""Where each equation holds: the problem's equations bound to rows of the node set.

Counting. With ``c`` fields every interior node carries ``c`` unknowns, every boundary node and
its ghost ``2 c``. So the equations hold in the interior; on the boundary the conditions hold,
and with ghosts the equations too, which is what determines the ghosts' values.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.errors import Fault, KeyPath, ProblemError
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import BoundaryCondition, Equation, Problem, Residual


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
    """

    name: str
    residual: Residual
    rows: Int[ndarray, " R"]
    weight: float


def conditions(
    problem: Problem, nodes: Nodes, *, pde_rows: Literal["all", "interior"] = "all"
) -> tuple[Condition, ...]:
    """Bind the equations of a problem to the nodes where they hold.

    Parameters
    ----------
    problem
        What to solve.
    nodes
        Where to solve it.
    pde_rows
        Whether the differential equations hold on the boundary too, as far as the nodes have
        ghosts to satisfy them with, or in the interior only.

    Returns
    -------
    tuple
        The differential equations, then the boundary conditions, in the order of the file.

    Raises
    ------
    ProblemError
        If no node lies where a boundary condition holds.
    """
    places = [_boundary_rows(problem, nodes, condition) for condition in problem.boundary]
    inside = np.arange(nodes.n_interior)
    if pde_rows == "all" and nodes.has_ghosts:
        inside = np.concatenate([inside, _rows_with_room(places, nodes, len(problem.fields))])

    labels = ["pde"] * len(problem.equations) + [", ".join(c.on) for c in problem.boundary]
    repeated, seen, names = Counter(labels), Counter[str](), list[str]()
    for label in labels:
        seen[label] += 1
        names.append(f"{label} {seen[label]}" if repeated[label] > 1 else label)

    x = nodes.x[inside]
    is_each_its_own = len(problem.equations) == len(problem.settings.pde.equations)
    bound = []
    for i, equation in enumerate(problem.equations):
        key: KeyPath = ("pde", "equations", i) if is_each_its_own else ("pde", "equations")
        bound.append((_bound(problem, key, equation, x), inside, 1.0))
    for condition, rows in zip(problem.boundary, places, strict=True):
        normals = nodes.normals[rows - nodes.n_interior]
        key = (*condition.key, "condition")
        residual = _bound(problem, key, condition.equation, nodes.x[rows], normals)
        bound.append((residual, rows, condition.weight))
    return tuple(Condition(name, *parts) for name, parts in zip(names, bound, strict=True))


def _bound(
    problem: Problem,
    key: KeyPath,
    equation: Equation,
    x: Float[ndarray, "R d"],
    normals: Float[ndarray, "R d"] | None = None,
) -> Residual:
    """Return an equation at its points; what is wrong with it is shown in the file."""
    try:
        return equation.bind(x, normals)
    except ProblemError as error:
        faults = (replace(fault, key=key) for fault in error.faults)
        raise problem.source.error(*faults) from None


def _boundary_rows(
    problem: Problem, nodes: Nodes, condition: BoundaryCondition
) -> Int[ndarray, " R"]:
    """Return the boundary nodes on the pieces that a condition names."""
    here = [k for k, piece in enumerate(nodes.pieces) if {"all", piece} & set(condition.on)]
    rows = nodes.n_interior + np.flatnonzero(np.isin(nodes.tags, here))
    occupied = {"all", *(nodes.pieces[k] for k in np.unique(nodes.tags))}
    empty = [piece for piece in condition.on if piece not in occupied]
    if empty:
        message = f"no node lies on {', '.join(empty)}: nothing of it is left, or it is too small."
        remedy = "Raise nodes.count, or leave it out of the condition."
        raise problem.source.error(Fault((*condition.key, "on"), message, remedy))
    return rows


def _rows_with_room(
    places: list[Int[ndarray, " _"]], nodes: Nodes, n_fields: int
) -> Int[ndarray, " R"]:
    """Return the boundary nodes whose conditions leave some of the 2c unknowns undetermined.

    An equation of order four has two conditions, which determine node and ghost by themselves.
    """
    counts = np.bincount(np.concatenate([*places, []]).astype(int), minlength=len(nodes.x))
    boundary = np.arange(nodes.n_interior, nodes.rows.stop)
    return boundary[counts[boundary] < 2 * n_fields]
