"""Conditions of networks with exact derivatives, which know nothing of ghosts and ties.

Where the domain is periodic the derivatives of each field, up to one order less than that of the
equations, are asked to agree across, if the network is not periodic by its own make. In time every
condition holds at points of space and time of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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
from pinnsolve.problem import Equation, Problem


def pointwise_conditions(
    problem: Problem, nodes: Nodes, quadrature: NodalQuadrature | None = None
) -> tuple[Condition, ...]:
    """Bind the equations of a steady problem to the nodes, for a network with exact derivatives.

    Where pieces are periodic the derivatives agree on them, and the equations hold on both; what
    a network has built in is left out.
    """
    placement = placed(problem, nodes, pde_rows="tied too", quadrature=quadrature)
    equations, posed = placement.at(), placement.problem
    conditions = list(equations[: len(posed.equations)])
    stated = list(zip(posed.boundary, placement.boundary, strict=True))
    constrained = equations[len(conditions) + len(stated) :]
    for (condition, place), own in zip(stated, equations[len(conditions) :], strict=False):
        if place.tie is None:
            conditions.append(own)
        elif not condition.is_built_in:
            here = slice(place.tie.n_boundary)
            conditions += _jumps(problem, place, own.rows[here], place.tie.across[here])
    return (*conditions, *(own for own in constrained if own.node is None))


def at_further_points(
    problem: Problem,
    conditions: Sequence[Condition],
    nodes: Nodes,
    further: Float[ndarray, "M d"],
) -> tuple[Condition, ...]:
    """Let the differential equations of a steady problem hold at further points.

    Parameters
    ----------
    problem, conditions, nodes
        The equations first among the conditions, and where they hold already.
    further
        The points; their rows follow those of the nodes.
    """
    of = np.zeros(len(further), dtype=int)
    if nodes.regions is not None:
        of = nodes.regions.locate(further)
    found = []
    for equation, own in zip(_equations(problem), conditions, strict=False):
        region = 0 if nodes.regions is None else nodes.regions.of[own.rows[0]]
        (here,) = np.nonzero(of == region)
        x = np.concatenate([nodes.x[own.rows], further[here]])
        residual = bound(problem, ("pde", "equations"), equation, x, None)
        rows = np.concatenate([own.rows, len(nodes.x) + here])
        found.append(replace(own, residual=residual, rows=rows))
    return (*found, *conditions[len(found) :])


def _equations(problem: Problem) -> tuple[Equation, ...]:
    """Return the differential equations, those of one region after the other."""
    parts = [region.problem for region in problem.regions] or [problem]
    return tuple(equation for part in parts for equation in part.equations)


@dataclass(frozen=True)
class PointsInTime:
    """Conditions at points of space and time.

    Attributes
    ----------
    x
        All points.
    conditions
        The conditions, with their rows among them.
    regions
        That of each point; None if there is one.
    """

    x: Float[ndarray, "P D"]
    conditions: tuple[Condition, ...]
    regions: Int[ndarray, " P"] | None

    def joined(self, other: "PointsInTime") -> "PointsInTime":
        """Return further points and conditions, whose rows count on, behind these."""
        of = None
        if self.regions is not None and other.regions is not None:
            of = np.concatenate([self.regions, other.regions])
        conditions = (*self.conditions, *other.conditions)
        return PointsInTime(np.concatenate([self.x, other.x]), conditions, of)


class _Points:
    """Points, and their regions, as they are added."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes, self._count = nodes, 0
        self._x, self._of = list[ndarray](), list[ndarray]()

    def add(self, x: Float[ndarray, "n D"], of: Int[ndarray, " n"]) -> Int[ndarray, " n"]:
        """Return the rows of further points."""
        self._x.append(x)
        self._of.append(of)
        self._count += len(x)
        return np.arange(self._count - len(x), self._count)

    def at_nodes(
        self, rows: Int[ndarray, " R"], times: Float[ndarray, " K"]
    ) -> tuple[Float[ndarray, "m D"], Int[ndarray, " m"]]:
        """Return nodes at each of some instants, and their rows among the points."""
        x = np.repeat(self._nodes.x[rows], len(times), axis=0)
        x = np.column_stack([x, np.tile(times, len(rows))])
        return x, self.add(x, np.repeat(self.regions_of(rows), len(times)))

    def regions_of(self, rows: Int[ndarray, " R"]) -> Int[ndarray, " R"]:
        """Return the regions of nodes."""
        regions = self._nodes.regions
        return np.zeros(len(rows), dtype=int) if regions is None else regions.of[rows]

    def with_conditions(self, conditions: Sequence[Condition]) -> PointsInTime:
        """Return all points."""
        of = None if self._nodes.regions is None else np.concatenate(self._of)
        return PointsInTime(np.concatenate(self._x), tuple(conditions), of)


def conditions_in_time(
    problem: Problem,
    nodes: Nodes,
    inside: Float[ndarray, "M D"],
    quadrature: NodalQuadrature | None = None,
    start: Float[ndarray, "n d"] | None = None,
    times: Float[ndarray, " K"] | None = None,
) -> PointsInTime:
    """Bind the equations of a problem in time to points of space and time, one by one.

    Boundary conditions hold at the boundary nodes at all time levels, initial values at all nodes
    of the closed domain, if no other instants or places are given. Derivatives in time are
    operators like those in space.

    Parameters
    ----------
    problem, nodes
        What to solve, and where.
    inside
        Points of space and time where the differential equations hold.
    quadrature
        Weights of integrals at the nodes, if a constraint has integrals.
    start
        Where the initial values hold, in a domain of one region.
    times
        When the boundary conditions hold.
    """
    assert problem.times is not None
    times = problem.times if times is None else times
    points, conditions = _Points(nodes), list[Condition]()
    placement = placed(problem, nodes, pde_rows="interior", quadrature=quadrature)
    posed, regions = placement.problem, nodes.regions
    of = np.zeros(len(inside), dtype=int)
    if regions is not None:
        of = regions.locate(inside[:, : nodes.dim])
    points.add(inside, of)
    for place in placement.places[: len(posed.equations)]:
        # what is differentiated exactly need not be taken apart into orders
        mixed = replace(place.equation, is_mixed=True)
        rows = np.flatnonzero(of == points.regions_of(place.rows[:1]))
        residual = bound(problem, ("pde", "equations"), mixed, inside[rows], None)
        conditions.append(Condition(place.name, residual, rows, 1.0))
    for condition, place in zip(posed.boundary, placement.boundary, strict=True):
        if not condition.is_built_in:
            conditions += _on_boundary(problem, nodes, place, points, times)
    for own in placement.constraints:
        if own.node is not None:
            continue
        for instant in times:
            x = nodes.x[own.rows] if own.points is None else own.points
            x = np.column_stack([x, np.full(len(x), instant)])
            rows = points.add(x, points.regions_of(own.rows))
            residual = bound(problem, own.key, own.equation, x, None, own.normals)
            is_sum = own.points is None
            weight = own.weight / len(times)
            conditions.append(Condition(own.name, residual, rows, weight, is_sum=is_sum))
    everywhere = np.arange(nodes.rows.stop)
    parts = [region.problem for region in problem.regions] or [problem]
    for r, part in enumerate(parts):
        here = everywhere[points.regions_of(everywhere) == r]
        x = nodes.x[here] if start is None else start
        first = np.column_stack([x, np.full(len(x), problem.times[0])])
        rows = points.add(first, np.full(len(x), r))
        for name, equation in part.begins.items():
            residual = bound(problem, ("initial", name), equation, first, None)
            conditions.append(Condition("initial values", residual, rows, 1.0))
    return points.with_conditions(conditions)


def _on_boundary(
    problem: Problem, nodes: Nodes, place: Place, points: _Points, times: Float[ndarray, " K"]
) -> Iterator[Condition]:
    """Yield the conditions of a place on the boundary, or on an interface, at some instants."""
    K = len(times)
    here = place.rows if place.tie is None else place.rows[: place.tie.n_boundary]
    x, rows = points.at_nodes(here, times)
    if place.tie is not None:
        across = np.repeat(place.tie.across[: len(here)], K, axis=0)
        across = np.column_stack([across, np.tile(times, len(here))])
        yield from _jumps(problem, place, rows, across)
        return
    normals = np.repeat(nodes.normals[here - nodes.n_interior], K, axis=0)
    residual = bound(problem, place.key, place.equation, x, None, normals)
    partners = None
    if place.partners is not None:
        _, partners = points.at_nodes(place.partners, times)
    yield Condition(place.name, residual, rows, place.weight, partners=partners)


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
