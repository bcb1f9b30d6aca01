import pytest
import torch

from pinnsolve.networks.activations import ACTIVATIONS
from pinnsolve.networks.mlp import MLP


def test_the_field_is_the_head_of_the_features():
    net = MLP([0, 0], [2, 1], [8, 5], 2)
    net.randomise_head(0)
    x = torch.rand(7, 2)
    u = net.features(x) @ net.head.weight.mT + net.head.bias
    torch.testing.assert_close(net(x), u)


def test_scaling_makes_equal_networks_of_similar_domains():
    small, large = MLP([0, 0], [1, 1], [20], 1), MLP([-5, 3], [5, 13], [20], 1)
    x = torch.rand(9, 2)
    torch.testing.assert_close(small.features(x), large.features(10 * x + torch.tensor([-5, 3])))


def test_the_seed_alone_decides_the_weights():
    first, again, other = (MLP([0], [1], [6, 6], 1, seed=s) for s in (1, 1, 2))
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True)
    )
    assert not torch.equal(first.hidden[0].weight, other.hidden[0].weight)


def test_a_fresh_network_is_zero_for_every_activation():
    x = torch.rand(4, 1)
    for name in ACTIVATIONS:
        assert not MLP([0], [1], [6], 3, name)(x).any()


@pytest.fixture
def symmetric():
    """Return a network with an odd, an even and a free output on a lopsided box."""
    net = MLP([-1, 0], [2, 1], [8, 5], 3, parities=[-1, 1, 0])
    net.randomise_head(0)
    with torch.no_grad():
        net.head.bias.copy_(torch.tensor([0.3, 0.4, 0.5]))
    return net


def test_symmetries_hold_whatever_the_weights(symmetric):
    x = torch.rand(9, 2).double()
    here, there = symmetric(x), symmetric(x * torch.tensor([-1.0, 1.0]))
    torch.testing.assert_close(there[:, 0], -here[:, 0])
    torch.testing.assert_close(there[:, 1], here[:, 1])
    assert (there[:, 2] - here[:, 2]).abs().min() > 1e-6


def test_the_images_share_the_weights_and_make_up_the_outputs(symmetric):
    x = torch.rand(9, 2).double()
    plain, image = symmetric.images()
    torch.testing.assert_close(image(x), plain(x * torch.tensor([-1.0, 1.0])))
    torch.testing.assert_close(symmetric.combined(plain(x), image(x)), symmetric(x))
    (slope,) = torch.autograd.grad(image(x).sum(), symmetric.hidden[0].weight)
    assert slope.abs().min() > 0


def test_outputs_are_the_head_of_what_each_multiplies(symmetric):
    x = torch.rand(9, 2).double()
    features = symmetric.of_outputs(*(part.features(x) for part in symmetric.images()))
    weights, bias = symmetric.head.weight, symmetric.head.bias
    u = torch.einsum("cnw,cw->nc", features, weights) + bias * symmetric.constant
    torch.testing.assert_close(u, symmetric(x))


def test_an_output_does_not_depend_on_what_it_does_not_see():
    net = MLP([-1, 0, 0], [2, 1, 3], [8], 3, seen=[(True,) * 3, (True, False, False), (False,) * 3])
    net.randomise_head(0)
    x = torch.rand(9, 3).double()
    moved = torch.cat([x[:, :1], torch.rand(9, 2).double()], 1)
    torch.testing.assert_close(net(moved)[:, 1:], net(x)[:, 1:], rtol=0, atol=0)
    assert (net(moved)[:, 0] - net(x)[:, 0]).abs().min() > 1e-6
    assert net(x)[:, 1].std() > 1e-3
    assert net(x)[:, 2].std() == 0


def test_a_network_without_symmetries_is_its_only_image():
    net = MLP([0], [1], [4], 2)
    x = torch.rand(3, 1).double()
    assert net.images() == (net,)
    assert net.of_outputs(net.features(x)).shape == (2, 3, 4)
