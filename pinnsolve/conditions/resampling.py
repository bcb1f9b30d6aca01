"""Points drawn anew where they matter, with weights such that sums over them stay integrals.

Of points ``y_i`` that are spread evenly, ``i = 1 … N``, ``n`` are drawn with the probabilities
``p_i``. Then

    (1/n) sum_k f(x_k) / (N p_k)    ~    (1/N) sum_i f(y_i),

whatever ``p`` is, and least where ``p`` is large where ``f`` is. Half of ``p`` is left even, so
that no place is forgotten and no weight exceeds two. Draws are spaced evenly along the sum of the
probabilities, from a random start: of neighbours not both or neither. Source: Kitagawa (1996),
doi:10.1080/10618600.1996.10474692.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

EVEN = 0.5  # share of the points that are drawn evenly


@dataclass(frozen=True, eq=False)
class Places:
    """Points of a least-squares problem.

    Attributes
    ----------
    x
        The points.
    factors
        Square roots of their weights, whose sum is one.
    """

    x: Float[ndarray, "n d"]
    factors: Float[ndarray, " n"]


def evenly(x: Float[ndarray, "n d"]) -> Places:
    """Return points that all count the same."""
    return Places(x, np.full(len(x), len(x) ** -0.5))


def drawn(
    pool: Float[ndarray, "N d"],
    density: Float[ndarray, " N"],
    count: int,
    generator: np.random.Generator,
) -> Places:
    """Return some points of many, more of them where a density is large.

    Parameters
    ----------
    pool
        Points that are spread evenly.
    density
        Any that is not negative, in any unit.
    count
        How many are drawn; a point that is drawn twice counts once, for both.
    generator
        Of the random start.
    """
    total = density.sum()
    even = np.full(len(pool), 1 / len(pool))
    is_known = np.isfinite(total) and total > 0
    p = EVEN * even + (1 - EVEN) * density / total if is_known else even
    at = (np.arange(count) + generator.random()) / count
    chosen: Int[ndarray, " n"] = np.searchsorted(np.cumsum(p), at * p.sum())
    chosen, times = np.unique(np.minimum(chosen, len(pool) - 1), return_counts=True)
    weights = times / (count * len(pool) * p[chosen])
    return Places(pool[chosen], np.sqrt(weights / weights.sum()))
