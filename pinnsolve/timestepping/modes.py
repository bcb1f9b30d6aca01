"""Modes of linear equations, each of which evolves by itself: exactly, to any instant.

    g' = -w g:    g(s) = a exp(-w s),
    g'' = -w g:   g(s) = a cos(sqrt(w) s) + b sin(sqrt(w) s)/sqrt(w),

with ``b s`` in place of the sine where ``w`` vanishes; of negative ``w`` the root is imaginary.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

STILL = 1e-12  # share of the largest frequency below which one counts as zero


def amplitudes_at(
    rates: Float[ndarray, " r"],
    first: Float[ndarray, "m r"],
    s: Float[ndarray, " n"],
    order: int = 0,
) -> Float[ndarray, "n r"]:
    """Return the amplitudes of modes at instants, or their derivatives in time.

    Parameters
    ----------
    rates
        ``w``.
    first
        ``a``, and of second order in time ``b``.
    s
        The time since the beginning.
    order
        Of the derivative.
    """
    s = s[:, None]
    if len(first) == 1:
        return (-rates) ** order * np.exp(-rates * s) * first[0]
    frequencies = np.sqrt(rates.astype(complex))
    is_still = np.abs(frequencies) < STILL * max(np.abs(frequencies).max(initial=0.0), 1.0)
    phases = frequencies * s
    sines = np.where(is_still, s, np.sin(phases) / np.where(is_still, 1.0, frequencies))
    a, b = first
    turns = (-rates) ** (order // 2)
    if order % 2:
        return turns * (-rates * sines * a + np.cos(phases) * b).real
    return turns * (np.cos(phases) * a + sines * b).real
