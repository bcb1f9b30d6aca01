"""The forward and the reverse pass of Taylor mode, written out.

With one matrix ``a_l`` a layer and channel, its columns the points, and ``f`` the activation on
series,

    z_l = W_l a_{l-1} (+ b_l on the value),     a_l = f(z_l),     u = R (W a_L (+ b)),
    g_l = f'(z_l)^T W_{l+1}^T g_{l+1},          gradient by W_l: g_l a_{l-1}^T, by b_l: its values,

``R`` reading operators off the channels. Nothing but ``a_l`` and the series of ``f'`` is kept, and
gradients overwrite one another. Points are taken in groups whose channels stay in the caches, and
on a CPU the groups are shared among the threads: each works through whole layers alone, where
threads that share every small product and sum spend their time on waiting for one another.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from math import ceil
from threading import Barrier
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.fused import adjoint, evaluation
from pinnsolve.derivatives.plan import Layout, Plan
from pinnsolve.derivatives.series import RECURRENCES, Series, adjoint_, by_block

CACHE = 2**22  # bytes of the channels of a layer that a core keeps near: 4 MiB
SHARE = 2**20  # bytes of the same below which threads wait for one another rather than work

A = TypeVar("A")
B = TypeVar("B")


def derivatives_of(
    chosen: Plan,
    activation: str,
    groups: Sequence[Sequence[Tensor]],
    weights: Sequence[Tensor],
    is_compiled: bool = False,
) -> Float[Tensor, "o c N"]:
    """Return derivatives of a network's outputs, differentiable by its weights.

    Parameters
    ----------
    chosen
        Which derivatives, and how.
    activation
        A name in `RECURRENCES`.
    groups
        The pieces that `features` takes, of each group of points.
    weights
        Of the hidden layers and of the head, each followed by its biases.
    is_compiled
        Whether the series of a layer are compiled into one kernel.
    """
    if torch.is_grad_enabled():
        return _Passes.apply(chosen, activation, groups, is_compiled, *weights)

    def run(pieces: Sequence[Tensor]) -> Tensor:
        a = features(chosen.layout, activation, pieces, weights[:-2], is_compiled)
        return outputs(chosen, a, *weights[-2:])

    return torch.cat(in_threads(run, groups), 2)


class _Passes(torch.autograd.Function):
    """The same, with the reverse pass."""

    @staticmethod
    def forward(
        ctx: Any,
        chosen: Plan,
        activation: str,
        groups: Sequence[Sequence[Tensor]],
        is_compiled: bool,
        *weights: Tensor,
    ) -> Float[Tensor, "o c N"]:
        def run(pieces: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
            kept: list[Tensor] = []
            a = features(chosen.layout, activation, pieces, weights[:-2], is_compiled, kept)
            return outputs(chosen, a, *weights[-2:]), kept

        values, kept = zip(*in_threads(run, groups), strict=True)
        ctx.chosen, ctx.groups, ctx.is_compiled = chosen, groups, is_compiled
        ctx.save_for_backward(*weights, *(tensor for group in kept for tensor in group))
        return values[0] if len(values) == 1 else torch.cat(values, 2)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        weights, kept, parts = _of_groups(ctx, gradient)

        def run(k: int) -> list[Tensor]:
            return _reverse(ctx.chosen, ctx.groups[k], weights, kept[k], parts[k], ctx.is_compiled)

        found = in_threads(run, range(len(parts)))
        return (
            None,
            None,
            None,
            None,
            *(sum(some[1:], some[0]) for some in zip(*found, strict=True)),
        )


def _of_groups(
    ctx: Any, gradient: Tensor
) -> tuple[Sequence[Tensor], list[Sequence[Tensor]], Sequence[Tensor]]:
    """Return the weights of a pass, what it has kept of each group, and the gradient there."""
    n_weights = len(ctx.needs_input_grad) - 4
    weights, kept = ctx.saved_tensors[:n_weights], ctx.saved_tensors[n_weights:]
    count = len(kept) // len(ctx.groups)
    owns = [kept[k * count : (k + 1) * count] for k in range(len(ctx.groups))]
    return weights, owns, gradient.split([pieces[0].shape[1] for pieces in ctx.groups], 2)


def feature_derivatives_of(
    chosen: Plan,
    activation: str,
    groups: Sequence[Sequence[Tensor]],
    weights: Sequence[Tensor],
    readings: Sequence[Float[Tensor, "o C *n"]],
) -> Float[Tensor, "o w N"]:
    """Return derivatives of the last hidden layer, differentiable by the weights.

    Where the head has many outputs, as of a family of functions, it is cheaper to read the
    operators off the channels before it than after.

    Parameters
    ----------
    chosen, activation, groups
        As of `derivatives_of`.
    weights
        Of the hidden layers, each followed by its biases.
    readings
        Of each group the factors of the channels in each operator, at all points or at each.
    """
    if torch.is_grad_enabled():
        return _FeaturePasses.apply(chosen, activation, groups, readings, *weights)
    parts = list(zip(groups, readings, strict=True))

    def run(part: tuple[Sequence[Tensor], Tensor]) -> Tensor:
        return _read(part[1], features(chosen.layout, activation, part[0], weights))

    return torch.cat(in_threads(run, parts), 2)


class _FeaturePasses(torch.autograd.Function):
    """The same, with the reverse pass."""

    @staticmethod
    def forward(
        ctx: Any,
        chosen: Plan,
        activation: str,
        groups: Sequence[Sequence[Tensor]],
        readings: Sequence[Tensor],
        *weights: Tensor,
    ) -> Float[Tensor, "o w N"]:
        def run(k: int) -> tuple[Tensor, list[Tensor]]:
            kept: list[Tensor] = []
            a = features(chosen.layout, activation, groups[k], weights, kept=kept)
            return _read(readings[k], a), kept

        values, kept = zip(*in_threads(run, range(len(groups))), strict=True)
        ctx.chosen, ctx.groups, ctx.readings = chosen, groups, readings
        ctx.save_for_backward(*weights, *(tensor for group in kept for tensor in group))
        return values[0] if len(values) == 1 else torch.cat(values, 2)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        weights, kept, parts = _of_groups(ctx, gradient)

        def run(k: int) -> list[Tensor]:
            R = ctx.readings[k]
            if R.ndim == 2:
                g = (R.mT @ parts[k].flatten(1)).unflatten(1, parts[k].shape[1:])
            else:
                g = torch.stack([(r[:, None] * parts[k]).sum(0) for r in R.unbind(1)])
            return _reverse_layers(ctx.chosen, ctx.groups[k], weights, kept[k], g, False)

        found = in_threads(run, range(len(parts)))
        sums = (sum(some[1:], some[0]) for some in zip(*found, strict=True))
        return (None, None, None, None, *sums)


def _read(R: Float[Tensor, "o C *n"], a: Float[Tensor, "C w N"]) -> Float[Tensor, "o w N"]:
    """Return each operator's sum of channels."""
    if R.ndim == 2:
        return (R @ a.flatten(1)).unflatten(1, a.shape[1:])
    return torch.stack([(r[:, None] * a).sum(0) for r in R])


@torch.no_grad()
def features(
    layout: Layout,
    activation: str,
    pieces: Sequence[Float[Tensor, "_ _ q"]],
    weights: Sequence[Tensor],
    is_compiled: bool = False,
    kept: list[Tensor] | None = None,
) -> Float[Tensor, "C w N"]:
    """Return the channels of the last hidden layer.

    Parameters
    ----------
    layout
        Of the channels.
    activation
        A name in `RECURRENCES`.
    pieces
        Channels of the first layer's input, at all points or at one, where all points have them
        in common; channels that are missing at the end are zero.
    weights
        Of the hidden layers, each followed by its biases.
    is_compiled
        Whether the series of a layer are compiled into one kernel.
    kept
        Filled with each layer's channels and the series of ``f'``, for the reverse pass.
    """
    N, inputs = pieces[0].shape[1], [piece.mT for piece in pieces]
    for W, b in zip(weights[::2], weights[1::2], strict=True):
        z = [_times(W, part) for part in inputs]
        z[0][0].add_(b.unsqueeze(1))
        blocks = by_block(z, layout)
        if is_compiled:
            a, h = evaluation(activation, layout)(*blocks)
        else:
            series: Series = [*blocks, *[None] * (len(layout.sizes) - len(blocks))]
            a, h = (W.new_empty(layout.channels, len(W), N) for _ in range(2))
            RECURRENCES[activation](series, layout, by_block([a], layout), by_block([h], layout))
        if kept is not None:
            kept += [a, h]
        inputs = [a]
    return inputs[0]


@torch.no_grad()
def outputs(
    chosen: Plan, a: Float[Tensor, "C w N"], W: Float[Tensor, "c w"], b: Float[Tensor, " c"]
) -> Float[Tensor, "o c N"]:
    """Return each operator's value of the outputs."""
    R = reading(chosen, a)
    return (R @ _times(W, a).flatten(1)).view(len(R), *b.shape, -1) + R[:, :1, None] * b[:, None]


def reading(chosen: Plan, like: Tensor) -> Float[Tensor, "o C"]:
    """Return the factors of the channels in each operator."""
    return constant(tuple(factors for _, factors in chosen.readings), like.dtype, like.device)


def groups(x: Float[Tensor, "N d"], layout: Layout, width: int) -> Sequence[Float[Tensor, "_ d"]]:
    """Return points in groups whose channels fit into the caches; on a GPU all together.

    Parameters
    ----------
    x
        The points.
    layout
        Of the channels.
    width
        Of the widest hidden layer.
    """
    if x.device.type != "cpu":
        return (x,)
    size = layout.channels * width * len(x) * x.element_size()
    threads = max(1, min(torch.get_num_threads(), size // SHARE))
    return x.chunk(threads * max(1, ceil(size / (CACHE * threads))))


def in_threads(work: Callable[[A], B], parts: Sequence[A]) -> list[B]:
    """Return the results of some work on each part, done side by side by torch's threads."""
    threads = torch.get_num_threads()
    if threads == 1 or len(parts) == 1:
        return [work(part) for part in parts]
    pool = _pool(threads)
    torch.set_num_threads(1)
    try:
        return list(pool.map(work, parts))
    finally:
        torch.set_num_threads(threads)


@lru_cache(maxsize=256)
def constant(
    values: tuple[tuple[float, ...], ...], dtype: torch.dtype, device: torch.device
) -> Tensor:
    """Return a constant on a device; kept, because a captured graph may copy nothing."""
    return torch.tensor(values, dtype=dtype, device=device)


@torch.no_grad()
def _reverse(
    chosen: Plan,
    pieces: Sequence[Tensor],
    weights: Sequence[Tensor],
    kept: Sequence[Tensor],
    gradient: Float[Tensor, "o c N"],
    is_compiled: bool,
) -> list[Tensor]:
    """Return the gradient by the weights from that by the derivatives."""
    last = kept[-2] if kept else pieces[0].mT
    R = reading(chosen, last)
    g = (R.mT @ gradient.flatten(1)).unflatten(1, gradient.shape[1:])
    of_head = [(g @ last.mT).sum(0), R[:, 0] @ gradient.sum(2)]
    g = _times(weights[-2].mT, g)
    return [*_reverse_layers(chosen, pieces, weights[:-2], kept, g, is_compiled), *of_head]


def _reverse_layers(
    chosen: Plan,
    pieces: Sequence[Tensor],
    weights: Sequence[Tensor],
    kept: Sequence[Tensor],
    g: Float[Tensor, "C w N"],
    is_compiled: bool,
) -> list[Tensor]:
    """Return the gradient by the hidden layers' weights from that by the last one's channels."""
    layout, found = chosen.layout, list[Tensor]()
    for level in reversed(range(len(kept) // 2)):
        h, wanted = kept[2 * level + 1], layout.channels if level else sum(map(len, pieces))
        if is_compiled:
            g = adjoint(layout)(h, g)
        else:
            adjoint_([*by_block([h], layout)], by_block([g], layout), layout, wanted)
        found.append(g[0].sum(1))
        if level:
            found.append((g @ kept[2 * level - 2].mT).sum(0))
            g = _times(weights[2 * level].mT, g)
        else:
            parts = g[:wanted].split([len(piece) for piece in pieces])
            first, *others = (_by_weight(*pair) for pair in zip(parts, pieces, strict=True))
            found.append(sum(others, first))
    return found[::-1]


def _times(W: Float[Tensor, "v w"], a: Float[Tensor, "C w N"]) -> Float[Tensor, "C v N"]:
    """Return a matrix times each channel; ``W @ a`` would copy ``a`` if ``W`` is to be trained."""
    return torch.bmm(W.expand(len(a), -1, -1), a)


def _by_weight(g: Float[Tensor, "c w N"], piece: Float[Tensor, "c n q"]) -> Float[Tensor, "w q"]:
    """Return the gradient by the first weights that comes through some channels."""
    if piece.shape[1] < g.shape[2]:
        return g.sum(2).mT @ piece[:, 0]
    return (g @ piece).sum(0)


@lru_cache(maxsize=8)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return threads each of which computes alone."""
    pool, started = ThreadPoolExecutor(threads), Barrier(threads)

    def prepare(_: int) -> None:
        torch.set_num_threads(1)
        started.wait()

    list(pool.map(prepare, range(threads)))
    return pool
