"""Times and memory of competing pieces of work, fairly.

The contenders are called alternately, so that whatever else the machine does meets all of them;
what counts is the median. On a GPU every timing waits for the device before and after. Memory is
what a differentiable result keeps for its backward pass on the CPU, the peak on a GPU.
"""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import Any, TypeAlias

import torch
from torch import Tensor

MIB = 2**20
Work: TypeAlias = Callable[[], Any]


def milliseconds(contenders: Mapping[str, Work], repeats: int) -> dict[str, float]:
    """Return the median time of each contender, called in turn after a round to warm up.

    Parameters
    ----------
    contenders
        What to time, by name.
    repeats
        Rounds that count.
    """
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(repeats + 1):
        for name, work in contenders.items():
            synchronise()
            start = perf_counter()
            work()
            synchronise()
            if round_:
                found[name].append(1e3 * (perf_counter() - start))
    return {name: median(times) for name, times in found.items()}


def mebibytes(work: Callable[[], Tensor], device: torch.device | str) -> float:
    """Return the memory that a result holds until it is differentiated, in MiB.

    Parameters
    ----------
    work
        Computes the result.
    device
        Where; on a GPU the peak during work and backward pass is returned instead.
    """
    if torch.device(device).type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work().backward()
        return (torch.cuda.max_memory_allocated() - before) / MIB
    kept: dict[int, int] = {}

    def pack(saved: Tensor) -> Tensor:
        storage = saved.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return saved

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda saved: saved):
        result = work()
    del result
    return sum(kept.values()) / MIB


def synchronise() -> None:
    """Wait for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
