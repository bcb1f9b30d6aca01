"""Data of a problem in time with what the nodes do not see of them.

A source or a coefficient ``f`` that the nodes resolve is as good as its interpolant ``I f``. Where
it is not, a node stands for more than its own value: to ``f(x_i)`` is added

    mean over the points around x_i of (f - I f),

which is nothing, but for the order of the interpolant, where ``f`` is resolved. Initial values
likewise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.cells import around
from pinnsolve.accuracy.misfits import Misfit, misfit
from pinnsolve.conditions.condition import Condition, bound
from pinnsolve.conditions.initial import initial_at
from pinnsolve.conditions.placement import Place, Placement
from pinnsolve.diffop import identity
from pinnsolve.equations.pressure import is_derived
from pinnsolve.equations.residual import Residual
from pinnsolve.geometry.domain import Domain
from pinnsolve.rbffd.weights import operator_matrices

if TYPE_CHECKING:
    from scipy.sparse import csr_array

POINTS = {1: 64, 2: 16, 3: 8}  # around each node
LOOKS = 9  # instants at which it is decided whether data are resolved
GOLDEN = (np.sqrt(5.0) - 1) / 2
AT_ONCE = 2**21  # values of a datum, at points and instants


@dataclass(frozen=True)
class Sharpened:
    """Conditions and initial values with what the nodes do not see of them.

    Attributes
    ----------
    placement
        Where the conditions hold.
    spread
        Of each equation whose data are not resolved what lies between its nodes.
    misfits
        These data.
    closed
        What lies between the interior and boundary nodes.
    """

    placement: Placement
    spread: Mapping[int, "Spread"]
    misfits: tuple[Misfit, ...]
    closed: "Spread"

    def at(self, times: Float[ndarray, " K"] | None = None) -> tuple[Condition, ...]:
        """Return the conditions at instants, as `Placement.at`."""
        conditions = list(self.placement.at(times))
        instants = self.placement.problem.times if times is None else times
        assert instants is not None
        for i, between in self.spread.items():
            place, own = self.placement.places[i], conditions[i].residual
            added = between.unseen(self.placement, place, own.data, instants)
            data = tuple(
                values if k in own.of_axis else values + more
                for k, (values, more) in enumerate(zip(own.data, added, strict=True))
            )
            conditions[i] = replace(conditions[i], residual=replace(own, data=data))
        return tuple(conditions)

    def initial(
        self, values: Mapping[tuple[int, int], Float[ndarray, " N"]]
    ) -> dict[tuple[int, int], Float[ndarray, " N"]]:
        """Return initial values, given those at all nodes by field and order in time."""
        problem, rows = self.placement.problem, self.placement.nodes.rows
        assert problem.times is not None
        points = self.closed.points
        points = np.column_stack([points, np.full(len(points), problem.times[0])])
        found = {}
        for (field, order), known in values.items():
            there = initial_at(problem, self.placement.nodes.regions, field, order, points)
            between = self.closed.averages @ there
            found[field, order] = known.copy()
            found[field, order][rows] += between - self.closed.smooth @ known[rows]
        return found


@dataclass(frozen=True)
class Spread:
    """Points around some nodes, and means over them.

    Attributes
    ----------
    points
        The points.
    interpolation
        From values at the nodes to values at the points.
    averages, smooth
        From values at the points, and from values at the nodes, to the mean around each node.
    """

    points: Float[ndarray, "P d"]
    interpolation: "csr_array"
    averages: "csr_array"
    smooth: "csr_array"

    def unseen(
        self,
        placement: Placement,
        place: Place,
        known: Sequence[Float[ndarray, "R K"]],
        times: Float[ndarray, " K"],
    ) -> list[Float[ndarray, "R K"]]:
        """Return the amounts that the data of a place lack at its nodes."""
        parts = []
        length = max(1, AT_ONCE // max(len(self.points), 1))
        for start in range(0, len(times), length):
            some = slice(start, start + length)
            there = _bound(placement, place, self.points, times[some]).data
            parts.append(
                [
                    self.averages @ values - self.smooth @ at_nodes[:, some]
                    for values, at_nodes in zip(there, known, strict=True)
                ]
            )
        return [np.concatenate(columns, axis=1) for columns in zip(*parts, strict=True)]


def sharpened(placement: Placement, domain: Domain, order: int) -> Sharpened:
    """Return the data of a problem in time with what the nodes do not see of them.

    Parameters
    ----------
    placement, domain
        Where the conditions hold, and where the problem is posed.
    order
        Order of accuracy of the interpolants.

    Raises
    ------
    ProblemError
        If a coefficient or source is not finite at a point.
    """
    problem, nodes = placement.problem, placement.nodes
    assert problem.times is not None
    shares = (np.arange(1, LOOKS + 1) * GOLDEN) % 1.0
    looks = problem.times[0] + shares * (problem.times[-1] - problem.times[0])
    spread, misfits = {}, []
    by_rows: dict[bytes, Spread] = {}
    for i, place in enumerate(placement.places[: len(problem.equations)]):
        key = place.rows.tobytes()
        if key not in by_rows:
            by_rows[key] = _spread(placement, domain, place.rows, order)
        between = by_rows[key]
        at_nodes = _bound(placement, place, nodes.x[place.rows], looks)
        there = _bound(placement, place, between.points, looks)
        for j, (known, values) in enumerate(zip(at_nodes.data, there.data, strict=True)):
            if j in there.of_axis:
                continue
            off = np.abs(values - between.interpolation @ known)
            k = int(np.argmax(off.max(axis=0)))
            found = misfit(
                place.name,
                place.equation.text,
                known[:, k],
                values[:, k],
                (between.interpolation @ known)[:, k],
                values[:, k],
                between.points,
                between.points,
            )
            if found.is_worth_telling:
                spread[i] = between
                if not is_derived(place.equation):
                    misfits.append(found)
    return Sharpened(
        placement,
        spread,
        tuple(misfits),
        _spread(placement, domain, np.arange(nodes.rows.stop), order),
    )


def _spread(placement: Placement, domain: Domain, rows: ndarray, order: int) -> Spread:
    """Return points around nodes, and means over them."""
    from scipy.sparse import csr_array  # 0.1 s that `pinnsolve --help` need not pay

    nodes = placement.nodes
    cells = around(domain, nodes, POINTS[nodes.dim]).of(rows)
    op, known = identity(nodes.dim), nodes.x[rows]
    sight = None if nodes.sight is None else nodes.sight.of(rows)
    E = operator_matrices(cells.points, known, [op], order, sight=sight)[op]
    weights = 1 / np.maximum(cells.counts, 1)[cells.owner]
    shape = (cells.n_nodes, len(cells.points))
    averages = csr_array((weights, (cells.owner, np.arange(len(cells.points)))), shape=shape)[rows]
    return Spread(cells.points, E, averages, csr_array(averages @ E))


def _bound(
    placement: Placement, place: Place, x: Float[ndarray, "P d"], times: Float[ndarray, " K"]
) -> Residual:
    """Return an equation at points and instants."""
    return bound(placement.problem, place.key, place.equation, x, times)
