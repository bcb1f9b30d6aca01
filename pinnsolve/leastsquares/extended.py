"""Least squares whose columns come in blocks: the factor is extended, never computed anew.

Each block ``A_k`` is multiplied by the reflections of the blocks before, and what is left below
their triangle is factorised by reflections of its own,

    Q_k^T ... Q_1^T [A_1 ... A_k] = [R; 0],

so that ``k`` blocks cost as much as all at once, and the residual comes from the factor itself,
``Q_1 ... Q_k [0; tail]``, without a product with the columns. The reflections of a block are
applied together, as two matrix products,

    Q_k = I - V T V^T,        T^-1 = striu(V^T V) + diag(1 / tau).

Rows ``ridge |a_j|`` for all columns that will come lie below, as in `pinnsolve.leastsquares.head`.
Sources: Golub & Van Loan (2013), Matrix Computations, 5.2 and 6.5; Schreiber & Van Loan (1989),
doi:10.1137/0910005; Puglisi (1992), doi:10.1137/0913040.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.head import RIDGE


@dataclass(frozen=True)
class _Panel:
    """The reflections of one block, applied to the rows from a first one on."""

    start: int
    V: Float[Tensor, "R m"]
    T_inverse: Float[Tensor, "m m"]

    @classmethod
    def of(cls, start: int, A: Float[Tensor, "R m"]) -> tuple["_Panel", Float[Tensor, "m m"]]:
        """Return the reflections that make the columns a triangle, and the triangle."""
        m = A.shape[1]
        V, tau = torch.geqrf(A)
        R = V[:m].triu()
        V[:m] = V[:m].tril(-1)
        V[:m].fill_diagonal_(1)
        # no tau is zero: below every column lies its row of the ridge
        T_inverse = (V.mT @ V).triu(1) + torch.diag(1 / tau)
        return cls(start, V, T_inverse), R

    def apply_(self, B: Float[Tensor, "S p"], *, transposed: bool = False) -> None:
        """Overwrite some columns with their reflections, or with those in the reverse order."""
        T_inverse = self.T_inverse.mT if transposed else self.T_inverse
        inner = self.V.mT @ B[self.start :]
        inner = torch.linalg.solve_triangular(T_inverse, inner, upper=not transposed)
        B[self.start :].addmm_(self.V, inner, alpha=-1)


class ExtendedFactor:
    """The factor of a least-squares problem ``|M c - t|``.

    Parameters
    ----------
    t
        What the rows shall be equal to.
    most
        Columns that may come.
    """

    def __init__(self, t: Float[Tensor, " R"], most: int) -> None:
        self._rows, self._most, self._count = len(t), most, 0
        self._panels: list[_Panel] = []
        self._right = torch.cat([t, t.new_zeros(most)])[:, None]
        self._R = t.new_zeros(most, most)
        self._lengths = t.new_zeros(0)

    def extend(self, M: Float[Tensor, "R m"]) -> None:
        """Take further columns."""
        n, k, m = self._rows, self._count, M.shape[1]
        lengths = torch.linalg.vector_norm(M, dim=0)
        lengths = torch.where(lengths > 0, lengths, 1.0)
        A = M.new_zeros(n + self._most, m)
        torch.div(M, lengths, out=A[:n])
        A[n + k : n + k + m].fill_diagonal_(RIDGE)
        for panel in self._panels:
            panel.apply_(A, transposed=True)
        panel, triangle = _Panel.of(k, A[k:])
        self._R[:k, k : k + m] = A[:k]
        self._R[k : k + m, k : k + m] = triangle
        self._panels.append(panel)
        panel.apply_(self._right, transposed=True)
        self._lengths = torch.cat([self._lengths, lengths])
        self._count += m

    def solution(self) -> Float[Tensor, " P"]:
        """Return the weights that minimise the residual, in the order in which columns came."""
        k = self._count
        z = torch.linalg.solve_triangular(self._R[:k, :k], self._right[:k], upper=True)
        return z[:, 0] / self._lengths

    def residual(self) -> Float[Tensor, " R"]:
        """Return the residual ``M c - t`` at the solution."""
        r = self._right.clone()
        r[: self._count] = 0
        for panel in reversed(self._panels):
            panel.apply_(r)
        return -r[: self._rows, 0]
