"""Least squares whose columns come in blocks: the factor is extended, never computed anew.

Each block ``A_k`` is multiplied by the reflections of the blocks before, and what is left below
their triangle is factorised by reflections of its own,

    Q_k^T ... Q_1^T [A_1 ... A_k] = [R; 0],

so that ``k`` blocks cost as much as all at once, and the residual comes from the factor itself,
``Q_1 ... Q_k [0; tail]``, without a product with the columns. The reflections of a block are
applied together, as two matrix products,

    Q_k = I - V T V^T,        T^-1 = striu(V^T V) + diag(1 / tau).

Rows are taken some at a time, each of these strips below the triangle that those before have left,
so that of the new columns no more than a strip is needed at once. A reflection then is one of a
unit vector in the triangle and of numbers in the strip, ``V = [I; V_i]``: what is kept is as large
as the matrix, and nothing else is.

Above all strips stand rows ``ridge |a_j|``, as in `pinnsolve.leastsquares.head`. Sources: Golub &
Van Loan (2013), Matrix Computations, 5.2 and 6.5; Schreiber & Van Loan (1989),
doi:10.1137/0910005; Puglisi (1992), doi:10.1137/0913040; Demmel, Grigori, Hoemmen & Langou (2012),
doi:10.1137/080731992, for strips.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.head import RIDGE

STRIP = 2**15  # rows, at least; and some for each column, beside which the triangle is small
ROWS_PER_COLUMN = 8


@dataclass(frozen=True)
class _Panel:
    """The reflections of one block in one strip, ``V = [I; V_i]``."""

    V: Float[Tensor, "r m"]
    T_inverse: Float[Tensor, "m m"]

    @classmethod
    def of(
        cls, triangle: Float[Tensor, "m m"], A: Float[Tensor, "r m"]
    ) -> tuple["_Panel", Float[Tensor, "m m"]]:
        """Return the reflections that leave nothing below a triangle, and the new triangle."""
        m = len(triangle)
        V, tau = torch.geqrf(torch.cat([triangle, A]))
        R, V = V[:m].triu(), V[m:].clone()
        # no tau is zero: the ridge is in the triangle
        T_inverse = (V.mT @ V).triu(1) + torch.diag(1 / tau)
        return cls(V, T_inverse), R

    def apply_(
        self, top: Float[Tensor, "m p"], B: Float[Tensor, "r p"], *, transposed: bool = False
    ) -> None:
        """Overwrite columns, in the triangle's rows and in the strip, with their reflections."""
        T_inverse = self.T_inverse.mT if transposed else self.T_inverse
        inner = torch.addmm(top, self.V.mT, B)
        inner = torch.linalg.solve_triangular(T_inverse, inner, upper=not transposed)
        top -= inner
        B.addmm_(self.V, inner, alpha=-1)


class ExtendedFactor:
    """The factor of a least-squares problem ``|M c - t|``.

    Parameters
    ----------
    t
        What the rows shall be equal to; of several problems with the same columns one for each.
    most
        Columns that may come.
    strip
        Rows taken at a time.
    """

    def __init__(self, t: Float[Tensor, "R *k"], most: int, strip: int | None = None) -> None:
        length = strip or max(STRIP, ROWS_PER_COLUMN * most)
        starts = range(0, len(t), length)
        self.strips = tuple(slice(a, min(a + length, len(t))) for a in starts)
        self._panels: list[list[_Panel]] = [[] for _ in self.strips]  # of each strip
        self._problems = t.shape[1:]
        self._below = [t[rows].reshape(-1, self._problems.numel()).clone() for rows in self.strips]
        self._right = t.new_zeros(most, self._problems.numel())
        self._R, self._lengths = t.new_zeros(most, most), t.new_zeros(0)

    def extend(self, M: Float[Tensor, "R m"]) -> None:
        """Take further columns."""
        self.extend_by(lambda rows: M[rows])

    def extend_by(self, columns: Callable[[slice], Float[Tensor, "r m"]]) -> None:
        """Take further columns, which are asked for strip by strip, twice if there are several."""
        only = columns(self.strips[0])
        squares, k = only.square().sum(0), len(self._lengths)
        for rows in self.strips[1:]:
            squares += columns(rows).square().sum(0)
        lengths = torch.where(squares > 0, squares.sqrt(), 1.0)
        m = len(lengths)
        above, triangle = only.new_zeros(k, m), RIDGE * torch.eye(m).to(only)
        for i, (rows, panels) in enumerate(zip(self.strips, self._panels, strict=True)):
            A = (only if i == 0 else columns(rows)) / lengths
            start = 0
            for panel in panels:
                end = start + panel.V.shape[1]
                panel.apply_(above[start:end], A, transposed=True)
                start = end
            panel, triangle = _Panel.of(triangle, A)
            panels.append(panel)
            panel.apply_(self._right[k : k + m], self._below[i], transposed=True)
        self._R[:k, k : k + m], self._R[k : k + m, k : k + m] = above, triangle
        self._lengths = torch.cat([self._lengths, lengths])

    def solution(self) -> Float[Tensor, "P *k"]:
        """Return the weights that minimise the residual, in the order in which columns came."""
        k = len(self._lengths)
        z = torch.linalg.solve_triangular(self._R[:k, :k], self._right[:k], upper=True)
        return (z / self._lengths[:, None]).reshape(-1, *self._problems)

    def residual(self) -> Float[Tensor, "R *k"]:
        """Return the residual ``M c - t`` at the solution."""
        top = self._right.new_zeros(len(self._lengths), self._right.shape[1])
        found: list[Tensor] = []
        for below, panels in reversed(list(zip(self._below, self._panels, strict=True))):
            r, end = below.clone(), len(top)
            for panel in reversed(panels):
                start = end - panel.V.shape[1]
                panel.apply_(top[start:end], r)
                end = start
            found.append(r)
        return -torch.cat(found[::-1]).reshape(-1, *self._problems)

    def triangle(self) -> Float[Tensor, "P P"]:
        """Return ``R`` with ``|M c - t|^2 = |R (c - c_0)|^2`` and what is left at the solution."""
        k = len(self._lengths)
        return self._R[:k, :k] * self._lengths
