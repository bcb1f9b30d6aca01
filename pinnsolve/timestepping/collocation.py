"""Radau IIA methods with any number of stages, hundreds of them too.

The ``q`` stages are the zeros ``c_i = (x_i + 1) / 2`` of ``P_q - P_{q-1}``, differences of Legendre
polynomials, of which the last is the end of the step; a polynomial of degree ``q`` satisfies the
equations there, and the order at the end is ``2 q - 1``. What belongs to them is written in
Legendre polynomials, which stays exact to rounding where monomials lose all digits beyond some
fifteen stages: with the values ``V_ik = P_k(x_i)``, whose inverse ``diag((2k + 1)/2) V^T W`` is
that of the quadrature with weights ``w_i = (1 + x_i) / (q P_{q-1}(x_i))^2``, the integrals

    int_{-1}^{x} P_k = (P_{k+1}(x) - P_{k-1}(x)) / (2k + 1),    int_{-1}^{x} P_0 = x + 1

give those from the beginning of the step to any instant, ``A`` for the stages themselves. Source:
Hairer & Wanner (1996), Solving Ordinary Differential Equations II, doi:10.1007/978-3-642-05221-7,
section IV.5.

Gauss-Legendre methods have one order more, but do not damp what is infinitely stiff: they carry to
the end of the step, with changing sign, what the data do not satisfy of the boundary conditions.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray


@dataclass(frozen=True)
class Collocation:
    """A Radau IIA method.

    Attributes
    ----------
    c
        Stages, as parts of the step.
    A
        Integrals from the beginning of the step to each stage of each stage's polynomial.
    from_stages
        The Legendre coefficients of the polynomial through values at the stages.
    """

    c: Float[ndarray, " q"]
    A: Float[ndarray, "q q"]
    from_stages: Float[ndarray, "q q"]

    @cached_property
    def schur(self) -> tuple[Complex[ndarray, "q q"], Complex[ndarray, "q q"]]:
        """The upper triangle ``T`` and the unitary ``Z`` of ``A = Z T Z^H``."""
        from scipy.linalg import schur  # slow to import

        T, Z = schur(self.A, output="complex")
        return T, Z

    def integrals(self, at: Float[ndarray, " n"]) -> Float[ndarray, "n q"]:
        """Return the integrals of each stage's polynomial to instants, as parts of the step."""
        return _integrals(2 * at - 1, len(self.c)) @ self.from_stages / 2

    def values(self, at: Float[ndarray, " n"]) -> Float[ndarray, "n q"]:
        """Return the values of each stage's polynomial at instants, as parts of the step."""
        return np.polynomial.legendre.legvander(2 * at - 1, len(self.c) - 1) @ self.from_stages


def collocation(stages: int) -> Collocation:
    """Return the method with some number of stages.

    >>> collocation(2).c.round(6).tolist()
    [0.333333, 1.0]
    """
    from scipy.special import roots_jacobi  # 0.1 s that `pinnsolve --help` need not pay

    q = stages
    x = np.append(roots_jacobi(q - 1, 1, 0)[0] if q > 1 else np.empty(0), 1.0)
    V = np.polynomial.legendre.legvander(x, q - 1)
    w = (1 + x) / (q * V[:, -1]) ** 2
    inverse = (np.arange(q) + 0.5)[:, None] * V.T * w
    return Collocation((x + 1) / 2, _integrals(x, q) @ inverse / 2, inverse)


def _integrals(x: Float[ndarray, " n"], q: int) -> Float[ndarray, "n q"]:
    """Return the integrals from -1 to x of the first ``q`` Legendre polynomials."""
    P = np.polynomial.legendre.legvander(x, q)
    S = np.empty((len(x), q))
    S[:, 0] = x + 1
    S[:, 1:] = (P[:, 2:] - P[:, :-2]) / (2 * np.arange(1, q) + 1)
    return S
