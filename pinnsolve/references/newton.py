"""Newton's method for equations in least squares: more rows than unknowns, scaled alike.

A step that does not make the residual smaller is halved; one that does not become smaller any more
is rounding, and the last. Source: Deuflhard (2011), Newton Methods for Nonlinear Problems,
doi:10.1007/978-3-642-23899-4, section 4.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.equations.residual import Residual

NEWTON = 30  # iterations
CONVERGED = 1e-12  # of the size of the unknowns, the last step of Newton's method
SETTLED = 1e-6  # of it, from which on a step that is no smaller than half the last is rounding
RANK = 1e-14  # of the largest direction, what counts as none
HALVINGS = 8  # of a step that does not make the residual smaller

Rows: TypeAlias = tuple[Residual, ndarray]


@dataclass(frozen=True)
class System:
    """Equations and conditions for the coefficients of all fields.

    Attributes
    ----------
    rows
        What holds, and at which points.
    matrices
        Of each, by term: the derivative of every polynomial at the points.
    constants
        True values of unknown parameters.
    """

    rows: Sequence[Rows]
    matrices: Sequence[Mapping[Term, ndarray]]
    constants: Mapping[str, float]

    def residual(self, a: Float[ndarray, "c N"]) -> Float[ndarray, " m"]:
        """Return the residuals of all rows."""
        with np.errstate(all="ignore"):
            parts = [
                np.broadcast_to(r(self._jet(own, a), self.constants), len(x))
                for (r, x), own in zip(self.rows, self.matrices, strict=True)
            ]
        return np.concatenate(parts)

    def jacobian(self, a: Float[ndarray, "c N"]) -> Float[ndarray, "m n"]:
        """Return its derivatives by the coefficients."""
        blocks = []
        for (residual, x), own in zip(self.rows, self.matrices, strict=True):
            block = np.zeros((len(x), *a.shape))
            slopes = residual.partials(self._jet(own, a), self.constants)
            for term, A in own.items():
                block[:, term.field] += np.broadcast_to(slopes[term], len(x))[:, None] * A
            blocks.append(block.reshape(len(x), -1))
        return np.concatenate(blocks)

    @staticmethod
    def _jet(own: Mapping[Term, ndarray], a: Float[ndarray, "c N"]) -> dict[Term, ndarray]:
        return {term: A @ a[term.field] for term, A in own.items()}


def newton(system: System, start: Float[ndarray, "c N"]) -> Float[ndarray, "c N"] | None:
    """Return the coefficients at which all rows are least; None if they are not found."""
    relative = inf
    a, is_linear = start, all(residual.is_linear for residual, _ in system.rows)
    for _ in range(NEWTON):
        J, r = system.jacobian(a), system.residual(a)
        if not (np.isfinite(J).all() and np.isfinite(r).all()):
            return None
        scale = np.maximum(np.abs(J).max(axis=1), np.finfo(float).tiny)
        step = _least_squares(J / scale[:, None], -r / scale).reshape(a.shape)
        size = np.linalg.norm(r / scale)
        for _ in range(HALVINGS):
            ahead = np.linalg.norm(system.residual(a + step) / scale)
            if is_linear or ahead <= size or size <= CONVERGED:
                break
            step = step / 2
        a = a + step
        last, relative = relative, float(np.abs(step).max() / np.abs(a).max())
        is_rounding = relative <= SETTLED and relative > last / 2
        if is_linear or relative <= CONVERGED or is_rounding:
            return a
    return None


def _least_squares(J: Float[ndarray, "m n"], r: Float[ndarray, " m"]) -> Float[ndarray, " n"]:
    """Return the least-squares solution, the smallest one if nothing determines it."""
    from scipy.linalg import lstsq, qr, solve_triangular  # slow to import

    columns = np.linalg.norm(J, axis=0)
    columns[columns == 0] = 1.0
    n = J.shape[1]  # a further column turns with the others, so that Q need not be written out
    (R,) = qr(np.column_stack([J / columns, r]), mode="r", check_finite=False, overwrite_a=True)
    diagonal = np.abs(np.diag(R[:n, :n]))
    if diagonal.min() > RANK * diagonal.max():
        return solve_triangular(R[:n, :n], R[:n, n], check_finite=False) / columns
    return lstsq(J / columns, r, cond=RANK, lapack_driver="gelsy")[0] / columns
