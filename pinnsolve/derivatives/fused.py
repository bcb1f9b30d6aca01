"""One kernel for all channels of a layer: the series of an activation, compiled.

A compiler puts into one loop what has one shape. So the blocks of a layout are taken apart into
channels: each direction is a series by itself, whose highest coefficients add up to the sums,

    y_s = sum_j w_j y_{j, n},

a sum's own argument going along with the first of its directions. Then every channel is read once
and written once, where the recurrences by themselves go through memory for each product.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import torch
from torch import Tensor

from pinnsolve.derivatives.plan import Layout
from pinnsolve.derivatives.series import RECURRENCES, Series
from pinnsolve.errors import CompilerError

KERNELS = 64  # that one process may compile: for layouts, first and other layers, precisions

Share: TypeAlias = tuple[int, float, bool]  # a sum, the weight of a direction in it, if it is first


@lru_cache(maxsize=KERNELS)
def evaluation(activation: str, layout: Layout) -> Callable[..., tuple[Tensor, Tensor]]:
    """Return a kernel that takes the blocks of ``z`` to the channels of ``y`` and of ``f'(z)``.

    Parameters
    ----------
    activation
        A name in `RECURRENCES`.
    layout
        Of the channels; blocks that are missing at the end are zero.
    """
    recurrence, alone, first_sum = RECURRENCES[activation], _alone(layout), len(layout.counts) + 1
    places = [(block, j) for block, size in enumerate(layout.sizes) for j in range(size)]

    def evaluate(*blocks: Tensor) -> tuple[Tensor, Tensor]:
        def argument(block: int, j: int) -> Tensor | None:
            return blocks[block][j : j + 1] if block < len(blocks) else None

        results: tuple[dict[tuple[int, int], Tensor | None], ...] = {}, {}
        for j, (own, shares) in enumerate(alone):
            carried = len(own.counts) + 1
            z: Series = [argument(k, j if k else 0) for k in range(carried)]
            for s, weight, is_first in shares:
                top = argument(first_sum + s, 0) if is_first else None
                z.append(None if top is None else top / weight)
            none = [None] * len(z)
            for result, series in zip(results, recurrence(z, own, none, none), strict=True):
                for k in range(carried):
                    result[k, j if k else 0] = series[k]
                for (s, weight, _), top in zip(shares, series[carried:], strict=True):
                    if top is not None:
                        total = result.get((first_sum + s, 0))
                        result[first_sum + s, 0] = weight * top + (0 if total is None else total)
        zero = torch.zeros_like(blocks[0])
        channels = [[result.get(place) for place in places] for result in results]
        y, h = (torch.cat([zero if c is None else c for c in own]) for own in channels)
        return y, h

    return _compiled(evaluate)


@lru_cache(maxsize=KERNELS)
def adjoint(layout: Layout) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a kernel that takes ``f'(z)`` and the gradient by ``y`` to that by ``z``.

    Parameters
    ----------
    layout
        Of the channels.
    """
    sizes, raised, channels = layout.sizes, layout.raised, layout.channels
    slabs = range(len(layout.counts) + 1)

    def apply(h: Tensor, g: Tensor) -> Tensor:
        H, G = torch.split_with_sizes(h, sizes), torch.split_with_sizes(g, sizes)
        found = [H[0] * G[0]]
        for c in range(1, channels):
            found[0] = found[0] + h[c : c + 1] * g[c : c + 1]
        for block in range(1, len(sizes)):
            for j in range(sizes[block]):
                total = H[0] * G[block][j : j + 1]
                for higher, l, parts in raised[block]:
                    for some, weight in parts:
                        if some.start <= j < some.stop:
                            i = j if higher in slabs else 0
                            total = total + weight * H[l][j : j + 1] * G[higher][i : i + 1]
                found.append(total)
        return torch.cat(found)

    return _compiled(apply)


def _alone(layout: Layout) -> list[tuple[Layout, list[Share]]]:
    """Return for each direction the layout of its series by itself, and its shares in sums."""
    found: list[tuple[Layout, list[Share]]] = []
    taken: set[int] = set()
    for j in range(max(layout.counts, default=0)):
        shares = [
            (s, weights[j], s not in taken)
            for s, (_, weights) in enumerate(layout.sums)
            if j < len(weights) and weights[j]
        ]
        taken |= {s for s, _, _ in shares}
        orders = (1,) * sum(count > j for count in layout.counts)
        found.append(
            (Layout(orders, tuple((layout.sums[s][0], (1.0,)) for s, _, _ in shares)), shares)
        )
    return found or [(Layout(()), [])]


def _compiled(work: Callable[..., Any]) -> Callable[..., Any]:
    """Return compiled code; what fails says what can be done about it."""
    settings: Any = torch._dynamo.config
    settings.recompile_limit = max(KERNELS, settings.recompile_limit)
    settings.specialize_int = settings.specialize_float = True  # a layout's; sizes stay free
    kernel = torch.compile(work, dynamic=True, fullgraph=True)

    def run(*tensors: Tensor) -> Any:
        try:
            return kernel(*tensors)
        except Exception as error:
            if type(error).__module__.partition(".")[2].startswith(("_dynamo", "_inductor")):
                raise CompilerError(
                    "the training cannot be compiled on this machine: "
                    f"{str(error).strip().splitlines()[0].rstrip('.')}. "
                    'Install a C++ compiler (g++), or set solver.accelerate to "none".'
                ) from None
            raise

    return run
