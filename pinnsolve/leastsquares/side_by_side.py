"""The Jacobian with respect to the weights of several networks: their Jacobians side by side.

    J = [E_1 J_1, E_2 J_2, …],        J J^T = sum_k E_k (J_k J_k^T) E_k^T,

where ``E_k`` puts the rows that network ``k`` takes part in at their places among all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pinnsolve.leastsquares.jacobian import Explicit, Jacobian, LinearMap


@dataclass(frozen=True)
class SideBySide:
    """Jacobians of the same residual with respect to the weights of one network after the other.

    Attributes
    ----------
    parts
        Those of the networks.
    rows
        Where in the residual the rows of each are.
    n_rows
        Number of rows of the residual.
    """

    parts: tuple[Jacobian, ...]
    rows: tuple[Int[Tensor, " _"], ...]
    n_rows: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.n_rows, sum(self._widths)

    def gram(self) -> Float[Tensor, "R R"]:
        """Return ``J J^T``."""
        total: Tensor | None = None
        for part, rows in zip(self.parts, self.rows, strict=True):
            own = part.gram()
            total = own.new_zeros(self.n_rows, self.n_rows) if total is None else total
            total[rows[:, None], rows] += own
        assert total is not None
        return total

    def normal(self) -> Float[Tensor, "P P"]:
        """Return ``J^T J``, from all entries: there are fewer weights than rows."""
        J = self.dense()
        return J.mT @ J

    def dense(self) -> Float[Tensor, "R P"]:
        """Return all entries."""
        blocks = []
        for part, rows in zip(self.parts, self.rows, strict=True):
            assert isinstance(part, Explicit)
            own = part.dense()
            blocks.append(own.new_zeros(self.n_rows, own.shape[1]).index_copy_(0, rows, own))
        return torch.cat(blocks, 1)

    def times(self, v: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return ``J v``."""
        total = v.new_zeros(self.n_rows)
        for part, rows, own in zip(self.parts, self.rows, v.split(self._widths), strict=True):
            total[rows] += part.times(own)
        return total

    def transposed_times(self, y: Float[Tensor, " R"]) -> Float[Tensor, " P"]:
        """Return ``J^T y``."""
        pairs = zip(self.parts, self.rows, strict=True)
        return torch.cat([part.transposed_times(y[rows]) for part, rows in pairs])

    @property
    def _widths(self) -> list[int]:
        return [part.shape[1] for part in self.parts]


@dataclass(frozen=True)
class Columns:
    """Some columns of a linear map.

    Attributes
    ----------
    whole
        The map.
    columns
        Which of its columns.
    """

    whole: LinearMap
    columns: Int[Tensor, " n"]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.whole.shape[0], len(self.columns)

    def times(self, u: Tensor, transposed: bool = False) -> Tensor:
        """Return the product with a vector, or with every column of a matrix."""
        if transposed:
            return self.whole.times(u, transposed=True)[self.columns]
        everywhere = u.new_zeros(self.whole.shape[1], *u.shape[1:])
        return self.whole.times(everywhere.index_copy_(0, self.columns, u))

    def split(self) -> Iterator[tuple["Columns", slice]]:
        """Yield the map itself, and that it takes the values of all points."""
        yield self, slice(None)
