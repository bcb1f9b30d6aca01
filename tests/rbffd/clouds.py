"""Node sets for tests: quasi-uniform enough to be trusted, irregular enough to be a test."""

import numpy as np
from scipy.stats import qmc


def cloud(count, dim, seed=0):
    """Return low-discrepancy points in the unit cube."""
    return qmc.Halton(dim, seed=seed).random(count)


def inner(x, margin=0.2):
    """Return the points that are not near a face of the unit cube."""
    return x[(np.abs(x - 0.5) < 0.5 - margin).all(axis=1)]


def even(count):
    """Return points of nearly equal distances in the unit disk, on a golden spiral."""
    k = np.arange(count)
    radius, angle = np.sqrt((k + 0.5) / count), k * np.pi * (3 - np.sqrt(5))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
