"""The head solve: the last layer's weights by linear least squares.

With the features ``Phi`` fixed, a linear PDE's residual is affine in the head's weights ``c``,
``r = M c - t``, and their best values are one QR factorisation away. Networks with random
features and such a head are known as extreme learning machines (Huang et al., 2006,
doi:10.1016/j.neucom.2005.12.126; for PDEs Dwivedi & Srinivasan, 2020,
doi:10.1016/j.neucom.2019.12.099). Normal equations would lose half the digits.

Features are nearly dependent by nature. With the columns of ``M`` scaled to length one, rows
``RIDGE * I`` below them keep the factor regular, on every device; what they add to the residual
is far below what the dependent directions could take from it.
"""

import torch
from jaxtyping import Float
from torch import Tensor

RIDGE = 1e-13  # in double precision; some hundred times the rounding error


def least_squares(M: Float[Tensor, "R P"], t: Float[Tensor, " R"]) -> Float[Tensor, " P"]:
    """Return ``c`` that minimises ``|M c - t|``."""
    lengths = torch.linalg.vector_norm(M, dim=0)
    lengths = torch.where(lengths > 0, lengths, 1.0)
    ridge = RIDGE * torch.finfo(M.dtype).eps / torch.finfo(torch.float64).eps
    identity = torch.eye(M.shape[1], dtype=M.dtype, device=M.device)
    stacked = torch.cat([M / lengths, ridge * identity])
    right = torch.cat([t, t.new_zeros(M.shape[1])])
    return torch.linalg.lstsq(stacked, right[:, None], driver="gels").solution[:, 0] / lengths
