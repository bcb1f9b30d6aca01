"""Sums of ``J^T J`` over blocks of rows, half of which is computed.

The sum is symmetric, so BLAS's rank-k update forms one triangle, in half the operations of a
matrix product; the other is its mirror image. On a GPU the whole product is formed, which no
library there does in less.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from scipy.linalg import get_blas_funcs
from torch import Tensor


def normal_matrix(
    blocks: Iterable[Float[Tensor, "_ P"]], like: Tensor, P: int
) -> Float[Tensor, "P P"]:
    """Return the sum of ``J^T J`` over blocks ``J`` of rows.

    Parameters
    ----------
    blocks
        The rows, some at a time.
    like
        A tensor of the same kind, on the same device.
    P
        Number of columns.
    """
    A = like.new_zeros(P, P)
    if A.device.type != "cpu":
        for J in blocks:
            A.addmm_(J.mT, J)
        return A
    # the transpose of a matrix stored by rows is one stored by columns, as BLAS has them: its
    # upper triangle is our lower one
    triangle = A.numpy().T
    (update,) = get_blas_funcs(("syrk",), (triangle,))
    for J in blocks:
        rows = J.contiguous().numpy().T
        update(1.0, rows, beta=1.0, c=triangle, overwrite_c=1)
    return torch.tril(A).add_(torch.tril(A, -1).mT)
