"""Modes that evolve by themselves: they satisfy their equations, whatever the sign of the rate."""

import numpy as np
import pytest

from pinnsolve.timestepping.modes import amplitudes_at

RATES = np.array([-2.0, 0.0, 3.0])  # grows, goes on as it is, decays or swings
S = np.array([0.0, 0.7, 2.0])


@pytest.mark.parametrize("first", [[[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]]])
def test_modes_satisfy_their_equation_and_begin_as_they_should(first):
    first = np.array(first)
    values = [amplitudes_at(RATES, first, S, order) for order in range(4)]
    for k, wanted in enumerate(first):
        np.testing.assert_allclose(values[k][0], wanted)
    for k in range(4 - len(first)):  # and derivatives of the equation in time
        np.testing.assert_allclose(values[k + len(first)], -RATES * values[k], rtol=1e-13)


def test_derivatives_are_those_of_the_values():
    first, h = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]]), 1e-5
    ahead, behind = (amplitudes_at(RATES, first, S + d) for d in (h, -h))
    slopes = amplitudes_at(RATES, first, S, 1)
    np.testing.assert_allclose((ahead - behind) / (2 * h), slopes, atol=1e-8)  # h^2 times 30
