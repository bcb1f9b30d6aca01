"""The head of a network that is fitted to values at points, whatever the number of its fields.

All fields share the features, so that they share a factor, too: a solve costs as much as for one.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.extended import ExtendedFactor
from pinnsolve.networks.mlp import MLP


class SharedHead:
    """The least-squares problem for the head of a network that follows values, and grows.

    Parameters
    ----------
    net
        The network, whose outputs have the same symmetry if they have any.
    x, values
        Points, and the values there.
    sizes
        Of the fields, by which misfits are divided.
    most
        Features that may come.
    """

    def __init__(
        self,
        net: MLP,
        x: Float[Tensor, "N d"],
        values: Float[Tensor, "N c"],
        sizes: Float[Tensor, " c"],
        most: int,
    ) -> None:
        self._net, self._x, self._sizes = net, x, sizes
        self._factor = ExtendedFactor(values / sizes, most + 1)
        self._taken = -1  # blocks of bumps whose columns are in the factor; not even the layers

    @torch.no_grad()
    def take(self, blocks: int) -> None:
        """Let the factor have the columns of the first features, and of so many blocks of bumps."""
        net = self._net
        if self._taken < 0:
            self._factor.extend_by(self._columns([net.of_layers()], has_constant=True))
            self._taken = 0
        if joined := [net.of_bumps(k) for k in range(self._taken, blocks)]:
            self._factor.extend_by(self._columns(joined))
            self._taken = blocks

    @torch.no_grad()
    def solve(self) -> Float[Tensor, "N c"]:
        """Solve for the weights of all features, set them, and return the misfits in sizes."""
        net, first = self._net, self._net.blocks[0]
        self.take(len(net.bumps))
        c = self._factor.solution() * self._sizes
        # the bias has come after the first features
        weights = torch.cat([c[:first], c[first + 1 :]]).mT
        net.set_head(torch.cat([weights.flatten(), c[first]]))
        return self._factor.residual()

    def _columns(
        self, parts: Sequence[MLP], *, has_constant: bool = False
    ) -> Callable[[slice], Float[Tensor, "r m"]]:
        """Return a function that gives rows of the columns of some features."""

        def columns(rows: slice) -> Float[Tensor, "r m"]:
            x = self._x[rows]
            found = [
                part.of_outputs(*(image.features(x) for image in part.images()))[0]
                for part in parts
            ]
            if has_constant:
                found.append(parts[0].constant[0].expand(len(x), 1))
            return torch.cat(found, 1)

        return columns

    @torch.no_grad()
    def rows(self) -> Float[Tensor, "r P"]:
        """Return ``B``: a head ``c`` leaves ``|B (c - c_0)|^2`` more than the solution ``c_0``."""
        R, (outputs, w) = self._factor.triangle(), self._net.head.weight.shape
        first, k = self._net.blocks[0], len(R)
        B = R.new_zeros(outputs * k, outputs * (w + 1))
        own = torch.arange(w, device=R.device)
        for f, size in enumerate(self._sizes):
            bias = own.new_tensor([outputs * w + f])
            columns = torch.cat([f * w + own[:first], bias, f * w + own[first:]])
            B[f * k : (f + 1) * k, columns] = R / size
        return B
