"""Unknown constants of the equations, trained as further weights of the network.

Bounds are built in: what is trained is a number ``s`` without bounds, and the constant is

    m + h sin(s / h)            between two, with their middle m and half their distance h,
    a - 1 + sqrt(s^2 + 1)       above a,
    b + 1 - sqrt(s^2 + 1)       below b,

or the exponential of that. A step too far swings back from the bound instead of staying there.
Source: James & Roos (1975), Minuit, doi:10.1016/0010-4655(75)90039-9.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import asin, exp, inf, log, sqrt

import torch
from jaxtyping import Float
from torch import Tensor, nn

LARGEST_FALL = 4.6  # of a logarithm, for constants that seem to be negative: to a hundredth
MARGIN = 1e-2  # of the range: a start is kept this far from a bound, where the map is flat


@dataclass(frozen=True)
class Range:
    """Where a constant, or its logarithm, may lie, and where its search begins.

    Attributes
    ----------
    start
        Where it begins.
    lower, upper
        The bounds, infinite if there are none.
    is_exponential
        Whether all that is about the logarithm.
    """

    start: float
    lower: float = -inf
    upper: float = inf
    is_exponential: bool = False

    def value(self, s: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Return the constant for the number that is trained."""
        low, high = self.lower, self.upper
        if low > -inf and high < inf:
            half = (high - low) / 2
            q = (low + high) / 2 + half * torch.sin(s / half)
        elif low > -inf:
            q = low - 1 + torch.sqrt(s * s + 1)
        elif high < inf:
            q = high + 1 - torch.sqrt(s * s + 1)
        else:
            q = s
        return torch.exp(q) if self.is_exponential else q

    @property
    def first_value(self) -> float:
        """The constant with which the search begins."""
        return exp(self.start) if self.is_exponential else self.start

    def first(self) -> float:
        """Return the number that is trained with which the search begins."""
        return self._trained(self.start)

    def trained_at(self, value: float) -> float:
        """Return the number that is trained for a constant, or for what it may be next to it."""
        if not self.is_exponential:
            return self._trained(value)
        least = self.start - LARGEST_FALL if self.lower == -inf else self.lower
        return self._trained(max(log(value), least) if value > 0 else least)

    def _trained(self, q: float) -> float:
        """Return the number that is trained for a constant, or its logarithm."""
        low, high = self.lower, self.upper
        if low > -inf and high < inf:
            half = (high - low) / 2
            share = (q - (low + high) / 2) / half
            return half * asin(min(max(share, MARGIN - 1), 1 - MARGIN))
        if low == -inf and high == inf:
            return q
        room = max(q - low if low > -inf else high - q, MARGIN)
        return sqrt((1 + room) ** 2 - 1)


class Unknowns(nn.Module):
    """The unknown constants of a problem.

    Parameters
    ----------
    ranges
        One for each, by name.
    """

    def __init__(self, ranges: Mapping[str, Range]) -> None:
        super().__init__()
        self.names, self.ranges = tuple(ranges), tuple(ranges.values())
        self.trained = nn.Parameter(torch.zeros(len(self.ranges), dtype=torch.float64))
        self.reset()

    def __len__(self) -> int:
        """Return their number."""
        return len(self.ranges)

    def place(self, name: str) -> int:
        """Return the place of a constant among the numbers that are trained."""
        return self.names.index(name)

    @torch.no_grad()
    def reset(self) -> None:
        """Return to the first values."""
        self.trained.copy_(torch.tensor([a.first() for a in self.ranges], dtype=torch.float64))

    def forward(self, trained: Float[Tensor, " k"] | None = None) -> Float[Tensor, " k"]:
        """Return the constants, by default those of the numbers held."""
        s = self.trained if trained is None else trained
        return torch.stack([a.value(part) for a, part in zip(self.ranges, s, strict=True)])

    def trained_at(self, values: Float[Tensor, " k"]) -> Float[Tensor, " k"]:
        """Return the numbers that are trained for constants, within their bounds."""
        pairs = zip(self.ranges, values.tolist(), strict=True)
        return torch.tensor([a.trained_at(value) for a, value in pairs]).to(self.trained)

    def slopes(self, trained: Float[Tensor, " k"]) -> Float[Tensor, " k"]:
        """Return the derivative of each constant by the number that is trained."""
        with torch.enable_grad():
            s = trained.detach().requires_grad_()
            (slopes,) = torch.autograd.grad(self(s).sum(), s)
        return slopes
