"""Views of a network: what its outputs are made of that are symmetric, or do not see all of space.

A view is the network in other coordinates of its box, ``a_i`` times a factor: 1, -1 where it is
mirrored, 0 where a coordinate is not seen. Each output is a sum of views,

    u_i(x) = sum_v s_vi N_i(a * f_v),

one that is odd or even in the first coordinate the half of two, one that is a function of some
coordinates alone that of a view without the others. As a view is a network, too, with other half
widths, whatever can be done to a network, as differentiate it, can be done to each.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def views(
    parities: Sequence[int], seen: Sequence[Sequence[bool]]
) -> tuple[Float[Tensor, "m d"], Float[Tensor, "m c"]]:
    """Return the factors of each view, and the shares that it has in the outputs.

    Parameters
    ----------
    parities
        Of each output 1 if it is even in the first coordinate, -1 if odd, 0 if neither.
    seen
        Of each output which of the coordinates it depends on.
    """
    shares: dict[tuple[float, ...], list[float]] = {}
    for output, (parity, own) in enumerate(zip(parities, seen, strict=True)):
        plain = tuple(map(float, own))
        mirrored = (-plain[0], *plain[1:])
        for factors, share in ((plain, 1 - abs(parity) / 2), (mirrored, parity / 2)):
            if share:
                shares.setdefault(factors, [0.0] * len(parities))[output] += share
    return torch.tensor(list(shares)).double(), torch.tensor(list(shares.values())).double()
