"""Truncated series through activations against the known derivatives of each."""

import pytest
import torch

from pinnsolve.derivatives.plan import Layout
from pinnsolve.derivatives.series import RECURRENCES, compose
from pinnsolve.networks.activations import ACTIVATIONS
from pinnsolve.networks.bumps import PROFILES

FUNCTIONS = {**ACTIVATIONS, **PROFILES}

LAYOUTS = {
    "one direction": Layout((1, 1, 1, 1)),
    "directions of different orders": Layout((3, 2, 1)),
    "a sum": Layout((2,), ((2, (1.0, -0.5)),)),
    "sums of several orders": Layout((3, 2, 2), ((2, (1.0, 2.0, 0.0)), (4, (0.5, -1.0)))),
    "value": Layout(()),
}


@pytest.fixture(params=RECURRENCES)
def activation(request):
    return request.param


def drawn(activation, *shape):
    """Draw channels of an argument, and a bias; the argument of bumps is never negative."""
    z, bias = torch.randn(shape), torch.randn(shape[-1])
    if activation in PROFILES:
        z[0], bias = z[0].abs(), bias.abs()
    return z, bias


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return LAYOUTS[request.param]


def test_every_activation_of_the_networks_has_its_recurrence():
    assert RECURRENCES.keys() == FUNCTIONS.keys()


def test_a_series_is_the_composition_of_functions(activation):
    """Coefficients of ``f(z(t))`` for a polynomial ``z``, against derivatives by ``t``."""
    z, _ = drawn(activation, 5, 7, 3)
    y = compose(activation, [z], torch.zeros(3), LAYOUTS["one direction"])
    t = torch.zeros(7, 3, requires_grad=True)
    value = FUNCTIONS[activation](sum(z[k] * t**k for k in range(5)))
    for k in range(5):
        torch.testing.assert_close(y[k], value.detach(), rtol=1e-11, atol=1e-12)
        (value,) = torch.autograd.grad(value.sum(), t, create_graph=True)
        value = value / (k + 1)


def test_directions_do_not_mix_and_sums_are_sums(activation, layout):
    """Every channel of a layout against each direction carried alone."""
    z, bias = drawn(activation, layout.channels, 4, 2)
    y = compose(activation, [z], bias, layout)
    blocks, results = z.split(layout.sizes), y.split(layout.sizes)
    n = len(layout.counts)
    for j in range(max(layout.counts, default=0)):
        carried = sum(count > j for count in layout.counts)
        alone = torch.stack([z[0], *(blocks[k][j] for k in range(1, carried + 1))])
        expected = compose(activation, [alone], bias, Layout((1,) * carried))
        for k in range(1, carried + 1):
            torch.testing.assert_close(results[k][j], expected[k], rtol=1e-12, atol=1e-13)
    for s, (order, weights) in enumerate(layout.sums, n + 1):
        # the sum of highest coefficients whose own sum is that of the argument
        tops = torch.randn(len(weights), 4, 2)
        tops[0] += (blocks[s][0] - torch.einsum("j,jnw", torch.tensor(weights), tops)) / weights[0]
        total = 0
        for j, weight in enumerate(weights):
            below = [blocks[k][j] for k in range(1, order)]
            alone = torch.stack([z[0], *below, tops[j]])
            total += weight * compose(activation, [alone], bias, Layout((1,) * order))[order]
        torch.testing.assert_close(results[s][0], total, rtol=1e-11, atol=1e-11)


def test_the_backward_pass_is_the_adjoint(activation, layout):
    z, bias = (v.requires_grad_() for v in drawn(activation, layout.channels, 2, 2))
    assert torch.autograd.gradcheck(lambda z, b: compose(activation, [z], b, layout), (z, bias))


def test_missing_channels_are_zero_and_common_slopes_spread(activation, layout):
    """The first layer sees straight lines; its slopes are the same at all points."""
    J = max(layout.counts, default=0)
    value, bias = drawn(activation, 1, 3, 2)
    slopes = torch.randn(J, 1, 2)
    bias.requires_grad_()
    full = torch.zeros(layout.channels, 3, 2)
    full[:1], full[1 : 1 + J] = value, slopes
    short = [value.clone().requires_grad_(), slopes.clone().requires_grad_()][: 1 + bool(J)]
    full.requires_grad_()
    ours, theirs = (compose(activation, z, bias, layout) for z in (short, [full]))
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-13)
    weights = torch.randn_like(ours)
    found = torch.autograd.grad((weights * ours).sum(), [bias, *short])
    expected = torch.autograd.grad((weights * theirs).sum(), [bias, full])
    torch.testing.assert_close(found[0], expected[0], rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(found[1], expected[1][:1], rtol=1e-11, atol=1e-12)
    if J:
        common = expected[1][1 : 1 + J].sum(1, keepdim=True)
        torch.testing.assert_close(found[2], common, rtol=1e-11, atol=1e-12)
