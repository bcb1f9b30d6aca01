"""Points spread evenly through a domain, for testing and for integrals.

The Sobol sequence fills a box more evenly than chance; the points inside the domain are kept.
Source: Sobol' (1967), doi:10.1016/0041-5553(67)90144-9.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import NodesError
from pinnsolve.geometry.domain import Domain

GOLDEN = (np.sqrt(5.0) - 1) / 2
MOST_DRAWN = 2**24  # points in the box before a domain counts as too thin to be sampled


def sample(
    domain: Domain,
    count: int,
    seed: int = 0,
    refine: Callable[[Float[ndarray, "N d"]], Float[ndarray, " N"]] | None = None,
    most_drawn: int = MOST_DRAWN,
) -> Float[ndarray, "n d"]:
    """Return ``count`` low-discrepancy points strictly inside a domain.

    Parameters
    ----------
    domain
        Where.
    count
        How many points.
    seed
        Of the scrambling; equal seeds give equal points.
    refine
        Factor on the local distance of points; by default they are as close everywhere.
    most_drawn
        Points in the box before the domain counts as too thin to be sampled.

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
        if drawn >= most_drawn:
            raise NodesError(
                f"only {len(found)} of {count} points were found inside the domain among {drawn} "
                "in its bounding box: the domain is too thin to be sampled. "
                "Lower output.test_points."
            )
        # powers of two keep the balance of the sequence
        batch = max(drawn, 1 << int(count).bit_length())
        x = domain.lower + (domain.upper - domain.lower) * sequence.random(batch)
        kept = x[domain.distance(x) < 0]
        found = np.concatenate([found, kept if refine is None else _thinned(kept, refine, drawn)])
        drawn += batch
    return found[:count]


def _thinned(
    x: Float[ndarray, "N d"],
    refine: Callable[[Float[ndarray, "N d"]], Float[ndarray, " N"]],
    drawn: int,
) -> Float[ndarray, "n d"]:
    """Return some of the points, as many of those in a place as their distance there asks for."""
    wide = refine(x)
    density = (wide.min(initial=np.inf) / wide) ** x.shape[1]
    return x[(np.arange(drawn, drawn + len(x)) * GOLDEN) % 1.0 < density]


def sample_in_time(
    domain: Domain,
    time: tuple[float, float],
    count: int,
    seed: int = 0,
    refine: Callable[[Float[ndarray, "N d"]], Float[ndarray, " N"]] | None = None,
) -> Float[ndarray, "n D"]:
    """Return low-discrepancy points of a domain, at instants spread evenly over an interval.

    Parameters
    ----------
    domain, count, seed, refine
        As of `sample`.
    time
        The interval; it is the points' last coordinate.
    """
    x = sample(domain, count, seed, refine)
    # multiples of the golden section leave no gap, however many are taken (Weyl, 1916)
    shares = (np.arange(1, count + 1) * GOLDEN + seed / np.pi) % 1.0
    return np.column_stack([x, time[0] + (time[1] - time[0]) * shares])
