"""What a least-squares problem tells of some of its unknowns, once the others have answered.

Let ``A`` be the columns of the Jacobian that belong to the unknowns of no interest, here the
weights of a network, ``B`` those of the constants, each times the size of its constant, and ``r``
the residual that is left. What the weights cannot make up for of a change of the constants is

    P = (I - Q Q^T) B = U diag(s) V^T,      Q an orthonormal basis of the columns of A.

The constants are known along a direction ``v_k``, in relative changes, if two things hold.

- A step along it, as long as the constants are large, raises the residual far above that part of
  it which the weights leave for their own inability, ``s_k > DISTINCT |r_model|``. What no equation
  tells has not ``s_k = 0``, but an ``s_k`` of that size.
- It is longer than twice its standard error, in which all of ``r``, the noise of data included,
  has its share:

      e_k^2 = sum_i (u_ik r_i)^2 / s_k^2 * R / (R - P).

  Rows are taken as independent, but not as equally noisy. Source: White (1980), A
  heteroskedasticity-consistent covariance matrix estimator, doi:10.2307/1912934.

The projection is that of variable projection: Golub & Pereyra (2003),
doi:10.1088/0266-5611/19/2/201.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pinnsolve.leastsquares.head import RIDGE

DISTINCT = 5.0  # times the residual of the network: what a change of a known constant leaves
LARGEST_ERROR = 0.5  # relative, of what counts as known
SHARE = 0.1  # of a constant in a direction, from which on it is moved by it


@dataclass(frozen=True)
class Determination:
    """What is known of ``k`` constants, in relative changes of them.

    Attributes
    ----------
    directions
        Orthonormal rows; the first is what is known best.
    is_known
        Whether the residual tells how far to go along each.
    errors
        Standard error along each; infinite where it tells nothing.
    step
        The change that would lower the residual most, were it not for bounds.
    """

    directions: Float[Tensor, "k k"]
    is_known: Bool[Tensor, " k"]
    errors: Float[Tensor, " k"]
    step: Float[Tensor, " k"]

    @property
    def is_determined(self) -> Bool[Tensor, " k"]:
        """Whether each constant is known: unmoved by the directions that are not."""
        unknown = self.directions[~self.is_known]
        return unknown.square().sum(0).sqrt() <= SHARE

    @property
    def standard_errors(self) -> Float[Tensor, " k"]:
        """The relative standard error of each constant, along the known directions."""
        known = self.is_known
        return (self.errors[known, None] * self.directions[known]).square().sum(0).sqrt()

    @property
    def combinations(self) -> Float[Tensor, "c k"]:
        """What is known of the others all the same: combinations of their changes alone.

        Orthonormal rows, zero for the constants that are known.
        """
        known, alone = self.directions[self.is_known], ~self.is_determined
        U, _, _ = torch.linalg.svd(known[:, ~alone], full_matrices=True)
        rows = (U.mT @ known)[int((~alone).sum()) :] * alone
        signs = torch.sign(torch.gather(rows, 1, rows.abs().argmax(1, keepdim=True)))
        return torch.nn.functional.normalize(rows * signs, dim=1)


def determination(
    A: Float[Tensor, "R P"],
    B: Float[Tensor, "R k"],
    r: Float[Tensor, " R"],
    is_data: Bool[Tensor, " R"],
    rounding: float = 0.0,
) -> Determination | None:
    """Return the knowledge of constants that a residual gives; None if it has too few rows.

    Parameters
    ----------
    A
        Its derivative by everything else.
    B
        Its derivative by relative changes of the constants.
    r
        The residual.
    is_data
        Which of its rows are those of data, whose noise no network explains.
    rounding
        Size of the residual that rounding errors alone would leave.
    """
    rows, spent = len(r), A.shape[1] + B.shape[1]
    if rows <= spent:
        return None
    lengths = torch.linalg.vector_norm(A, dim=0)
    ridge = torch.diag(RIDGE * torch.where(lengths > 0, lengths, 1.0))
    Q = torch.linalg.qr(torch.cat([A, ridge])).Q
    P = torch.cat([B, B.new_zeros(A.shape[1], B.shape[1])])
    for _ in range(2):  # once more for what rounding has left
        P = P - Q @ (Q.mT @ P)
    U, s, V = torch.linalg.svd(P[:rows], full_matrices=False)
    own = max(float(torch.linalg.vector_norm(r[~is_data])), rounding)
    left = (r.square() + rounding**2 / rows) * (rows / (rows - spent))
    tiny = torch.finfo(s.dtype).tiny
    errors = (U.square() * left[:, None]).sum(0).sqrt() / s.clamp(min=tiny)
    is_known = (s > DISTINCT * own) & (errors < LARGEST_ERROR)
    is_sound = s > DISTINCT * rounding
    step = -(U.mT @ r / s.clamp(min=tiny))[is_sound] @ V[is_sound]
    return Determination(V, is_known, torch.where(is_known, errors, torch.inf), step)
