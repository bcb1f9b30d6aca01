"""Polynomials of several coordinates."""

import numpy as np
import pytest
import torch

from pinnsolve.diffop import DiffOp, identity, laplacian, partial
from pinnsolve.networks.polynomials import Polynomials, exponents


def test_products_up_to_a_degree_and_powers_beyond():
    assert len(exponents(6, 4)) == 210
    assert len(exponents(8, 2, 8)) == 45 + 6 * 8
    assert exponents(3, 2)[0].tolist() == [0, 0, 0]


def test_products_are_orthonormal_where_coordinates_are_normal():
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    x, w = (np.stack(np.meshgrid(own, own), -1).reshape(-1, 2) for own in (nodes, weights))
    own = Polynomials(exponents(2, 5), torch.tensor([0.5, -1.0]), torch.tensor([2.0, 0.1]))
    places = own.means + own.deviations * torch.as_tensor(x)
    columns = own.columns(places.double(), identity(2)).numpy()
    measure = w.prod(axis=1) / (2 * np.pi)
    gram = (columns.T * measure) @ columns
    np.testing.assert_allclose(gram, np.eye(len(own)), atol=1e-5)  # means in single precision


def test_derivatives_are_those_of_the_polynomial():
    """Of x^3 y^2, which is found by a fit at more points than it has coefficients."""
    own = Polynomials(
        exponents(2, 5), torch.tensor([0.3, 0.1]).double(), torch.tensor([0.7, 2.0]).double()
    )
    x = torch.randn(60, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    value = identity(2)
    wanted = x[:, 0] ** 3 * x[:, 1] ** 2
    c = torch.linalg.lstsq(own.columns(x, value), wanted[:, None]).solution[:, 0]
    p, q = x.T
    mixed = DiffOp((((1, 1), 2.0), ((3, 0), -1.0)))
    found = own.sums(c, x, [value, partial((0, 2)), laplacian(2), mixed])
    torch.testing.assert_close(found[partial((0, 2))], 2 * p**3, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(found[laplacian(2)], 6 * p * q**2 + 2 * p**3, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(found[mixed], 12 * p**2 * q - 6 * q**2, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("dim", [1, 3])
def test_a_sum_is_that_of_its_columns(dim):
    """By halves of the coordinates, of which the second may be none."""
    double = torch.randn(3, dim, dtype=torch.float64).abs() + 0.5
    own = Polynomials(exponents(dim, 3, 5), double[0], double[1])
    x = torch.randn(2000, dim, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    c = torch.linspace(-1, 1, len(own), dtype=torch.float64)
    ops = [identity(dim), laplacian(dim), partial([1] + [0] * (dim - 2) + [1] * (dim > 1))]
    for op, values in own.sums(c, x, ops).items():
        torch.testing.assert_close(values, own.columns(x, op) @ c, atol=1e-12, rtol=1e-11)
