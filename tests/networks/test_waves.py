"""Products of waves and polynomials: what they are, and their derivatives."""

import numpy as np
import pytest
import torch

from pinnsolve.derivatives.autograd import derivative
from pinnsolve.derivatives.taylor import derivatives, features_of_outputs
from pinnsolve.diffop import DiffOp, identity, laplacian, partial
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.products import Axis
from pinnsolve.networks.waves import legendre
from tests.lanes import studied

HEAT = DiffOp((((0, 1), 1.0), ((2, 0), -0.3)))  # a sum of series with a drift
OPERATORS = [identity(2), partial((1, 0)), partial((0, 2)), partial((3, 1)), laplacian(2), HEAT]


def test_legendre_polynomials_and_derivatives_are_those_of_numpy():
    x = torch.linspace(-1, 1, 11, dtype=torch.float64)
    for order in range(5):
        for degree, ours in enumerate(legendre(x, 9, order).mT):
            theirs = np.polynomial.Legendre.basis(degree).deriv(order)(x.numpy())
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-9 * 9 ** (2 * order))


@pytest.mark.parametrize(
    "parities", studied([(0, 0), (1, 1), (-1, -1), (1, -1)], {(0, 0), (1, -1)})
)
def test_derivatives_are_those_of_nested_differentiation(parities):
    same = parities[0] if parities[0] == parities[1] else 0
    own = [Axis(2, 2.5, same), Axis(3)]
    net = MLP([-1.0, 0.0], [1.5, 0.8], (), 2, parities=parities, axes=own)
    net.randomise_head(0)
    x = torch.rand(7, 2, dtype=torch.float64)
    features, found = features_of_outputs(net, x, OPERATORS), derivatives(net, x, OPERATORS)
    for op in OPERATORS:
        expected = net.of_outputs(*(derivative(image.features, op)(x) for image in net.images()))
        torch.testing.assert_close(features[op], expected, rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(found[op], derivative(net, op)(x), rtol=1e-10, atol=1e-9)


def test_fields_of_one_parity_have_no_product_of_the_other():
    even, odd, all_ = (Axis(6, 2.0, parity).size for parity in (1, -1, 0))
    assert (even, odd, all_) == (7, 6, 13)
    even, odd, all_ = (Axis(6, None, parity).size for parity in (1, -1, 0))
    assert (even, odd, all_) == (4, 3, 7)


@pytest.mark.parametrize("axis", [Axis(6, 2.0, 1), Axis(9, None, -1)])
def test_no_two_points_tell_the_same_of_a_function_that_is_even_or_odd(axis):
    x = np.abs(axis.points(-1, 1, 1.4))
    assert np.diff(np.sort(x)).min() > 1e-3
