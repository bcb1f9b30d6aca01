"""Families: what their draws are on average, that a seed gives them again, and their slopes."""

import numpy as np
import pytest

from pinnsolve.equations.expression import Symbols, function
from pinnsolve.families.coefficients import Coefficients, all_of
from pinnsolve.families.family import Family, Functions, Members, evenly
from pinnsolve.families.gaussian_process import GaussianProcess
from pinnsolve.families.kernels import SMOOTHNESS, covariance
from pinnsolve.families.numbers import Uniform
from pinnsolve.families.principal import principal, principal_from
from pinnsolve.families.spectral import Spectral
from pinnsolve.families.tabulated import Tabulated

SENSORS = evenly([0.0], [1.0], [30])
SIGNIFICANT = 4.5  # standard errors


def process(kernel="rbf", dim=1, **other):
    lower, upper = (0.0,) * dim, (1.0,) * dim
    given = {
        "length": 0.3,
        "variance": 2.0,
        "mean": 0.5,
        "sensors": evenly(lower, upper, [5] * dim),
    }
    return GaussianProcess(kernel, lower=lower, upper=upper, **(given | other))


def basis():
    formula = function("sin(r*pi*x)*cos(s*y)", Symbols(("x", "y", "r", "s")))
    sensors = evenly([0.0, 0.0], [1.0, 1.0], [8, 8])
    return Coefficients(formula, all_of({"r": (1, 3), "s": (1, 2)}), "normal", sensors)


FAMILIES = {
    "rbf": process(),
    "matern-5/2": process("matern-5/2", 2),
    "matern-3/2": process("matern-3/2"),
    "spectral": Spectral(1.0 / np.arange(1, 9) ** 4, 0.3, 0.0, 1.0, SENSORS),
    "coefficients": basis(),
    "uniform": Uniform(-1.0, 3.0),
}


def covariance_of(draws):
    """Return the mean, the covariance and the standard errors of either, of many draws."""
    apart = draws - draws.mean(axis=0)
    products = apart[:, :, None] * apart[:, None]
    errors = products.std(axis=0) / np.sqrt(len(draws))
    return draws.mean(axis=0), draws.std(axis=0) / np.sqrt(len(draws)), products.mean(0), errors


@pytest.mark.parametrize("kernel", SMOOTHNESS)
def test_draws_of_a_process_have_its_mean_and_its_covariance(kernel):
    family, x = process(kernel), np.array([[0.1], [0.37], [0.4], [0.95]])
    draws = Members(family, family.draw(5000, np.random.default_rng(0))).values(x)
    mean, of_mean, found, of_found = covariance_of(draws)
    expected = 2.0 * covariance(kernel, x, x, 0.3)
    assert np.all(abs(mean - 0.5) < SIGNIFICANT * of_mean)
    assert np.all(abs(found - expected) < SIGNIFICANT * of_found + 0.02)  # between the knots


def test_without_chance_the_covariance_of_a_smooth_process_is_exact():
    family, x = process(), np.random.default_rng(0).random((40, 1))
    basis = family.values(np.eye(family.draw(1, np.random.default_rng(0)).shape[1]), x) - 0.5
    assert np.allclose(basis.T @ basis, 2.0 * covariance("rbf", x, x, 0.3), rtol=0, atol=1e-10)


def test_draws_of_a_spectrum_have_its_variances():
    family, n = FAMILIES["spectral"], 64
    x = np.arange(n)[:, None] / n
    draws = Members(family, family.draw(5000, np.random.default_rng(1))).values(x) - 0.3
    waves = np.fft.rfft(draws, axis=1) / n
    variance = 2 * np.mean(np.abs(waves[:, 1:9]) ** 2, axis=0)
    assert np.allclose(variance, family.variances, rtol=SIGNIFICANT / np.sqrt(5000))
    assert np.max(np.abs(waves[:, 9:])) < 1e-14


def test_numbers_fill_their_range_evenly():
    drawn = FAMILIES["uniform"].draw(4000, np.random.default_rng(2))[:, 0]
    assert -1 <= drawn.min() < -0.99
    assert 2.99 < drawn.max() <= 3
    assert abs(drawn.mean() - 1.0) < SIGNIFICANT * 4 / np.sqrt(12 * 4000)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_seed_gives_the_same_functions_again_and_another_others(name):
    family = FAMILIES[name]
    assert isinstance(family, Family)
    first, again, other = (family.draw(3, np.random.default_rng(s)) for s in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.isclose(first, other).any()


@pytest.mark.parametrize("name", FAMILIES)
def test_derivatives_are_the_slopes_of_the_values(name):
    family = FAMILIES[name]
    functions = Members(family, family.draw(2, np.random.default_rng(0)))
    assert isinstance(functions, Functions)
    dim, h = functions.family.sensors.shape[1], 1e-5
    x = 0.05 + 0.9 * np.random.default_rng(1).random((20, dim))
    most = int(min(family.smoothness, 3))
    for axis in range(dim):
        step = h * (np.arange(dim) == axis)
        for order in range(most):
            alpha = tuple(order * (i == axis) for i in range(dim))
            raised = tuple((order + 1) * (i == axis) for i in range(dim))
            ends = functions.values(x + step, alpha), functions.values(x - step, alpha)
            exact = functions.values(x, raised)
            assert np.allclose((ends[0] - ends[1]) / (2 * h), exact, atol=1e-4 * abs(exact).max())


def test_a_mixed_derivative_is_that_along_both_axes():
    for name in ("matern-5/2", "coefficients"):
        family, h = FAMILIES[name], 1e-5
        functions = Members(family, family.draw(2, np.random.default_rng(0)))
        x, step = np.random.default_rng(1).random((20, 2)), np.array([0.0, h])
        ends = functions.values(x + step, (1, 0)) - functions.values(x - step, (1, 0))
        assert np.allclose(ends / (2 * h), functions.values(x, (1, 1)), rtol=1e-4, atol=1e-4)


def test_coefficients_are_found_again_from_values_at_sensors():
    family = FAMILIES["coefficients"]
    c = family.draw(4, np.random.default_rng(0))
    assert np.allclose(family.codes_of(family.values(c, family.sensors)), c, atol=1e-12)
    assert np.array_equal(family.codes(c), c)


@pytest.mark.parametrize("dim", [1, 2])
def test_splines_are_exact_for_polynomials_of_their_degree(dim):
    axes = tuple(np.linspace(0, 1, 7 + i) ** 1.3 for i in range(dim))
    x = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dim)
    table = np.stack([np.prod(x**5 - x**2, axis=1), np.prod(1 + x**3, axis=1)])
    functions = Tabulated(axes, table, evenly([0.0] * dim, [1.0] * dim, [4] * dim))
    y = np.random.default_rng(0).random((50, dim))
    expected = np.stack([np.prod(y**5 - y**2, axis=1), np.prod(1 + y**3, axis=1)])
    assert isinstance(functions, Functions)
    assert np.allclose(functions.values(y), expected, atol=1e-12)
    along = y[:, 0]
    rest = expected / np.stack([along**5 - along**2, 1 + along**3])
    slopes = rest * np.stack([5 * along**4 - 2 * along, 3 * along**2])
    assert np.allclose(functions.values(y, (1,) + (0,) * (dim - 1)), slopes, atol=1e-10)
    assert np.array_equal(functions.chosen([1]).codes(), functions.codes()[1:])


def test_principal_coordinates_are_uncorrelated_and_span_the_family():
    family = process(sensors=SENSORS)
    members = Members(family, family.draw(500, np.random.default_rng(0)))
    space = principal(members.codes())
    z = space(members.codes())
    assert np.allclose(z.mean(axis=0), 0, atol=1e-10)
    assert np.allclose(z.T @ z / 500, np.eye(z.shape[1]), atol=1e-8)
    assert space.outside(members.codes()).max() < 1e-4
    assert np.isclose(np.mean(space.distance(members.codes()) ** 2), 1)
    rougher = process(length=0.05, sensors=SENSORS)
    foreign = rougher.codes(rougher.draw(50, np.random.default_rng(1)))
    assert space.outside(foreign).min() > 0.1
    assert space.distance(foreign).min() > 10
    again = principal_from(space.arrays())
    assert np.array_equal(again(foreign), space(foreign))
