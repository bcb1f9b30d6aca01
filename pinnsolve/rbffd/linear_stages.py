"""The derivative of the equations of all stages of a step, and what solves with it.

Preconditioned by the same with the mean of ``J`` over the stages (`pinnsolve.rbffd.stages`), GMRES
takes some ten iterations; right-hand sides of which there are many have each its own Krylov space,
but share factors and products. Source: Saad & Schultz (1986), doi:10.1137/0907058.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex, Float, Inexact
from numpy import ndarray

from pinnsolve.rbffd.levels import LevelledFactors

MOST = 80  # iterations for many right-hand sides


@dataclass(frozen=True)
class LinearisedStages:
    """The derivative of the equations of all stages by the slopes at all of them.

    Attributes
    ----------
    parts
        Derivatives at each stage by each field and its slopes.
    mean
        Their means.
    factors
        Of the matrices that belong to the diagonal of the triangle of Schur's decomposition.
    orders
        Order in time of each field.
    full, upper
        Powers of the step times ``A``, and of the step times the triangle.
    Z
        The unitary matrix of that decomposition.
    """

    parts: Sequence[Sequence[Sequence[Any]]]
    mean: Sequence[Sequence[Any]]
    factors: Sequence[LevelledFactors]
    orders: Sequence[int]
    full: Sequence[Float[ndarray, "q q"]]
    upper: Sequence[Complex[ndarray, "q q"]]
    Z: Complex[ndarray, "q q"]

    def __call__(self, v: Float[ndarray, "q c N *p"]) -> Float[ndarray, "q R *p"]:
        """Return the change of the residuals that a change of the slopes makes."""
        moved = [
            [_times(self.full[m - a], v[:, f]) if a < m else v[:, f] for a in range(m + 1)]
            for f, m in enumerate(self.orders)
        ]
        return self.residuals(moved)

    def residuals(
        self, changes: Sequence[Sequence[Float[ndarray, "q N *p"]]]
    ) -> Float[ndarray, "q R *p"]:
        """Return the change of the residuals by changes of each field and its derivatives."""
        stages = range(len(self.parts))
        return np.stack(
            [self._residual(i, [[u[i] for u in own] for own in changes]) for i in stages]
        )

    def preconditioned(self, r: Float[ndarray, "q R *p"]) -> Float[ndarray, "q c N *p"]:
        """Return the slopes that the mean of all stages' derivatives finds for residuals."""
        c, n_nodes, turned = len(self.orders), self.mean[0][0].shape[1], _times(self.Z.conj().T, r)
        found = np.zeros((len(r), c, n_nodes, *r.shape[2:]), dtype=complex)
        for i in range(len(r) - 1, -1, -1):
            left = turned[i]
            for f, m in enumerate(self.orders):
                for a in range(m):
                    behind = _times(self.upper[m - a][i, i + 1 :], found[i + 1 :, f])
                    left = left - self.mean[f][a] @ behind
            found[i] = self.factors[i](left).reshape(found[i].shape)
        return _times(self.Z, found).real.copy()

    def solve(self, r: Float[ndarray, "q R p"], tolerance: float) -> Float[ndarray, "q c N p"]:
        """Return the changes of the slopes that make residuals, each column for itself.

        Parameters
        ----------
        r
            The residuals, a column for each right-hand side.
        tolerance
            What may be left of each, relative, after the preconditioner.
        """
        b = self.preconditioned(r)
        sizes = np.sqrt(np.square(b).sum(axis=(0, 1, 2)))
        divisors = np.where(sizes > 0, sizes, 1.0)
        basis, H = [b / divisors], np.zeros((MOST + 1, MOST, len(sizes)))
        y = np.zeros((1, len(sizes)))
        for j in range(MOST):
            w = self.preconditioned(self(basis[j]))
            for _ in range(2):  # twice is enough for orthogonality
                for i, v in enumerate(basis):
                    along = np.einsum("qcnp,qcnp->p", v, w)
                    H[i, j] += along
                    w = w - along * v
            H[j + 1, j] = np.sqrt(np.square(w).sum(axis=(0, 1, 2)))
            y, left = _least(H[: j + 2, : j + 1])
            if left.max() <= tolerance:
                break
            basis.append(w / np.where(H[j + 1, j] > 0, H[j + 1, j], 1.0))
        return np.sum([c * v for c, v in zip(y, basis, strict=False)], axis=0) * sizes

    def _residual(
        self, i: int, changes: Sequence[Sequence[Float[ndarray, "N *p"]]]
    ) -> Float[ndarray, "R *p"]:
        """Return the change of one stage's residual by changes of the fields and their slopes."""
        return sum(
            part @ change
            for own, some in zip(self.parts[i], changes, strict=True)
            for part, change in zip(own, some, strict=False)
        )


def _times(A: Inexact[ndarray, "*m q"], v: Inexact[ndarray, "q *n"]) -> Inexact[ndarray, "..."]:
    """Return the product over the stages."""
    return np.tensordot(A, v, 1)


def _least(H: Float[ndarray, "j k p"]) -> tuple[Float[ndarray, "k p"], Float[ndarray, " p"]]:
    """Return the coefficients of the least residuals, and these, for right-hand sides of one."""
    found = np.zeros(H.shape[1:])
    left = np.zeros(H.shape[2])
    one = np.eye(len(H))[0]
    for p in range(H.shape[2]):
        found[:, p] = np.linalg.lstsq(H[..., p], one, rcond=None)[0]
        left[p] = np.linalg.norm(H[..., p] @ found[:, p] - one)
    return found, left
