"""Variable projection: bumps find the places where they are needed, and those that are not go."""

import pytest
import torch

from pinnsolve.networks.bumps import Bumps
from pinnsolve.networks.mlp import MLP
from pinnsolve.optimizers.variable_projection import VariableProjection
from pinnsolve.process import Budget
from tests.optimizers.fitting import Fit, lower

POINTS = torch.linspace(-1, 1, 80, dtype=torch.float64)[:, None]


def bells(centres, radii):
    return Bumps("bell", torch.tensor(centres)[:, None], torch.tensor(radii), torch.ones(1))


def grown(*blocks):
    """A network of two ridges and some bumps."""
    net = MLP([-1], [1], [2], 1, seed=0)
    for block in blocks:
        net.grow(block)
    return net


def test_a_bump_finds_the_centre_and_the_radius_of_what_it_fits():
    sought = bells([0.3], [0.2])
    net = grown(bells([0.1], [0.4]))
    _, losses = lower(VariableProjection(Fit(net, POINTS, sought), Budget(40, tolerance=1e-22)))
    assert losses[-1] <= 1e-22
    (found,) = net.bumps
    torch.testing.assert_close(found.centres, sought.centres, rtol=0, atol=1e-8)
    torch.testing.assert_close(found.log_radii, sought.log_radii, rtol=0, atol=1e-8)


def test_features_that_make_no_difference_go():
    """Of noise at a thousand points a bump explains a few thousandths, which are not worth it."""
    sought = bells([0.3], [0.2])
    x = torch.linspace(-1, 1, 1000, dtype=torch.float64)[:, None]
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0), dtype=x.dtype)
    net = grown(bells([0.1, -0.8, 0.9, -0.3], [0.4, 0.05, 0.05, 0.05]))
    objective = Fit(net, x, lambda x: sought(x) + 1e-3 * noise)
    _, losses = lower(VariableProjection(objective, Budget(15)))
    left = float(objective.value().square().sum())
    assert losses[-1] == pytest.approx(1e-6, rel=0.1)
    assert net.head.in_features == sum(net.blocks) < 6
    assert (net.bumps[0].centres.detach() - 0.3).abs().min() < 1e-3
    assert losses[-1] < left <= 1.02 * losses[-1]


def test_layers_alone_keep_all_their_features():
    net = grown()
    lower(VariableProjection(Fit(net, POINTS, lambda x: 0 * x), Budget(3)))
    assert net.blocks == [2]


@pytest.mark.parametrize("first", [0.9, -0.9])
def test_no_centre_moves_further_than_half_its_radius_in_a_step(first):
    net = grown(bells([first], [0.05]))
    optimizer = VariableProjection(Fit(net, POINTS, bells([0.0], [0.3])), Budget(10))
    place, radius = first, 0.05
    for _ in range(10):
        step = optimizer.step()
        (bump,) = net.bumps
        assert abs(float(bump.centres.detach()) - place) <= 0.5 * radius * (1 + 1e-12)
        place, radius = float(bump.centres.detach()), float(bump.log_radii.detach().exp())
        if step.done:
            break
