from math import comb

import numpy as np
import pytest
import sympy

from pinnsolve.diffop import DiffOp, laplacian, partial
from pinnsolve.rbffd.polynomials import derivative_matrix, monomials, multi_indices


@pytest.mark.parametrize(("dim", "degree"), [(1, 9), (2, 5), (3, 4), (4, 2)])
def test_monomials_are_products_of_powers_in_the_order_of_the_indices(dim, degree):
    x = np.random.default_rng(0).uniform(-1, 1, (3, dim, 4))
    powers = np.array(multi_indices(dim, degree))
    assert len(set(map(tuple, powers))) == comb(degree + dim, dim)
    assert (np.diff(powers.sum(axis=1)) >= 0).all()
    direct = np.prod(x[:, None] ** powers[:, :, None], axis=2)
    np.testing.assert_allclose(monomials(x, degree), direct, rtol=1e-13)


@pytest.mark.parametrize(
    "op", [laplacian(2), partial((2, 1)), DiffOp((((1, 0), 2.0), ((0, 0), 1.0)))]
)
def test_derivatives_of_monomials_are_those_of_school(op):
    x, y = sympy.symbols("x y")
    at = {x: 0.3, y: -0.7}
    values = monomials(np.array([[[0.3], [-0.7]]]), 4)[0, :, 0]
    found = derivative_matrix(op, 4) @ values
    for (m, n), value in zip(multi_indices(2, 4), found, strict=True):
        u = x**m * y**n
        expected = sum(c * sympy.diff(u, x, a, y, b) for (a, b), c in op.terms)
        assert value == pytest.approx(float(sympy.sympify(expected).subs(at)), abs=1e-14)
