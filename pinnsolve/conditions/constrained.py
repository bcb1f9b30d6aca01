"""Where constraints hold: at a point between the nodes, or for a sum over many of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.equations.integrals import REST
from pinnsolve.errors import KeyPath
from pinnsolve.geometry.nodal_quadrature import NodalQuadrature
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Equation, IntegralConstraint, PointCondition, Problem


@dataclass(frozen=True)
class ConstraintPlace:
    """Where one constraint holds.

    Attributes
    ----------
    name
        As reports call it.
    key
        Where it stands in the file.
    equation
        What holds, of integrals for their density.
    rows
        The nodes: of a point the nearest one.
    weight
        Weight in the loss, dimensionless.
    points
        The point; None for a sum over nodes.
    normals
        Outward unit normals at nodes on the boundary, zero at others; None at a point.
    node
        Of a sum over points around a node that node, whose value it determines; None of others.
    """

    name: str
    key: KeyPath
    equation: Equation
    rows: Int[ndarray, " R"]
    weight: float
    points: Float[ndarray, "R d"] | None
    normals: Float[ndarray, "R d"] | None
    node: int | None = None


def constraint_places(
    problem: Problem, nodes: Nodes, quadrature: NodalQuadrature | None
) -> tuple[ConstraintPlace, ...]:
    """Return the places of the constraints of a problem, in their order.

    Parameters
    ----------
    problem, nodes
        What to solve, and where.
    quadrature
        Weights of integrals at the nodes, if a constraint has integrals.
    """
    return tuple(
        _at_point(constraint, nodes)
        if isinstance(constraint, PointCondition)
        else _of_integrals(constraint, nodes, quadrature)
        for constraint in problem.constraints
    )


def _at_point(constraint: PointCondition, nodes: Nodes) -> ConstraintPlace:
    """Return the place of a condition at a point."""
    x = np.array([constraint.at])
    _, rows = KDTree(nodes.x[nodes.rows]).query(x)
    return ConstraintPlace(
        constraint.name, constraint.key, constraint.equation, rows, constraint.weight, x, None
    )


def _of_integrals(
    constraint: IntegralConstraint, nodes: Nodes, quadrature: NodalQuadrature | None
) -> ConstraintPlace:
    """Return the place of an equation between integrals."""
    if quadrature is None:
        raise ValueError("a constraint with integrals needs their weights at the nodes")
    count = nodes.rows.stop
    weights = {}
    for integral, on in zip(constraint.stated.integrals, constraint.on, strict=True):
        own = quadrature.inside
        if on is not None:
            here = [k for k, piece in enumerate(nodes.pieces) if on in ("all", piece)]
            own = np.zeros(count)
            own[nodes.boundary] = np.where(np.isin(nodes.tags, here), quadrature.boundary, 0.0)
        weights[integral.name] = own / own.sum() if integral.is_mean else own
    is_held = np.any([own != 0 for own in weights.values()], axis=0)
    rows = np.flatnonzero(is_held)
    normals = np.zeros((count, nodes.dim))
    normals[nodes.boundary] = nodes.normals
    weights = {name: own[rows] for name, own in weights.items()}
    weights[REST] = np.full(len(rows), 1 / len(rows))
    equation = constraint.stated.weighted({k: _Table(own) for k, own in weights.items()})
    return ConstraintPlace(
        constraint.name, constraint.key, equation, rows, constraint.weight, None, normals[rows]
    )


@dataclass(frozen=True)
class _Table:
    """Values at the points of a condition, each at all its instants in turn."""

    values: Float[ndarray, " R"]

    def __call__(self, x: Float[ndarray, "N d"]) -> Float[ndarray, " N"]:
        """Return the values at the points, whatever the instants."""
        return np.repeat(self.values, len(x) // len(self.values))


def has_integrals(constraints: Sequence[PointCondition | IntegralConstraint]) -> bool:
    """Return whether weights of integrals are needed."""
    return any(isinstance(constraint, IntegralConstraint) for constraint in constraints)
