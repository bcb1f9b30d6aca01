"""Sparse factorisation of the discrete operator, with a warning where it cannot be trusted.

Rows are divided by their largest entry, then columns, for those of a differential equation are
larger than those of a boundary condition by ``1/h^2``. A singular matrix usually factors without
an exception, so the condition is estimated: ``|A|_1 |A^-1|_1`` by a few solutions with the factors
(Hager, 1984, doi:10.1137/0905023; Higham, 1988, doi:10.1145/50063.214386).

With more rows than unknowns the least-squares solution comes from the augmented system

    [ a I   A ] [ r / a ]   [ b ]
    [ A^T   0 ] [ x     ] = [ 0 ],

which avoids squaring the condition (Björck, 1967, doi:10.1007/BF01933321).

Ordering. Where the caller knows which row determines which unknown, and the entries there are
large, as for most scalar equations, pivots are taken from this diagonal and a minimum-degree
ordering of ``A + A^T`` keeps the factors sparse: about five times faster than the column ordering
that serves all others. Where PARDISO is installed it factorises all but small matrices, in half
of the time.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Inexact, Int
from numpy import ndarray

from pinnsolve.errors import SingularError
from pinnsolve.machine import addressable
from pinnsolve.rbffd import pardiso

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LARGEST_CONDITION = 1e14  # of the scaled matrix; beyond it no digit of the solution is left
RESIDUAL_SCALE = 1e-3  # a of the augmented system, about the smallest singular value
GENERAL: dict[str, Any] = {"permc_spec": "COLAMD"}
DIAGONAL: dict[str, Any] = {
    "permc_spec": "MMD_AT_PLUS_A",
    "diag_pivot_thresh": 0.1,
    "options": {"SymmetricMode": True},
}
SAME = 1e-14  # difference of entries of scaled rows, and of their products, that is rounding
BYTES_PER_ENTRY = 750  # of the matrix: what SuperLU (scipy 1.17) asks for before it begins
MOST_RANKED = 300  # rows of a matrix whose pattern is examined
FIT_PIVOT = 0.05  # entry of the scaled matrix
FIT_SHARE = 0.9  # of the diagonal, for pivots to be taken from it


@dataclass(frozen=True)
class Factorisation:
    """A factorised matrix; call it with a right-hand side.

    Attributes
    ----------
    matrix
        The scaled matrix.
    rows, columns
        Factors by which rows and columns have been multiplied.
    factors
        Those of the scaled matrix, or of the augmented system, with its rows in ``order``.
    order
        A permutation of rows.
    condition
        Estimated 1-norm condition number of the scaled matrix.
    """

    matrix: "csr_array"
    rows: Float[ndarray, " R"]
    columns: Float[ndarray, " K"]
    factors: Any
    order: Int[ndarray, " _"]
    condition: float

    def __call__(self, b: Inexact[ndarray, "R *p"]) -> Inexact[ndarray, "K *p"]:
        """Return the solution, in the sense of least squares if there are more rows than unknowns.

        Right-hand sides of which there are several stand side by side.

        One step of iterative refinement makes up for the pivots chosen for sparsity.
        """
        several = (1,) * (b.ndim - 1)
        b = b * self.rows.reshape(-1, *several)
        x = self._solve(b)
        x += self._solve(b - self.matrix @ x)
        return x * self.columns.reshape(-1, *several)

    def _solve(self, b: Inexact[ndarray, "R *p"]) -> Inexact[ndarray, "K *p"]:
        n_rows, n_columns = self.matrix.shape
        if n_rows == n_columns:
            return self.factors.solve(b[self.order])
        return self.factors.solve(
            np.concatenate([b, np.zeros((n_columns, *b.shape[1:]))])[self.order]
        )[n_rows:]


def factorise(matrix: "csr_array", order: Int[ndarray, " K"] | None = None) -> Factorisation:
    """Factorise a sparse matrix with at least as many rows as columns.

    Parameters
    ----------
    matrix
        Of any scale.
    order
        The row that determines each column, a permutation, if that is known.

    Raises
    ------
    SingularError
        If it has fewer rows than columns, a row or column of zeros, or no usable inverse.
    MemoryError
        If it does not fit into the memory that the process may take.
    """
    from scipy.sparse import block_array, csr_array, diags_array, eye_array
    from scipy.sparse.csgraph import structural_rank

    n_rows, n_columns = matrix.shape
    if n_rows < n_columns:
        raise SingularError(
            f"the discrete problem has {n_columns} unknowns, but only {n_rows} equations. "
            "Give each field a boundary condition on every piece of the boundary."
        )
    rows = _inverse_of_largest(matrix, axis=1)
    scaled = diags_array(rows) @ matrix
    columns = _inverse_of_largest(scaled, axis=0)
    scaled = csr_array(scaled @ diags_array(columns))
    system = scaled
    if n_rows > n_columns:
        identity = RESIDUAL_SCALE * eye_array(n_rows)
        system = block_array([[identity, scaled], [scaled.T, None]], format="csr")
    settings, is_repeated = GENERAL, n_rows == n_columns and _repeats(scaled)
    if order is not None and n_rows == n_columns and _suits(system[order].diagonal()):
        settings = DIAGONAL
    else:
        order = np.arange(system.shape[0])
    condition = np.inf
    # of a matrix whose very pattern is singular, or that has a row twice, SuperLU hands LAPACK
    # nonsense, which prints it; the pattern's rank of a large matrix takes far longer than factors
    is_small, permuted = system.shape[0] <= MOST_RANKED, system[order]
    is_full = not is_small or permuted.diagonal().all()
    is_full = is_full or structural_rank(system) == system.shape[0]
    if is_full and not is_repeated:
        with suppress(RuntimeError):  # an exactly singular factor
            factors = _factors(permuted, settings)
            largest = float(abs(system).sum(axis=0).max())
            condition = largest * _norm_of_inverse(factors, system.dtype)
    if not condition < LARGEST_CONDITION:
        raise SingularError(
            f"the discrete problem has no unique solution: its matrix of {n_columns} unknowns is "
            f"singular to working precision (condition {condition:.0e}). Check that boundary "
            "conditions fix every field, constants included, or change nodes.count or "
            "solver.order."
        )
    return Factorisation(scaled, rows, columns, factors, order, condition)


def _factors(matrix: "csr_array", settings: Mapping[str, Any]) -> Any:
    """Return the factors of a square matrix whose rows stand as the settings want them.

    Raises
    ------
    RuntimeError
        If it is singular.
    MemoryError
        If SuperLU would not find the memory that it asks for.
    """
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    if matrix.shape[0] >= pardiso.FEWEST and pardiso.is_available():
        with suppress(RuntimeError):
            return pardiso.Pardiso(matrix, matched=settings is DIAGONAL)
    left = addressable()
    if left is not None and left < BYTES_PER_ENTRY * matrix.nnz:
        raise MemoryError  # SuperLU would try for ever, in ever smaller steps
    return splu(csc_array(matrix), **settings)


def _repeats(matrix: "csr_array") -> bool:
    """Return whether two rows of a scaled matrix are one; they have one product with any vector."""
    vector = np.random.default_rng(0).uniform(1.0, 2.0, matrix.shape[1])
    products = np.abs(matrix @ vector)
    order = np.argsort(products)
    near = np.flatnonzero(np.diff(products[order]) <= SAME * products[order][1:])
    first, second = matrix[order[near]], matrix[order[near + 1]]
    apart = [abs(first - sign * second).max(axis=1).toarray() for sign in (1, -1)]
    return bool(np.any(np.minimum(*apart) <= SAME))


def _inverse_of_largest(matrix: "csr_array", axis: int) -> Float[ndarray, " _"]:
    """Return one over the largest entry of each column (axis 0) or row (axis 1)."""
    largest = abs(matrix).max(axis=axis).toarray().ravel()
    return 1.0 / np.where(largest > 0, largest, 1.0)


def _suits(diagonal: Inexact[ndarray, " K"]) -> bool:
    """Tell whether pivots may be taken from a diagonal."""
    return bool(np.mean(np.abs(diagonal) > FIT_PIVOT) > FIT_SHARE)


def _norm_of_inverse(factors: Any, kind: Any) -> float:
    """Estimate the 1-norm of the inverse from below, almost always within a factor of three."""
    n = factors.shape[0]
    x = np.full(n, 1.0 / n, dtype=kind)
    norm = 0.0
    for _ in range(5):
        y = factors.solve(x)
        norm = max(norm, float(np.abs(y).sum()))
        size = np.abs(y)
        z = factors.solve(np.where(size > 0, y / np.where(size > 0, size, 1), 1), "H")
        steepest = int(np.argmax(np.abs(z)))
        if not abs(z[steepest]) > (z @ x).real:
            break
        x = np.zeros(n, dtype=kind)
        x[steepest] = 1.0
    return norm
