"""Blocks of rows of a sparse matrix, all with equally many entries."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Block: TypeAlias = tuple[Int[ndarray, "_ _"], Float[ndarray, "_ _"]]  # columns, entries (R, n)


def stack(blocks: Sequence[Block], n_columns: int) -> "csr_array":
    """Return the sparse matrix with the given blocks of rows, one below the other."""
    from scipy.sparse import csr_array  # 0.1 s that `pinnsolve --help` need not pay

    none = np.empty(0, dtype=np.int32)
    lengths = np.concatenate([none, *(np.full(*columns.shape) for columns, _ in blocks)])
    start = np.concatenate([[0], np.cumsum(lengths)])
    columns = np.concatenate([none, *(columns.ravel() for columns, _ in blocks)])
    entries = np.concatenate([none, *(entries.ravel() for _, entries in blocks)], dtype=float)
    return csr_array((entries, columns, start), shape=(len(lengths), n_columns))


def matrix_of(
    index: Int[ndarray, "R n"], entries: Float[ndarray, "R n"], n_nodes: int
) -> "csr_array":
    """Return the matrix with the given columns and entries, which are not copied."""
    from scipy.sparse import csr_array  # 0.1 s that `pinnsolve --help` need not pay

    start = np.arange(len(index) + 1, dtype=np.int32) * index.shape[1]
    return csr_array((entries.ravel(), index.ravel(), start), shape=(len(index), n_nodes))


def weighted(
    parts: "Sequence[tuple[Float[ndarray, ' R'], csr_array]]", rows: Int[ndarray, " R"]
) -> Block:
    """Return a sum of matrices at some rows, each with a factor for each row."""
    widest = max((matrix for _, matrix in parts), key=lambda matrix: matrix.nnz)
    index = widest.indices.reshape(len(rows), -1)
    total = np.zeros(index.shape)
    for factor, matrix in parts:
        D = matrix.data.reshape(len(rows), -1)
        if D.shape == index.shape:
            total += factor[:, None] * D
        else:  # the identity: its one entry is where the stencil meets its own row
            total[index == rows[:, None]] += factor * D[:, 0]
    return index, total


def total(index: Int[ndarray, "R n"], values: Float[ndarray, "R n"]) -> Block:
    """Return the sum of rows as one row."""
    columns, place = np.unique(index, return_inverse=True)
    return columns[None], np.bincount(place.ravel(), values.ravel(), len(columns))[None]
