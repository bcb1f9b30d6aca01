"""Equations in time on a grid of a box, as ordinary ones: central differences, explicit steps.

Differences of order 2, 4 or 6 in space, skewed beside walls, leave ordinary equations for the
values on the grid, which an explicit pair of Runge-Kutta methods solves; values on walls change at
the rates that their formulas say. Source: Gustafsson, Kreiss & Oliger (2013), Time-Dependent
Problems and Difference Methods, doi:10.1002/9781118548448.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import ceil, inf, prod
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.conditions.rates import rates_at, states
from pinnsolve.diffop import Term, identity
from pinnsolve.equations import variables
from pinnsolve.equations.calculus import derivative
from pinnsolve.equations.expression import evaluate
from pinnsolve.equations.variables import Data
from pinnsolve.problem import Problem, Residual
from pinnsolve.progress import Progress, Watch
from pinnsolve.references.grids import Axis, GridFields
from pinnsolve.timestepping.embedded import PAIRS

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEWEST = 8  # cells along an axis
PAIR, TOLERANCE = PAIRS["rk45"], 1e-8  # relative error of a step
EARLIEST, MOST_STEPS = 1e-3, 100_000  # of the time: the first step; and how many at most
SHORTEST = 1e-12  # of the time: a step below is none
OVERHEAD = 5000  # points that take as long as a rate without any
KEPT = 2**26  # numbers kept of the solution in time: half a gigabyte
INSTANTS = 20, 64  # at which it is kept, at least and at most


@dataclass(frozen=True)
class Wall:
    """Values on a side of the box.

    Attributes
    ----------
    axis, end
        Where it is: across which axis, and at its beginning (0) or end (1).
    field, value
        What is given, of the coordinates and time.
    """

    axis: int
    end: int
    field: int
    value: Expr


@dataclass(frozen=True)
class Posed:
    """A problem that differences can solve.

    Attributes
    ----------
    problem
        The problem.
    joined
        Whether the sides across each axis are joined.
    walls
        What is given on the others.
    """

    problem: Problem
    joined: tuple[bool, ...]
    walls: tuple[Wall, ...]

    @cached_property
    def is_steady(self) -> bool:
        """Whether the factors in the equations are the same at all times."""
        for equation in self.problem.equations:
            e, names = equation.expression, equation.symbols.coordinates
            if variables.occurring(Data, e) or variables.coordinate(names[-1]) in e.free_symbols:
                return False
        return True

    def axes(self, spacing: float) -> tuple[Axis, ...]:
        """Return points along the axes, about so far from each other."""
        found = []
        for a, b, joined in zip(*self.problem.settings.domain.box, self.joined, strict=True):
            cells = max(FEWEST, round((b - a) / spacing))
            found.append(Axis(a, (b - a) / cells, cells + (not joined), joined))
        return tuple(found)


@dataclass(frozen=True)
class Found:
    """A solution on a grid.

    Attributes
    ----------
    fields
        The solution.
    steps, work
        How many there were, tried ones included, and points times rates.
    error_in_time
        What they add to its error, if nothing is amplified.
    """

    fields: GridFields
    steps: int
    work: int
    error_in_time: float


def solved(posed: Posed, spacing: float, order: int, watch: Watch) -> Found | None:
    """Return the solution on a grid; None if it grows beyond all bounds.

    Parameters
    ----------
    posed
        The problem.
    spacing
        Of the grid.
    order
        Of the differences.
    watch
        Told of the progress.
    """
    problem, rates = posed.problem, Rates(posed, posed.axes(spacing), order)
    assert problem.times is not None
    t, end = float(problem.times[0]), float(problem.times[-1])
    w = rates.initial(t)
    instants = _instants(problem.times, sum(rates.orders) * w[0].size + w.size)
    kept: list[list[ndarray]] = [[] for _ in rates.orders]
    h, steps, lost, size = EARLIEST * (end - t), 0, 0.0, np.zeros(len(w))
    with np.errstate(all="ignore"):
        first = rates(t, w)
        rates.keep(kept, w, first)
        for instant in instants[1:]:
            while t < instant:
                own = min(h, instant - t)
                is_last = own == instant - t
                new, apart, last = PAIR.step(rates, t, w, own, first)
                size = np.maximum(size, _norms(new))
                told = float((_norms(apart) / np.maximum(size, 1e-300)).max()) / TOLERANCE
                factor, steps = PAIR.factor(told), steps + 1
                if told <= 1:
                    t, w, first = instant if is_last else t + own, new, last
                    lost += told * TOLERANCE
                    h = max(h, factor * own) if is_last else factor * own
                else:
                    h = factor * own
                if steps > MOST_STEPS or h < SHORTEST * (end - t + own):
                    return None
            rates.keep(kept, w, first)
            share = (t - float(problem.times[0])) / (end - float(problem.times[0]))
            counts = " x ".join(str(axis.count) for axis in rates.axes)
            watch(Progress("reference", share, steps, note=f"{counts} points"))
    tables = tuple(np.array(own) for own in kept)
    fields = GridFields(rates.axes, instants, tables, order + 2)
    work = steps * (len(PAIR.nodes) - 1) * (w[0].size + OVERHEAD)
    return Found(fields, steps, work, lost)


def _norms(w: Float[ndarray, "s *n"]) -> Float[ndarray, " s"]:
    """Return the norm of each component; infinite where one is not finite."""
    norms = np.sqrt((w.reshape(len(w), -1) ** 2).sum(axis=1))
    return np.where(np.isfinite(norms), norms, inf)


def _instants(times: Float[ndarray, " K"], numbers: int) -> Float[ndarray, " J"]:
    """Return all instants of output, and others between them as memory allows."""
    count = min(max(KEPT // numbers, INSTANTS[0]), INSTANTS[1])
    parts = [
        np.linspace(a, b, ceil(count * (b - a) / (times[-1] - times[0])) + 1)[:-1]
        for a, b in pairwise(times)
    ]
    return np.concatenate([*parts, times[-1:]])


class Rates:
    """The rates of the state on a grid.

    Parameters
    ----------
    posed
        The problem.
    axes
        Of the grid.
    order
        Of the differences.
    """

    def __init__(self, posed: Posed, axes: tuple[Axis, ...], order: int) -> None:
        problem = posed.problem
        self.axes, self._posed, self._order = axes, posed, order
        self.orders = [len(values) for values in problem.initial]
        self._states = states(problem)
        self._index = {state: i for i, state in enumerate(self._states)}
        self._inside = tuple(axis.inside for axis in axes)
        grids = np.meshgrid(*(axis.points for axis in axes), indexing="ij")
        self._x = np.stack(grids, -1)
        self._at = self._x[self._inside].reshape(-1, len(axes))
        self._bound: tuple[Residual, ...] = ()
        self._matrices: dict[tuple[int, int], csr_array] = {}
        self._value = identity(len(axes))
        names = problem.equations[0].symbols.coordinates
        still = (0,) * len(axes)
        self._on_wall = {  # derivatives in time of what is given there
            (wall, k): derivative(wall.value, (*still, k), names)
            for wall in posed.walls
            for k in range(self.orders[wall.field] + 1)
        }

    def initial(self, t: float) -> Float[ndarray, "s *n"]:
        """Return the state when time begins, on walls as these say."""
        problem, shape = self._posed.problem, self._x.shape[:-1]
        points = self._x.reshape(-1, len(self.axes))
        w = np.stack(
            [
                np.broadcast_to(problem.initial[f][k](points), len(points)).reshape(shape)
                for f, k in self._states
            ]
        )
        for i, (f, k) in enumerate(self._states):
            self._on_walls(w[i], f, k, t)
        return w

    def __call__(self, t: float, w: Float[ndarray, "s *n"]) -> Float[ndarray, "s *n"]:
        """Return the rates of a state at an instant."""
        known = {(i, self._value.terms[0][0]): own for i, own in enumerate(w)}
        residuals = self._bound if self._posed.is_steady and self._bound else self._bind(t)
        jet: dict[Term, ndarray] = {}
        for term in {term for residual in residuals for term in residual.terms}:
            if term.time_order == self.orders[term.field]:
                jet[term] = np.zeros(len(self._at))
            else:
                i = self._index[term.field, term.time_order]
                parts = (c * self._derivative(known, i, alpha) for alpha, c in term.op.terms)
                jet[term] = sum(parts, np.zeros(1))[self._inside].ravel()
        tops = self._tops(residuals, jet)
        found = np.zeros_like(w)
        for i, (f, k) in enumerate(self._states):
            if k + 1 < self.orders[f]:
                found[i] = w[self._index[f, k + 1]]
            else:
                found[i][self._inside] = tops[f].reshape(found[i][self._inside].shape)
                self._on_walls(found[i], f, k + 1, t)
        return found

    def keep(
        self,
        kept: list[list[Float[ndarray, "m *n"]]],
        w: Float[ndarray, "s *n"],
        rates: Float[ndarray, "s *n"],
    ) -> None:
        """Add values and derivatives in time of each field to what is kept."""
        for f, m in enumerate(self.orders):
            rows = [w[self._index[f, k]] for k in range(m)]
            kept[f].append(np.stack([*rows, rates[self._index[f, m - 1]]]))

    def _bind(self, t: float) -> tuple[Residual, ...]:
        self._bound = rates_at(self._posed.problem, self._at, t)
        return self._bound

    def _tops(
        self, residuals: tuple[Residual, ...], jet: Mapping[Term, ndarray]
    ) -> Float[ndarray, "c N"]:
        """Return the highest derivatives in time, for which the equations are solved."""
        count, tops = len(self._at), [Term(f, self._value, m) for f, m in enumerate(self.orders)]
        R = np.stack([np.broadcast_to(residual(jet), count) for residual in residuals], 1)
        slopes = [residual.partials(jet) for residual in residuals]
        B = np.stack(
            [np.broadcast_to(own.get(top, 0.0), count) for own in slopes for top in tops], 1
        ).reshape(count, len(tops), len(tops))
        if len(tops) == 1:
            return (-R / B[:, :, 0]).T
        return -np.linalg.solve(B, R[:, :, None])[:, :, 0].T

    def _derivative(
        self, known: dict[tuple[int, tuple[int, ...]], ndarray], i: int, alpha: tuple[int, ...]
    ) -> Float[ndarray, "*n"]:
        """Return a derivative of a component of the state, along one axis after the other."""
        if (i, alpha) not in known:
            axis = max(a for a, n in enumerate(alpha) if n)
            before = tuple(0 if a == axis else n for a, n in enumerate(alpha))
            u = self._derivative(known, i, before)
            columns = prod(u.shape[axis + 1 :])
            D = self._matrix(axis, alpha[axis])
            known[i, alpha] = (D @ u.reshape(-1, columns)).reshape(u.shape)
        return known[i, alpha]

    def _matrix(self, axis: int, order: int) -> "csr_array":
        """Return the matrix of a derivative along an axis, for all lines across those before it."""
        if (axis, order) not in self._matrices:
            from scipy.sparse import eye_array, kron

            lines = eye_array(prod(own.count for own in self.axes[:axis]), format="csr")
            own = self.axes[axis].matrix(order, self._order)
            self._matrices[axis, order] = kron(lines, own, format="csr")
        return self._matrices[axis, order]

    def _on_walls(self, values: Float[ndarray, "*n"], field: int, order: int, t: float) -> None:
        """Set a derivative in time of a field on its walls."""
        for wall in self._posed.walls:
            if wall.field != field:
                continue
            here = [slice(None)] * len(self.axes)
            here[wall.axis] = slice(-1, None) if wall.end else slice(0, 1)
            slope = self._on_wall[wall, order]
            if slope == 0:
                values[tuple(here)] = 0.0
                continue
            x = self._x[tuple(here)].reshape(-1, len(self.axes))
            points = np.column_stack([x, np.full(len(x), t)])
            (own,) = evaluate([slope], self._posed.problem.equations[0].symbols, points)
            values[tuple(here)] = own.reshape(values[tuple(here)].shape)
