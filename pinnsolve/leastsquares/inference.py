"""How far unknown constants can be trusted that were found from noisy data and an equation.

The rows of the residual are of two kinds: data with random errors, and equations that are held
with some weight and have none. With ``A`` the derivative of all rows by the weights of a network,
``B`` that by the constants, and ``[A B] = Q R``, the constants found differ from the true ones by

    d = -R_kk^-1 Q_dk^T e,

``e`` the errors of the data, ``Q_dk`` their rows of the last ``k`` columns of ``Q``. So their
covariance is the sandwich

    C = S V S^T,      S = R_kk^-1 Q_dk^T,      V = diag(sigma_i^2),

narrower than the inverse of ``R_kk^T R_kk``, which takes equations for data. With ``H = Q_d Q_d^T``
the data's misfit has the expectation ``sigma^2 (n - 2 tr H + tr H^2)``, from which ``sigma``
follows where it is not known. Normal equations would lose what lies below 1e-7.

Where the equations weigh too little the fit follows the noise, where they weigh more than the
network can meet them it is bent. Both show when their weight is raised, by ``-S r_d`` for ``e`` in
place of 1, as follows from ``A^T r = B^T r = 0``, without another solve.

Many rows of data that are affine in the unknowns, ``M_d = U R_d`` with orthonormal ``U``, may be
given as the few of ``R_d`` and ``U^T r_d``: of the set ``s`` no more is asked than ``G_s = U_s^T
U_s`` and ``|r_s|^2``, for ``H = U K U^T``, ``K`` that of the few.

Sources: Ramsay, Hooker, Campbell & Cao (2007), Parameter estimation for differential equations: a
generalized smoothing approach, doi:10.1111/j.1467-9868.2007.00610.x; White (1982), Maximum
likelihood estimation of misspecified models, doi:10.2307/1912526.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.conditions.noise import Noise
from pinnsolve.leastsquares.bound import bound
from pinnsolve.leastsquares.determination import LARGEST_ERROR, Determination
from pinnsolve.leastsquares.head import ridge_of

# times what equations are not met by: what a change of a known constant leaves; less than without
# data, to whose noise a part of that is due
DISTINCT = 2.0
LEAST_FREEDOM = 0.5  # rows of noise that are left, at least, for their errors to be told
TINY = torch.finfo(torch.float64).tiny
FEW = 10.0  # of them, whose misfit may vanish by chance


@dataclass(frozen=True)
class Inference:
    """What data and equations together say of ``k`` constants, in relative changes of them.

    Attributes
    ----------
    covariance
        Of the constants.
    shift
        Their change if the equations weighed ``e`` times as much.
    step
        Their change by the next step of Gauss-Newton's method: what the search has left.
    sigmas
        Of each set of data the standard deviation of its rows, as given or from its misfit.
    estimates
        The same from the misfit alone.
    freedom
        Of each set its number of rows, less what the fit has taken up of their noise.
    risk
        Mean square error of what was fitted to the data, by its variance and its shift.
    determination
        Which of the constants, or combinations of them, are known.
    gram, information, triangle, variance
        Of what the bound is made: see `pinnsolve.leastsquares.bound`.
    """

    covariance: Float[Tensor, "k k"]
    shift: Float[Tensor, " k"]
    step: Float[Tensor, " k"]
    sigmas: tuple[float, ...]
    estimates: tuple[float, ...]
    freedom: tuple[float, ...]
    risk: float
    determination: Determination
    gram: Float[Tensor, "q q"]
    information: Float[Tensor, "q q"]
    triangle: Float[Tensor, "k k"]
    variance: float

    @property
    def errors(self) -> Float[Tensor, " k"]:
        """Standard errors."""
        return self.covariance.diagonal().sqrt()

    @property
    def posterior(self) -> Float[Tensor, " k"]:
        """Variances, were all rows as random as data: of the curvature of the least misfit."""
        identity = torch.eye(len(self.triangle)).to(self.triangle)
        inverse = torch.linalg.solve_triangular(self.triangle, identity, upper=True)
        return self.variance * inverse.square().sum(1)

    def bound(self, *, held: bool = False) -> Float[Tensor, " k"]:
        """Return the least standard errors that an estimate can have, were the equations exact.

        Parameters
        ----------
        held
            Whether they are held exactly anyway, and the rows before the data ask for less.
        """
        return bound(self.gram, self.information, self.triangle, self.variance, held=held)


@dataclass(frozen=True)
class Gathered:
    """What is told of rows of data in whose place fewer stand.

    Attributes
    ----------
    grams
        Of each set the products ``G_s`` of its rows' coefficients.
    squares
        Of each set the sum of the squares of its rows of the residual.
    """

    grams: Sequence[Float[Tensor, "m m"]]
    squares: Sequence[float]

    def weighted(self, factors: Sequence[float]) -> Float[Tensor, "m m"]:
        """Return the sum of the products, each set's with its factor."""
        return torch.stack([f * G for f, G in zip(factors, self.grams, strict=True)]).sum(0)


def inference(
    A: Float[Tensor, "R P"],
    B: Float[Tensor, "R k"],
    r: Float[Tensor, " R"],
    sets: Sequence[Noise],
    gathered: Gathered | None = None,
) -> Inference:
    """Return the knowledge that a residual gives of constants.

    Parameters
    ----------
    A
        Its derivative by everything else.
    B
        Its derivative by relative changes of the constants.
    r
        The residual; the last rows are data, set by set.
    sets
        What is known of the errors of each set.
    gathered
        What they were, if the last rows stand for more.
    """
    k, rows, counts = B.shape[1], len(r), [own.count for own in sets]
    n = sum(counts) if gathered is None else len(gathered.grams[0])
    M = torch.cat([A, B], 1)
    ridge = torch.diag(ridge_of(M))
    Q, R = torch.linalg.qr(torch.cat([M, ridge]))
    Q_d, r_d = Q[rows - n : rows], r[rows - n :]
    squares, left = (
        _by_set(Q_d, r_d, counts) if gathered is None else _of_gathered(Q_d, counts, gathered)
    )
    freedom = tuple(own - noise.copies for own, noise in zip(left, sets, strict=True))
    estimates = tuple(map(_estimate, squares, freedom, sets))
    # an error larger than what is said of the data is that of the equations, and counts as well
    sigmas = tuple(
        own if noise.sigma is None else max(own, noise.sigma) if own < inf else noise.sigma
        for own, noise in zip(estimates, sets, strict=True)
    )
    R_k, Q_k = R[len(R) - k :, len(R) - k :], Q_d[:, len(R) - k :]
    S = torch.linalg.solve_triangular(R_k, Q_k.mT, upper=True)
    if gathered is None:
        noise = torch.cat([r.new_full((m,), s) for m, s in zip(counts, sigmas, strict=True)])
        covariance = (S * noise) @ (S * noise).mT
        information = (Q_d.mT / noise.square().clamp(min=TINY)) @ Q_d
        taken_up = (Q_d.mT * noise) @ Q_d if not k else Q_d[:0]
    else:
        covariance = S @ gathered.weighted([s * s for s in sigmas]) @ S.mT
        information = Q_d.mT @ gathered.weighted([1 / max(s * s, TINY) for s in sigmas]) @ Q_d
        taken_up = Q_d.mT @ gathered.weighted(sigmas) @ Q_d if not k else Q_d[:0]
    z = Q[:rows].mT @ r
    step = -torch.linalg.solve_triangular(R_k, z[len(R) - k :, None], upper=True)[:, 0]
    fitted = Q_d @ (Q_d.mT @ r_d)
    variance = float(taken_up.square().sum())
    return Inference(
        covariance,
        S @ r_d,
        step,
        sigmas,
        estimates,
        freedom,
        (variance + float(fitted @ fitted)) / sum(counts),
        _determination(R_k, covariance, step, float(torch.linalg.vector_norm(r[: rows - n]))),
        Q_d.mT @ Q_d,
        information,
        R_k,
        max(TINY, sum(m * s * s for m, s in zip(counts, sigmas, strict=True)) / sum(counts)),
    )


def _estimate(square: float, freedom: float, noise: Noise) -> float:
    """Return the standard deviation of a set's rows by its misfit; infinite if that tells none."""
    if freedom < LEAST_FREEDOM:
        return inf
    found = sqrt(square / freedom)
    return max(found, noise.least) if freedom < FEW else found


def _by_set(
    Q: Float[Tensor, "n p"], r: Float[Tensor, " n"], counts: Sequence[int]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the squared misfit of each set of data, and the rows that are left of its noise."""
    gram = Q.mT @ Q
    leverage = Q.square().sum(1)
    # of row i the expected square is sigma^2 (1 - 2 H_ii + sum_j H_ij^2)
    left = 1 - 2 * leverage + (Q @ gram).mul(Q).sum(1)
    squares = (float(own @ own) for own in r.split(list(counts)))
    return tuple(squares), tuple(float(part.sum()) for part in left.split(list(counts)))


def _of_gathered(
    Q: Float[Tensor, "m p"], counts: Sequence[int], gathered: Gathered
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the same for rows that stand for more."""
    gram = Q.mT @ Q
    left = (
        count + float(((G @ Q) * (Q @ gram - 2 * Q)).sum())
        for G, count in zip(gathered.grams, counts, strict=True)
    )
    return tuple(gathered.squares), tuple(left)


def _determination(
    R: Float[Tensor, "k k"],
    covariance: Float[Tensor, "k k"],
    step: Float[Tensor, " k"],
    own: float,
) -> Determination:
    """Return the knowledge of directions of change; `own` is what the equations have left."""
    _, s, V = torch.linalg.svd(R)
    errors = (V @ covariance @ V.mT).diagonal().clamp(min=0).sqrt()
    is_known = (s > DISTINCT * own) & (errors < LARGEST_ERROR)
    return Determination(V, is_known, torch.where(is_known, errors, torch.inf), step)
