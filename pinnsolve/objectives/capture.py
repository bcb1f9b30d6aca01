"""A step of work as one CUDA graph: launched at once, its kernels one after the other.

Small networks spend more time on launching kernels than the kernels take. What is captured must
neither copy to the device nor read from it, and lie at the same addresses at every replay: so work
that is to be repeated changes tensors in place, and what decides its continuation lies in them. An
objective says whether it is replayed; whoever repeats work asks it by `repeated`.
"""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias, runtime_checkable

import torch
from torch import Tensor

from pinnsolve.errors import CompilerError

Work: TypeAlias = Callable[[], None]
WARM_UP = 3  # calls after which every constant is on the device and every buffer allocated


@runtime_checkable
class Repeating(Protocol):
    """An objective that knows how steps along its gradient are best repeated."""

    def repeated(self, work: Work, tensors: Iterable[Tensor]) -> Work:
        """Return a function that does the same; see the function of this name."""


def repeated(objective: object, work: Work, tensors: Iterable[Tensor]) -> Work:
    """Return a function that does what ``work`` does, replayed if the objective is.

    Parameters
    ----------
    objective
        Whose gradients are taken on the way.
    work
        Changes tensors in place, all of them each time at the same addresses.
    tensors
        Those of them that decide what it does when it is called again.

    Raises
    ------
    CompilerError
        If it is to be a CUDA graph and there is no GPU.
    """
    return objective.repeated(work, tensors) if isinstance(objective, Repeating) else work


def captured(work: Work, tensors: Iterable[Tensor], device: torch.device) -> Work:
    """Return the replay of work from a CUDA graph; the tensors are left as they are.

    Parameters
    ----------
    work, tensors
        As of `repeated`.
    device
        Where they are.

    Raises
    ------
    CompilerError
        If that is no GPU.
    """
    if device.type != "cuda":
        raise CompilerError(
            'a CUDA graph needs a GPU, and there is none. Set solver.accelerate to "none".'
        )
    pairs = [(tensor, tensor.clone()) for tensor in tensors]
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UP):
            work()
    torch.cuda.current_stream().wait_stream(aside)
    for tensor, value in pairs:
        tensor.copy_(value)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay
