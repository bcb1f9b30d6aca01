"""Sizes of errors: relative in L2, and the largest."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

VANISHED = 1e-12  # of the largest size, what rounding leaves of a solution that passes zero


def relative_l2(u: Float[ndarray, "*N"], exact: Float[ndarray, "*N"]) -> float:
    """Return ``|u - exact| / |exact|``; where that is zero the root mean square of ``u``."""
    size = np.linalg.norm(exact)
    return float(np.linalg.norm(u - exact) / (size if size > 0 else np.sqrt(exact.size)))


def max_error(u: Float[ndarray, "*N"], exact: Float[ndarray, "*N"]) -> float:
    """Return the largest distance."""
    return float(np.max(np.abs(u - exact)))


def by_field(
    names: Sequence[str], u: Float[ndarray, "*N c"], exact: Float[ndarray, "*N c"]
) -> dict[str, float]:
    """Return the relative L2 distance of each field from the exact one, by name."""
    return {
        name: relative_l2(u[..., i].ravel(), exact[..., i].ravel()) for i, name in enumerate(names)
    }


def by_level(u: Float[ndarray, "K n"], exact: Float[ndarray, "K n"]) -> Float[ndarray, " K"]:
    """Return the relative L2 error at each time level.

    Where the exact solution vanishes, but for rounding, its size is that of the largest level.
    """
    size = np.linalg.norm(exact, axis=1)
    largest = size.max() if size.any() else np.sqrt(exact.shape[1])
    return np.linalg.norm(u - exact, axis=1) / np.where(size > VANISHED * largest, size, largest)
