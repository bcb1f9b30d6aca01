"""The head solve: the last layer's weights by linear least squares.

With the features ``Phi`` fixed, a linear PDE's residual is affine in the head's weights ``c``,
``r = M c - t``, and their best values are one rank-revealing QR factorisation away. Networks
with random features and such a head are known as extreme learning machines (Huang et al.,
2006, doi:10.1016/j.neucom.2005.12.126; for PDEs Dwivedi & Srinivasan, 2020,
doi:10.1016/j.neucom.2019.12.099). Normal equations would lose half the digits.
"""

import torch
from jaxtyping import Float
from torch import Tensor

# Features are nearly dependent by nature. Directions below this fraction of the largest carry
# rounding errors alone, and would only make the head's weights large.
RANK_TOLERANCE = 1e-13


def least_squares(M: Float[Tensor, "R P"], t: Float[Tensor, " R"]) -> Float[Tensor, " P"]:
    """Return ``c`` that minimises ``|M c - t|``."""
    tolerance = max(RANK_TOLERANCE, 4 * torch.finfo(M.dtype).eps)
    if M.device.type == "cpu":
        return torch.linalg.lstsq(M, t[:, None], rcond=tolerance, driver="gelsy").solution[:, 0]
    # CUDA has only the full-rank factorisation: a ridge at the rank tolerance makes it one
    ridge = tolerance * torch.linalg.matrix_norm(M)
    width = M.shape[1]
    stacked = torch.cat([M, ridge * torch.eye(width, dtype=M.dtype, device=M.device)])
    right = torch.cat([t, t.new_zeros(width)])
    return torch.linalg.lstsq(stacked, right[:, None]).solution[:, 0]
