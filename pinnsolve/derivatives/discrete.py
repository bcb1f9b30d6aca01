"""Derivatives by RBF-FD: a sparse matrix times the values at all nodes.

A gradient step needs ``y = D u`` and, backwards, ``D^T y``. On the CPU SciPy's compressed rows
do both, the transpose stored once; on a GPU torch's do. Source of the method: Sharma & Shankar
(2022), Accelerated training of physics-informed neural networks using meshless discretizations,
arXiv:2205.09332.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.sparse import csr_array
from torch import Tensor

from pinnsolve.diffop import Term
from pinnsolve.jet import Field, Jet


class SparseMatrix:
    """A constant sparse matrix on a device, with its transpose.

    Parameters
    ----------
    matrix
        In SciPy's compressed rows.
    device, dtype
        Where and how its entries are kept.
    """

    def __init__(
        self,
        matrix: csr_array,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float64,
    ) -> None:
        self.shape: tuple[int, int] = matrix.shape
        self.dtype = dtype
        self._on_cpu = torch.device(device).type == "cpu"
        numpy_dtype = np.float64 if dtype == torch.float64 else np.float32
        forward = csr_array(matrix, dtype=numpy_dtype)
        backward = csr_array(forward.T)
        if self._on_cpu:
            self._forward, self._backward = forward, backward
        else:
            self._forward, self._backward = (_on_device(A, device) for A in (forward, backward))

    def __matmul__(self, u: Float[Tensor, "N *k"]) -> Float[Tensor, "R *k"]:
        """Return ``D u``, differentiable with respect to ``u``."""
        return _Product.apply(u, self)

    def times(self, u: Tensor, transposed: bool = False) -> Tensor:
        """Return ``D u`` or ``D^T u`` outside of any graph."""
        A = self._backward if transposed else self._forward
        if self._on_cpu:
            return torch.from_numpy(A @ u.detach().numpy())
        return A @ u if u.ndim == 2 else (A @ u[:, None])[:, 0]


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
class RbfFd:
    """Differentiate by the matrices assembled once from the node set.

    Attributes
    ----------
    x
        All nodes, ghosts included, shape ``(N, d)``.
    matrices
        For each term the matrix of its operator, shape ``(R, N)``.
    """

    x: Float[Tensor, "N d"]
    matrices: Mapping[Term, SparseMatrix]

    def __call__(self, field: Field, terms: Set[Term]) -> Jet:
        """Return the jet of ``field`` at the ``R`` rows of the matrices."""
        u = field(self.x)
        return {(i, op): self.matrices[i, op] @ u[:, i].contiguous() for i, op in terms}


def _on_device(A: csr_array, device: torch.device | str) -> Tensor:
    """Copy a SciPy matrix to a device as torch's compressed rows."""
    rows, columns, values = (torch.as_tensor(part) for part in (A.indptr, A.indices, A.data))
    return torch.sparse_csr_tensor(rows, columns, values, A.shape, device=device)
