"""The residual between the nodes: what a solution leaves of its equations where nobody asked.

At the nodes a direct solution satisfies its equations exactly, a network as well as it was trained.
What the nodes do not resolve, a narrow source, a layer, a solution that oscillates faster than they
lie, shows between them. The mean of the residual over the points around a node (`cells`) takes the
place of the residual at the node, and the error equation turns it into an error. Means, because
what oscillates between neighbours hardly contributes to the error.

The data are to blame for the part of it that goes if every coefficient and source is replaced by
its interpolant from the nodes. Formulas can be evaluated far more densely than solutions: where
one of them leaves the range of its values at the neighbouring nodes and points, its part of the
mean is taken over dense points. On the boundary nothing is interpolated, dense points only are to
blame, and the solution is evaluated at them too: around the last node of a piece they lie to one
side of it, where what changes from a point to the next does not cancel.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from pinnsolve.accuracy.cells import Cells, Rim, along, around, rim
from pinnsolve.accuracy.misfits import Misfit, misfit
from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import Term, identity
from pinnsolve.equations.pressure import is_derived
from pinnsolve.equations.residual import Residual
from pinnsolve.geometry.domain import Domain
from pinnsolve.problem import Equation, Problem
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.weights import local_values

Jets: TypeAlias = Callable[[Float[ndarray, "P d"], Set[Term]], Mapping[Term, Float[ndarray, " P"]]]
COARSE = {1: 16, 2: 4, 3: 4}  # points around a node at which the solution is evaluated
DENSE = {1: 128, 2: 128, 3: 64}  # points around a node at which formulas alone are
CLOSEST, MOST_CLOSE = 4096, 2**17  # around a node that is suspect, and around all of these
MOST_DENSE = 2**20  # of these in all
WIDE = 1.25  # spacings: the box of dense points, so that no corner between cells is left out
ALONG = {1: (1, 1), 2: (4, 32), 3: (2, 4)}  # both kinds between two nodes of the boundary
MANY = 0.1  # of the cells: if more than so many are suspect, the coarse points see it too
FAR = 0.5  # of a datum's root mean square: distance from its interpolant that is worth a look
SLACK = 1e-3  # of a datum's size: by how much it may leave a range


@dataclass(frozen=True)
class Between:
    """What a solution leaves of its conditions between the nodes, one condition after the other.

    Attributes
    ----------
    mean
        Mean residual around each node.
    data
        The part of it that the data alone make.
    misfits
        The data that are not what their nodes know of them.
    """

    mean: Float[ndarray, " R"]
    data: Float[ndarray, " R"]
    misfits: tuple[Misfit, ...]


def between(
    problem: Problem,
    domain: Domain,
    system: Discretisation,
    jets: Jets,
    at_nodes: Sequence[Float[ndarray, " _"]],
) -> Between:
    """Return the residual of a steady solution between the nodes.

    Parameters
    ----------
    problem, domain
        What was solved, and where.
    system
        Its discretisation.
    jets
        The solution's derivatives at points.
    at_nodes
        What it leaves of each condition at its nodes: the residual of a node without points, and
        of ghosts that are tied to points across.

    Raises
    ------
    ProblemError
        If a coefficient or source is not finite at a point.
    """
    nodes, dim = system.nodes, system.nodes.dim
    dense = max(2, min(DENSE[dim], MOST_DENSE // nodes.rows.stop) // 2 * 2)
    inside = [around(domain, nodes, COARSE[dim]), around(domain, nodes, dense, WIDE)]
    n_equations = len(problem.equations)
    equations = system.conditions[:n_equations]
    held = np.unique(np.concatenate([own.rows for own in equations]))
    inside = [cells.of(held) for cells in inside]
    terms = {t for own in equations for t in own.residual.terms}
    jet = jets(inside[0].points, terms) if len(inside[0].points) else {}
    means, parts, misfits = [], [], []
    rims: list[Rim] = []  # made once: in space they take longer than all else
    for i, (condition, own) in enumerate(zip(system.conditions, at_nodes, strict=True)):
        cells: list[Cells] = []
        here: Mapping[Term, Float[ndarray, " P"]] = {}
        if condition.points is not None or condition.is_sum:
            equation = problem.equations[0]  # not looked at: it holds where it is seen
        elif i < n_equations:
            equation, cells = problem.equations[i], [points.of(condition.rows) for points in inside]
            is_here = np.isin(inside[0].owner, condition.rows)
            here = {term: jet[term][is_here] for term in condition.residual.terms if jet}
        else:
            stated = problem.boundary[i - n_equations]
            equation = stated.equation
            is_alone = condition.across is None and condition.partners is None
            if is_alone and domain.nodes is None:
                rims = rims or [rim(problem, domain, nodes, k) for k in ALONG[dim]]
                cells = [along(points, nodes, stated) for points in rims]
                cells = [points.of(condition.rows) for points in cells]
            if cells and len(cells[0].points):
                here = jets(cells[0].points, set(condition.residual.terms))
        if not here:
            means.append(own)
            parts.append(np.zeros_like(own))
            continue
        found = _Around(domain, equation, condition, own, system, cells[0], cells[1], here, jets)
        mean, data = found.means()
        means.append(mean)
        parts.append(data)
        misfits += found.misfits()
    return Between(np.concatenate(means), np.concatenate(parts), tuple(misfits))


class _Around:
    """One condition around its nodes.

    Parameters
    ----------
    domain
        Where the problem is posed.
    equation, condition
        The equation, and the same bound to its nodes.
    at_nodes
        What the solution leaves of it there.
    system
        The discretisation.
    coarse, dense
        Points at which solutions, and formulas alone, are evaluated.
    jet
        The solution's derivatives at the coarse points.
    jets
        The same at any points.
    """

    def __init__(
        self,
        domain: Domain,
        equation: Equation,
        condition: Condition,
        at_nodes: Float[ndarray, " R"],
        system: Discretisation,
        coarse: Cells,
        dense: Cells,
        jet: Mapping[Term, Float[ndarray, " P"]],
        jets: Jets,
    ) -> None:
        self._domain, self._equation, self._jets = domain, equation, jets
        self._rows, self._at_nodes = condition.rows, at_nodes
        self._name = condition.name
        self._nodes, self._order = system.nodes, system.order
        self._coarse, self._dense, self._jet = coarse, dense, jet
        self._at_coarse = equation.bind(coarse.points, coarse.normals)
        self._at_dense = equation.bind(dense.points, dense.normals)
        self._base = condition.residual.data
        self._varying = [
            k
            for k, values in enumerate(self._at_dense.data)
            if k not in self._at_dense.of_axis and (np.ptp(values) > 0 or np.ptp(self._base[k]) > 0)
        ]
        self._interpolants = self._interpolated(coarse)

    def means(self) -> tuple[Float[ndarray, " R"], Float[ndarray, " R"]]:
        """Return the mean residual around each node, and the part of it that the data make."""
        coarse, rows = self._coarse, self._rows
        r = self._at_coarse(self._jet)
        mean = coarse.means(r)
        if coarse.normals is None:
            data = coarse.means(r - _with(self._at_coarse, self._interpolants)(self._jet))
        else:  # the node is one more point of its curve, or surface
            own = np.zeros(coarse.n_nodes)
            own[rows] = self._at_nodes
            mean = (coarse.counts * mean + own) / (coarse.counts + 1)
            data = np.zeros(coarse.n_nodes)
        suspect = self._suspect
        if 0 < suspect[rows].mean() < MANY:
            excess = self._over_dense(suspect, mean if coarse.normals is not None else data)
            mean, data = mean + excess, data + excess
        has_points = coarse.counts[rows] > 0
        return np.where(has_points, mean[rows], self._at_nodes), has_points * data[rows]

    def misfits(self) -> list[Misfit]:
        """Return the misfit of each datum that is given."""
        if is_derived(self._equation):  # what is given stands in the equations of momentum
            return []
        return [
            misfit(
                self._name,
                self._equation.text,
                self._base[k],
                self._at_coarse.data[k],
                self._interpolants.get(k),
                self._at_dense.data[k],
                self._coarse.points,
                self._dense.points,
            )
            for k in self._varying
        ]

    @property
    def _suspect(self) -> Bool[ndarray, " n"]:
        """Nodes around which a datum leaves the range of what is known, or is far from it."""
        from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

        x, coarse, dense = self._nodes.x[self._rows], self._coarse, self._dense
        near = min(len(x), 1 + 2 ** x.shape[1] * x.shape[1])
        _, neighbours = KDTree(x).query(x, [*range(1, near + 1)])
        is_suspect = np.zeros(coarse.n_nodes, dtype=bool)
        for k in self._varying:
            held = self._at_dense.data[k]
            low, high = np.full((2, coarse.n_nodes), np.nan)
            low[self._rows] = self._base[k][neighbours].min(axis=1)
            high[self._rows] = self._base[k][neighbours].max(axis=1)
            np.minimum.at(low, coarse.owner, self._at_coarse.data[k])
            np.maximum.at(high, coarse.owner, self._at_coarse.data[k])
            slack = high - low + SLACK * np.sqrt(np.mean(held**2))
            out = (held > (high + slack)[dense.owner]) | (held < (low - slack)[dense.owner])
            is_suspect |= np.bincount(dense.owner, out, coarse.n_nodes) > 0
            if k in self._interpolants:
                off = np.abs(self._at_coarse.data[k] - self._interpolants[k])
                is_off = off > FAR * np.sqrt(np.mean(held**2))
                is_suspect |= np.bincount(coarse.owner, is_off, coarse.n_nodes) > 0
        return is_suspect

    def _over_dense(
        self, suspect: Bool[ndarray, " n"], over_coarse: Float[ndarray, " n"]
    ) -> Float[ndarray, " n"]:
        """Return the excess of the mean over dense points over that of coarse ones."""
        from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

        dense = self._dense.where(suspect[self._dense.owner])
        if dense.normals is None:  # few enough to be looked at far closer
            rows = np.flatnonzero(suspect)
            per_node = max(DENSE[self._nodes.dim], min(CLOSEST, MOST_CLOSE // len(rows)) // 2 * 2)
            dense = around(self._domain, self._nodes, per_node, rows=rows)
            _, nearest = KDTree(self._coarse.points).query(dense.points)
            jet = {term: values[nearest] for term, values in self._jet.items()}
            bound = self._equation.bind(dense.points)
            r = bound(jet) - _with(bound, self._interpolated(dense))(jet)
        else:
            bound = self._equation.bind(dense.points, dense.normals)
            r = bound(self._jets(dense.points, set(bound.terms)))
        return np.where(dense.counts > 0, dense.means(r) - over_coarse, 0.0)

    def _interpolated(self, cells: Cells) -> dict[int, Float[ndarray, " P"]]:
        """Return the interpolants of the data, from the nodes inside; none on the boundary."""
        if cells.normals is not None or not self._varying:
            return {}
        known = self._nodes.x[self._rows]
        op = identity(known.shape[1])
        held = np.stack([self._base[k] for k in self._varying], axis=1)
        sight = None if self._nodes.sight is None else self._nodes.sight.of(self._rows)
        values = local_values(cells.points, known, held, [op], self._order, sight)[0]
        return dict(zip(self._varying, values.T, strict=True))


def _with(bound: Residual, data: Mapping[int, Float[ndarray, " P"]]) -> Residual:
    """Return a residual with some of its data replaced."""
    return replace(bound, data=tuple(data.get(k, values) for k, values in enumerate(bound.data)))
