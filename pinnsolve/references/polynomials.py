"""Fields as products of Chebyshev polynomials, in time slab by slab: the solution of `chebyshev`.

    u(x, y) = sum_kl a_kl T_k(xi) T_l(eta),        xi, eta = coordinates scaled to [-1, 1].

Time is a further coordinate, scaled in each slab. Source: Trefethen (2013), Approximation Theory
and Approximation Practice, ISBN 978-1-611972-39-9.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.polynomial import chebyshev

from pinnsolve.diffop import MultiIndex, Term
from pinnsolve.process import State

SLACK = 1e-9  # of the time spanned, how far beyond its ends rounding may lead


@dataclass(frozen=True, eq=False)
class Polynomials:
    """Fields on an interval, a rectangle, or either in time.

    Attributes
    ----------
    lower, upper
        Corners in all coordinates, time as the last one if there is time.
    coefficients
        Of each slab of time, of equal lengths, and each field. Without time there is one slab.
    has_time
        Whether the last coordinate is divided into slabs.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    coefficients: Float[ndarray, "S c *n"]
    has_time: bool

    @property
    def size(self) -> int:
        """How many numbers determine them."""
        return self.coefficients.size

    @property
    def count(self) -> int:
        """The number of fields."""
        return self.coefficients.shape[1]

    def chosen(self, fields: Sequence[int]) -> "Polynomials":
        """Return some of the fields."""
        return replace(self, coefficients=self.coefficients[:, list(fields)])

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values at points, NaN before time begins and after it ends."""
        found = np.full((len(x), self.coefficients.shape[1]), np.nan)
        still = (0,) * x.shape[1]
        for slab, rows in self._slabs(x):
            A = self._basis(slab, x[rows], still)
            found[rows] = A @ self.coefficients[slab].reshape(found.shape[1], -1).T
        return found

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of the fields at points."""
        found = {term: np.full(len(x), np.nan) for term in terms}
        for slab, rows in self._slabs(x):
            for term in terms:
                own = self.coefficients[slab, term.field].ravel()
                parts = (c * self._basis(slab, x[rows], a) @ own for a, c in term.op.terms)
                found[term][rows] = np.sum([*parts], axis=0)
        return found

    def state(self) -> State:
        """Return the coefficients and the corners."""
        corners = {"lower": np.array(self.lower), "upper": np.array(self.upper)}
        return {"coefficients": self.coefficients, **corners}

    def _slabs(self, x: Float[ndarray, "n D"]) -> list[tuple[int, ndarray]]:
        """Return the slabs that hold points, and the rows of these."""
        count = len(self.coefficients)
        if not self.has_time:
            return [(0, np.arange(len(x)))]
        share = (x[:, -1] - self.lower[-1]) / (self.upper[-1] - self.lower[-1])
        inside = (share >= -SLACK) & (share <= 1 + SLACK)
        slab = np.clip(np.nan_to_num(share) * count, 0, count - 1).astype(int)
        return [(k, np.flatnonzero(inside & (slab == k))) for k in np.unique(slab[inside]).tolist()]

    def _basis(
        self, slab: int, x: Float[ndarray, "m D"], alpha: MultiIndex
    ) -> Float[ndarray, "m N"]:
        """Return a derivative of every product at points of a slab."""
        lower, upper = list(self.lower), list(self.upper)
        if self.has_time:
            length = (upper[-1] - lower[-1]) / len(self.coefficients)
            lower[-1] += slab * length
            upper[-1] = lower[-1] + length
        return basis(self.coefficients.shape[2:], lower, upper, x, alpha)


def basis(
    counts: Sequence[int],
    lower: Sequence[float],
    upper: Sequence[float],
    x: Float[ndarray, "m D"],
    alpha: MultiIndex,
) -> Float[ndarray, "m N"]:
    """Return a derivative of products of Chebyshev polynomials at points, a column for each.

    Parameters
    ----------
    counts
        How many polynomials along each axis.
    lower, upper
        Corners of what is scaled to [-1, 1].
    x
        Points.
    alpha
        The derivative.
    """
    found = np.ones((len(x), 1))
    for axis, (n, a, b) in enumerate(zip(counts, lower, upper, strict=True)):
        scaled = (2 * x[:, axis] - a - b) / (b - a)
        slopes = chebyshev.chebder(np.eye(n), alpha[axis], scl=2 / (b - a)) if n else np.eye(0)
        own = (
            chebyshev.chebval(scaled, slopes).T
            if alpha[axis]
            else chebyshev.chebvander(scaled, n - 1)
        )
        found = (found[:, :, None] * own[:, None, :]).reshape(len(x), -1)
    return found
