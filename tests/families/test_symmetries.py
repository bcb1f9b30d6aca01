"""Symmetries on a circle: what differs by them alone becomes the same, and goes back again."""

import numpy as np
import pytest

from pinnsolve.families.symmetries import SYMMETRIES, Symmetries

PERIOD, S = 2.0, 24
X = np.arange(S) * PERIOD / S
WAVES = np.random.default_rng(0).standard_normal((3, 6, 2)) @ [1, 1j]


def values(x, modes=WAVES):
    k = 2j * np.pi / PERIOD * np.arange(1, modes.shape[1] + 1)
    return (modes @ np.exp(k[:, None] * x)).real


@pytest.fixture
def symmetries():
    return Symmetries(SYMMETRIES, PERIOD)


def alike(symmetries, u):
    return symmetries.normalised(u, symmetries.frames(u))


def test_functions_that_are_moved_and_raised_become_the_same(symmetries):
    u = values(X)
    moved = 0.4 + values(X - 0.31)
    np.testing.assert_allclose(alike(symmetries, moved), alike(symmetries, u), atol=1e-13)
    first = np.fft.rfft(alike(symmetries, u))[:, :2]
    np.testing.assert_allclose(first[:, 0], 0, atol=1e-13)
    assert np.all(first[:, 1].real > 0)
    np.testing.assert_allclose(first[:, 1].imag, 0, atol=1e-12)


def test_a_mirror_image_is_that_of_the_function_where_it_is_alike(symmetries):
    image = -values(-X)
    expected = symmetries.mirrored(alike(symmetries, values(X)))
    np.testing.assert_allclose(alike(symmetries, image), expected, atol=1e-13)
    np.testing.assert_allclose(symmetries.mirrored(expected), alike(symmetries, values(X)))


def test_without_translation_a_mirror_image_is_about_where_the_circle_begins():
    symmetries = Symmetries(("reflection",), PERIOD)
    np.testing.assert_allclose(symmetries.mirrored(values(X)), -values(-X), atol=1e-13)


def test_solutions_go_back_to_where_they_belong(symmetries):
    times = np.array([0.0, 0.5, 2.0])
    u = 0.3 + values(X)
    frames = symmetries.frames(u)
    # a wave that is carried along by the mean is the same at all times where all are alike
    carried = np.stack([0.3 + values(X - 0.3 * t) for t in times])
    modes = np.fft.rfft(carried, norm="forward")
    found = symmetries.normalised_modes(modes, times, frames)
    np.testing.assert_allclose(found, np.broadcast_to(found[0], found.shape), atol=1e-13)
    np.testing.assert_allclose(symmetries.restored_modes(found, times, frames), modes, atol=1e-13)
