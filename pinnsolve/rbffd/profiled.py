"""The least misfit of snapshots with one of the unknown constants at a value.

All else follows the constant along the derivative where the search has ended, and is improved by a
step of Gauss-Newton's method, whose gain the linearised rows tell.
"""

from collections.abc import Sequence
from math import log

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import DivergedError
from pinnsolve.rbffd.assimilation import Assimilation
from pinnsolve.rbffd.least_squares import least_squares


def least_misfits(process: Assimilation, constant: int, values: Sequence[float]) -> list[float]:
    """Return the least sums of squares with a constant at values; infinite without a solution.

    Parameters
    ----------
    process
        The search at its end.
    constant, values
        Which one, and where it is held.
    """
    search, u, now = process.search, process.unknowns, process.at
    assert now is not None
    at = len(u) - search.n_constants + constant
    others = np.arange(len(u)) != at
    follow = least_squares(now.derivative[:, others], -now.derivative[:, at])
    is_exponential = list(search.parameters.values())[constant].transform == "exp"
    found = []
    for value in values:
        moved: Float[ndarray, " u"] = u.copy()
        moved[at] = log(value) if is_exponential else value
        moved[others] += follow * (moved[at] - u[at])
        guesses = [own + by @ (moved - u) for own, by in zip(now.slopes, now.changes, strict=True)]
        try:
            there = search.evaluated(moved, guesses, process.watch)
        except DivergedError:
            found.append(np.inf)
            continue
        D = there.derivative[:, others]
        left = there.residual + D @ least_squares(D, -there.residual)
        found.append(float(left @ left))
    return found
