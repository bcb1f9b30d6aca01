"""Conditions of networks with exact derivatives, which know nothing of ghosts and ties.

Where the domain is periodic the derivatives of each field, up to one order less than that of the
equations, are asked to agree across, if the network is not periodic by its own make. In time every
condition holds at points of space and time of its own.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition, bound, terms_in_space
from pinnsolve.conditions.nodal import placed
from pinnsolve.conditions.placement import Place
from pinnsolve.diffop import Term, partial
from pinnsolve.equations.residual import prescribed
from pinnsolve.geometry.generation import Nodes
from pinnsolve.geometry.nodal_quadrature import NodalQuadrature
from pinnsolve.problem import Problem


def pointwise_conditions(
    problem: Problem, nodes: Nodes, quadrature: NodalQuadrature | None = None
) -> tuple[Condition, ...]:
    """Bind the equations of a steady problem to the nodes, for a network with exact derivatives.

    Where pieces are periodic the derivatives agree on them, and the equations hold on both; what
    a network has built in is left out.
    """
    placement = placed(problem, nodes, pde_rows="tied too", quadrature=quadrature)
    equations = placement.at()
    conditions = list(equations[: len(problem.equations)])
    stated = list(zip(problem.boundary, placement.boundary, strict=True))
    constrained = equations[len(conditions) + len(stated) :]
    for (condition, place), own in zip(stated, equations[len(conditions) :], strict=False):
        if place.tie is None:
            conditions.append(own)
        elif not condition.is_built_in:
            here = slice(place.tie.n_boundary)
            conditions += _jumps(problem, place, own.rows[here], place.tie.across[here])
    return (*conditions, *constrained)


def conditions_in_time(
    problem: Problem,
    nodes: Nodes,
    inside: Float[ndarray, "M D"],
    quadrature: NodalQuadrature | None = None,
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
    quadrature
        Weights of integrals at the nodes, if a constraint has integrals.

    Returns
    -------
    tuple
        All points, and the conditions with their rows among them; derivatives in time are
        operators like those in space.
    """
    assert problem.times is not None
    K, points, conditions = len(problem.times), [inside], list[Condition]()
    rows = np.arange(len(inside))
    placement = placed(problem, nodes, pde_rows="interior", quadrature=quadrature)
    for place in placement.places[: len(problem.equations)]:
        # what is differentiated exactly need not be taken apart into orders
        mixed = replace(place.equation, is_mixed=True)
        residual = bound(problem, ("pde", "equations"), mixed, inside, None)
        conditions.append(Condition(place.name, residual, rows, 1.0))
    count = len(inside)
    for condition, place in zip(problem.boundary, placement.boundary, strict=True):
        if condition.is_built_in:
            continue
        here = place.rows if place.tie is None else place.rows[: place.tie.n_boundary]
        instants = np.tile(problem.times, len(here))
        x = np.column_stack([np.repeat(nodes.x[here], K, axis=0), instants])
        rows = count + np.arange(len(x))
        if place.tie is None:
            normals = np.repeat(nodes.normals[here - nodes.n_interior], K, axis=0)
            residual = bound(problem, place.key, place.equation, x, None, normals)
            conditions.append(Condition(place.name, residual, rows, place.weight))
        else:
            across = np.repeat(place.tie.across[: len(here)], K, axis=0)
            conditions += _jumps(problem, place, rows, np.column_stack([across, instants]))
        points.append(x)
        count += len(x)
    for own in placement.constraints:
        for instant in problem.times:
            x = nodes.x[own.rows] if own.points is None else own.points
            x = np.column_stack([x, np.full(len(x), instant)])
            rows = count + np.arange(len(x))
            residual = bound(problem, own.key, own.equation, x, None, own.normals)
            is_sum = own.points is None
            conditions.append(Condition(own.name, residual, rows, own.weight / K, is_sum=is_sum))
            points.append(x)
            count += len(x)
    start = nodes.x[nodes.rows]
    start = np.column_stack([start, np.full(len(start), problem.times[0])])
    rows = count + np.arange(len(start))
    for name, equation in problem.begins.items():
        residual = bound(problem, ("initial", name), equation, start, None)
        conditions.append(Condition("initial values", residual, rows, 1.0))
    return np.concatenate([*points, start]), tuple(conditions)


def _jumps(
    problem: Problem, place: Place, rows: Int[ndarray, " R"], across: Float[ndarray, "R D"]
) -> list[Condition]:
    """Return conditions that let derivatives of a field at points agree with those across."""
    assert place.tie is not None
    (value,) = place.equation.terms
    terms = (term for equation in problem.equations for term in terms_in_space(problem, equation))
    order = max(2, max(term.op.order for term in terms))
    conditions = []
    for k in range(order):
        op = partial(k * (i == place.tie.axis) for i in range(across.shape[1]))
        residual = prescribed(Term(value.field, op), np.zeros(len(rows)))
        conditions.append(Condition(place.name, residual, rows, place.weight, across=across))
    return conditions
