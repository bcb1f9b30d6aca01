"""Random numbers by arithmetic of integers: the same on every device, in any precision.

The n-th number is a hash of ``n`` times an odd constant, so that all that has to be kept is how
many have been drawn, and a graph that is replayed draws others each time. Source: Steele, Lea &
Flood (2014), Fast splittable pseudorandom number generators, doi:10.1145/2660193.2660195.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

GAMMA = -0x61C8864680B583EB  # 2^64 divided by the golden section, as a signed integer
MIXERS = ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15))  # shifts, and factors after them
LAST = 31


def draw(count: Int[Tensor, "1"], n: int) -> Int[Tensor, " n"]:
    """Return ``n`` whole numbers from zero to ``2^63 - 1``; count them.

    Parameters
    ----------
    count
        How many have been drawn before, from which the next ones follow; changed in place.
    n
        How many are wanted.
    """
    z = (count + torch.arange(1, n + 1, device=count.device)) * GAMMA
    for shift, factor in MIXERS:
        z = (z ^ _shifted(z, shift)) * factor
    count += n
    return _shifted(z ^ _shifted(z, LAST), 1)


def uniform(count: Int[Tensor, "1"], n: int) -> Float[Tensor, " n"]:
    """Return ``n`` numbers between zero and one, neither of them; count them as `draw` does."""
    return ((draw(count, n) >> 11).double() + 0.5) / 2**52


def begun(seed: int, device: torch.device) -> Int[Tensor, "1"]:
    """Return the count with which the numbers of a seed begin, 2^40 before those of the next."""
    return torch.tensor([seed % 2**23 << 40], dtype=torch.int64, device=device)


def _shifted(z: Int[Tensor, " n"], bits: int) -> Int[Tensor, " n"]:
    """Return numbers shifted to the right, zeros following them."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)
