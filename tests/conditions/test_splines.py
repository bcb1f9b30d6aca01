"""Smoothing splines: exact on polynomials, through clean values, as smooth as noise asks for."""

import numpy as np
import pytest

from pinnsolve.conditions.splines import spline


def wave(x):
    return np.sin(3 * x[:, 0] + x.sum(axis=1))


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("order", [2, 3])
def test_polynomials_of_lower_degree_are_reproduced(d, order):
    x, there = (np.random.default_rng(k).uniform(2, 5, (60, d)) for k in (0, 1))
    exact = [(y.sum(axis=1) - 3) ** (order - 1) for y in (x, there)]
    found = spline(x, exact[0], orders=[order])
    np.testing.assert_allclose(found(there), exact[1], atol=1e-7)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_values_without_noise_are_met(d):
    x = np.random.default_rng(0).uniform(-1, 1, (80, d))
    found = spline(x, wave(x))
    np.testing.assert_allclose(found(x), wave(x), atol=1e-5)


@pytest.mark.parametrize("order", [2, 3])
def test_errors_between_the_points_fall_with_the_order(order):
    """By h^(2 m) inside, where the ends count no more."""
    there = np.linspace(-0.3, 0.3, 101)[:, None]
    errors = []
    for n in (21, 41):
        x = np.linspace(-1, 1, n)[:, None]
        errors.append(np.abs(spline(x, wave(x), orders=[order])(there) - wave(there)).max())
    assert errors[0] / errors[1] > 0.7 * 2 ** (2 * order)


@pytest.mark.parametrize("sigma", [None, 0.05])
def test_noise_is_smoothed_away_and_told(sigma):
    draw = np.random.default_rng(1)
    x = draw.uniform(-1, 1, (400, 1))
    found = spline(x, wave(x) + 0.05 * draw.standard_normal(400), sigma)
    there = np.linspace(-0.95, 0.95, 200)[:, None]
    # of 400 rows the standard deviation is known to 4 %
    assert abs(found.noise / 0.05 - 1) < 0.15
    # and a dozen coefficients of 400 keep a sixth of the noise
    assert np.sqrt(np.mean((found(there) - wave(there)) ** 2)) < 0.05 / 4
    assert 380 < found.freedom < 397


def test_its_basis_are_orthonormal_values_at_the_points():
    x = np.random.default_rng(2).uniform(0, 1, (30, 2))
    found = spline(x, wave(x))
    np.testing.assert_allclose(found.values(x, 20), found.basis[:, :20], atol=1e-7)


def test_points_on_a_line_determine_no_function_of_the_plane():
    x = np.linspace(0, 1, 30)[:, None] * [1.0, 2.0]
    with pytest.raises(ValueError, match="the points are too few, or lie on a line"):
        spline(x, x[:, 0])


@pytest.mark.parametrize("order", [2, 3, 4])
def test_on_a_circle_the_ends_meet_with_all_derivatives(order):
    x = np.random.default_rng(3).uniform(0, 2, (60, 1))
    found = spline(x, np.cos(np.pi * x[:, 0] - 1), period=2.0, orders=[order])
    there = np.linspace(0, 2, 50)[:, None]
    np.testing.assert_allclose(found(there), np.cos(np.pi * there[:, 0] - 1), atol=3e-4)
    np.testing.assert_allclose(found(there + 2.0), found(there), atol=1e-10)
