"""Points spread evenly through a domain, for testing and for integrals.

The Sobol sequence fills a box more evenly than chance; the points inside the domain are kept.
Source: Sobol' (1967), doi:10.1016/0041-5553(67)90144-9.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import NodesError
from pinnsolve.geometry.domain import Domain

MOST_DRAWN = 2**24  # points in the box before a domain counts as too thin to be sampled


def sample(domain: Domain, count: int, seed: int = 0) -> Float[ndarray, "n d"]:
    """Return ``count`` low-discrepancy points strictly inside a domain.

    Parameters
    ----------
    domain
        Where.
    count
        How many points.
    seed
        Of the scrambling; equal seeds give equal points.

    Raises
    ------
    NodesError
        If the domain fills so little of its bounding box that points in it cannot be found.
    """
    from scipy.stats.qmc import Sobol  # slow to import, and not needed by every run

    sequence = Sobol(domain.dim, scramble=True, rng=np.random.default_rng(seed))
    found = np.empty((0, domain.dim))
    drawn = 0
    while len(found) < count:
        if drawn >= MOST_DRAWN:
            raise NodesError(
                f"only {len(found)} of {count} points were found inside the domain among {drawn} "
                "in its bounding box: the domain is too thin to be sampled. "
                "Lower output.test_points."
            )
        # powers of two keep the balance of the sequence
        batch = max(drawn, 1 << int(count).bit_length())
        x = domain.lower + (domain.upper - domain.lower) * sequence.random(batch)
        found = np.concatenate([found, x[domain.distance(x) < 0]])
        drawn += batch
    return found[:count]
