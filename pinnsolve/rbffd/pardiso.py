"""Sparse factors by PARDISO of Intel's MKL, where pinnsolve[fast] has been installed.

Nested dissection and dense blocks of columns make it two to four times as fast as SuperLU on large
matrices of RBF-FD (``python benchmarks/factorisation.py``). Pivots are sought within a block alone:
one that is too small there is replaced, and the factors are then those of another matrix. Such
factors are not used. They have not been seen where each row stands at the unknown that it
determines; the matching by which PARDISO would find an order itself fails on flows.
"""

import weakref
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Inexact
from numpy import ndarray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEWEST = 20_000  # unknowns for which it is worth its start
REAL, COMPLEX = 11, 13  # without any symmetry
OWN_SETTINGS, ORDERING, MATCHING, SCALING, TRANSPOSED, REPLACED = 1, 2, 13, 11, 12, 14
SMALLEST = 10
NESTED_DISSECTION = 2
FACTORISE, SOLVE = 12, 33  # phases of its work
FAITHFUL = 1e-9  # of the largest right-hand side: what one solution may leave


class Pardiso:
    """The factors of a square matrix, called as those of SuperLU are.

    Parameters
    ----------
    matrix
        Real or complex, with rows and columns of one scale.
    matched
        Whether each row already stands at the unknown that it determines.

    Raises
    ------
    RuntimeError
        If a row or column is empty, a pivot had to be replaced, the factors do not give the matrix
        back, or do not fit into memory.
    """

    def __init__(self, matrix: "csr_array", *, matched: bool) -> None:
        from pypardiso import PyPardisoSolver
        from pypardiso.pardiso_wrapper import PyPardisoError
        from scipy.sparse import csr_matrix

        self.shape = matrix.shape
        self._matrix = csr_matrix(matrix)
        self._matrix.sort_indices()
        if not (
            np.diff(self._matrix.indptr).all()
            and np.bincount(self._matrix.indices, minlength=self.shape[1]).all()
        ):
            raise RuntimeError("an empty row or column, at which PARDISO crashes")
        is_complex = np.iscomplexobj(matrix.data)
        self._solver: Any = PyPardisoSolver(mtype=COMPLEX if is_complex else REAL)
        for place, value in (
            (OWN_SETTINGS, 1),
            (ORDERING, NESTED_DISSECTION),
            (SMALLEST, 13),  # a pivot below 1e-13 of the largest entry is replaced
            (MATCHING, not matched),
            (SCALING, not matched),
        ):
            self._solver.set_iparm(place, int(value))
        weakref.finalize(self, _free, self._solver).atexit = False
        try:
            self._run(FACTORISE, np.zeros(self.shape[0], dtype=matrix.dtype))
        except PyPardisoError as error:
            raise RuntimeError(str(error)) from None
        if self._solver.get_iparm(REPLACED):
            raise RuntimeError("a pivot has been replaced")
        self._try()

    def solve(
        self, b: Inexact[ndarray, "K *p"], trans: Literal["N", "T", "H"] = "N"
    ) -> Inexact[ndarray, "K *p"]:
        """Return the solution for right-hand sides that stand side by side.

        Parameters
        ----------
        b
            Right-hand sides.
        trans
            Whether of the matrix, its transpose or its adjoint.
        """
        self._solver.set_iparm(TRANSPOSED, {"N": 0, "H": 1, "T": 2}[trans])
        sides = np.asfortranarray(b, dtype=self._matrix.dtype)
        if np.iscomplexobj(b) and not np.iscomplexobj(sides):
            raise TypeError("complex right-hand sides of a real matrix")
        return self._run(SOLVE, sides)

    def _try(self) -> None:
        """Raise an error if what has been factorised is not the matrix: entries may have grown."""
        b = np.random.default_rng(0).uniform(-1.0, 1.0, self.shape[0])
        x = self.solve(b)
        left = np.abs(self._matrix @ x - b).max()
        if not left <= FAITHFUL * max(1.0, np.abs(x).max()):
            raise RuntimeError("the factors are not those of the matrix")

    def _run(self, phase: int, b: Inexact[ndarray, "K *p"]) -> Inexact[ndarray, "K *p"]:
        # its public methods refuse complex numbers, and compare whole matrices before each solution
        self._solver.set_phase(phase)
        found: Inexact[ndarray, K * p] = self._solver._call_pardiso(self._matrix, b)
        return found


def is_available() -> bool:
    """Tell whether PARDISO can be used on this machine."""
    return find_spec("pypardiso") is not None


def _free(solver: Any) -> None:
    """Give back the memory of factors, which Python does not see."""
    solver.free_memory(everything=True)
