from math import pi

import pytest
import torch

from pinnsolve.networks.embedding import EMBEDDINGS, embedding
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.sizes import WAVES

BOX = [-1, 0], [2, 4]
PERIODS = [(3.0, None), (None, 4.0), (3.0, 4.0), (1.5, None)]


def network(name, periods=(), **settings):
    net = MLP(*BOX, [8, 5], 2, embedding=name, periods=periods, **settings)
    net.randomise_head(0)
    return net


def test_without_waves_there_is_no_embedding():
    assert embedding("none", torch.ones(2)) is None
    assert embedding("none", torch.ones(2), (None, None)) is None
    assert network("none").layers[0].in_features == 2


def test_octaves_of_each_coordinate_are_equally_steep():
    x = torch.rand(7, 2) * 2 - 1
    given = embedding("sinusoidal", torch.ones(2), highest=12.0)(x)
    found = [
        2.0**-k * wave(pi / 2 * 2**k * x[:, i])
        for wave in (torch.sin, torch.cos)
        for k in range(4)
        for i in range(2)
    ]
    torch.testing.assert_close(given, torch.stack(found, 1))


def test_random_waves_come_in_pairs_after_the_coordinates():
    x = torch.rand(7, 2) * 2 - 1
    given = embedding("fourier", torch.ones(2))(x)
    coordinates, sines, cosines = given.split([2, 2 * WAVES, 2 * WAVES], 1)
    assert torch.equal(coordinates, x)
    torch.testing.assert_close(sines**2 + cosines**2, torch.ones(7, 2 * WAVES))


@pytest.mark.parametrize("highest", [2.0, 10.0, 60.0])
def test_waves_reach_from_the_size_of_the_domain_to_the_highest_wanted(highest):
    random = embedding("fourier", torch.ones(3), highest=highest).waves[: 3 * WAVES]
    for some, size in ((random[: WAVES // 2], 1.0), (random[-WAVES // 2 :], highest)):
        # 16 vectors of three numbers, whose deviations rise by a sixth of the octaves
        assert 0.5 * size < some.std() < 2.0 * size
    regular = embedding("sinusoidal", torch.ones(3), highest=highest).waves
    assert regular[regular > 0].min() == pi / 2
    assert highest / 2**0.5 <= regular.max() <= highest * 2**0.5


def test_the_seed_decides_the_random_waves():
    first, again, other = (embedding("fourier", torch.ones(3), seed=s).waves for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_plain_coordinate_with_a_period_becomes_a_wave_as_steep_as_it():
    made = embedding("none", torch.tensor([2.0, 3.0]), (4.0, None))
    x = torch.rand(7, 2) * 2 - 1
    waves = [wave(pi * x[:, 0]) / pi for wave in (torch.sin, torch.cos)]
    torch.testing.assert_close(made(x), torch.stack([x[:, 1], *waves], 1))


@pytest.mark.parametrize("periods", PERIODS)
@pytest.mark.parametrize("name", EMBEDDINGS)
def test_networks_are_periodic_whatever_their_weights(name, periods):
    net, x = network(name, periods), torch.rand(9, 2)
    for axis, period in enumerate(periods):
        there = x.clone()
        there[:, axis] += period or 1.0
        change = (net(there) - net(x)).abs().max()
        if period:  # rounding, times the number of radians in the argument of a wave
            assert change < 1e-12
        else:
            assert change > 1e-3


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_symmetries_hold_beside_periods(name):
    net = MLP([-1, 0], [1, 1], [8, 5], 2, parities=[-1, 1], embedding=name, periods=[2.0, None])
    net.randomise_head(0)
    x = torch.rand(9, 2)
    here, there = net(x), net(x * torch.tensor([-1.0, 1.0]))
    # of random waves no argument is the exact opposite of another's
    torch.testing.assert_close(there, here * torch.tensor([-1.0, 1.0]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["fourier", "sinusoidal"])
def test_the_first_layer_adds_up_to_as_much_as_without_waves(name):
    def spread(name):
        net = MLP([0, 0], [1, 1], [2000], 1, embedding=name)
        z = net.inputs(torch.rand(500, 2)) @ net.layers[0].weight.mT
        return z.square().mean().sqrt().item()

    # 500 points and 2000 units, but only two coordinates that each unit weighs at random
    assert spread(name) == pytest.approx(spread("none"), rel=0.1)


def test_the_waves_are_kept_with_the_weights():
    net = network("fourier")
    other = network("fourier", seed=1)
    other.load_state_dict(net.state_dict())
    x = torch.rand(5, 2)
    assert torch.equal(net(x), other(x))
