"""Truncated Taylor series through activations: many directions at once, highest sums collapsed.

With ``z(t) = sum z_k t^k`` the series of ``y = f(z)`` follows from a differential equation that
``f`` satisfies, in ``O(n^2)`` operations for order ``n``. For tanh ``y' = h z'``, ``h = 1 - y^2``:

    k y_k = sum_{i=1}^k i z_i h_{k-i},        h_k = -sum_{i=0}^k y_i y_{k-i}.

The highest coefficient enters linearly, with the factor ``f'(z_0)``, so weighted sums of highest
coefficients are carried as one channel each. Backwards no recurrence is needed: with ``h`` the
series of ``f'(z)`` a change of ``z`` changes ``y`` by the product of series ``h dz``, so

    dL/dz_i = sum_{k >= i} h_{k-i} dL/dy_k.

Channels are the first axis of every array; the others do not matter here.

Sources: Griewank & Walther (2008), Evaluating Derivatives, ch. 13; Chickering (2025),
A quasilinear algorithm for computing high-order derivatives of neural networks; for the
collapsed sums Dangel et al. (2025), arXiv:2505.13644.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import pi, sqrt
from typing import Any, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.plan import Layout, Part

# the value, the coefficients of order 1, 2, … of all directions, and the sums; None is zero
Series: TypeAlias = list[Tensor | None]
Product: TypeAlias = tuple[float, Tensor, Tensor]
Slots: TypeAlias = Sequence[Tensor | None]  # where results are written; None makes a new array
Recurrence: TypeAlias = Callable[[Series, Layout, Slots, Slots], tuple[Series, Series]]


def compose(
    activation: str, z: Sequence[Tensor], bias: Float[Tensor, " w"], layout: Layout
) -> Float[Tensor, "C N w"]:
    """Return the series of an activation.

    Parameters
    ----------
    activation
        A name in `RECURRENCES`.
    z
        The channels of its argument, in one piece or several, in the order of the layout.
        Channels that are missing at the end are zero; slopes that all points have in common may
        be of shape ``(J, 1, w)``.
    bias
        Added to the value of ``z``.
    layout
        Of the channels.
    """
    return _Composition.apply(activation, layout, bias, *z)


def adjoint_(h: Series, g: Sequence[Tensor], layout: Layout, count: int) -> None:
    """Turn the gradient by ``y`` into that by ``z``, in place, in the first channels.

    Parameters
    ----------
    h
        Series of ``f'(z)``.
    g
        Gradient, by blocks; overwritten.
    layout
        Of the channels.
    count
        How many channels are wanted, whole blocks of them; the value is always.
    """
    value = g[0].mul_(_value(h))
    for h_b, g_b, size in zip(h[1:], g[1:], layout.sizes[1:], strict=True):
        if h_b is not None:
            for j in range(size):
                value.addcmul_(_rows(h_b, slice(j, j + 1)), _rows(g_b, slice(j, j + 1)))
    for i in range(1, len(g)):  # by rising order: what is overwritten is not needed any more
        if sum(layout.sizes[:i]) == count:
            break
        g[i].mul_(_value(h))
        for block, l, parts in layout.raised[i]:
            factor = h[l]
            if factor is not None:
                for some, weight in parts:
                    _rows(g[i], some).addcmul_(_rows(factor, some), g[block], value=weight)


class _Composition(torch.autograd.Function):
    """``z -> f(z)`` on series, with the backward pass in closed form."""

    @staticmethod
    def forward(ctx: Any, activation: str, layout: Layout, bias: Tensor, *z: Tensor) -> Tensor:
        none = [None] * len(layout.sizes)
        y, h = RECURRENCES[activation](_series(z, bias, layout), layout, none, none)
        ctx.layout, ctx.pieces = layout, [piece.shape for piece in z]
        ctx.save_for_backward(*h)
        return _stacked(y, layout)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        layout, shapes = ctx.layout, ctx.pieces
        result = gradient.clone()
        blocks = torch.split_with_sizes(result, layout.sizes)
        starts = [shape[0] for shape in shapes]
        adjoint_(list(ctx.saved_tensors), blocks, layout, sum(starts))
        pieces = [
            piece.sum(1, keepdim=True) if shape[1] < piece.shape[1] else piece
            for piece, shape in zip(result[: sum(starts)].split(starts), shapes, strict=True)
        ]
        return None, None, result[0].sum(0), *pieces


def _tanh(z: Series, layout: Layout, y_to: Slots, h_to: Slots) -> tuple[Series, Series]:
    """``y' = h z'`` with ``h = 1 - y^2``."""
    value = _hyperbolic_tangent(_value(z), y_to[0])
    y, h = _start(value, layout), _start(_one_minus_square(value, h_to[0]), layout)
    twice = -2 * value
    for b, _ in layout.blocks:
        y[b] = _integral(h, z, b, layout, y_to[b])
        h[b] = _sum([*_times(twice, y[b]), *_square(y, b, layout)], h_to[b])
    return y, h


def _sin(z: Series, layout: Layout, y_to: Slots, h_to: Slots) -> tuple[Series, Series]:
    """``y' = h z'``, ``h' = -y z'``."""
    y = _start(torch.sin(_value(z), out=y_to[0]), layout)
    h = _start(torch.cos(_value(z), out=h_to[0]), layout)
    for b, _ in layout.blocks:
        y[b] = _integral(h, z, b, layout, y_to[b])
        h[b] = _integral(y, z, b, layout, h_to[b], -1.0)
    return y, h


def _swish(z: Series, layout: Layout, y_to: Slots, h_to: Slots) -> tuple[Series, Series]:
    """``y = z p`` with the logistic function ``p' = q z'``, ``q = p - p^2``; ``h = p + z q``."""
    value = torch.sigmoid(_value(z))
    p, q = _start(value, layout), _start(value - value * value, layout)
    slope = 1 - 2 * value
    for b, _ in layout.blocks:
        p[b] = _integral(q, z, b, layout)
        q[b] = _sum([*_times(slope, p[b]), *_square(p, b, layout)])
    return _product(z, p, layout, y_to), _plus(p, _product(z, q, layout), h_to)


def _gelu(z: Series, layout: Layout, y_to: Slots, h_to: Slots) -> tuple[Series, Series]:
    """``y = z P``, ``P' = q z'`` with the normal density ``q' = -z z' q``; ``h = P + z q``."""
    value, r = _value(z), _product(z, z, layout)
    P = _start(torch.special.ndtr(value), layout)
    q = _start(torch.exp(-value * value / 2) / sqrt(2 * pi), layout)
    for b, _ in layout.blocks:
        P[b] = _integral(q, z, b, layout)
        q[b] = _integral(q, r, b, layout, sign=-0.5)
    return _product(z, P, layout, y_to), _plus(P, _product(z, q, layout), h_to)


def _root(z: Series, layout: Layout, y_to: Slots, h_to: Slots) -> tuple[Series, Series]:
    """``y = sqrt(1 + z)``: ``y' = h z'`` with ``2 h y = 1``."""
    value = torch.sqrt(_value(z) + 1, out=y_to[0])
    y, h = _start(value, layout), _start(torch.div(0.5, value, out=h_to[0]), layout)
    factor = -1 / value
    for b, _ in layout.blocks:
        y[b] = _integral(h, z, b, layout, y_to[b])
        terms = _times(h[0], y[b])
        for i, l, parts in layout.products[b]:
            terms += _terms(y[i], h[l], parts, 1.0)
        total = _sum(terms)
        h[b] = _sum(_times(factor, total), h_to[b])
    return y, h


def _bell(z: Series, layout: Layout, y_to: Slots, h_to: Slots) -> tuple[Series, Series]:
    """``y = exp(-z)``: ``y' = h z'`` with ``h = -y``."""
    value = torch.exp(-_value(z), out=y_to[0])
    y, h = _start(value, layout), _start(torch.neg(value, out=h_to[0]), layout)
    for b, _ in layout.blocks:
        part = y[b] = _integral(h, z, b, layout, y_to[b])
        h[b] = None if part is None else torch.neg(part, out=h_to[b])
    return y, h


RECURRENCES: dict[str, Recurrence] = {
    "tanh": _tanh,
    "sin": _sin,
    "swish": _swish,
    "gelu": _gelu,
    "root": _root,
    "bell": _bell,
}


def squares(parts: Sequence[Series], layout: Layout) -> Series:
    """Return the sum of the squares of some series.

    Parameters
    ----------
    parts
        The series, by block.
    layout
        Of their channels.
    """
    total = _start(torch.stack([_value(y).square() for y in parts]).sum(0), layout)
    for block, _ in layout.blocks:
        terms: list[Product] = []
        for y in parts:
            for factor, a, b in [*_times(y[0], y[block], -2.0), *_square(y, block, layout)]:
                terms.append((-factor, a, b))
        total[block] = _sum(terms)
    return total


def _integral(
    h: Series, z: Series, block: int, layout: Layout, out: Tensor | None = None, sign: float = 1.0
) -> Tensor | None:
    """Return a block of ``y`` from ``y' = sign h z'``."""
    terms = _times(h[0], z[block], sign)
    for i, l, parts in layout.products[block]:
        terms += _terms(z[i], h[l], parts, sign * i / (i + l))
    return _sum(terms, out)


def _product(a: Series, b: Series, layout: Layout, to: Slots | None = None) -> Series:
    """Return the product of two series."""
    to = to or [None] * len(layout.sizes)
    y = _start(torch.mul(_value(a), _value(b), out=to[0]), layout)
    for block, _ in layout.blocks:
        terms = [*_times(a[0], b[block]), *_times(b[0], a[block])]
        for i, l, parts in layout.products[block]:
            terms += _terms(a[i], b[l], parts, 1.0)
        y[block] = _sum(terms, to[block])
    return y


def _square(y: Series, block: int, layout: Layout) -> list[Product]:
    """Return the products in ``-y^2`` that have no value as a factor."""
    terms: list[Product] = []
    for i, l, parts in layout.products[block]:
        if i <= l:
            terms += _terms(y[i], y[l], parts, -1.0 if i == l else -2.0)
    return terms


def _terms(a: Tensor | None, b: Tensor | None, parts: Sequence[Part], f: float) -> list[Product]:
    """Return ``f a b`` for a block: all its directions at once, or their weighted sum."""
    if a is None or b is None:
        return []
    return [(f * weight, _rows(a, some), _rows(b, some)) for some, weight in parts]


def _rows(a: Tensor, some: slice) -> Tensor:
    """Return some directions; a view costs as much as a product of small arrays."""
    return a if a.shape[0] == some.stop - some.start else a[some]


def _times(a: Tensor | None, b: Tensor | None, factor: float = 1.0) -> list[Product]:
    return [] if a is None or b is None else [(factor, a, b)]


def _sum(products: Sequence[Product], out: Tensor | None = None) -> Tensor | None:
    """Return a sum of products; None, or zeros in their place, if there are none."""
    if not products:
        return None if out is None else out.zero_()
    (factor, a, b), *rest = products
    total = torch.mul(a, b, out=out)
    if factor != 1:
        total = total.mul_(factor)
    for factor, a, b in rest:
        total = total.addcmul_(a, b, value=factor)
    return total


def _plus(a: Series, b: Series, to: Slots) -> Series:
    """Return the sum of two series."""

    def added(x: Tensor | None, y: Tensor | None, out: Tensor | None) -> Tensor | None:
        if x is not None and y is not None:
            return torch.add(x, y, out=out)
        rest = y if x is None else x
        return rest if out is None else out.zero_() if rest is None else out.copy_(rest)

    return [added(*parts) for parts in zip(a, b, to, strict=True)]


def _hyperbolic_tangent(z: Tensor, out: Tensor | None) -> Tensor:
    """Return tanh at a quarter of the library's cost, with rounding relative to one."""
    if out is None:
        return 2 * torch.sigmoid(2 * z) - 1
    p = torch.mul(z, 2, out=out).sigmoid_()
    return torch.add(_number(-1.0, z.dtype, z.device), p, alpha=2, out=out)


def _one_minus_square(y: Tensor, out: Tensor | None) -> Tensor:
    if out is None:
        return 1 - y * y
    return torch.addcmul(_number(1.0, y.dtype, y.device), y, y, value=-1, out=out)


@lru_cache(maxsize=16)
def _number(value: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return a number on a device, with which one operation does what three would."""
    return torch.full((), value, dtype=dtype, device=device)


def by_block(z: Sequence[Tensor], layout: Layout) -> list[Tensor]:
    """Return channels in one piece or several by order."""
    blocks: list[Tensor] = []
    for piece in z:
        sizes, count = [], 0
        for size in layout.sizes[len(blocks) :]:
            if count < piece.shape[0]:
                sizes.append(size)
                count += size
        blocks += torch.split_with_sizes(piece, sizes)
    return blocks


def _series(z: Sequence[Tensor], bias: Tensor, layout: Layout) -> Series:
    """Return channels by order, the bias added to the value."""
    value, *rest = by_block(z, layout)
    return [value + bias, *rest, *[None] * (len(layout.sizes) - 1 - len(rest))]


def _stacked(y: Series, layout: Layout) -> Tensor:
    value = _value(y)
    if len(y) == 1:
        return value
    return torch.cat(
        [
            value.new_zeros(size, *value.shape[1:]) if part is None else part
            for part, size in zip(y, layout.sizes, strict=True)
        ]
    )


def _start(value: Tensor, layout: Layout) -> Series:
    return [value, *[None] * len(layout.blocks)]


def _value(z: Series) -> Tensor:
    assert z[0] is not None
    return z[0]
