"""Affine flows with constant diffusion: where points go, and how a cloud of them spreads.

Of ``dX = (b + A X) ds + noise`` of covariance ``2 a`` per unit of time,

    X(s) = E x + m + xi,    E = e^{A s},    m = int_0^s e^{A r} b dr,
    S = cov xi = int_0^s e^{A r} 2a e^{A^T r} dr,

all of which stand in one exponential,

        [ A   2a    b ]              [ E   S E^{-T}   m ]
    exp [ 0  -A^T   0 ] s     =      [ 0   E^{-T}     0 ]
        [ 0   0     0 ]              [ 0   0          1 ]

that of many instants being products of a few and of short series. Source: Van Loan (1978),
Computing integrals involving the matrix exponential, doi:10.1109/TAC.1978.1101743.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy import ndarray

SHORT = 0.5  # norm of what the series is summed for
TERMS = 17  # of it: 0.5^17 / 17! is 2e-20


@dataclass(frozen=True, eq=False)
class Flow:
    """A drift, linear in position, and a diffusion.

    Attributes
    ----------
    A, b
        The drift is ``b + A x``.
    a
        The diffusion, symmetric; zero for a flow without.
    """

    A: Float[ndarray, "d d"]
    b: Float[ndarray, " d"]
    a: Float[ndarray, "d d"]

    @property
    def is_diffusive(self) -> bool:
        """Whether points spread that begin at one place."""
        return bool(self.a.any())

    def after(self, s: Float[ndarray, " n"]) -> "Spread":
        """Return the points at which others have arrived after each of some times."""
        d, X = len(self.b), np.empty((len(s), 2 * len(self.b) + 1, 2 * len(self.b) + 1))
        for rows, found in self._exponentials(s):
            X[rows] = found
        return Spread(X[:, :d, :d], X[:, :d, -1], X[:, d:-1, d:-1], X[:, :d, d:-1])

    def _exponentials(self, s: Float[ndarray, " n"]) -> Iterator[tuple[ndarray, ndarray]]:
        """Yield rows and the exponentials of the whole matrix there."""
        from scipy.linalg import expm

        step = SHORT / max(float(np.linalg.norm(self._whole, 1)), 1e-300)
        coarse = np.floor(s / step)
        for k in np.unique(coarse):
            rows = np.flatnonzero(coarse == k)
            yield rows, self._series(s[rows] - k * step) @ expm(self._whole * (k * step))

    def _series(self, s: Float[ndarray, " n"]) -> Float[ndarray, "n q q"]:
        """Return the exponentials for short times."""
        shares = np.ones((len(s), TERMS))
        for k in range(1, TERMS):
            shares[:, k] = shares[:, k - 1] * s / k
        return np.einsum("nk,kij->nij", shares, self._powers)

    @cached_property
    def _whole(self) -> Float[ndarray, "q q"]:
        d = len(self.b)
        H = np.zeros((2 * d + 1, 2 * d + 1))
        H[:d, :d], H[:d, d:-1], H[:d, -1], H[d:-1, d:-1] = self.A, 2 * self.a, self.b, -self.A.T
        return H

    @cached_property
    def _powers(self) -> Float[ndarray, "k q q"]:
        powers = [np.eye(len(self._whole))]
        for _ in range(TERMS - 1):
            powers.append(powers[-1] @ self._whole)
        return np.array(powers)


@dataclass(frozen=True, eq=False)
class Spread:
    """Where an affine flow has carried points by some instants.

    Attributes
    ----------
    E, m
        Of ``x`` the mean is ``E x + m``.
    inverse
        ``E^{-T}``.
    product
        ``S E^{-T}``.
    """

    E: Float[ndarray, "n d d"]
    m: Float[ndarray, "n d"]
    inverse: Float[ndarray, "n d d"]
    product: Float[ndarray, "n d d"]

    @property
    def covariance(self) -> Float[ndarray, "n d d"]:
        """``S``."""
        return _symmetric(self.product @ self.E.swapaxes(1, 2))

    @property
    def at_origin(self) -> Float[ndarray, "n d d"]:
        """``E^{-1} S E^{-T}``: how far apart points began that meet."""
        return _symmetric(self.inverse.swapaxes(1, 2) @ self.product)

    def origins(self, x: Float[ndarray, "n d"]) -> Float[ndarray, "n d"]:
        """Return ``E^{-1} (x - m)``, a point for each instant."""
        return np.einsum("nji,nj->ni", self.inverse, x - self.m)


def _symmetric(S: Float[ndarray, "n d d"]) -> Float[ndarray, "n d d"]:
    return (S + S.swapaxes(1, 2)) / 2
