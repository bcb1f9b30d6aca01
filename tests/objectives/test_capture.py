"""The training step as a CUDA graph."""

import pytest
import torch

from pinnsolve.errors import CompilerError
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.capture import captured


def loss_and_gradient(net, x):
    weights = list(net.parameters())
    loss = net(x).square().sum()
    slopes = torch.autograd.grad(loss, weights)
    return loss.detach(), torch.cat([slope.flatten() for slope in slopes])


def networks(device):
    made = [MLP([0, 0], [1, 1], [6, 5], 1).to(device) for _ in range(2)]
    for net in made:
        net.randomise_head(0)
    return made


def test_a_graph_needs_a_gpu():
    static, live = networks("cpu")
    message = 'a CUDA graph needs a GPU, and there is none. Set solver.accelerate to "none".'
    with pytest.raises(CompilerError) as refused:
        captured(lambda: loss_and_gradient(static, torch.rand(3, 2)), static, live)
    assert str(refused.value) == message


@pytest.mark.gpu
def test_a_graph_follows_the_weights_wherever_they_lie():
    static, live = networks("cuda")
    x = torch.rand(30, 2, device="cuda")
    step = captured(lambda: loss_and_gradient(static, x), static, live)
    for _ in range(3):
        for weights in live.parameters():  # at other addresses, as an optimiser leaves them
            weights.data = weights.data + 0.1
        for ours, theirs in zip(step(), loss_and_gradient(live, x), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-12)
