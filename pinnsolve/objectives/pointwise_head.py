"""The PINN objective as a function of the head's weights and of the unknown constants.

With the features as they are, each term of each field is linear in the head's weights, ``T c``;
the residual is what the equations make of these terms.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import sqrt

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.jet import Jet
from pinnsolve.diffop import DiffOp, Term
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.several import AnyNetwork
from pinnsolve.networks.unknowns import Unknowns
from pinnsolve.objectives.part import Part, Side
from pinnsolve.problem import Residual


@dataclass(frozen=True)
class HeadPart:
    """One condition as a function of the head's weights.

    Attributes
    ----------
    residual
        What vanishes.
    factor
        Of each row, or of the sum.
    columns
        Each term of every feature.
    is_sum
        Whether the residual is one, the sum over the points.
    """

    residual: Residual
    factor: Float[Tensor, " r"]
    columns: Mapping[Term, Float[Tensor, "R P"]]
    is_sum: bool = False

    @property
    def count(self) -> int:
        """At how many points the residual is evaluated."""
        return len(next(iter(self.columns.values())))

    def thinned(self, k: int) -> "HeadPart":
        """Return the condition at every ``k``-th of its points, which count for all of them."""
        if k == 1:
            return self
        return replace(
            self,
            residual=self.residual.with_data(lambda values: values[::k]),
            factor=sqrt(k) * self.factor.expand(self.count)[::k],
            columns={term: T[::k] for term, T in self.columns.items()},
        )

    def summed(self, values: Float[Tensor, "R *q"]) -> Float[Tensor, "r *q"]:
        """Return the values at the points, or their sum where it is the sum that counts."""
        return values.sum(0, keepdim=True) if self.is_sum else values


def head_part(
    part: Part,
    nets: Sequence[MLP],
    features_of: Callable[[MLP, Side], Mapping[DiffOp, Float[Tensor, "c R w"]]],
) -> HeadPart:
    """Return a condition as a function of the weights of the heads of networks.

    Parameters
    ----------
    part, nets
        The condition, and the networks that it may be about.
    features_of
        Returns what the weights of each output multiply, of a network for a side.
    """
    starts, columns = [0, *accumulate(net.head_size for net in nets)], {}
    for side in part.sides:
        net, start = nets[side.number], starts[side.number]
        w, c = net.head.in_features, net.head.out_features
        features = features_of(net, side)
        for term, mine in side.terms.items():
            i = mine.field
            T = columns[term] = part.factor.new_zeros(part.count, starts[-1])
            first = start + i * w
            T[:, first : first + w] = part.rows(features[mine.op][i])
            if not part.is_periodic:
                constant = sum(value for alpha, value in mine.op.terms if sum(alpha) == 0)
                T[:, start + c * w + i] = constant * net.constant[i]
    return HeadPart(part.residual, part.factor, columns, part.is_sum)


@dataclass(frozen=True)
class PointwiseHead:
    """The residual as a function of the head's weights and of the unknown constants.

    Attributes
    ----------
    parts
        The conditions.
    model
        The network, whose features those are.
    is_linear
        Whether the residual is affine in the fields.
    """

    parts: tuple[HeadPart, ...]
    model: AnyNetwork
    is_linear: bool

    def vector(self) -> Float[Tensor, " P"]:
        """Return the head's weights as they are; the last are those of the unknown constants."""
        return self.model.head_vector()

    @property
    def n_constants(self) -> int:
        """How many of the weights, the last, are those of the unknown constants."""
        return 0 if self.model.unknowns is None else len(self.model.unknowns)

    def set(self, c: Float[Tensor, " P"]) -> None:
        """Copy weights of the head into the network."""
        self.model.set_head(c)

    def residual(self, c: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return the weighted residual vector."""
        return torch.cat(
            [
                part.summed(part.factor * part.residual(*values))
                for part, values in self.evaluated(c)
            ]
        )

    def linearise(self, c: Float[Tensor, " P"]) -> tuple[Float[Tensor, "R P"], Float[Tensor, " R"]]:
        """Return ``M, t`` such that the residual linearised at ``c`` is ``M c' - t`` at ``c'``."""
        blocks = []
        for part, values in self.evaluated(c):
            factor = part.factor.expand(part.count)
            slopes = part.residual.partials(*values)
            block = sum((factor * slopes[term])[:, None] * T for term, T in part.columns.items())
            if self.model.unknowns is not None:
                unknowns = self.model.unknowns
                further = columns_of(unknowns, part.residual, slopes, factor)
                block = torch.cat([block, further * unknowns.slopes(self._trained(c))], 1)
            blocks.append(part.summed(block))
        M = torch.cat(blocks)
        return M, M @ c - self.residual(c)

    def scaled(self, factors: Sequence[float]) -> "PointwiseHead":
        """Return it with the rows of each part some times as large."""
        parts = zip(self.parts, factors, strict=True)
        return replace(self, parts=tuple(replace(p, factor=own * p.factor) for p, own in parts))

    def by_constants(self, c: Float[Tensor, " P"]) -> Float[Tensor, "R k"]:
        """Return the slopes of the residual by the unknown constants themselves.

        Those by what is trained in their place vanish at a bound.
        """
        unknowns = self.model.unknowns
        blocks = [
            part.summed(
                columns_of(
                    unknowns,
                    part.residual,
                    part.residual.partials(*values),
                    part.factor.expand(part.count),
                )
            )
            for part, values in self.evaluated(c)
        ]
        return torch.cat(blocks)

    def evaluated(
        self, c: Float[Tensor, " P"]
    ) -> Iterator[tuple[HeadPart, tuple[Jet, dict[str, Tensor]]]]:
        """Yield each condition, and its jet and constants."""
        trained = self._trained(c)
        weights = c[: len(c) - len(trained)]
        for part in self.parts:
            jet = {term: T @ weights for term, T in part.columns.items()}
            constants = constants_of(part.residual, self.model.unknowns, part.count, trained)
            yield part, (jet, constants)

    def _trained(self, c: Float[Tensor, " P"]) -> Float[Tensor, " k"]:
        return c[len(c) - self.n_constants :]


def constants_of(
    residual: Residual,
    unknowns: Unknowns | None,
    rows: int,
    trained: Float[Tensor, " k"] | None = None,
) -> dict[str, Float[Tensor, " R"]]:
    """Return the unknown constants that a residual needs, at every row."""
    if unknowns is None:
        return {}
    values = unknowns(trained)
    return {name: values[unknowns.place(name)].expand(rows) for name in residual.constants}


def columns_of(
    unknowns: Unknowns | None,
    residual: Residual,
    slopes: Mapping[Term | str, Float[Tensor, " R"]],
    factor: Float[Tensor, " R"],
) -> Float[Tensor, "R k"]:
    """Return the columns of a residual's Jacobian that belong to the unknown constants."""
    J = factor.new_zeros(len(factor), 0 if unknowns is None else len(unknowns))
    if unknowns is not None:
        for name in residual.constants:
            J[:, unknowns.place(name)] = factor * slopes[name]
    return J
