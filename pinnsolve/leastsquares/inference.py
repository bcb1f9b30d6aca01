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

Many rows of a set of data that are affine in the unknowns, ``M_s = U_s R_s`` with orthonormal
``U_s``, may be given as the few of ``R_s`` and ``U_s^T r_s``: ``H = U K U^T`` with the ``K`` of the
few, and all that is asked of it are traces.

Sources: Ramsay, Hooker, Campbell & Cao (2007), Parameter estimation for differential equations: a
generalized smoothing approach, doi:10.1111/j.1467-9868.2007.00610.x; White (1982), Maximum
likelihood estimation of misspecified models, doi:10.2307/1912526.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan, sqrt

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.conditions.noise import Noise
from pinnsolve.leastsquares.bound import bound
from pinnsolve.leastsquares.determination import LARGEST_ERROR, Determination
from pinnsolve.leastsquares.head import ridge_of
from pinnsolve.leastsquares.influence import Influence

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
        Mean square error of what was fitted to the data, by its variance and its shift, where there
        are no constants by which a fit is judged; else not a number.
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


def inference(
    A: Float[Tensor, "R P"],
    B: Float[Tensor, "R k"],
    r: Float[Tensor, " R"],
    sets: Sequence[Noise],
    standing: Sequence[int] | None = None,
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
    standing
        How many rows there are of each set, if they stand for more.
    """
    k, rows, counts = B.shape[1], len(r), [own.count for own in sets]
    there = counts if standing is None else list(standing)
    n, many = sum(there), sum(counts)
    M = torch.cat([A, B], 1)
    below, r_d = torch.cat([M, torch.diag(ridge_of(M))]), r[rows - n :]
    # nobody asks how the fields move in all directions, if there is nothing else to be told
    Q, R = torch.linalg.qr(below, mode="reduced" if k else "r")
    Q_d = Q[rows - n : rows] if k else M.new_empty(n, 0)
    hat = Influence(R, M[rows - n :])
    left = (_left_by(Q_d) if k else hat.left()).split(there)
    freedom = tuple(
        float(own.sum()) + noise.count - here - noise.copies
        for own, noise, here in zip(left, sets, there, strict=True)
    )
    squares = (float(own @ own) for own in r_d.split(there))
    estimates = tuple(map(_estimate, squares, freedom, sets))
    # an error larger than what is said of the data is that of the equations, and counts as well
    sigmas = tuple(
        own if noise.sigma is None else max(own, noise.sigma) if own < inf else noise.sigma
        for own, noise in zip(estimates, sets, strict=True)
    )
    noise = torch.cat([r.new_full((m,), s) for m, s in zip(there, sigmas, strict=True)])
    R_k, Q_k = R[len(R) - k :, len(R) - k :], Q_d[:, Q_d.shape[1] - k :]
    S = torch.linalg.solve_triangular(R_k, Q_k.mT, upper=True)
    covariance = (S * noise) @ (S * noise).mT
    z = Q[:rows, Q.shape[1] - k :].mT @ r if k else r[:0]
    step = -torch.linalg.solve_triangular(R_k, z[:, None], upper=True)[:, 0]
    risk = nan if k else hat.taken_up(noise) + float(hat.times(r_d[:, None]).square().sum())
    return Inference(
        covariance,
        S @ r_d,
        step,
        sigmas,
        estimates,
        freedom,
        risk / many,
        _determination(R_k, covariance, step, float(torch.linalg.vector_norm(r[: rows - n]))),
        Q_d.mT @ Q_d,
        (Q_d.mT / noise.square().clamp(min=TINY)) @ Q_d,
        R_k,
        max(TINY, sum(m * s * s for m, s in zip(counts, sigmas, strict=True)) / many),
    )


def _estimate(square: float, freedom: float, noise: Noise) -> float:
    """Return the standard deviation of a set's rows by its misfit; infinite if that tells none."""
    if freedom < LEAST_FREEDOM:
        return inf
    found = sqrt(square / freedom)
    return max(found, noise.least) if freedom < FEW else found


def _left_by(Q: Float[Tensor, "n p"]) -> Float[Tensor, " n"]:
    """Return the expected square of what is left of each row, by the variance of its error."""
    return 1 - 2 * Q.square().sum(1) + (Q @ (Q.mT @ Q)).mul(Q).sum(1)


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
