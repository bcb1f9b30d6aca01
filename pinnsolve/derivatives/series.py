"""Truncated Taylor series through activations: many directions at once, highest sums collapsed.

With ``z(t) = sum z_k t^k`` the series of ``y = f(z)`` follows from a differential equation that
``f`` satisfies, in ``O(n^2)`` operations for order ``n``. For tanh ``y' = s z'``, ``s = 1 - y^2``:

    k y_k = sum_{i=1}^k i z_i s_{k-i},        s_k = -sum_{i=0}^k y_i y_{k-i}.

The highest coefficient enters linearly, with the factor ``f'(z_0)``, so weighted sums of highest
coefficients are carried as one channel each. Backwards no recurrence is needed: with ``h`` the
series of ``f'(z)`` a change of ``z`` changes ``y`` by the product of series ``h dz``, so

    dL/dz_i = sum_{k >= i} h_{k-i} dL/dy_k.

Sources: Griewank & Walther (2008), Evaluating Derivatives, ch. 13; Chickering (2025),
A quasilinear algorithm for computing high-order derivatives of neural networks; for the
collapsed sums Dangel et al. (2025), arXiv:2505.13644.
"""

from collections.abc import Callable, Iterator, Sequence
from math import pi, sqrt
from typing import Any, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.plan import Layout

# the value, the coefficients of order 1, 2, … of all directions, and the sums; None is zero
Series: TypeAlias = list[Tensor | None]
Product: TypeAlias = tuple[float, Tensor, Tensor]
Recurrence: TypeAlias = Callable[[Series, Layout], tuple[Series, Series]]


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
    if torch.compiler.is_compiling():  # which differentiates and fuses by itself
        y, _ = RECURRENCES[activation](_series(z, bias, layout), layout)
        return _stacked(y, layout)
    return _Composition.apply(activation, layout, bias, *z)


class _Composition(torch.autograd.Function):
    """``z -> f(z)`` on series, with the backward pass in closed form."""

    @staticmethod
    def forward(ctx: Any, activation: str, layout: Layout, bias: Tensor, *z: Tensor) -> Tensor:
        y, h = RECURRENCES[activation](_series(z, bias, layout), layout)
        ctx.layout, ctx.pieces = layout, [piece.shape for piece in z]
        ctx.save_for_backward(*h)
        return _stacked(y, layout)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        layout, shapes = ctx.layout, ctx.pieces
        # slopes that all points have in common collect what comes from each
        results = [gradient.new_empty(shape[0], *gradient.shape[1:]) for shape in shapes]
        _adjoint(list(ctx.saved_tensors), gradient, layout, _split(results, layout))
        bias = results[0][0].sum(0)
        pieces = [
            result.sum(1, keepdim=True) if shape[1] < result.shape[1] else result
            for result, shape in zip(results, shapes, strict=True)
        ]
        return None, None, bias, *pieces


def _tanh(z: Series, layout: Layout) -> tuple[Series, Series]:
    """``y' = h z'`` with ``h = 1 - y^2``."""
    value = torch.tanh(_value(z))
    y, h = _start(value, layout), _start(1 - value * value, layout)
    twice = -2 * value
    for b, k in layout.blocks:
        y[b] = _integral(h, z, b, k, layout)
        h[b] = _sum([*_times(twice, y[b]), *_square(y, b, k, layout, -1.0)])
    return y, h


def _sin(z: Series, layout: Layout) -> tuple[Series, Series]:
    """``y' = h z'``, ``h' = -y z'``."""
    y, h = _start(torch.sin(_value(z)), layout), _start(torch.cos(_value(z)), layout)
    for b, k in layout.blocks:
        y[b] = _integral(h, z, b, k, layout)
        h[b] = _integral(y, z, b, k, layout, -1.0)
    return y, h


def _swish(z: Series, layout: Layout) -> tuple[Series, Series]:
    """``y = z p`` with the logistic function ``p' = q z'``, ``q = p - p^2``; ``h = p + z q``."""
    value = torch.sigmoid(_value(z))
    p, q = _start(value, layout), _start(value - value * value, layout)
    slope = 1 - 2 * value
    for b, k in layout.blocks:
        p[b] = _integral(q, z, b, k, layout)
        q[b] = _sum([*_times(slope, p[b]), *_square(p, b, k, layout, -1.0)])
    return _product(z, p, layout), _plus(p, _product(z, q, layout))


def _gelu(z: Series, layout: Layout) -> tuple[Series, Series]:
    """``y = z P``, ``P' = q z'`` with the normal density ``q' = -z z' q``; ``h = P + z q``."""
    value, r = _value(z), _product(z, z, layout)
    P = _start(torch.special.ndtr(value), layout)
    q = _start(torch.exp(-value * value / 2) / sqrt(2 * pi), layout)
    for b, k in layout.blocks:
        P[b] = _integral(q, z, b, k, layout)
        q[b] = _integral(q, r, b, k, layout, -0.5)
    return _product(z, P, layout), _plus(P, _product(z, q, layout))


RECURRENCES: dict[str, Recurrence] = {"tanh": _tanh, "sin": _sin, "swish": _swish, "gelu": _gelu}


def _integral(
    h: Series, z: Series, b: int, k: int, layout: Layout, sign: float = 1.0
) -> Tensor | None:
    """Return a block of ``y`` from ``y' = sign h z'``."""
    terms = list(_times(h[0], z[b], sign))
    for i in range(1, k):
        terms += _terms(z[i], h[k - i], b, sign * i / k, layout)
    return _sum(terms)


def _product(a: Series, b: Series, layout: Layout) -> Series:
    """Return the product of two series."""
    y = _start(_value(a) * _value(b), layout)
    for block, k in layout.blocks:
        terms = [*_times(a[0], b[block]), *_times(b[0], a[block])]
        for i in range(1, k):
            terms += _terms(a[i], b[k - i], block, 1.0, layout)
        y[block] = _sum(terms)
    return y


def _square(y: Series, block: int, k: int, layout: Layout, factor: float) -> Iterator[Product]:
    """Yield the products of ``factor y^2`` that have no value as a factor."""
    for i in range(1, k // 2 + 1):
        yield from _terms(y[i], y[k - i], block, factor if 2 * i == k else 2 * factor, layout)


def _terms(
    a: Tensor | None, b: Tensor | None, block: int, factor: float, layout: Layout
) -> Iterator[Product]:
    """Yield ``factor a b`` for a block: all its directions at once, or their weighted sum."""
    if a is None or b is None:
        return
    n = len(layout.counts)
    if block <= n:
        count = layout.counts[block - 1]
        yield factor, a[:count], b[:count]
        return
    for j, weight in layout.weights[block - n - 1]:
        yield factor * weight, a[j : j + 1], b[j : j + 1]


def _times(a: Tensor | None, b: Tensor | None, factor: float = 1.0) -> Iterator[Product]:
    if a is not None and b is not None:
        yield factor, a, b


def _sum(products: Sequence[Product]) -> Tensor | None:
    """Return a sum of products; None if there are none."""
    if not products:
        return None
    (factor, a, b), *rest = products
    total = a * b if factor == 1 else (factor * a) * b
    for factor, a, b in rest:
        total = total.addcmul_(a, b, value=factor)
    return total


def _plus(a: Series, b: Series) -> Series:
    return [x if y is None else y if x is None else x + y for x, y in zip(a, b, strict=True)]


def _adjoint(h: Series, gradient: Tensor, layout: Layout, results: Sequence[Tensor]) -> None:
    """Set the first blocks to ``sum_{k >= i} h_{k-i} g_k``."""
    g = torch.split_with_sizes(gradient, layout.sizes)
    value = torch.mul(_value(h), g[0], out=results[0])
    for h_b, g_b, size in zip(h[1:], g[1:], layout.sizes[1:], strict=True):
        if h_b is not None:
            for j in range(size):
                value.addcmul_(h_b[j : j + 1], g_b[j : j + 1])
    n = len(layout.counts)
    for i in range(1, len(results)):
        change = torch.mul(_value(h), g[i], out=results[i])
        for block, k in layout.blocks if i <= n else ():
            factor = h[k - i] if k > i else None
            if factor is not None and block <= n:
                count = layout.counts[k - 1]
                change[:count].addcmul_(factor[:count], g[block])
            elif factor is not None:
                for j, weight in layout.weights[block - n - 1]:
                    change[j].addcmul_(factor[j], g[block][0], value=weight)


def _split(z: Sequence[Tensor], layout: Layout) -> list[Tensor]:
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
    value, *rest = _split(z, layout)
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
