"""Functions through scattered values, or near to noisy ones: thin-plate smoothing splines.

Of all functions the spline of order ``m`` has the least

    sum_i (u(x_i) - d_i)^2 + lambda |D^m u|^2,

all derivatives of order ``m`` squared and integrated over all of space. It is a polynomial of lower
degree, with values ``T`` at the points, and radial functions ``K`` of them: with ``T = Q_1 R``,
``Q_2`` orthogonal to it, and ``Q_2^T K Q_2 = V diag(e) V^T``, its values are

    u = Q_1 Q_1^T d  +  sum_k  e_k/(e_k + lambda) (q_k . d) q_k,       q = Q_2 V.

Read as random numbers, ``z_k = q_k . d`` have variances proportional to ``e_k + lambda``: the most
likely ``lambda`` smooths as much as the noise asks for, which need not be known, and not at all
where there is none. Of several orders the one that foretells values best counts, by generalised
cross-validation. On a circle radial functions are Bernoulli's polynomials ``B_2m`` of the distance
in periods, and the polynomial is a constant. Source: Wahba (1990), Spline Models for Observational
Data, doi:10.1137/1.9781611970128, chapters 2 and 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import sqrt

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

ORDERS = (2, 3, 4)
BERNOULLI = {  # coefficients of B_2m, that of the lowest power first
    2: (-1 / 30, 0, 1, -2, 1),
    3: (1 / 42, 0, -1 / 2, 0, 5 / 2, -3, 1),
    4: (-1 / 30, 0, 2 / 3, 0, -7 / 3, 0, 14 / 3, -4, 1),
}
LEAST, MOST = 1e-15, 1e6  # times the largest e_k: range of lambda
TRIED = 64  # values of lambda, before the best is refined
REFINED = 1e-3  # of its logarithm


@dataclass(frozen=True, eq=False)
class Spline:
    """A smoothing spline in a plane of its values.

    Attributes
    ----------
    order
        Order of the derivatives that are small.
    centres
        The points, moved and scaled.
    middle, size
        By what they have been moved and scaled; in periods where they lie on a circle.
    is_periodic
        Whether they do.
    basis
        Orthonormal columns, the polynomials first: values at the points.
    polynomials
        The triangle ``R`` of the polynomials' values.
    kernel
        The radial functions at the points.
    strengths
        ``e_k``, falling.
    smoothing
        ``lambda``.
    coefficients
        Of the spline in the basis.
    noise
        Standard deviation of what is smoothed away, estimated.
    score
        Of generalised cross-validation: less is better.
    """

    order: int
    centres: Float[ndarray, "n d"]
    middle: Float[ndarray, " d"]
    size: float
    is_periodic: bool
    basis: Float[ndarray, "n n"]
    polynomials: Float[ndarray, "t t"]
    kernel: Float[ndarray, "n n"]
    strengths: Float[ndarray, " k"]
    smoothing: float
    coefficients: Float[ndarray, " n"]
    noise: float
    score: float

    @property
    def kept(self) -> Float[ndarray, " n"]:
        """What is left of each coefficient of the values in the basis."""
        whole = np.ones(len(self.polynomials))
        return np.concatenate([whole, self.strengths / (self.strengths + self.smoothing)])

    @property
    def freedom(self) -> float:
        """Number of values less what the spline has taken up of their noise."""
        return float(np.square(1 - self.kept).sum())

    def __call__(self, x: Float[ndarray, "r d"]) -> Float[ndarray, " r"]:
        """Return its values at points."""
        return self.values(x, len(self.basis)) @ self.coefficients

    def values(self, x: Float[ndarray, "r d"], count: int) -> Float[ndarray, "r m"]:
        """Return the values at points of the first functions of its basis, the smoothest ones."""
        t = len(self.polynomials)
        there = (x - self.middle) / self.size
        radial = self.basis[:, t:count] / self.strengths[: count - t]
        # of each function the polynomial that makes its values at the centres those of the basis
        at_centres = self.basis[:, :t].T @ (self.kernel @ radial)
        R = self.polynomials
        added = np.linalg.solve(R, np.hstack([np.eye(t), -at_centres]))
        found = _monomials(there, 1 if self.is_periodic else self.order) @ added
        found[:, t:] += _radial(there, self.centres, self.order, self.is_periodic) @ radial
        return found


def spline(
    x: Float[ndarray, "n d"],
    values: Float[ndarray, " n"],
    sigma: float | None = None,
    period: float | None = None,
    orders: Sequence[int] = ORDERS,
) -> Spline:
    """Return the smoothing spline of values at points.

    Parameters
    ----------
    x, values
        The points, and what was seen there.
    sigma
        Standard deviation of the values' errors; None if it is not known.
    period
        Of the line on which they lie, if its ends are one.
    orders
        Among which the best is taken.

    Raises
    ------
    ValueError
        If the points do not determine the polynomials of any order.
    """
    middle = (x.max(axis=0) + x.min(axis=0)) / 2
    size = float(np.ptp(x, axis=0).max()) / 2 or 1.0
    size = period or size
    there, d = (x - middle) / size, x.shape[1]
    found = []
    for m in orders:
        T = _monomials(there, 1 if period else m)
        if 2 * m <= d or len(x) <= T.shape[1] or np.linalg.matrix_rank(T) < T.shape[1]:
            continue
        K = _radial(there, there, m, period is not None)
        Q, R = np.linalg.qr(T, mode="complete")
        t = T.shape[1]
        e, V = np.linalg.eigh(Q[:, t:].T @ K @ Q[:, t:])
        e = np.maximum(e[::-1], np.finfo(float).eps * e[-1])  # the least are rounding
        basis = np.hstack([Q[:, :t], Q[:, t:] @ V[:, ::-1]])
        z = basis.T @ values
        best = _smoothing(e, z[t:], sigma)
        left = best / (e + best)
        coefficients = np.concatenate([z[:t], (1 - left) * z[t:]])
        away, freedom = np.square(left * z[t:]).sum(), np.square(left).sum()
        noise = sqrt(away / freedom) if freedom > 0 else 0.0
        score = len(x) * away / left.sum() ** 2
        found.append(
            Spline(
                m,
                there,
                middle,
                size,
                period is not None,
                basis,
                R[:t],
                K,
                e,
                best,
                coefficients,
                noise,
                float(score),
            )
        )
    if not found:
        raise ValueError("the points are too few, or lie on a line")
    return min(found, key=lambda own: own.score)


def _smoothing(e: Float[ndarray, " k"], z: Float[ndarray, " k"], sigma: float | None) -> float:
    """Return the most likely smoothing."""
    from scipy.optimize import minimize_scalar  # slow to import

    tiny = np.finfo(float).tiny

    def unlikeliness(log: float) -> float:
        smoothing = np.exp(log)
        total = np.square(z) @ (1 / (e + smoothing))
        if sigma is None:
            return float(len(z) * np.log(total + tiny) + np.log(e + smoothing).sum())
        scaled = smoothing * total / sigma**2
        return float(scaled + np.log(e + smoothing).sum() - len(z) * log)

    tried = np.log(e[0]) + np.linspace(np.log(LEAST), np.log(MOST), TRIED)
    k = int(np.argmin([unlikeliness(log) for log in tried]))
    low, high = tried[max(k - 1, 0)], tried[min(k + 1, TRIED - 1)]
    found = minimize_scalar(
        unlikeliness, bounds=(low, high), method="bounded", options={"xatol": REFINED}
    )
    return float(np.exp(found.x))


def _radial(
    x: Float[ndarray, "r d"], centres: Float[ndarray, "n d"], order: int, is_periodic: bool
) -> Float[ndarray, "r n"]:
    """Return the radial functions around centres, positive on what has no polynomial part."""
    power = 2 * order - x.shape[1]
    r = np.linalg.norm(x[:, None] - centres, axis=2)
    if is_periodic:
        return (-1) ** (order - 1) * np.polynomial.polynomial.polyval(r % 1.0, BERNOULLI[order])
    if power % 2:
        return (-1) ** ((power + 1) // 2) * r**power
    with np.errstate(divide="ignore", invalid="ignore"):
        return (-1) ** (power // 2 + 1) * np.where(r > 0, r**power * np.log(r), 0.0)


def _monomials(x: Float[ndarray, "n d"], order: int) -> Float[ndarray, "n t"]:
    """Return all monomials of lower degree than an order."""
    return np.prod(x[:, None] ** _powers(x.shape[1], order), axis=2)


def _powers(d: int, order: int) -> Int[ndarray, "t d"]:
    """Return the powers of the monomials of lower degree, the lowest first."""
    all_powers = product(range(order), repeat=d)
    return np.array(sorted((p for p in all_powers if sum(p) < order), key=lambda p: (sum(p), p)))
