"""The PINN objective: exact derivatives of a network at the nodes.

Each condition's residual is evaluated at its own points. Gradients come from nested reverse
mode; Jacobians and the derivatives of all features from nested forward mode, which takes many
outputs at once. Source: Raissi, Perdikaris & Karniadakis (2019), Physics-informed neural
networks, J. Comput. Phys. 378, doi:10.1016/j.jcp.2018.10.045.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor
from torch.func import functional_call, grad, vmap

from pinnsolve.conditions import Condition
from pinnsolve.derivatives.autograd import Autograd, derivative
from pinnsolve.diffop import Term
from pinnsolve.leastsquares.jacobian import DenseJacobian
from pinnsolve.networks.mlp import MLP
from pinnsolve.problem import Residual

Bound: TypeAlias = tuple[Residual, Float[Tensor, "R d"], Float[Tensor, " R"]]
CHUNK = 512  # points whose rows of the Jacobian are computed together


@dataclass(frozen=True)
class PointwiseObjective:
    """The weighted residual of a network's exact jet, as a function of its weights.

    Attributes
    ----------
    net
        The network.
    x
        Interior and boundary nodes.
    conditions
        What holds where.
    weights
        Factor of each row of the residual.
    """

    net: MLP
    x: Float[Tensor, "N d"]
    conditions: Sequence[Condition]
    weights: Float[ndarray, " R"]

    @property
    def is_linear(self) -> bool:
        """Whether the residual is affine in the fields."""
        return all(condition.residual.is_linear for condition in self.conditions)

    def residual(self) -> Float[Tensor, " R"]:
        """Return the weighted residual vector, differentiable with respect to the weights."""
        return torch.cat(
            [
                weights * residual(Autograd(x)(self.net, frozenset(residual.terms)))
                for residual, x, weights in self._bound
            ]
        )

    def value(self) -> Float[Tensor, " R"]:
        """Return the same outside of any graph, by forward mode."""
        return torch.cat(
            [weights * residual(self._jet(residual, x)) for residual, x, weights in self._bound]
        )

    def linearise(self) -> tuple[Float[Tensor, " R"], DenseJacobian]:
        """Return the residual vector and its Jacobian with respect to all weights."""
        weights = {name: value.detach() for name, value in self.net.named_parameters()}
        values, rows = [], []
        for residual, x, factor in self._bound:
            jet = self._jet(residual, x)
            values.append(factor * residual(jet))
            rows.append(
                sum(
                    (factor * slope)[:, None] * self._term_jacobian(term, x, weights)
                    for term, slope in residual.partials(jet).items()
                )
            )
        return torch.cat(values), DenseJacobian(torch.cat(rows))

    @torch.no_grad()
    def head(self) -> "PointwiseHead":
        """Return the residual as a function of the head's weights."""
        w, c = self.net.head.in_features, self.net.head.out_features
        parts = []
        for residual, x, factor in self._bound:
            features = {op: derivative(self.net.features, op)(x) for _, op in residual.terms}
            columns = {}
            for i, op in residual.terms:
                T = columns[i, op] = x.new_zeros(len(x), c * (w + 1))
                T[:, i * w : (i + 1) * w] = features[op]
                T[:, c * w + i] = sum(value for alpha, value in op.terms if sum(alpha) == 0)
            parts.append((residual, factor, columns))
        return PointwiseHead(tuple(parts))

    def _jet(self, residual: Residual, x: Tensor) -> dict[Term, Float[Tensor, " R"]]:
        with torch.no_grad():
            return {(i, op): derivative(self.net, op)(x)[:, i] for i, op in residual.terms}

    def _term_jacobian(
        self, term: Term, x: Float[Tensor, "R d"], weights: dict[str, Tensor]
    ) -> Float[Tensor, "R P"]:
        """Return the derivative of one term at each point with respect to all weights."""
        i, op = term

        def at(weights: dict[str, Tensor], point: Tensor) -> Tensor:
            def field(y: Tensor) -> Tensor:
                return functional_call(self.net, weights, (y,))[i]

            return derivative(field, op)(point)

        with torch.enable_grad():
            rows = vmap(grad(at), (None, 0), chunk_size=CHUNK)(weights, x)
        return torch.cat([rows[name].flatten(1) for name in weights], 1)

    @cached_property
    def _bound(self) -> list[Bound]:
        """Residual, points and row factors of each condition, on the network's device."""
        factors = torch.as_tensor(self.weights).to(self.x)
        parts = factors.split([len(condition.rows) for condition in self.conditions])
        return [
            (
                condition.residual.with_data(lambda data: torch.as_tensor(data).to(self.x)),
                self.x[torch.as_tensor(condition.rows, device=self.x.device)],
                part,
            )
            for condition, part in zip(self.conditions, parts, strict=True)
        ]


@dataclass(frozen=True)
class PointwiseHead:
    """The residual as a function of the head's weights.

    Attributes
    ----------
    parts
        Residual, row factors, and each term of every feature, condition by condition.
    """

    parts: tuple[tuple[Residual, Tensor, Mapping[Term, Tensor]], ...]

    def residual(self, c: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return the weighted residual vector."""
        return torch.cat(
            [
                factor * residual({term: T @ c for term, T in columns.items()})
                for residual, factor, columns in self.parts
            ]
        )

    def linearise(self, c: Float[Tensor, " P"]) -> tuple[Float[Tensor, "R P"], Float[Tensor, " R"]]:
        """Return ``M, t`` such that the residual linearised at ``c`` is ``M c' - t`` at ``c'``."""
        blocks = []
        for residual, factor, columns in self.parts:
            slopes = residual.partials({term: T @ c for term, T in columns.items()})
            blocks.append(sum((factor * slopes[term])[:, None] * T for term, T in columns.items()))
        M = torch.cat(blocks)
        return M, M @ c - self.residual(c)
