"""Bumps: features that live in one place, on a scale of their own.

    f(z),    z = |(a / s - p) / r|^2,        f(z) = sqrt(1 + z),  exp(-z)  or  sin(z),

multiquadrics and Gaussians, with a centre ``p`` and a radius ``r`` of their own, in the
inputs ``a`` of the network divided by the scales ``s``, which stretch the coordinates along which
the fields vary less. Around a centre that is far away ``sin(z)`` is a wave that is nearly plane,
with the wave vector ``2 (a - p) / r^2``. Source: Hardy (1971), doi:10.1029/JB076i008p01905; as
features that are drawn where a residual is large: Chen, Chi, E & Yang (2022), Bridging traditional
and machine learning-based algorithms for solving PDEs: the random feature method, arXiv:2207.13380.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

PROFILES: dict[str, Callable[[Tensor], Tensor]] = {
    "root": lambda z: torch.sqrt(1 + z),
    "bell": lambda z: torch.exp(-z),
    "sin": torch.sin,
}
LOCAL = ("root", "bell")  # in the order in which blocks of them join a network, one of each
FAR = 64.0  # distance of the centres of waves, at least, and twice as much at most
SLOWEST = 0.1  # wave number: a slower one would have its centre farther away


class Bumps(nn.Module):
    """Some bumps of one profile.

    Parameters
    ----------
    profile
        A name in `PROFILES`.
    centres
        In the network's inputs divided by `scales`.
    radii
        In the same unit.
    scales
        Of the network's inputs.
    """

    scales: Tensor
    kind: Tensor

    def __init__(
        self,
        profile: str,
        centres: Float[Tensor, "m q"],
        radii: Float[Tensor, " m"],
        scales: Float[Tensor, " q"],
    ) -> None:
        super().__init__()
        self.profile = profile
        # of the others the order tells which they are
        kind = torch.tensor(list(PROFILES).index(profile))
        self.register_buffer("kind", kind, persistent=not self.is_local)
        self.register_buffer("scales", scales.clone())
        self.centres = nn.Parameter(centres.clone())
        self.log_radii = nn.Parameter(radii.log())

    @property
    def is_local(self) -> bool:
        """Whether they live in one place each, as waves do not."""
        return self.profile in LOCAL

    def __len__(self) -> int:
        """Return their number."""
        return len(self.log_radii)

    @torch.no_grad()
    def keep(self, some: Int[Tensor, " k"]) -> None:
        """Leave some of them."""
        self.centres = nn.Parameter(self.centres[some])
        self.log_radii = nn.Parameter(self.log_radii[some])

    def forward(self, a: Float[Tensor, "*N q"]) -> Float[Tensor, "*N m"]:
        """Return the features at inputs of the network."""
        ratio = torch.exp(-self.log_radii)
        scaled = (a / self.scales).unbind(-1)
        parts = zip(scaled, self.centres.unbind(-1), strict=True)
        z = sum(((x[..., None] - p) * ratio).square() for x, p in parts)
        return PROFILES[self.profile](torch.as_tensor(z))


def waves(vectors: Float[Tensor, "m q"], seed: int) -> Bumps:
    """Return waves of given wave vectors and random phases.

    Parameters
    ----------
    vectors
        In radians, in the network's inputs.
    seed
        Of the distances of their centres, which decide the phases.
    """
    draw = torch.Generator().manual_seed(seed)
    far = FAR * (1 + torch.rand(len(vectors), generator=draw, dtype=torch.float64))
    number = torch.linalg.vector_norm(vectors, dim=1).clamp(min=SLOWEST)
    centres = -far[:, None] * vectors / number[:, None]
    return Bumps(
        "sin", centres, torch.sqrt(2 * far / number), torch.ones(vectors.shape[1]).double()
    )
