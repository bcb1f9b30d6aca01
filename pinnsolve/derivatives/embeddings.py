"""Taylor series of an embedding, in closed form.

With ``theta = w . x + b`` the coefficient of order ``k`` of ``a sin(w . (x + t v) + b)`` is

    a (w . v)^k / k!  sin(theta + k pi/2),

and a weighted sum over directions changes the first factor alone; a drift adds a coefficient of
order one. So all channels of a wave are its sine and cosine times constants.
"""

from math import factorial

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.plan import Layout
from pinnsolve.derivatives.waves import wave_channels
from pinnsolve.networks.embedding import Embedding
from pinnsolve.networks.waves import Waves


def embedded(
    embedding: Embedding | Waves,
    x: Float[Tensor, "N d"],
    V: Float[Tensor, "J d"],
    drifts: Float[Tensor, "S d"],
    layout: Layout,
) -> Float[Tensor, "C N q"]:
    """Return the channels of the inputs that an embedding gives to a network.

    Parameters
    ----------
    embedding
        The waves, and the coordinates that pass through; or products.
    x, V, drifts
        Points, directions of the series, and those whose first coefficients the sums hold as
        well, in the coordinates of the network's box.
    layout
        Of the channels.
    """
    if isinstance(embedding, Waves):
        return wave_channels(embedding, x, V, drifts, layout)
    theta = x @ embedding.waves.mT + embedding.phases
    sine, cosine = embedding.amplitudes * theta.sin(), embedding.amplitudes * theta.cos()
    slopes = V @ embedding.waves.mT
    turned = (sine, cosine, -sine, -cosine)
    waves = [sine[None]]
    for k, count in enumerate(layout.counts, 1):
        waves.append((slopes[:count] ** k / factorial(k))[:, None] * turned[k % 4])
    for (n, weights), drift in zip(layout.sums, drifts, strict=True):
        factor = sum(w * slopes[j] ** n for j, w in enumerate(weights) if w) / factorial(n)
        waves.append((factor * turned[n % 4] + (embedding.waves @ drift) * cosine)[None])
    p, first = len(embedding.linear), sum(layout.counts[:1])
    straight = x.new_zeros(layout.channels, len(x), p)
    straight[0] = x @ embedding.linear.mT
    straight[1 : 1 + first] = (V[:first] @ embedding.linear.mT)[:, None]
    straight[layout.channels - len(drifts) :] = (drifts @ embedding.linear.mT)[:, None]
    return torch.cat([straight, torch.cat(waves)], -1)
