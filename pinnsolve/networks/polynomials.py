"""Polynomials of several coordinates: sums of products of Hermite polynomials.

    sum_k c_k prod_j h_(e_kj)((x_j - m_j) / s_j),    h_n' = sqrt(n) h_(n-1),

orthonormal where the coordinates are independent and normal with the means ``m`` and the deviations
``s``. The logarithm of a normal density is one of degree two, and stays one where the density is
moved, stretched by a linear flow, or diffuses. Source: Xiu & Karniadakis (2002), The Wiener-Askey
polynomial chaos for stochastic differential equations, doi:10.1137/S1064827501387826.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import perm, sqrt

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from pinnsolve.diffop import DiffOp, MultiIndex

CHUNK = 4096  # points whose columns are formed together


def exponents(dim: int, degree: int, powers: int = 0) -> Int[ndarray, "q d"]:
    """Return those of all products up to a degree, and of single coordinates up to another.

    >>> exponents(2, 1, 2).tolist()
    [[0, 0], [1, 0], [0, 1], [2, 0], [0, 2]]
    """
    rows = [
        np.bincount(axes, minlength=dim)
        for k in range(degree + 1)
        for axes in combinations_with_replacement(range(dim), k)
    ]
    unit = np.eye(dim, dtype=int)
    rows += [k * unit[axis] for k in range(degree + 1, powers + 1) for axis in range(dim)]
    return np.array(rows, dtype=int).reshape(-1, dim)


@dataclass(frozen=True, eq=False)
class Polynomials:
    """Products of Hermite polynomials, the first of them one.

    Attributes
    ----------
    exponents
        Degree in each coordinate, of each product.
    means, deviations
        Of the coordinates.
    """

    exponents: Int[ndarray, "q d"]
    means: Float[Tensor, " d"]
    deviations: Float[Tensor, " d"]

    def __len__(self) -> int:
        return len(self.exponents)

    @property
    def scales(self) -> dict[str, Float[Tensor, " d"]]:
        """Means and deviations by name."""
        return {"means": self.means, "deviations": self.deviations}

    def columns(self, x: Float[Tensor, "N d"], op: DiffOp) -> Float[Tensor, "N q"]:
        """Return a derivative of every product at points."""
        parts = []
        for some in x.split(CHUNK):
            values, total = self._values(some), some.new_zeros(len(self), len(some))
            for alpha, c in op.terms:
                live = self._live(alpha)
                total[live] += c * self._products(values, alpha, live)
            parts.append(total)
        return torch.cat(parts, 1).mT

    def sums(
        self, c: Float[Tensor, " q"], x: Float[Tensor, "N d"], ops: Iterable[DiffOp]
    ) -> dict[DiffOp, Float[Tensor, " N"]]:
        """Return derivatives of their sum with some coefficients."""
        found = {op: x.new_zeros(len(x)) for op in ops}
        for start in range(0, len(x), CHUNK):
            here = slice(start, start + CHUNK)
            values = self._values(x[here])
            for op, total in found.items():
                for alpha, factor in op.terms:
                    live = self._live(alpha)
                    total[here] += factor * (c[live] @ self._products(values, alpha, live))
        return found

    def _values(self, x: Float[Tensor, "n d"]) -> Float[Tensor, "k n d"]:
        """Return the polynomials of single coordinates."""
        return _hermite((x - self.means) / self.deviations, int(self.exponents.max(initial=0)))

    def _live(self, alpha: MultiIndex) -> Int[ndarray, " m"]:
        """Return the mask of products that have a partial derivative which is not zero."""
        return np.flatnonzero((self.exponents >= np.array(alpha)).all(axis=1))

    def _products(
        self, values: Float[Tensor, "k n d"], alpha: MultiIndex, live: Int[ndarray, " m"]
    ) -> Float[Tensor, "m n"]:
        """Return one partial derivative of some of the products."""
        found = values.new_ones(len(live), values.shape[1])
        for axis, order in enumerate(alpha):
            own = self.exponents[live, axis]
            some = np.flatnonzero(own)
            scales = values.new_tensor([sqrt(perm(k, order)) for k in own[some].tolist()])
            factors = scales / self.deviations[axis] ** order
            found[some] *= factors[:, None] * values[own[some] - order, :, axis]
        return found


def _hermite(s: Float[Tensor, "n d"], degree: int) -> Float[Tensor, "k n d"]:
    """Return the normalised Hermite polynomials up to a degree."""
    rows = [torch.ones_like(s), s][: degree + 1]
    for k in range(1, degree):
        rows.append((s * rows[k] - sqrt(k) * rows[k - 1]) / sqrt(k + 1))
    return torch.stack(rows)
