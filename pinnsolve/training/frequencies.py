"""Frequencies of features, tried one after another until those beside the best are known."""

from collections.abc import Mapping
from math import sqrt

FINENESS = sqrt(2)  # ratio of frequencies that are tried


def next_frequency(losses: Mapping[float, float], first: float) -> float | None:
    """Return the frequency to try next; None if the best is known.

    Parameters
    ----------
    losses
        What was left, by the frequencies that have been tried.
    first
        The first.
    """
    if not losses:
        return first
    best = min(losses, key=lambda f: (losses[f], f))
    for other in (best * FINENESS, best / FINENESS):
        is_new = all(abs(other / f - 1) > 0.01 for f in losses)
        tried = [f for f in losses if abs(f - best) < abs(other - best)]
        if is_new and tried:
            return other
    return None
