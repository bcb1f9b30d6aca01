import torch

from pinnsolve.networks.mlp import ACTIVATIONS, MLP


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
