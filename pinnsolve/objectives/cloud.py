"""Particles of a density: points drawn from it that carry its logarithm."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

ROBUST = 5.0  # times the median: rows beyond count less


@dataclass(frozen=True, eq=False)
class Cloud:
    """Particles in places, those of the body first, then those of the tails, then unseen ones.

    Attributes
    ----------
    x
        Where they are.
    logs
        The logarithm of the density there, as carried.
    body, tails
        How many are drawn from the density, and how many from a power of it that has more of the
        tails. All others are drawn from the density, too, and nothing is fitted to them.
    """

    x: Float[Tensor, "m d"]
    logs: Float[Tensor, " m"]
    body: int
    tails: int

    @property
    def seen(self) -> slice:
        """Those to which weights and their rates are fitted."""
        return slice(0, self.body + self.tails)

    @property
    def unseen(self) -> slice:
        """The others."""
        return slice(self.body + self.tails, None)

    def moved(self, x: Float[Tensor, "m d"], logs: Float[Tensor, " m"]) -> "Cloud":
        """Return the particles elsewhere."""
        return Cloud(x, logs, self.body, self.tails)

    def factors(self, in_tails: float) -> Float[Tensor, " n"]:
        """Return the factors of the rows of those that are seen, the sum of their squares one."""
        found = self.logs.new_ones(self.body + self.tails)
        found[self.body :] = in_tails
        return found / torch.linalg.vector_norm(found)


def robust(r: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Return factors of rows that let those count less whose size is beyond most."""
    scale = ROBUST * float(r.abs().median())
    return 1 / torch.sqrt(1 + (r / scale) ** 2) if scale > 0 else torch.ones_like(r)


def relative_l2(ratio: Float[Tensor, " n"], logs: Float[Tensor, " n"]) -> float:
    """Return the norm of ``ratio * u`` by that of ``u``, over points drawn from ``u``."""
    u = torch.exp(logs - logs.max())
    return float(((ratio**2 * u).sum() / u.sum()).sqrt())
