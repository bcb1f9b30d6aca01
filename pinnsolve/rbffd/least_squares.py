"""Least squares with few, full columns."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray


def least_squares(M: Float[ndarray, "R u"], b: Float[ndarray, " R"]) -> Float[ndarray, " u"]:
    """Return the solution, columns being of one size."""
    sizes = np.linalg.norm(M, axis=0)
    sizes = np.where(sizes > 0, sizes, 1.0)
    return np.asarray(np.linalg.lstsq(M / sizes, b, rcond=None)[0] / sizes)
