"""Which features of a head make no difference: by how much the residual rises without each.

For ``c = argmin |M c - t|`` the square of the residual rises, without the columns ``g`` of a
feature and the others solved for again, by

    c_g^T ([(M^T M)^-1]_gg)^-1 c_g,

all of which come from one factor. Features that are nearly the sum of others have little each, but
together more than the sum: whoever removes several looks what is left. Source: Hassibi & Stork
(1993), Second order derivatives for network pruning: optimal brain surgeon, NIPS 5, for weights
one by one.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pinnsolve.leastsquares.head import RIDGE


def rises(
    M: Float[Tensor, "R P"], c: Float[Tensor, " P"], outputs: int, features: int
) -> Float[Tensor, " w"]:
    """Return the rise of the square of the residual without each feature.

    Parameters
    ----------
    M, c
        The columns of a head, those of its weights first, output by output, and the best weights.
    outputs, features
        How many the head has.
    """
    lengths = torch.linalg.vector_norm(M, dim=0)
    lengths = torch.where(lengths > 0, lengths, 1.0)
    unit = torch.eye(M.shape[1], dtype=M.dtype, device=M.device)
    R = torch.linalg.qr(torch.cat([M / lengths, RIDGE * unit]), mode="r").R
    half = torch.linalg.solve_triangular(R, unit, upper=True)
    of_feature = torch.arange(outputs * features, device=M.device).view(outputs, features).mT
    own = half[of_feature]
    inverse = own @ own.mT
    weights = (c.to(M) * lengths)[of_feature][:, :, None]
    return (weights * torch.linalg.solve(inverse, weights)).sum((1, 2))


def removable(rise: Float[Tensor, " w"], allowed: float) -> Bool[Tensor, " w"]:
    """Return a mask of the features whose rises, the least ones, sum up to what is allowed."""
    order = rise.argsort()
    gone = torch.zeros_like(rise, dtype=torch.bool)
    gone[order] = rise[order].cumsum(0) <= allowed
    return gone
