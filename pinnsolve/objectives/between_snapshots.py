"""What two snapshots say of the constants of the equation between them, which holds exactly."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.noise import Noise
from pinnsolve.leastsquares.inference import Inference, inference


def inferred_between(
    residual: Float[ndarray, " R"],
    derivative: Float[ndarray, "R u"],
    changes: Float[ndarray, " k"],
    sets: Sequence[Noise],
) -> Inference:
    """Return the knowledge of the constants.

    Parameters
    ----------
    residual
        All rows, those of data the last.
    derivative
        By everything else, then by what is sought of the constants.
    changes
        Of what is sought, with which constants change by their size.
    sets
        What is known of the errors of each set of data.
    """
    M, split = torch.as_tensor(derivative), derivative.shape[1] - len(changes)
    B = M[:, split:] * torch.as_tensor(changes)
    return inference(M[:, :split], B, torch.as_tensor(residual), sets)
