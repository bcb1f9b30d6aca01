"""Derivatives by RBF-FD: a sparse matrix times the values at all nodes.

A gradient step needs ``y = D u`` and, backwards, ``D^T y``: the transpose is stored once, and both
products are made by whichever library is quickest on the device. Source of the method: Sharma &
Shankar (2022), Accelerated training of physics-informed neural networks using meshless
discretizations, arXiv:2205.09332.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.sparse import csr_array
from torch import Tensor

from pinnsolve.derivatives.jet import Jet
from pinnsolve.derivatives.products import CHOICE, PRODUCTS
from pinnsolve.diffop import Term


class SparseMatrix:
    """A constant sparse matrix on a device, with its transpose.

    Parameters
    ----------
    matrix
        In SciPy's compressed rows.
    device, dtype
        Where and how its entries are kept.
    library
        A name in `PRODUCTS`; by default the quickest on the device.
    """

    def __init__(
        self,
        matrix: csr_array,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float64,
        library: str | None = None,
    ) -> None:
        self.shape: tuple[int, int] = matrix.shape
        self.dtype = dtype
        device = torch.device(device)
        product = PRODUCTS[library or CHOICE[device.type]]
        A = csr_array(matrix, dtype=np.float64 if dtype == torch.float64 else np.float32)
        self._forward, self._backward = product(A, device), product(csr_array(A.T), device)

    def __matmul__(self, u: Float[Tensor, "N *k"]) -> Float[Tensor, "R *k"]:
        """Return ``D u``, differentiable with respect to ``u``."""
        return _Product.apply(u, self)

    def times(self, u: Tensor, transposed: bool = False) -> Tensor:
        """Return ``D u`` or ``D^T u`` outside of any graph."""
        return (self._backward if transposed else self._forward)(u.detach())

    def split(self) -> Iterator[tuple["SparseMatrix", slice]]:
        """Yield the matrix itself, and that it takes the values of all points."""
        yield self, slice(None)


class _Product(torch.autograd.Function):
    """``u -> D u``, whose gradient is ``y -> D^T y``."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, matrix: SparseMatrix) -> Tensor:
        ctx.matrix = matrix
        return matrix.times(u)

    @staticmethod
    def backward(ctx: Any, y: Tensor) -> tuple[Tensor, None]:
        return ctx.matrix.times(y, transposed=True), None


@dataclass(frozen=True)
class NodalJet:
    """Differentiate nodal values by the matrices assembled once from the node set.

    Attributes
    ----------
    matrices
        For each term the matrix of its operator, shape ``(R, N)``.
    levels
        Instants at which the derivatives are wanted; None if there is no time.
    """

    matrices: Mapping[Term, SparseMatrix]
    levels: Int[ndarray, " L"] | None = None

    def __call__(self, u: Float[Tensor, "a c N *K"]) -> Jet:
        """Return the jet of nodal values at the ``R`` rows of the matrices.

        Parameters
        ----------
        u
            Nodal values of the fields, then of their derivatives in time by rising order.
        """
        if self.levels is not None:
            u = u[..., torch.as_tensor(self.levels, device=u.device)]
        c = u.shape[1]  # fields beyond the last are those of the partner on an interface
        return {
            term: D @ u[term.time_order, term.field % c].contiguous()
            for term, D in self.matrices.items()
        }
