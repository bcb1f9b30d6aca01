"""Conditions of networks with exact derivatives, which know nothing of ghosts and ties.

Where the domain is periodic the derivatives of each field, up to one order less than that of the
equations, are asked to agree across, if the network is not periodic by its own make. In time every
condition holds at points of space and time of its own.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition, bound, names_of, terms_in_space
from pinnsolve.conditions.nodal import boundary_rows, nodal_conditions, ties_of
from pinnsolve.diffop import Term, partial
from pinnsolve.equations.residual import prescribed
from pinnsolve.geometry.generation import Nodes
from pinnsolve.geometry.periodic import Tie
from pinnsolve.problem import BoundaryCondition, Problem


def pointwise_conditions(problem: Problem, nodes: Nodes) -> tuple[Condition, ...]:
    """Bind the equations of a steady problem to the nodes, for a network with exact derivatives.

    Where pieces are periodic the derivatives agree on them, and the equations hold on both; what
    a network has built in is left out.
    """
    equations = nodal_conditions(problem, nodes, pde_rows="tied too")
    conditions = list(equations[: len(problem.equations)])
    stated = zip(problem.boundary, ties_of(problem, nodes), strict=True)
    for (condition, tie), own in zip(stated, equations[len(conditions) :], strict=True):
        if own.across is None:
            conditions.append(own)
        elif not condition.is_built_in:
            assert tie is not None
            here = slice(tie.n_boundary)
            conditions += _jumps(
                problem, condition, own.name, tie, own.rows[here], own.across[here]
            )
    return tuple(conditions)


def conditions_in_time(
    problem: Problem, nodes: Nodes, inside: Float[ndarray, "M D"]
) -> tuple[Float[ndarray, "P D"], tuple[Condition, ...]]:
    """Bind the equations of a problem in time to points of space and time, one by one.

    Boundary conditions hold at the boundary nodes at all time levels, initial values at all nodes
    of the closed domain.

    Parameters
    ----------
    problem, nodes
        What to solve, and where.
    inside
        Points of space and time where the differential equations hold.

    Returns
    -------
    tuple
        All points, and the conditions with their rows among them; derivatives in time are
        operators like those in space.
    """
    assert problem.times is not None
    K, placed, conditions = len(problem.times), [inside], []
    rows = np.arange(len(inside))
    names = names_of(problem)
    for equation, name in zip(problem.equations, names, strict=False):
        # what is differentiated exactly need not be taken apart into orders
        mixed = replace(equation, is_mixed=True)
        residual = bound(problem, ("pde", "equations"), mixed, inside, None)
        conditions.append(Condition(name, residual, rows, 1.0))
    count = len(inside)
    tying = ties_of(problem, nodes)
    for condition, tie, name in zip(problem.boundary, tying, names[len(conditions) :], strict=True):
        if condition.is_built_in:
            continue
        here = (
            boundary_rows(problem, nodes, condition) if tie is None else tie.rows[: tie.n_boundary]
        )
        instants = np.tile(problem.times, len(here))
        x = np.column_stack([np.repeat(nodes.x[here], K, axis=0), instants])
        rows = count + np.arange(len(x))
        if tie is None:
            normals = np.repeat(nodes.normals[here - nodes.n_interior], K, axis=0)
            key = (*condition.key, "condition")
            residual = bound(problem, key, condition.equation, x, None, normals)
            conditions.append(Condition(name, residual, rows, condition.weight))
        else:
            across = np.column_stack([np.repeat(tie.across[: len(here)], K, axis=0), instants])
            conditions += _jumps(problem, condition, name, tie, rows, across)
        placed.append(x)
        count += len(x)
    start = nodes.x[nodes.rows]
    start = np.column_stack([start, np.full(len(start), problem.times[0])])
    rows = count + np.arange(len(start))
    for name, equation in problem.begins.items():
        residual = bound(problem, ("initial", name), equation, start, None)
        conditions.append(Condition("initial values", residual, rows, 1.0))
    return np.concatenate([*placed, start]), tuple(conditions)


def _jumps(
    problem: Problem,
    condition: BoundaryCondition,
    name: str,
    tie: Tie,
    rows: Int[ndarray, " R"],
    across: Float[ndarray, "R D"],
) -> list[Condition]:
    """Return conditions that let derivatives of a field at points agree with those across."""
    (value,) = condition.equation.terms
    terms = (term for equation in problem.equations for term in terms_in_space(problem, equation))
    order = max(2, max(term.op.order for term in terms))
    conditions = []
    for k in range(order):
        op = partial(k * (i == tie.axis) for i in range(across.shape[1]))
        residual = prescribed(Term(value.field, op), np.zeros(len(rows)))
        conditions.append(Condition(name, residual, rows, condition.weight, across=across))
    return conditions
