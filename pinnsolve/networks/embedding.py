"""Embeddings: waves that a network is given in place of the coordinates, or beside them.

    E(x) = (L x,  a_j sin(w_j . x + b_j), j = 1 … m),      x scaled to the box: [-1, 1] each,

where ``L`` picks the coordinates that pass through, and a cosine is a sine with ``b = pi/2``.
Networks learn low frequencies first; with waves among their inputs high ones are at hand too.

- `fourier`: the coordinates, and sines and cosines of ``w_j . x`` with random ``w_j``, normally
  distributed, whose standard deviations rise by equal factors from 1 to the highest wave number
  that the nodes resolve. Tancik et al. (2020), Fourier features let networks learn high frequency
  functions in low dimensional domains, arXiv:2006.10739; of several scales Wang, Wang &
  Perdikaris (2021), doi:10.1016/j.cma.2021.113938.
- `sinusoidal`: of each coordinate sines and cosines of octaves, ``w_k = (pi/2) 2^k``, with
  amplitudes ``2^-k``, so that all are equally steep. Finzi et al. (2023), A stable and scalable
  method for solving initial value PDEs with neural networks, arXiv:2304.14994.
- `plain`: the coordinates as they are.

Wave numbers are in radians per half width of the box.

In a coordinate with a period all waves have that period, and it does not pass through, so the
network is periodic whatever its weights: of a plain coordinate one wave remains, octaves begin
with the period, random waves are moved to the nearest that fit. Source: Dong & Ni (2021),
A method for representing periodic functions, doi:10.1016/j.jcp.2021.110242.
"""

from collections.abc import Callable, Sequence
from math import pi, sqrt

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pinnsolve.networks.sizes import HIGHEST_WAVE, WAVES, octaves


class Embedding(nn.Module):
    """Some coordinates, and waves, sines and cosines, of all of them.

    Parameters
    ----------
    linear
        The rows of ``L``.
    waves
        Wave vectors, in radians per half width of the box; each gives a sine and a cosine.
    amplitudes
        One for each wave vector.
    """

    linear: Tensor
    waves: Tensor
    phases: Tensor
    amplitudes: Tensor

    def __init__(
        self,
        linear: Float[Tensor, "p d"],
        waves: Float[Tensor, "m d"],
        amplitudes: Float[Tensor, " m"],
    ) -> None:
        super().__init__()
        phases = torch.zeros_like(amplitudes)
        # kept with the weights, which mean nothing without them
        self.register_buffer("linear", linear)
        self.register_buffer("waves", torch.cat([waves, waves]))
        self.register_buffer("phases", torch.cat([phases, phases + pi / 2]))
        self.register_buffer("amplitudes", torch.cat([amplitudes, amplitudes]))

    def forward(self, x: Float[Tensor, "*N d"]) -> Float[Tensor, "*N q"]:
        """Return the inputs of the network at points in the coordinates of the box."""
        waves = self.amplitudes * torch.sin(x @ self.waves.mT + self.phases)
        return torch.cat([x @ self.linear.mT, waves], -1)

    @property
    def size(self) -> int:
        """Number of inputs that the network is given."""
        return len(self.linear) + len(self.waves)

    @property
    def gain(self) -> float:
        """Factor on weights that makes sums of these inputs as large as of the coordinates.

        A coordinate's mean square is 1/3, a wave's half of its amplitude's square.
        """
        squares = len(self.linear) / 3 + float((self.amplitudes**2).sum()) / 2
        return sqrt(self.linear.shape[1] / 3 / squares)


def plain(base: Float[Tensor, " d"], *_: float) -> Embedding:
    """Return the coordinates as they are, but a wave, as steep as they are, for each period.

    Parameters
    ----------
    base
        Wave number of the period of each coordinate; zero if it has none.
    """
    of_period = base[base > 0]
    # steeper ones, or harmonics, and the network is rougher between the nodes than the solution
    return Embedding(_without_period(base), torch.diag(base)[base > 0], 1 / of_period)


def sinusoidal(base: Float[Tensor, " d"], highest: float, _: int = 0) -> Embedding:
    """Return octaves of each coordinate.

    Parameters
    ----------
    base
        As of `plain`.
    highest
        Wave number near which the octaves end.
    """
    waves = torch.diag(torch.where(base > 0, base, pi / 2))
    multiples = 2.0 ** torch.arange(octaves(highest))
    return Embedding(base.new_zeros(0, len(base)), *_along(waves, multiples))


def fourier(base: Float[Tensor, " d"], highest: float, seed: int = 0) -> Embedding:
    """Return the coordinates and random waves.

    Parameters
    ----------
    base
        As of `plain`.
    highest
        Standard deviation of the highest wave numbers.
    seed
        Of the wave vectors.
    """
    count = WAVES * len(base)
    draw = torch.Generator().manual_seed(seed)
    waves = torch.randn(count, len(base), generator=draw, dtype=torch.float64)
    waves *= torch.logspace(0, 1, count, max(highest, 1.0), dtype=torch.float64)[:, None]
    fitting = base * torch.round(waves / torch.where(base > 0, base, 1.0))
    waves = torch.where(base > 0, fitting, waves)
    return Embedding(_without_period(base), waves, torch.ones_like(waves[:, 0]))


EMBEDDINGS: dict[str, Callable[[Float[Tensor, " d"], float, int], Embedding]] = {
    "none": plain,
    "fourier": fourier,
    "sinusoidal": sinusoidal,
}


def embedding(
    name: str,
    half_width: Float[Tensor, " d"],
    periods: Sequence[float | None] = (),
    highest: float = HIGHEST_WAVE,
    seed: int = 0,
) -> Embedding | None:
    """Return an embedding; None if the coordinates are to be as they are.

    Parameters
    ----------
    name
        A name in `EMBEDDINGS`.
    half_width
        Of the box, in each coordinate.
    periods
        Of each coordinate, in its unit; None of one without. By default there is none.
    highest
        Wave number up to which waves are to go, in radians per half width.
    seed
        Of random waves.
    """
    if name == "none" and not any(periods):
        return None
    wave_numbers = [2 * pi / period if period else 0.0 for period in periods]
    base = torch.tensor(wave_numbers or [0.0] * len(half_width), dtype=torch.float64) * half_width
    return EMBEDDINGS[name](base, highest, seed)


def _without_period(base: Float[Tensor, " d"]) -> Float[Tensor, "p d"]:
    """Return the coordinates that may pass through."""
    return torch.eye(len(base), dtype=base.dtype)[base == 0]


def _along(
    waves: Float[Tensor, "p d"], multiples: Float[Tensor, " k"]
) -> tuple[Float[Tensor, "m d"], Float[Tensor, " m"]]:
    """Return multiples of wave vectors, equally steep, and their amplitudes."""
    return (
        (multiples[:, None, None] * waves).flatten(0, 1),
        (1 / multiples).repeat_interleave(len(waves)).to(waves),
    )
