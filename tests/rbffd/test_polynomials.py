from math import comb

import numpy as np
import pytest

from pinnsolve.rbffd.polynomials import derivatives_at_centre, monomials, multi_indices


@pytest.mark.parametrize(("dim", "degree"), [(1, 9), (2, 5), (3, 4), (4, 2)])
def test_monomials_are_products_of_powers_in_the_order_of_the_indices(dim, degree):
    x = np.random.default_rng(0).uniform(-1, 1, (3, dim, 4))
    powers = np.array(multi_indices(dim, degree))
    assert len(set(map(tuple, powers))) == comb(degree + dim, dim)
    assert (np.diff(powers.sum(axis=1)) >= 0).all()
    direct = np.prod(x[:, None] ** powers[:, :, None], axis=2)
    np.testing.assert_allclose(monomials(x, degree), direct, rtol=1e-13)


def test_at_the_centre_only_the_monomial_of_its_own_power_has_a_derivative():
    assert derivatives_at_centre(2, 3, (2, 1)) @ np.arange(10) == 2 * multi_indices(2, 3).index(
        (2, 1)
    )
