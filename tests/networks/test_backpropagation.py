import pytest
import torch
from torch.nn.utils import parameters_to_vector

from pinnsolve.networks.activations import ACTIVATIONS
from pinnsolve.networks.backpropagation import RULES, values_and_pullback
from pinnsolve.networks.embedding import EMBEDDINGS
from pinnsolve.networks.mlp import MLP

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def network(activation="tanh", device="cpu"):
    net = MLP([-1, 0], [1, 3], [7, 6], 2, activation)
    net.randomise_head(0)
    return net.to(device)


def by_graph(net, x, d):
    u = net(x).mT
    return u.detach(), parameters_to_vector(torch.autograd.grad(u, list(net.parameters()), d))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_values_and_gradients_are_those_of_automatic_differentiation(activation, device):
    net = network(activation, device)
    x, d = torch.rand(40, 2, device=device), torch.randn(2, 40, device=device)
    u, pullback = values_and_pullback(net, x)
    exact, gradient = by_graph(net, x, d)
    torch.testing.assert_close(u, exact, rtol=1e-13, atol=1e-14)
    torch.testing.assert_close(pullback(d), gradient, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("seen", [(), [(True, True), (True, False), (True, True)]])
@pytest.mark.parametrize("name", EMBEDDINGS)
def test_symmetries_are_differentiated_too_and_waves(name, seen):
    net = MLP([-1, 0], [1, 3], [7, 6], 3, parities=[1, 0, -1], embedding=name, seen=seen)
    net.randomise_head(0)
    x, d = torch.rand(40, 2), torch.randn(3, 40)
    u, pullback = values_and_pullback(net, x)
    exact, gradient = by_graph(net, x, d)
    torch.testing.assert_close(u, exact, rtol=1e-13, atol=1e-14)
    torch.testing.assert_close(pullback(d), gradient, rtol=1e-12, atol=1e-13)


def test_there_is_a_rule_for_every_activation():
    assert set(RULES) == set(ACTIVATIONS.values())


def test_values_stay_double_where_the_way_back_is_single():
    net = network()
    x, d = torch.rand(40, 2), torch.randn(2, 40)
    u, pullback = values_and_pullback(net, x, torch.float32)
    exact, gradient = by_graph(net, x, d)
    torch.testing.assert_close(u, exact, rtol=1e-13, atol=1e-14)
    error = float((pullback(d) - gradient).norm() / gradient.norm())
    assert 1e-9 < error < 1e-6  # of the size of a rounding error in single precision


def test_the_weights_are_as_they_were():
    net = network("sin")
    before = parameters_to_vector(net.parameters()).clone()
    values_and_pullback(net, torch.rand(4, 2))[1](torch.ones(2, 4))
    assert torch.equal(before, parameters_to_vector(net.parameters()))
