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

from pinnsolve.leastsquares.determination import LARGEST_ERROR, Determination
from pinnsolve.leastsquares.head import ridge_of

# times what equations are not met by: what a change of a known constant leaves; less than without
# data, to whose noise a part of that is due
DISTINCT = 2.0


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
    """

    covariance: Float[Tensor, "k k"]
    shift: Float[Tensor, " k"]
    step: Float[Tensor, " k"]
    sigmas: tuple[float, ...]
    estimates: tuple[float, ...]
    freedom: tuple[float, ...]
    risk: float
    determination: Determination

    @property
    def errors(self) -> Float[Tensor, " k"]:
        """Standard errors."""
        return self.covariance.diagonal().sqrt()


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
    counts: Sequence[int],
    known: Sequence[float | None],
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
    counts
        How many rows each set has.
    known
        The standard deviation of the rows of each, None where it is not known.
    gathered
        What they were, if the last rows stand for more.
    """
    k, rows = B.shape[1], len(r)
    n = sum(counts) if gathered is None else len(gathered.grams[0])
    M = torch.cat([A, B], 1)
    ridge = torch.diag(ridge_of(M))
    Q, R = torch.linalg.qr(torch.cat([M, ridge]))
    Q_d, r_d = Q[rows - n : rows], r[rows - n :]
    estimates, freedom = (
        _by_set(Q_d, r_d, counts) if gathered is None else _of_gathered(Q_d, counts, gathered)
    )
    # an error larger than what is said of the data is that of the equations, and counts as well
    sigmas = tuple(
        own if given is None else max(own, given) if own < inf else given
        for own, given in zip(estimates, known, strict=True)
    )
    R_k, Q_k = R[len(R) - k :, len(R) - k :], Q_d[:, len(R) - k :]
    S = torch.linalg.solve_triangular(R_k, Q_k.mT, upper=True)
    if gathered is None:
        noise = torch.cat([r.new_full((m,), s) for m, s in zip(counts, sigmas, strict=True)])
        covariance = (S * noise) @ (S * noise).mT
        taken_up = (Q_d.mT * noise) @ Q_d if not k else Q_d[:0]
    else:
        covariance = S @ gathered.weighted([s * s for s in sigmas]) @ S.mT
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
    )


def _by_set(
    Q: Float[Tensor, "n p"], r: Float[Tensor, " n"], counts: Sequence[int]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the standard deviation of each set of data by its misfit, and its freedom."""
    gram = Q.mT @ Q
    leverage = Q.square().sum(1)
    # of row i the expected square is sigma^2 (1 - 2 H_ii + sum_j H_ij^2)
    left = 1 - 2 * leverage + (Q @ gram).mul(Q).sum(1)
    sigmas, freedom = [], []
    for own, part in zip(r.split(list(counts)), left.split(list(counts)), strict=True):
        dof = float(part.sum())
        freedom.append(dof)
        sigmas.append(sqrt(float(own @ own) / dof) if dof > 0 else inf)
    return tuple(sigmas), tuple(freedom)


def _of_gathered(
    Q: Float[Tensor, "m p"], counts: Sequence[int], gathered: Gathered
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the same for rows that stand for more."""
    gram, sigmas, freedom = Q.mT @ Q, list[float](), list[float]()
    for G, count, square in zip(gathered.grams, counts, gathered.squares, strict=True):
        own = G @ Q
        dof = count + float((own * (Q @ gram - 2 * Q)).sum())
        freedom.append(dof)
        sigmas.append(sqrt(square / dof) if dof > 0 else inf)
    return tuple(sigmas), tuple(freedom)


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
