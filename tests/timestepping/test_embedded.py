"""Embedded Runge-Kutta methods: their orders, and the error that they tell of themselves."""

import numpy as np
import pytest

from pinnsolve.timestepping.embedded import LEAST, MOST, PAIRS


def rates(t, y):
    """Return the rates of a pendulum that is pushed."""
    return np.array([y[1], -np.sin(y[0]) + 0.3 * np.cos(2 * t)])


def walked(pair, steps):
    """Return the state at time one after some steps, and the largest error told of one."""
    y, h, told = np.array([0.8, 0.1]), 1 / steps, 0.0
    first = rates(0.0, y)
    for k in range(steps):
        y, error, first = pair.step(rates, k * h, y, h, first)
        told = max(told, np.abs(error).max())
    return y, told


@pytest.mark.parametrize("name", PAIRS)
def test_a_step_has_its_order_and_tells_the_error_of_the_order_below(name):
    pair = PAIRS[name]
    truth, _ = walked(PAIRS["rk45"], 400)
    (coarse, much), (fine, little) = walked(pair, 8), walked(pair, 16)
    order = np.log2(np.abs(coarse - truth).max() / np.abs(fine - truth).max())
    assert pair.order - 0.3 < order < pair.order + 0.6
    assert np.log2(much / little) == pytest.approx(pair.order, abs=0.4)  # of one step: one more
    assert np.abs(coarse - truth).max() < 8 * much


@pytest.mark.parametrize("name", PAIRS)
def test_the_last_stage_is_the_first_of_the_next_step(name):
    y, _, last = PAIRS[name].step(rates, 0.2, np.ones(2), 0.1, rates(0.2, np.ones(2)))
    np.testing.assert_allclose(last, rates(0.3, y), rtol=1e-14)


@pytest.mark.parametrize("name", PAIRS)
def test_a_step_grows_where_it_is_exact_and_shrinks_where_it_is_lost(name):
    pair = PAIRS[name]
    assert pair.factor(0.0) == MOST
    assert pair.factor(np.inf) == pair.factor(np.nan) == pair.factor(1e9) == LEAST
    assert pair.factor(1.0) < 1 < pair.factor(0.1)
