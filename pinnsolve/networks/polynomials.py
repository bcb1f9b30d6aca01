"""Polynomials of several coordinates: sums of products of Hermite polynomials.

    sum_k c_k prod_j h_(e_kj)((x_j - m_j) / s_j),    h_n' = sqrt(n) h_(n-1),

orthonormal where the coordinates are independent and normal with the means ``m`` and the deviations
``s``. The logarithm of a normal density is one of degree two, and stays one where the density is
moved, stretched by a linear flow, or diffuses. Source: Xiu & Karniadakis (2002), The Wiener-Askey
polynomial chaos for stochastic differential equations, doi:10.1137/S1064827501387826.

Each product is one over the first half of the coordinates times one over the second. Of these there
are few, ``a_i`` and ``b_j``, and a sum of products is ``sum_ij a_i C_ij b_j``: a matrix product.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from math import perm, sqrt

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from pinnsolve.diffop import DiffOp, MultiIndex

CHUNK = 1024  # points whose columns are formed together: they stay in the cache


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
        (_, first), (_, second) = self._halves
        parts = []
        for some in x.split(CHUNK):
            values, total = self._values(some), some.new_zeros(len(self), len(some))
            for alpha, c in op.terms:
                halves = enumerate(self._split(alpha))
                a, b = (self._in_full(k, *self._half(k, values, own)) for k, own in halves)
                total.add_(a[first].mul_(b[second]), alpha=c)
            parts.append(total)
        return torch.cat(parts, 1).mT

    def sums(
        self, c: Float[Tensor, " q"], x: Float[Tensor, "N d"], ops: Iterable[DiffOp]
    ) -> dict[DiffOp, Float[Tensor, " N"]]:
        """Return derivatives of their sum with some coefficients."""
        (rows, first), (columns, second) = self._halves
        C = c.new_zeros(len(rows), len(columns))
        C[first, second] = c
        found = {op: x.new_zeros(len(x)) for op in ops}
        for start in range(0, len(x), CHUNK):
            here = slice(start, start + CHUNK)
            values = self._values(x[here])
            pulled, pushed = None, dict[MultiIndex, Tensor]()  # a C and C b
            for op, total in found.items():
                for alpha, factor in op.terms:
                    one, other = self._split(alpha)
                    if any(one):
                        if other not in pushed:
                            live, b = self._half(1, values, other)
                            pushed[other] = C[:, live] @ b
                        live, own = self._half(0, values, one)
                        own = own * pushed[other][live]
                    else:
                        if pulled is None:
                            _, a = self._half(0, values, one)
                            pulled = C.mT @ a
                        live, own = self._half(1, values, other)
                        own = own * pulled[live]
                    total[here] += factor * own.sum(0)
        return found

    @cached_property
    def _halves(self) -> list[tuple[Int[ndarray, "r h"], Int[ndarray, " q"]]]:
        """The exponents over either half of the coordinates, and which of them each product has."""
        found = []
        for own in np.split(self.exponents, [self._middle], axis=1):
            rows, which = np.unique(own, axis=0, return_inverse=True)
            found.append((rows, which.reshape(-1)))
        return found

    @property
    def _middle(self) -> int:
        """Number of coordinates of the first half."""
        return (self.exponents.shape[1] + 1) // 2

    def _split(self, alpha: MultiIndex) -> tuple[MultiIndex, MultiIndex]:
        """Return the orders along the coordinates of either half."""
        return alpha[: self._middle], alpha[self._middle :]

    def _values(self, x: Float[Tensor, "n d"]) -> Float[Tensor, "k n d"]:
        """Return the polynomials of single coordinates."""
        return _hermite((x - self.means) / self.deviations, int(self.exponents.max(initial=0)))

    def _half(
        self, half: int, values: Float[Tensor, "k n d"], alpha: MultiIndex
    ) -> tuple[Int[ndarray, " m"], Float[Tensor, "m n"]]:
        """Return one partial derivative of products over half of the coordinates.

        And which products these are: those of which it is not zero.
        """
        rows, begin = self._halves[half][0], half * self._middle
        live = np.flatnonzero((rows >= np.array(alpha)).all(axis=1))
        found = values.new_ones(len(live), values.shape[1])
        for axis, order in enumerate(alpha):
            own = rows[live, axis]
            some = np.flatnonzero(own)
            factors = values[own[some] - order, :, begin + axis]
            if order:
                scales = values.new_tensor([sqrt(perm(k, order)) for k in own[some].tolist()])
                factors *= (scales / self.deviations[begin + axis] ** order)[:, None]
            found[some] *= factors
        return live, found

    def _in_full(
        self, half: int, live: Int[ndarray, " m"], own: Float[Tensor, "m n"]
    ) -> Float[Tensor, "r n"]:
        """Return a derivative of all products over half of the coordinates."""
        found = own.new_zeros(len(self._halves[half][0]), own.shape[1])
        found[live] = own
        return found


def _hermite(s: Float[Tensor, "n d"], degree: int) -> Float[Tensor, "k n d"]:
    """Return the normalised Hermite polynomials up to a degree."""
    rows = [torch.ones_like(s), s][: degree + 1]
    for k in range(1, degree):
        rows.append((s * rows[k] - sqrt(k) * rows[k - 1]) / sqrt(k + 1))
    return torch.stack(rows)
