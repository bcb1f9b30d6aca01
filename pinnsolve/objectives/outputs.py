"""A function of space whose weights evolve: a network, a polynomial, or the sum of both.

Its weights are one vector, the coefficients of the polynomial first.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.taylor import derivatives
from pinnsolve.diffop import DiffOp, identity
from pinnsolve.leastsquares.network import trace
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.polynomials import Polynomials

CHUNK = 4096  # points differentiated together


@dataclass(eq=False)
class Output:
    """The sum of a polynomial and a network of a single output, either of which may be missing.

    Attributes
    ----------
    net
        The network; None without.
    polynomials
        What the polynomial is a sum of; None without.
    coefficients
        Of these.
    """

    net: MLP | None
    polynomials: Polynomials | None = None
    coefficients: Tensor | None = None

    def __post_init__(self) -> None:
        """Begin with coefficients of zero."""
        if self.polynomials is not None and self.coefficients is None:
            self.coefficients = self.polynomials.means.new_zeros(len(self.polynomials))

    @property
    def size(self) -> int:
        """Number of weights."""
        return self._first + (0 if self.net is None else self.net.size)

    @property
    def is_linear(self) -> bool:
        """Whether it is linear in its weights."""
        return self.net is None

    @property
    def like(self) -> Tensor:
        """A tensor on its device, in its precision."""
        if self.net is not None:
            return self.net.like
        assert self.coefficients is not None
        return self.coefficients

    def vector(self) -> Float[Tensor, " P"]:
        """Return a copy of all weights."""
        parts = [] if self.coefficients is None else [self.coefficients.clone()]
        return torch.cat([*parts, *([] if self.net is None else [self.net.vector()])])

    def set(self, weights: Float[Tensor, " P"]) -> None:
        """Take such a vector."""
        own, rest = weights.tensor_split([self._first])
        if self.coefficients is not None:
            self.coefficients = own.clone()
        if self.net is not None:
            self.net.set(rest.clone())

    def __call__(self, x: Float[Tensor, "N d"]) -> Float[Tensor, " N"]:
        """Return the values at points."""
        value = identity(x.shape[1])
        return self.derivatives(x, [value])[value]

    @torch.no_grad()
    def derivatives(
        self, x: Float[Tensor, "N d"], ops: Iterable[DiffOp]
    ) -> dict[DiffOp, Float[Tensor, " N"]]:
        """Return derivatives at points."""
        ops = list(ops)
        found = {op: x.new_zeros(len(x)) for op in ops}
        if self.net is not None:
            parts = [derivatives(self.net, some, ops) for some in x.split(CHUNK)]
            found = {op: torch.cat([part[op][:, 0] for part in parts]) for op in ops}
        if self.polynomials is not None and self.coefficients is not None:
            own = self.polynomials.sums(self.coefficients, x, ops)
            found = {op: found[op] + own[op] for op in ops}
        return found

    @torch.no_grad()
    def jacobian(self, x: Float[Tensor, "N d"]) -> Float[Tensor, "N P"]:
        """Return the derivatives of the values at points by the weights, in full."""
        value, parts = identity(x.shape[1]), list[Tensor]()
        if self.polynomials is not None:
            parts.append(self.polynomials.columns(x, value))
        if self.net is not None:
            parts.append(torch.cat([_dense(self.net, some) for some in x.split(CHUNK)]))
        return torch.cat(parts, 1)

    @torch.no_grad()
    def changes(
        self, v: Float[Tensor, " P"], x: Float[Tensor, "N d"], ops: Iterable[DiffOp]
    ) -> dict[DiffOp, Float[Tensor, " N"]]:
        """Return the rates of derivatives at points where the weights change at rates ``v``."""
        ops, (own, rest) = list(ops), v.tensor_split([self._first])
        found = {op: x.new_zeros(len(x)) for op in ops}
        if self.net is not None:
            seen = trace(self.net, x, ops)
            with torch.enable_grad():
                J = seen.jacobian([seen.values[op][:, 0] for op in ops])
            found = dict(zip(ops, J.times(rest).view(len(ops), -1), strict=True))
        if self.polynomials is not None:
            sums = self.polynomials.sums(own, x, ops)
            found = {op: found[op] + sums[op] for op in ops}
        return found

    @property
    def _first(self) -> int:
        """Number of coefficients of the polynomial."""
        return 0 if self.polynomials is None else len(self.polynomials)


def _dense(net: MLP, x: Float[Tensor, "N d"]) -> Float[Tensor, "N p"]:
    """Return the derivatives of a network's values by its weights."""
    value = identity(x.shape[1])
    seen = trace(net, x, [value])
    with torch.enable_grad():
        return seen.jacobian([seen.values[value][:, 0]]).dense()
