"""Taylor series of products of functions of one coordinate each, from their derivatives.

The coefficient of order ``k`` along ``v`` is ``sum_(|alpha| = k) v^alpha / alpha! d^alpha phi``; so
every channel, a sum of highest coefficients with a drift too, is a sum of derivatives of the
products, which are products of derivatives.
"""

from itertools import product
from math import factorial, prod

from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.plan import Layout
from pinnsolve.networks.waves import Waves


def wave_channels(
    waves: Waves,
    x: Float[Tensor, "N d"],
    V: Float[Tensor, "J d"],
    drifts: Float[Tensor, "S d"],
    layout: Layout,
) -> Float[Tensor, "C N q"]:
    """Return the channels of the products.

    Parameters
    ----------
    waves
        The products.
    x, V, drifts
        Points, directions of the series, and those whose first coefficients the sums hold as
        well, in the coordinates of the network's box.
    layout
        Of the channels.
    """
    directions, further = V.tolist(), drifts.tolist()
    channels = x.new_zeros(layout.channels, len(x), waves.size)
    highest = max([len(layout.counts), *(n for n, _ in layout.sums)])
    for alpha in product(*(range(highest + 1) for _ in waves.axes)):
        order = sum(alpha)
        if order > highest:
            continue
        coefficients = [_coefficient(v, alpha) for v in directions]
        own: list[float] = [float(order == 0)]
        for k, count in enumerate(layout.counts, 1):
            own += coefficients[:count] if k == order else [0.0] * count
        for (n, weights), drift in zip(layout.sums, further, strict=True):
            pairs = zip(weights, coefficients, strict=False)
            total = sum(w * c for w, c in pairs) if n == order else 0.0
            own.append(total + (_coefficient(drift, alpha) if order == 1 else 0.0))
        if any(own):
            values = waves.derivative(x, alpha)
            for channel, factor in zip(channels, own, strict=True):
                if factor:
                    channel.add_(values, alpha=factor)
    return channels


def _coefficient(v: list[float], alpha: tuple[int, ...]) -> float:
    """Return the share of a derivative in the coefficient along a direction."""
    return prod(c**a / factorial(a) for c, a in zip(v, alpha, strict=True))
