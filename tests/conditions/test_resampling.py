"""Points drawn where they matter: sums over them stay integrals."""

import numpy as np
from scipy.stats.qmc import Sobol

from pinnsolve.conditions.resampling import drawn, evenly

POOL = Sobol(2, rng=np.random.default_rng(0)).random(4096)


def hump(x):
    """Return a function that is nearly zero but in a corner."""
    return np.exp(-200 * np.sum((x - 0.9) ** 2, axis=1))


def integral(places, values):
    """Return the integral that points stand for."""
    return float(places.factors**2 @ values)


def test_sums_over_drawn_points_are_those_over_all():
    pairs = []
    for seed in range(40):
        places = drawn(POOL, hump(POOL), 200, np.random.default_rng(seed))
        assert np.isclose(integral(places, np.ones(len(places.x))), 1.0)
        pairs.append((integral(places, hump(places.x)), integral(places, places.x[:, 0])))
    whole = hump(POOL).mean(), POOL[:, 0].mean()
    np.testing.assert_allclose(np.mean(pairs, axis=0), whole, rtol=1e-2)
    # of points that are drawn evenly, and by chance, the first sum would be off by three tenths
    assert np.std(pairs, axis=0)[0] < 0.1 * whole[0]


def test_half_of_the_points_are_left_everywhere():
    places = drawn(POOL, hump(POOL), 400, np.random.default_rng(0))
    is_far = np.linalg.norm(places.x - 0.9, axis=1) > 0.3
    assert 0.3 < is_far.mean() < 0.7
    assert (places.factors**2).max() < 2.1 / 400 * 2  # twice at most, and drawn twice


def test_without_a_density_points_are_drawn_evenly():
    for density in (np.zeros(len(POOL)), np.full(len(POOL), np.nan)):
        places = drawn(POOL, density, 256, np.random.default_rng(1))
        np.testing.assert_allclose(places.factors, evenly(places.x).factors)
