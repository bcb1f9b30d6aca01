"""The cheapest known set of series: how many channels, and that they give what is wanted."""

from itertools import product
from math import factorial

import numpy as np
import pytest

from pinnsolve.derivatives.plan import plan
from pinnsolve.diffop import DiffOp, identity, laplacian, partial
from tests.lanes import parameters


def biharmonic(dim):
    """Return the square of the Laplacian."""
    pairs = product(range(dim), repeat=2)
    terms = {}
    for i, j in pairs:
        alpha = tuple(2 * (k == i) + 2 * (k == j) for k in range(dim))
        terms[alpha] = terms.get(alpha, 0.0) + 1.0
    return DiffOp(tuple(terms.items()))


ALL = [partial(alpha) for alpha in product(range(5), repeat=3) if sum(alpha) <= 4]
CHANNELS = {
    "value": ([identity(2)], 1),
    "order 8": ([partial((8,))], 9),
    "gradient": ([partial((1, 0)), partial((0, 1))], 3),
    "one direction is enough for a directional derivative": (
        [DiffOp((((1, 0), 2.0), ((0, 1), -1.0)))],
        2,
    ),
    "laplacian": ([laplacian(2)], 4),
    "laplacian in ten dimensions": ([laplacian(10)], 12),
    "the gradient comes with the laplacian": ([laplacian(2), partial((1, 0)), identity(2)], 4),
    "indefinite": ([DiffOp((((2, 0), 1.0), ((0, 2), -3.0)))], 4),
    "one mixed derivative": ([partial((1, 1))], 4),
    "all second derivatives": ([partial((2, 0)), partial((1, 1)), partial((0, 2))], 7),
    "heat": ([partial((0, 0, 1)), DiffOp((((2, 0, 0), 1.0), ((0, 2, 0), 1.0)))], 5),
    "a heat operator needs no channel for the time": (
        [DiffOp((((0, 0, 1), 1.0), ((2, 0, 0), -1.0), ((0, 2, 0), -1.0))), identity(3)],
        4,
    ),
    "unless the derivative in time is wanted by itself": (
        [DiffOp((((0, 1), 1.0), ((2, 0), -1.0))), partial((0, 1))],
        4,
    ),
    "nor if two operators differ in it alone": (
        [DiffOp((((0, 1), 1.0), ((2, 0), -1.0))), partial((2, 0))],
        4,
    ),
    "a gathered burgers": ([DiffOp((((0, 1), 1.0), ((2, 0), -0.1))), partial((1, 0))], 3),
    "korteweg and de vries": ([DiffOp((((0, 1), 1.0), ((3, 0), 1.0))), partial((1, 0))], 4),
    "burgers": ([partial((0, 1)), partial((1, 0)), partial((2, 0)), identity(2)], 4),
    "biharmonic": ([biharmonic(2)], 11),
    "lower orders come with the biharmonic": (
        [biharmonic(2), laplacian(2), partial((1, 0)), partial((1, 1))],
        11,
    ),
    "biharmonic in three dimensions": ([biharmonic(3)], 20),
    "one of order four": ([partial((2, 2))], 14),
    "every derivative to order four": (ALL, 61),
}


@pytest.mark.parametrize("name", parameters(CHANNELS, {"every derivative to order four"}))
def test_no_more_channels_than_needed(name):
    ops, channels = CHANNELS[name]
    assert plan(ops).layout.channels == channels


@pytest.mark.parametrize("name", parameters(CHANNELS, {"every derivative to order four"}))
def test_readings_are_exact_on_exponentials(name):
    assert_exact(CHANNELS[name][0])


@pytest.mark.parametrize("seed", range(40))
def test_whatever_operators_are_wanted_together_they_are_read_off_exactly(seed):
    rng = np.random.default_rng(seed)
    dim, order = rng.integers(1, 4), rng.integers(1, 5)
    alphas = [a for a in product(range(order + 1), repeat=dim) if 0 < sum(a) <= order]

    def operator():
        chosen = rng.permutation(len(alphas))[: rng.integers(1, 4)]
        return DiffOp(tuple((alphas[i], float(rng.integers(1, 5))) for i in chosen))

    assert_exact([operator() for _ in range(rng.integers(1, 6))])


def assert_exact(ops):
    """Check that the series of ``exp(k . x)``, along ``v`` ``(k . v)^n / n!``, give operators."""
    chosen = plan(ops)
    k = np.linspace(-1.1, 1.3, ops[0].dim)
    slopes = np.array(chosen.directions).reshape(-1, ops[0].dim) @ k
    layout = chosen.layout
    channels = [1.0]
    for order, count in enumerate(layout.counts, 1):
        channels += [slope**order / factorial(order) for slope in slopes[:count]]
    for (order, weights), drift in zip(layout.sums, chosen.drifts, strict=True):
        powers = slopes[: len(weights)] ** order
        channels.append(float(np.dot(weights, powers)) / factorial(order) + float(np.dot(drift, k)))
    for op, factors in chosen.readings:
        symbol = sum(c * np.prod(k ** np.array(alpha)) for alpha, c in op.terms)
        # sums of up to 61 terms of size one, cancelling to what may be small
        np.testing.assert_allclose(np.dot(factors, channels), symbol, rtol=1e-12, atol=1e-12)


def test_a_plan_is_made_once():
    assert plan([laplacian(2), identity(2)]) is plan([identity(2), laplacian(2)])
