"""The Jacobian in factors against the same by automatic differentiation."""

from dataclasses import replace

import pytest
import torch
from torch.func import functional_call, jacrev

from pinnsolve.derivatives.autograd import derivative
from pinnsolve.diffop import identity, laplacian, partial
from pinnsolve.leastsquares.jacobian import Jacobian
from pinnsolve.leastsquares.network import BLOCK, NetworkJacobian, StackedJacobian, trace
from pinnsolve.networks.mlp import MLP

OPS = [identity(2), partial((0, 1)), partial((0, 2)), laplacian(2)]
NETS = [
    ([6], 1, "tanh"),
    ([5, 4], 2, "sin"),
    ([4, 4, 3], 2, "gelu"),
    ([30, 40], 1, "swish"),
    ([5], 1, "tanh", -1),
    ([30, 40], 1, "tanh", 1),
    ([5, 4], 2, "tanh", -1, 0),
    ([5, 4], 3, "tanh", 0, 0, 1, {"seen": [(True, True), (False, True), (True, False)]}),
    ([5], 1, "tanh", {"embedding": "fourier", "highest_wave": 4.0}),
    ([5, 4], 2, "sin", -1, 0, {"embedding": "sinusoidal", "highest_wave": 4.0}),
    ([5, 4], 1, "tanh", {"periods": [1.5, None]}),
]


@pytest.fixture(params=NETS)
def case(request):
    """Return a network, points, and quantities ``u_k``, ``lap u_k + u_t u_k`` at them."""
    hidden, c, activation, *more = request.param
    given = more.pop() if more and isinstance(more[-1], dict) else {}
    net = MLP([0, 0], [1, 2], hidden, c, activation, parities=more, **given)
    net.randomise_head(0)
    x = torch.rand(9, 2)

    def wanted(values):
        u, u_t, _, lap = (values[op] for op in OPS)
        return [*u.mT, *(lap + u_t * u).mT]

    return net, x, wanted


def automatic(net, x, wanted):
    """Return the Jacobian of the quantities by nested differentiation."""
    weights = {name: value.detach() for name, value in net.named_parameters()}

    def rows(weights):
        def field(y):
            return functional_call(net, weights, (y,))

        return torch.cat(wanted({op: derivative(field, op)(x) for op in OPS}))

    J = jacrev(rows)(weights)
    return torch.cat([J[name].flatten(1) for name in weights], 1)


def structured(net, x, wanted):
    seen = trace(net, x, OPS)
    return seen.jacobian(wanted(seen.values))


def test_the_factors_are_those_of_the_automatic_jacobian(case):
    ours, theirs = structured(*case), automatic(*case)
    assert ours.shape == theirs.shape
    assert isinstance(ours, Jacobian)
    # both are exact: only the order of summation differs
    torch.testing.assert_close(ours.dense(), theirs, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("block", [BLOCK, 100])  # however little is formed at a time
def test_every_product_agrees_with_the_full_matrix(case, block):
    net, x, wanted = case
    whole, *halves = (
        replace(structured(net, some, wanted), block=block) for some in (x, x[:5], x[5:])
    )
    stacked = StackedJacobian(tuple(halves))
    for ours in (whole, stacked):
        J = ours.dense()
        rows, columns = ours.shape
        assert J.shape == (rows, columns)
        v, y = torch.rand(columns), torch.rand(rows)
        for product, expected in [
            (ours.gram(), J @ J.mT),
            (ours.normal(), J.mT @ J),
            (ours.times(v), J @ v),
            (ours.transposed_times(y), J.mT @ y),
        ]:
            torch.testing.assert_close(product, expected, rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize("pair", [-(10**6), 10**6])
def test_both_ways_to_the_gram_matrix_agree(case, pair):
    """By pairs of channels, and by blocks of entries."""
    J = replace(structured(*case), pair=pair)
    full = J.dense()
    torch.testing.assert_close(J.gram(), full @ full.mT, rtol=1e-11, atol=1e-10)


def test_points_are_rows(case):
    J = structured(*case)
    assert isinstance(J, NetworkJacobian)
    o, N = len(J.layers[0].signals), 9
    some = J.points(slice(2, 5)).dense()
    torch.testing.assert_close(some, J.dense().view(o, N, -1)[:, 2:5].flatten(0, 1))


def test_tracing_leaves_the_networks_gradients_alone(case):
    net, x, wanted = case
    structured(net, x, wanted)
    assert all(p.grad is None for p in net.parameters())
