"""Times and memory of competing pieces of work, fairly.

The contenders are called alternately, so that whatever else the machine does meets all of them;
each twice, of which the second call counts, for in a training a step follows upon its like, and
finds in the caches what it needs; and of all rounds the median. What counts between contenders is
the ratio of their times in the same round, with its spread. On a GPU every timing waits for the
device before and after.

The memory of a piece of work is the most that its tensors take at once, beyond what was there
before. On a GPU the allocator counts it. On the CPU the storage of every tensor is followed from
the operation that returns it until it is freed: exact, the same in every run, and apart from
what a library allocates for itself within one operation.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import Any, TypeAlias, TypeVar
from weakref import finalize

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pinnsolve.machine import memory

MIB = 2**20
Name = TypeVar("Name", bound=Hashable)
Work: TypeAlias = Callable[[], Any]
Clock: TypeAlias = Callable[[], float]  # in seconds


def compare(
    contenders: Mapping[str, Work],
    repeats: int,
    *,
    warm_up: int | None = 1,
    calls: int = 1,
    clock: Clock = perf_counter,
) -> list[dict[str, Any]]:
    """Return a row for each contender: its time, and that in the time of the first one.

    Parameters
    ----------
    contenders, repeats, warm_up, calls, clock
        As of `rounds`.
    """
    times = rounds(contenders, repeats, warm_up=warm_up, calls=calls, clock=clock)
    first = next(iter(times.values()))
    return [
        {"contender": name, **spread(own, "ms"), **spread(ratios(own, first), "ratio")}
        for name, own in times.items()
    ]


def rounds(
    contenders: Mapping[Name, Work],
    repeats: int,
    *,
    warm_up: int | None = 1,
    calls: int = 1,
    clock: Clock = perf_counter,
) -> dict[Name, list[float]]:
    """Return the times of each contender, called in turn, in milliseconds a call.

    Parameters
    ----------
    contenders
        What to time, by name.
    repeats
        Number of rounds.
    warm_up
        Calls before those that are timed, in every round; with None a further round goes before
        all others and is not counted, for work that lasts so long that the caches do not matter.
    calls
        Timed together.
    clock
        Of the wall, or of the process.
    """
    found: dict[Name, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats + (warm_up is None)):
        for name, work in contenders.items():
            for _ in range(warm_up or 0):
                work()
            found[name].append(stopwatch(work, calls, clock))
    return {name: times[-repeats:] for name, times in found.items()}


def milliseconds(contenders: Mapping[Name, Work], repeats: int) -> dict[Name, float]:
    """Return the median time of each contender, called in turn, each after a call to warm up.

    Parameters
    ----------
    contenders
        What to time, by name.
    repeats
        Number of rounds.
    """
    return {name: median(times) for name, times in rounds(contenders, repeats).items()}


def ratios(times: Sequence[float], others: Sequence[float]) -> list[float]:
    """Return times in those of another contender, round by round."""
    return [a / b for a, b in zip(times, others, strict=True)]


def spread(values: Sequence[float], name: str) -> dict[str, float]:
    """Return the entries of a row for the median, the lowest and the highest of some values."""
    return {name: median(values), f"lowest_{name}": min(values), f"highest_{name}": max(values)}


def stopwatch(work: Work, calls: int = 1, clock: Clock = perf_counter) -> float:
    """Return the time of one call, in milliseconds; freeing the result is no part of it.

    Parameters
    ----------
    work, calls, clock
        As of `rounds`.
    """
    synchronise()
    start = clock()
    for _ in range(calls):
        result = work()
    synchronise()
    stop = clock()
    del result
    return 1e3 * (stop - start) / calls


def mebibytes(work: Work, device: torch.device | str) -> float:
    """Return the most memory that a piece of work takes at once, in MiB.

    Parameters
    ----------
    work
        The work, done before: on a GPU the first call allocates for the libraries, too.
    device
        Where.
    """
    return held_mebibytes(work, device)[1]


def held_mebibytes(work: Work, device: torch.device | str) -> tuple[float, float]:
    """Return the memory that the result of a piece of work holds, and the most it takes, in MiB.

    Parameters
    ----------
    work, device
        As of `mebibytes`.
    """
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        result = work()
        torch.cuda.synchronize()
        held = torch.cuda.memory_allocated() - before
        peak = torch.cuda.max_memory_allocated() - before
    else:
        with _Storages() as storages:
            result = work()
            held, peak = storages.bytes, storages.peak
    del result
    return held / MIB, peak / MIB


def free_mebibytes(device: torch.device | str) -> float:
    """Return the free memory, in MiB; infinity where unknown."""
    if torch.device(device).type == "cuda":
        return torch.cuda.mem_get_info()[0] / MIB
    free = memory()["free"]
    return float("inf") if free is None else free * 2**10


def synchronise() -> None:
    """Wait for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


class _Storages(TorchDispatchMode):
    """Follows the storages that operations make, the backward pass's included.

    Attributes
    ----------
    bytes
        Those that live now.
    peak
        Most that lived at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self.bytes = 0
        self._living: set[int] = set()

    def __torch_dispatch__(
        self, operation: Any, _types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Do an operation and take down what it made."""
        kwargs = kwargs or {}
        self._meet((args, kwargs), is_new=False)
        result = operation(*args, **kwargs)
        self._meet(result, is_new=True)
        return result

    def _meet(self, values: Any, is_new: bool) -> None:
        """Count the storages not met before; those that were there before take nothing."""
        for value in tree_leaves(values):
            if not isinstance(value, Tensor) or value.layout != torch.strided:
                continue
            storage = value.untyped_storage()
            key = storage._cdata
            if key not in self._living:
                size = storage.nbytes() if is_new else 0
                self._living.add(key)
                self.bytes += size
                self.peak = max(self.peak, self.bytes)
                finalize(storage, self._free, key, size)

    def _free(self, key: int, size: int) -> None:
        """Forget a storage that no tensor has any more."""
        self._living.discard(key)
        self.bytes -= size
