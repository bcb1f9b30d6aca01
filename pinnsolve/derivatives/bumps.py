"""Taylor series of bumps: of their argument by products of series, then of their profile.

The argument of a bump is ``z = sum_i y_i^2`` with ``y_i = (a_i / s_i - p_i) / r``, whose series is
that of the network's input ``a_i`` times a constant. It is summed from differences, and not as
``|a|^2 - 2 p . a + |p|^2``, which costs the digits of ``(|p| / r)^2``.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.plan import Layout
from pinnsolve.derivatives.series import by_block, compose, squares
from pinnsolve.networks.bumps import Bumps


def bump_channels(
    bumps: Bumps, pieces: Sequence[Float[Tensor, "_ _ q"]], layout: Layout
) -> Float[Tensor, "C N m"]:
    """Return the channels of some bumps, differentiable by their centres and radii.

    Parameters
    ----------
    bumps
        The bumps.
    pieces
        Channels of the network's input, at all points or at one, where all points have them in
        common; channels that are missing at the end are zero.
    layout
        Of the channels.
    """
    z = argument(bumps, pieces, layout)
    return compose(bumps.profile, z, z[0].new_zeros(len(bumps)), layout)


def argument(
    bumps: Bumps, pieces: Sequence[Float[Tensor, "_ _ q"]], layout: Layout
) -> list[Float[Tensor, "_ _ m"]]:
    """Return the channels of ``z``, in one piece for each block of the layout.

    Parameters
    ----------
    bumps, pieces, layout
        As of `bump_channels`.
    """
    ratio = torch.exp(-bumps.log_radii)
    blocks = [block / bumps.scales for block in by_block(pieces, layout)]
    missing = [None] * (len(layout.sizes) - len(blocks))
    parts = []
    for i, p in enumerate(bumps.centres.unbind(-1)):
        value, *slopes = (block[..., i, None] for block in blocks)
        parts.append([(value - p) * ratio, *(slope * ratio for slope in slopes), *missing])
    z = squares(parts, layout)
    return [
        ratio.new_zeros(size, 1, len(ratio)) if part is None else part
        for part, size in zip(z, layout.sizes, strict=True)
    ]


def lifted_inputs(
    bumps: Bumps, pieces: Sequence[Float[Tensor, "_ _ q"]], layout: Layout, count: int
) -> Float[Tensor, "C N w"]:
    """Return the channels of ``y = a / s`` and of ``|y|^2``, in which ``z`` is linear.

    Parameters
    ----------
    bumps, pieces, layout
        As of `bump_channels`.
    count
        Number of points.
    """
    blocks = [block / bumps.scales for block in by_block(pieces, layout)]
    missing = [None] * (len(layout.sizes) - len(blocks))
    q = len(bumps.scales)
    parts = [[*(block[..., i, None] for block in blocks), *missing] for i in range(q)]
    zero = blocks[0].new_zeros(1, 1, 1)
    channels = []
    for k, (size, square) in enumerate(zip(layout.sizes, squares(parts, layout), strict=True)):
        own = blocks[k] if k < len(blocks) else zero.expand(size, 1, q)
        own = own.expand(size, count, q)
        channels.append(
            torch.cat([own, (zero if square is None else square).expand(size, count, 1)], 2)
        )
    return torch.cat(channels)


@torch.no_grad()
def weight_slopes(bumps: Bumps) -> Float[Tensor, "m w v"]:
    """Return the slopes of ``W = [-2 p, 1] / r^2``, ``b = |p|^2 / r^2`` by ``p`` and ``log r``."""
    p, s = bumps.centres, torch.exp(-2 * bumps.log_radii)
    m, q = p.shape
    slopes = p.new_zeros(m, q + 2, q + 1)
    slopes[:, :q, :q] = -2 * s[:, None, None] * torch.eye(q).to(p)
    slopes[:, q + 1, :q] = 2 * s[:, None] * p
    slopes[:, :q, q] = 4 * s[:, None] * p
    slopes[:, q, q] = -2 * s
    slopes[:, q + 1, q] = -2 * s * (p * p).sum(1)
    return slopes
