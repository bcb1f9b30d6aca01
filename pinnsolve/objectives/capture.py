"""A whole training step as one CUDA graph: launched at once, its kernels one after the other.

Small networks spend more time on launching kernels than the kernels take. What is captured must
neither copy to the device nor read from it, and lie at the same addresses at every replay: so it
works on a copy of the network, into which the weights are copied first.
"""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from pinnsolve.errors import CompilerError
from pinnsolve.networks.several import AnyNetwork

Gradient: TypeAlias = Callable[[], tuple[Tensor, Tensor]]
WARM_UP = 3  # calls after which every constant is on the device and every buffer allocated


def captured(gradient: Gradient, static: AnyNetwork, live: AnyNetwork) -> Gradient:
    """Return a function that gives what another one gives, replayed from a CUDA graph.

    Parameters
    ----------
    gradient
        Computes a loss and its gradient by the weights of ``static``.
    static
        A copy of the network, which nothing else may change.
    live
        The network whose weights count.

    Raises
    ------
    CompilerError
        If the network is not on a GPU.
    """
    if live.like.device.type != "cuda":
        raise CompilerError(
            'a CUDA graph needs a GPU, and there is none. Set solver.accelerate to "none".'
        )
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UP):
            gradient()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss, slope = gradient()

    @torch.no_grad()
    def replay() -> tuple[Tensor, Tensor]:
        for mine, theirs in zip(static.parameters(), live.parameters(), strict=True):
            mine.copy_(theirs)
        graph.replay()
        return loss.clone(), slope.clone()

    return replay
