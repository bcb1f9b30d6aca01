"""Points drawn from densities."""

import numpy as np
import pytest

from pinnsolve.conditions.densities import Density

BOX = np.array([-2.0, -2.0, -2.0]), np.array([2.0, 2.0, 2.0])


def normal(covariance, center):
    """Return the logarithm of a normal density, without its constant."""
    inverse = np.linalg.inv(covariance)
    return lambda x: -np.einsum("ni,ij,nj->n", x - center, inverse, x - center) / 2


def test_a_product_is_drawn_so_that_sums_are_integrals():
    center, deviations = np.array([0.3, -0.2, 0.0]), np.array([0.2, 0.02, 0.4])
    density = Density(normal(np.diag(deviations**2), center), *BOX)
    assert density.is_product
    x = density.draw(1024, seed=3)
    # a Sobol sequence leaves less than n^-0.9 of the deviation; chance would leave n^-0.5 = 0.03
    np.testing.assert_allclose(x.mean(axis=0), center, atol=2e-3 * deviations.max())
    np.testing.assert_allclose(x.std(axis=0), deviations, rtol=5e-3)
    # the power 1/4 of a normal density has twice its deviations
    wide = density.draw(1024, seed=3, power=0.25)
    np.testing.assert_allclose(wide.std(axis=0)[:2], 2 * deviations[:2], rtol=2e-2)


def test_a_density_that_is_zero_in_places_has_no_points_there():
    density = Density(lambda x: np.log(np.maximum(1 - x**2, 0)).sum(axis=1), *BOX)
    with np.errstate(divide="ignore"):
        x = density.draw(500, seed=0)
    assert np.abs(x).max() < 1
    np.testing.assert_allclose((x**2).mean(), 1 / 5, rtol=1e-2)


def test_one_that_is_no_product_is_drawn_through_its_powers():
    covariance = np.array([[0.1, 0.08, 0.0], [0.08, 0.1, 0.0], [0.0, 0.0, 0.01]])
    density = Density(normal(covariance, np.array([0.3, 0.0, 0.0])), *BOX)
    assert not density.is_product
    x = density.draw(2000, seed=1)
    # by chance, of 2000 points: three deviations of a variance are a tenth of it
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=0.01)
    np.testing.assert_array_equal(x, density.draw(2000, seed=1))


@pytest.mark.parametrize("width", [0.5, 2.0])
def test_a_box_that_is_too_small_is_known(width):
    density = Density(lambda x: -(x**2).sum(axis=1) / (2 * width**2), *BOX)
    _, left = density.edge
    np.testing.assert_allclose(left, np.exp(-2 / width**2), rtol=1e-3)
