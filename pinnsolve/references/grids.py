"""Fields known on a grid of a box at some instants: between these by polynomials.

In space through the nearest points along each axis; in time by what Hermite's interpolation makes
of the values and of all derivatives that are known at the two instants around. Source: Fornberg
(1996), A Practical Guide to Pseudospectral Methods, doi:10.1017/CBO9780511626357, chapter 3.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.process import State

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SKEWED = 4  # accuracy of differences beside walls at most: those of six let waves grow
ENTRIES = 2**21  # of an array of values around points: 16 MB


def weights_through(
    nodes: Float[ndarray, " T"], t: Float[ndarray, " m"], order: int
) -> Float[ndarray, "m T"]:
    """Return the weights of values in a derivative of the polynomial through them.

    Parameters
    ----------
    nodes
        Where the values are.
    t
        Where the derivative is wanted.
    order
        Of the derivative.
    """
    half = (nodes[-1] - nodes[0]) / 2 or 1.0
    middle = (nodes[-1] + nodes[0]) / 2
    V = _powers((nodes - middle) / half, len(nodes), 0)
    rising = _powers((t - middle) / half, len(nodes), order)
    return np.linalg.solve(V.T, rising.T).T / half**order


def _powers(t: Float[ndarray, " m"], count: int, order: int) -> Float[ndarray, "m count"]:
    """Return a derivative of the first powers."""
    powers = np.arange(count)
    factor = np.ones(count)
    for k in range(order):
        factor *= np.maximum(powers - k, 0)
    return factor * t[:, None] ** np.maximum(powers - order, 0)


@dataclass(frozen=True)
class Axis:
    """Points along an axis, evenly spaced.

    Attributes
    ----------
    lower, spacing, count
        The first point, the distance to the next, and how many there are.
    is_joined
        Whether the last is followed by the first.
    """

    lower: float
    spacing: float
    count: int
    is_joined: bool

    @property
    def points(self) -> Float[ndarray, " n"]:
        """Where they are."""
        return self.lower + self.spacing * np.arange(self.count)

    @property
    def inside(self) -> slice:
        """Those that lie on no wall."""
        return slice(None) if self.is_joined else slice(1, -1)

    def around(
        self, x: Float[ndarray, " m"], width: int, order: int
    ) -> tuple[Int[ndarray, "m w"], Float[ndarray, "m w"]]:
        """Return the points nearest to places, and their weights in a derivative there."""
        s = (x - self.lower) / self.spacing
        first = np.ceil(s - width / 2).astype(int)
        if not self.is_joined:
            first = np.clip(first, 0, self.count - width)
        own = weights_through(np.arange(width, dtype=float), s - first, order)
        return (first[:, None] + np.arange(width)) % self.count, own / self.spacing**order

    def matrix(self, order: int, accuracy: int) -> "csr_array":
        """Return the matrix of a derivative: central differences, skewed beside walls.

        Parameters
        ----------
        order
            Of the derivative.
        accuracy
            The power of the spacing with which errors fall, even.
        """
        from scipy.sparse import csr_array  # slow to import

        central, skewed = 2 * ((order + 1) // 2) - 1 + accuracy, order + min(accuracy, SKEWED)
        rows = np.arange(self.count)
        near = (rows < central // 2) | (rows >= self.count - central // 2)
        near &= not self.is_joined
        shape, found = (self.count, self.count), csr_array((self.count, self.count))
        for some, width in ((rows[~near], central), (rows[near], skewed)):
            columns, values = self.around(self.points[some], width, order)
            at = np.repeat(some, width), columns.ravel()
            found = found + csr_array((values.ravel(), at), shape=shape)
        return found


@dataclass(frozen=True, eq=False)
class GridFields:
    """Fields on a grid at some instants.

    Attributes
    ----------
    axes
        Of the grid.
    times
        The instants, two or more.
    tables
        Of each field: at every instant its values and derivatives in time, on the grid.
    width
        Points along an axis through which polynomials are laid.
    """

    axes: tuple[Axis, ...]
    times: Float[ndarray, " K"]
    tables: tuple[Float[ndarray, "K m *n"], ...]
    width: int

    @property
    def size(self) -> int:
        """How many numbers determine them."""
        return sum(table.size for table in self.tables)

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values at points of space and time."""
        still = (0,) * x.shape[1]
        return np.stack([self._values(x, f, still) for f in range(len(self.tables))], axis=1)

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives at points, each order of which is less exact by one power."""
        return {
            term: sum(
                (c * self._values(x, term.field, alpha) for alpha, c in term.op.terms),
                np.zeros(len(x)),
            )
            for term in terms
        }

    def state(self) -> State:
        """Return the tables, the instants and the grid."""
        grid = [(a.lower, a.spacing, a.count, a.is_joined) for a in self.axes]
        tables = {f"table {f}": table for f, table in enumerate(self.tables)}
        return {"times": self.times, "grid": np.array(grid, dtype=float), **tables}

    def _values(
        self, x: Float[ndarray, "n D"], field: int, alpha: tuple[int, ...]
    ) -> Float[ndarray, " n"]:
        """Return a derivative at points, a few at a time."""
        many = 2 * self.tables[field].shape[1] * self.width ** len(self.axes)
        size = max(1, ENTRIES // many)
        parts = [x[start : start + size] for start in range(0, len(x), size)]
        return np.concatenate([self._some(part, field, alpha) for part in parts] or [np.zeros(0)])

    def _some(
        self, x: Float[ndarray, "n D"], field: int, alpha: tuple[int, ...]
    ) -> Float[ndarray, " n"]:
        table = self.tables[field]
        at, weights = np.zeros((len(x), 1), dtype=int), np.ones((len(x), 1))
        for i, axis in enumerate(self.axes):
            index, own = axis.around(x[:, i], min(self.width, axis.count), alpha[i])
            at = (at[:, :, None] * axis.count + index[:, None, :]).reshape(len(x), -1)
            weights = (weights[:, :, None] * own[:, None, :]).reshape(len(x), -1)
        m = table.shape[1]
        before, in_time = self._in_time(x[:, -1], m, alpha[-1])
        rows = m * before[:, None] + np.arange(2 * m)
        around = table.reshape(len(self.times) * m, -1)[rows[:, :, None], at[:, None, :]]
        found: ndarray = np.einsum("nr,nrq,nq->n", in_time, around, weights)
        return found

    def _in_time(
        self, t: Float[ndarray, " n"], m: int, order: int
    ) -> tuple[Int[ndarray, " n"], Float[ndarray, "n r"]]:
        """Return the instant before, and the weights of what is known there and at the next."""
        before = np.clip(np.searchsorted(self.times, t, side="right") - 1, 0, len(self.times) - 2)
        step = self.times[before + 1] - self.times[before]
        s = (t - self.times[before]) / step
        ends = np.array([0.0, 1.0])
        B = np.stack([_powers(ends, 2 * m, j) for j in range(m)], 1).reshape(2 * m, 2 * m)
        weights = np.linalg.solve(B.T, _powers(s, 2 * m, order).T).T
        return before, weights * step[:, None] ** (np.tile(np.arange(m), 2) - order)
