import numpy as np
import pytest
import sympy

from pinnsolve.diffop import DiffOp, laplacian, partial
from pinnsolve.rbffd.basis import phs_coefficients, phs_matrix, phs_values
from pinnsolve.rbffd.polynomials import monomials


def derivative(x, op, m):
    return phs_values(x, monomials(x, op.order), phs_coefficients([op], op.order, m), m)[:, 0]


@pytest.mark.parametrize(
    "alpha", [(0,), (1,), (4,), (1, 0), (1, 1), (3, 1), (2, 2), (1, 1, 1), (2, 0, 2), (0, 1, 3)]
)
def test_all_derivatives_agree_with_computer_algebra(alpha):
    m = 7
    symbols = sympy.symbols(f"x:{len(alpha)}")
    phi = sympy.sqrt(sum(s**2 for s in symbols)) ** m
    exact = sympy.lambdify(symbols, sympy.diff(phi, *zip(symbols, alpha, strict=True)))
    x = np.random.default_rng(0).uniform(-1, 1, (2, len(alpha), 5))
    expected = exact(*np.moveaxis(-x, 1, 0))  # the weights want them at the reflected points
    np.testing.assert_allclose(derivative(x, partial(alpha), m), expected, rtol=1e-12)


@pytest.mark.parametrize("m", [5, 7, 9, 11])
def test_derivatives_vanish_at_the_origin(m):
    for op in (laplacian(2), partial((4, 0)), partial((2, 2)), partial((0, 0))):
        assert derivative(np.zeros((1, 2, 1)), op, m) == 0


def test_the_laplacian_is_a_power_again():
    x = np.random.default_rng(0).uniform(-1, 1, (1, 3, 6))
    r = np.linalg.norm(x, axis=1)
    np.testing.assert_allclose(derivative(x, laplacian(3), 5), 5 * 6 * r**3, rtol=1e-13)


def test_operators_of_mixed_order_are_summed():
    op = DiffOp((((1, 0), 2.0), ((0, 2), -3.0)))
    x = np.random.default_rng(0).uniform(-1, 1, (1, 2, 6))
    parts = 2 * derivative(x, partial((1, 0)), 5) - 3 * derivative(x, partial((0, 2)), 5)
    np.testing.assert_allclose(derivative(x, op, 5), parts, rtol=1e-12)


@pytest.mark.parametrize("m", [5, 7, 9, 11])
def test_the_spline_matrix_holds_powers_of_distances(m):
    x = np.random.default_rng(0).uniform(-1, 1, (2, 3, 9))
    distance = np.linalg.norm(x[:, :, :, None] - x[:, :, None, :], axis=1)
    np.testing.assert_allclose(phs_matrix(x, m), distance**m, rtol=1e-12, atol=1e-30)
