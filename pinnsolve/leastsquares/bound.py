"""The Cramér-Rao bound: how well constants can be known at all, where the equations hold.

Equations that hold have no errors. Of rows that weigh ``w`` times as much the information tells

    I(w) = w^2 (E^T E)/s^2 + D^T V^-1 D,

``E`` those of equations, ``D`` those of data with variances ``V``, ``s`` their mean error; of its
inverse the block of the constants counts, the fields being free. As ``w`` grows it falls to that of
equations held exactly, and below, where fields that solve them are forbidden because the features
have them approximately only. The bound is read off where it changes least between the two, for
fields that the features can be: of any initial value there would be none. Source: Rao (1945),
Information and the accuracy attainable in the estimation of statistical parameters, Bull. Calcutta
Math. Soc. 37.
"""

import torch
from jaxtyping import Float
from torch import Tensor

WEIGHTS = tuple(2.0**k for k in range(8))
STEEP = 0.15  # of its logarithm, from a weight to twice that: what changes more has no plateau


def bound(
    gram: Float[Tensor, "q q"],
    information: Float[Tensor, "q q"],
    R: Float[Tensor, "k k"],
    variance: float,
    *,
    held: bool,
) -> Float[Tensor, " k"]:
    """Return the least standard errors of constants; not a number where they cannot be told.

    Parameters
    ----------
    gram
        ``Q_d^T Q_d``, ``Q_d`` the rows of data of the orthogonal factor; the others make it one.
    information
        The same with the inverse of the variances between.
    R
        The last block of the triangular factor, which is that of the constants.
    variance
        Mean of those of data.
    held
        Whether the equations are held exactly anyway: then the other rows are none of theirs, and
        do not count.
    """
    if not (k := len(R)):
        return R.new_zeros(0)
    last = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)[:, len(gram) - k :]
    rest = (torch.eye(len(gram)).to(gram) - gram) / variance
    found = []
    for weight in (0.0,) if held else WEIGHTS:
        factor, failed = torch.linalg.cholesky_ex(weight**2 * rest + information)
        if failed:
            return gram.new_full((k,), torch.nan)
        inverse = torch.cholesky_solve(last, factor)[len(gram) - k :]
        half = torch.linalg.solve_triangular(R, inverse, upper=True)
        covariance = torch.linalg.solve_triangular(R, half.mT, upper=True)
        found.append(covariance.diagonal().clamp(min=0).sqrt())
    errors = torch.stack(found)
    if held:
        return errors[0]
    falls = -errors.log().diff(dim=0)
    steepness, place = falls.min(dim=0)
    told = errors.gather(0, place[None])[0]
    return torch.where(steepness < STEEP, told, torch.nan)
