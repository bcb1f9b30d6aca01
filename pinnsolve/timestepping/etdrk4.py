"""ETDRK4: exponential integrator of order four for ``u' = L u + N(u, t)``, ``L`` stiff.

The linear part is solved exactly. With ``z = h L`` and

    phi_0(z) = exp(z),        phi_k(z) = (phi_(k-1)(z) - 1/(k-1)!) / z,

one step of length ``h`` from ``u`` at ``t`` is

    a  = phi_0(z/2) u + (h/2) phi_1(z/2) N(u, t)
    b  = phi_0(z/2) u + (h/2) phi_1(z/2) N(a, t + h/2)
    c  = phi_0(z/2) a + (h/2) phi_1(z/2) (2 N(b, t + h/2) - N(u, t))
    u' = phi_0(z) u + h (phi_1 - 3 phi_2 + 4 phi_3)(z) N(u, t)
         + h (2 phi_2 - 4 phi_3)(z) (N(a, t + h/2) + N(b, t + h/2))
         + h (4 phi_3 - phi_2)(z) N(c, t + h).

Source: Cox & Matthews (2002), J. Comput. Phys. 176, 430-455, doi:10.1006/jcph.2002.6995. The
quotients cancel near zero: Kassam & Trefethen (2005), SIAM J. Sci. Comput. 26, 1214-1233,
doi:10.1137/S1064827502410633, take means over circles around ``z`` instead. Here ``z`` is a small
matrix for each wave number, whose eigenvalues may lie far apart or coincide: it is halved until it
is small, where a circle around zero surrounds all of them and the mean over it is the Taylor series
to the last digit, and doubled back by

    2^k phi_k(2z) = phi_0(z) phi_k(z) + sum_(j=1..k) phi_j(z) / (k-j)!

(Skaflestad & Wright, 2009, Appl. Numer. Math. 59, 783-799).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np
from jaxtyping import Inexact
from numpy import ndarray

ORDER = 4
TERMS = 20  # of the series of a matrix of norm 1: what follows is below rounding
Rest = Callable[[Inexact[ndarray, "c *N"], float], Inexact[ndarray, "c *N"]]


def phi_functions(A: Inexact[ndarray, "m c c"], count: int) -> list[Inexact[ndarray, "m c c"]]:
    """Return ``phi_0 … phi_count`` of each of ``m`` matrices."""
    norms = np.abs(A).sum(axis=-1).max(axis=-1, initial=0.0)
    halvings = np.ceil(np.log2(np.maximum(norms, 1.0))).astype(int)
    z = A / 2.0 ** halvings[:, None, None]
    one = np.broadcast_to(np.eye(A.shape[-1]), A.shape)
    found = []
    for k in range(count + 1):
        series = one / factorial(k + TERMS)
        for j in reversed(range(TERMS)):
            series = z @ series + one / factorial(k + j)
        found.append(series)
    for done in range(halvings.max(initial=0)):
        own = halvings > done
        part = [phi[own] for phi in found]
        for k in range(count + 1):
            ahead = sum(part[j] / factorial(k - j) for j in range(1, k + 1))
            found[k][own] = (part[0] @ part[k] + ahead) / 2.0**k
    return found


def apply(A: Inexact[ndarray, "c c *#N"], v: Inexact[ndarray, "c *N"]) -> Inexact[ndarray, "c *N"]:
    """Return the product of the matrix and the vector of each wave number.

    Vectors may have further axes before that of the wave number, as of many problems at once.
    """
    return A[0] * v if len(A) == 1 else np.einsum("ij...,j...->i...", A, v)


@dataclass(frozen=True)
class Etdrk4:
    """A step of ETDRK4, its coefficients computed.

    Attributes
    ----------
    h
        Length of the step.
    whole, half
        ``phi_0`` of the step and of half of it.
    inner
        ``(h/2) phi_1(z/2)``.
    first, middle, last
        Factors of the rest at the beginning, twice in the middle, and at the end.
    """

    h: float
    whole: Inexact[ndarray, "c c *K"]
    half: Inexact[ndarray, "c c *K"]
    inner: Inexact[ndarray, "c c *K"]
    first: Inexact[ndarray, "c c *K"]
    middle: Inexact[ndarray, "c c *K"]
    last: Inexact[ndarray, "c c *K"]

    def step(self, v: Inexact[ndarray, "c *N"], t: float, rest: Rest) -> Inexact[ndarray, "c *N"]:
        """Return the state after a step.

        Parameters
        ----------
        v, t
            The state, for every wave number a vector, or one for each of many problems, and the
            time at the beginning.
        rest
            ``N(v, t)``.
        """
        middle, ahead = t + self.h / 2, apply(self.half, v)
        N = rest(v, t)
        a = ahead + apply(self.inner, N)
        Na = rest(a, middle)
        b = ahead + apply(self.inner, Na)
        Nb = rest(b, middle)
        c = apply(self.half, a) + apply(self.inner, 2 * Nb - N)
        Nc = rest(c, t + self.h)
        weighted = apply(self.first, N) + apply(self.middle, Na + Nb) + apply(self.last, Nc)
        return apply(self.whole, v) + weighted


def etdrk4(L: Inexact[ndarray, "c c *K"], h: float) -> Etdrk4:
    """Return the step of length ``h`` with a linear part, a matrix for each wave number.

    >>> decay = etdrk4(np.array([[-2.0]]), 0.5)
    >>> decay.step(np.array([1.0]), 0.0, lambda v, t: 0 * v).round(6).tolist()
    [0.367879]
    """
    c, shape = len(L), L.shape
    z = np.moveaxis(h * L.reshape(c, c, -1), -1, 0)

    def back(phi: ndarray) -> ndarray:
        return np.ascontiguousarray(np.moveaxis(phi, 0, -1)).reshape(shape)

    p0, p1, p2, p3 = phi_functions(z, 3)
    q0, q1 = phi_functions(z / 2, 1)
    return Etdrk4(
        h,
        back(p0),
        back(q0),
        h / 2 * back(q1),
        h * back(p1 - 3 * p2 + 4 * p3),
        h * back(2 * p2 - 4 * p3),
        h * back(4 * p3 - p2),
    )
