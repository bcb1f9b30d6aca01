"""The DT-PINN objective as a function of the head's weights, ``r(c) = W R(C c)``.

With the features as they are, nodal values are linear in the head's weights. Of several networks
each has a head, whose weights follow one another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.jacobian import LinearMap
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.several import AnyNetwork

COLUMNS = 64  # features whose rows are computed together


@dataclass(frozen=True)
class HeadShare:
    """What the weights of one head make of the fields at the points of its network.

    Attributes
    ----------
    net
        The network.
    features
        What each output's weights multiply: values of the features at the points, and after them
        their derivatives in time.
    """

    net: MLP
    features: tuple[Float[Tensor, "c M w"], ...]

    def fields(self, c: Float[Tensor, " P"]) -> Float[Tensor, "k M"]:
        """Return the nodal values that the head's weights give."""
        n, _, w = self.features[0].shape
        weights, biases = c[: n * w].view(n, w), c[n * w :]
        fields = [(values @ weights[:, :, None])[:, :, 0] for values in self.features]
        fields[0] = fields[0] + (biases * self.net.constant.double())[:, None]
        return torch.cat(fields)

    def fill(self, M: Float[Tensor, "R P"], S: LinearMap) -> None:
        """Write the slopes of the residual by the head's weights into a matrix.

        Parameters
        ----------
        M
            The matrix.
        S
            The slopes by the nodal values.
        """
        n, _, w = self.features[0].shape
        constant = self.net.constant.double()
        for field in range(n):
            for start in range(0, w, COLUMNS):  # few columns at a time bound the memory
                chunk = [values[field, :, start : start + COLUMNS] for values in self.features]
                M[:, field * w + start :][:, : chunk[0].shape[1]] = S.times(self._of(field, chunk))
            ones = torch.ones_like(self.features[0][field, :, :1]) * constant[field]
            one = [ones * (k == 0) for k in range(len(self.features))]
            M[:, n * w + field] = S.times(self._of(field, one))[:, 0]

    def _of(self, field: int, values: Sequence[Float[Tensor, "M q"]]) -> Float[Tensor, "K q"]:
        """Return columns that are some values in one field, and zero in all others."""
        points, q = values[0].shape
        columns = values[0].new_zeros(len(values), len(self.features[0]), points, q)
        for order, part in enumerate(values):
            columns[order, field] = part
        return columns.view(-1, q)


@dataclass(frozen=True)
class NodalHead:
    """The residual as a function of the head's weights.

    Attributes
    ----------
    model
        The network, or several.
    shares
        What each of their heads makes of the fields.
    is_linear
        Whether the residual is affine in the head's weights.
    at, slope
        The residual as a function of the nodal values, and its derivative.
    joined
        Values at all points, of those at the points of each network.
    own
        The columns of a map that belong to the points of a network.
    """

    model: AnyNetwork
    shares: tuple[HeadShare, ...]
    is_linear: bool
    at: Callable[[Float[Tensor, " K"]], Float[Tensor, " R"]]
    slope: Callable[[Float[Tensor, " K"]], LinearMap]
    joined: Callable[[Sequence[Float[Tensor, "k _"]]], Float[Tensor, "k M"]]
    own: Callable[[LinearMap, int], LinearMap]

    @property
    def n_constants(self) -> int:
        """None: a discretisation leaves no room for unknown constants."""
        return 0

    def vector(self) -> Float[Tensor, " P"]:
        """Return the head's weights as they are."""
        return self.model.head_vector()

    def set(self, c: Float[Tensor, " P"]) -> None:
        """Copy weights of the head into the network."""
        self.model.set_head(c)

    def residual(self, c: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return the weighted residual vector."""
        return self.at(self._fields(c.double()))

    def linearise(self, c: Float[Tensor, " P"]) -> tuple[Float[Tensor, "R P"], Float[Tensor, " R"]]:
        """Return ``M, t`` such that the residual linearised at ``c`` is ``M c' - t`` at ``c'``."""
        u = self._fields(c.double())
        S = self.slope(u)
        M = u.new_empty(S.shape[0], len(c))
        for k, (share, part) in enumerate(zip(self.shares, M.split(self._sizes, 1), strict=True)):
            share.fill(part, self.own(S, k))
        return M, S.times(u) - self.at(u)

    @property
    def _sizes(self) -> list[int]:
        return [share.net.head_size for share in self.shares]

    def _fields(self, c: Float[Tensor, " P"]) -> Float[Tensor, " K"]:
        """Return the nodal values that the head's weights give."""
        parts = zip(self.shares, c.split(self._sizes), strict=True)
        return self.joined([share.fields(own) for share, own in parts]).flatten()
