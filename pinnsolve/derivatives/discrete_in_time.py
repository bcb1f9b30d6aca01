"""Derivatives in space at many instants: one sparse product with the instants as columns.

Nodal values over time are a table ``U`` of one row for each slot (a field, or a derivative in time
of one: `Discretisation.slot`) and node, and one column for each instant. A row of the residual
needs

    r = sum_terms  c_term * (D_term U_slot),

where the coefficients ``c`` are a table as well. Where they do not change in time, all terms are
one sparse matrix ``S`` in space, and the whole map is the Kronecker product of ``S`` with the
identity in time, which is never formed: ``R = S U``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.sparse import csr_array, diags_array
from torch import Tensor

from pinnsolve.derivatives.discrete import SparseMatrix
from pinnsolve.diffop import Term
from pinnsolve.rbffd.blocks import stack
from pinnsolve.rbffd.discretisation import Discretisation

Partials = Sequence[Mapping[Term, Float[ndarray, "_ _"]]]  # of each condition's residual


@dataclass(frozen=True)
class Part:
    """Some rows of the map.

    Attributes
    ----------
    matrix
        From the nodal values of one slot, or of all below each other.
    slot
        Of which slot; None for all.
    factors
        Coefficients of its rows at each instant; None if they are ones.
    levels
        Instants at which the rows hold.
    rows
        Where they begin in the residual.
    is_sum
        Whether they are added up to one.
    """

    matrix: SparseMatrix
    slot: int | None
    factors: Float[Tensor, "R L"] | None
    levels: Int[Tensor, " L"]
    rows: int
    is_sum: bool = False

    @property
    def n_rows(self) -> int:
        """Number of rows of the residual, at one instant."""
        return 1 if self.is_sum else self.matrix.shape[0]


@dataclass(frozen=True)
class LevelMatrix:
    """A linear map from nodal values at ``K`` instants to residuals.

    Attributes
    ----------
    parts
        What it consists of; rows that several parts share are sums.
    size
        Slots, nodes and instants.
    n_rows
        Number of rows, each instant counted.
    """

    parts: tuple[Part, ...]
    size: tuple[int, int, int]
    n_rows: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        c, N, K = self.size
        return self.n_rows, c * N * K

    @property
    def dtype(self) -> torch.dtype:
        """Kind of its entries."""
        return self.parts[0].matrix.dtype

    def __matmul__(self, u: Float[Tensor, " M"]) -> Float[Tensor, " R"]:
        """Return the product, differentiable with respect to ``u``."""
        c, N, K = self.size
        by_row: dict[int, Tensor] = {}
        for part in self.parts:
            U = u.view(c * N, K) if part.slot is None else u.view(c, N, K)[part.slot]
            y = part.matrix @ U[:, part.levels].contiguous()
            y = y if part.factors is None else y * part.factors
            y = y.sum(0, keepdim=True) if part.is_sum else y
            by_row[part.rows] = by_row[part.rows] + y if part.rows in by_row else y
        return torch.cat([by_row[start].flatten() for start in sorted(by_row)])

    def times(self, u: Float[Tensor, "M *q"], transposed: bool = False) -> Float[Tensor, "R *q"]:
        """Return the product with the map or its transpose, outside of any graph."""
        c, N, K = self.size
        columns = u[:, None] if u.ndim == 1 else u
        q = columns.shape[1]
        n_out = c * N * K if transposed else self.n_rows
        out = columns.new_zeros(n_out, q)
        nodal = (out if transposed else columns).view(c, N, K, q)
        residual = columns if transposed else out
        for part in self.parts:
            values = nodal.view(c * N, K, q) if part.slot is None else nodal[part.slot]
            L = len(part.levels)
            R = part.matrix.shape[0]
            rows = residual[part.rows : part.rows + part.n_rows * L].view(part.n_rows, L, q)
            factors = None if part.factors is None else part.factors[:, :, None]
            if transposed:
                y = rows.expand(R, L, q) if factors is None else rows * factors
                back = part.matrix.times(y.reshape(R, L * q), transposed=True)
                values.index_add_(1, part.levels, back.view(-1, L, q))
            else:
                everywhere = L == K
                there = values if everywhere else values[:, part.levels]
                y = part.matrix.times(there.reshape(-1, L * q)).view(R, L, q)
                y = y if factors is None else y * factors
                rows += y.sum(0, keepdim=True) if part.is_sum else y
        return out[:, 0] if u.ndim == 1 else out

    def split(self) -> Iterator[tuple["LevelMatrix", slice]]:
        """Yield the maps of single instants, and the points whose values each takes."""
        c, N, K = self.size
        for level in range(K):
            parts: list[Part] = []
            starts: dict[int, int] = {}  # by where the rows began before
            n_rows = 0
            for part in self.parts:
                here = (part.levels == level).nonzero()[:, 0]
                if not len(here):
                    continue
                if part.rows not in starts:
                    starts[part.rows] = n_rows
                    n_rows += part.n_rows
                factors = None if part.factors is None else part.factors[:, here]
                first = torch.zeros_like(here)
                rows = starts[part.rows]
                parts.append(replace(part, factors=factors, levels=first, rows=rows))
            yield LevelMatrix(tuple(parts), (c, N, 1), n_rows), slice(level, None, K)


def level_matrix(
    system: Discretisation,
    partials: Partials,
    weights: Sequence[Float[ndarray, " _"]],
    n_levels: int,
    device: torch.device,
    dtype: torch.dtype,
) -> LevelMatrix:
    """Return the derivative of the weighted residual by the nodal values.

    Parameters
    ----------
    system
        The discretisation, its conditions at the instants at which they hold.
    partials
        Partial derivatives of each condition's residual by its terms.
    weights
        Factor of each of a condition's rows at an instant.
    n_levels
        Number of instants.
    device, dtype
        Where and how the entries are kept.
    """

    def sparse(matrix: csr_array) -> SparseMatrix:
        return SparseMatrix(csr_array(matrix), device, dtype)

    def tensor(values: ndarray) -> Tensor:
        return torch.as_tensor(values, device=device)

    parts: list[Part] = []
    n_columns = system.n_slots * system.n_nodes
    start = 0
    for k, condition in enumerate(system.conditions):
        assert condition.levels is not None
        levels = tensor(condition.levels)
        if all(np.ptp(slope, axis=1).max(initial=0.0) == 0 for slope in partials[k].values()):
            still = {term: slope[:, 0] for term, slope in partials[k].items()}
            matrix = diags_array(weights[k]) @ stack([system.rows_of_jacobian(k, still)], n_columns)
            parts.append(Part(sparse(matrix), None, None, levels, start))
        else:
            for term, slope in partials[k].items():
                matrix = sparse(system.matrices[k][term])
                factors = tensor(weights[k][:, None] * slope).to(dtype)
                slot = system.slot(term.field, term.time_order)
                parts.append(Part(matrix, slot, factors, levels, start, condition.is_sum))
        start += condition.size
    return LevelMatrix(tuple(parts), (system.n_slots, system.n_nodes, n_levels), start)
