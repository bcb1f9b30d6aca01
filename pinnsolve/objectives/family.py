"""The residual of all problems of a family, as a function of what their heads are made of.

Problem ``i`` has the head ``c_i = C ψ_i`` over features ``Φ`` that all share, so that its fields
are ``Φ C ψ_i``, and each term ``T c_i`` of them, with the rows ``T`` of one problem. What varies
stands in the residuals as an input, with a value at each point for each problem.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.diffop import Term
from pinnsolve.equations.variables import Input
from pinnsolve.families.family import Functions
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.objectives.pointwise_head import HeadPart, PointwiseHead
from pinnsolve.problem import Residual

AT_ONCE = 2**24  # values of a term, of some problems at all points


@dataclass(frozen=True)
class Places:
    """Where conditions hold: for each its points.

    Attributes
    ----------
    x
        The points of each condition.
    """

    x: tuple[Float[np.ndarray, "_ D"], ...]

    @classmethod
    def of(cls, objective: PointwiseObjective) -> "Places":
        """Return the points of the conditions of an objective."""
        x = objective.x.cpu().numpy()
        return cls(
            tuple(c.points if c.points is not None else x[c.rows] for c in objective.conditions)
        )

    def values(
        self, inputs: Sequence[Sequence[Input]], functions: Mapping[str, Functions]
    ) -> list[list[Float[np.ndarray, "M _"]]]:
        """Return the values of the inputs of each condition, of all functions.

        Parameters
        ----------
        inputs
            Those of each condition.
        functions
            By name of the input.
        """
        return [
            [functions[own.name].values(x[:, own.axes], own.alpha) for own in wanted]
            for x, wanted in zip(self.x, inputs, strict=True)
        ]


@dataclass(frozen=True)
class FamilyHead:
    """The residual of some problems of a family.

    Attributes
    ----------
    head
        That of one problem, the features as they are.
    given
        Of each condition the values of its inputs, of all problems.
    """

    head: PointwiseHead
    given: tuple[tuple[Float[Tensor, "M _"], ...], ...]

    @classmethod
    def of(
        cls, head: PointwiseHead, places: Places, functions: Mapping[str, Functions]
    ) -> "FamilyHead":
        """Return the residual of the problems that some functions pose."""
        like = head.vector()
        found = places.values([part.residual.inputs for part in head.parts], functions)
        given = tuple(tuple(torch.as_tensor(v).to(like) for v in own) for own in found)
        return cls(head, given)

    def __len__(self) -> int:
        """Return the number of problems."""
        return max((len(v) for own in self.given for v in own), default=1)

    def some(self, start: int, stop: int) -> "FamilyHead":
        """Return the residual of some of the problems, from one to another."""
        given = tuple(tuple(v[start:stop] for v in own) for own in self.given)
        return FamilyHead(self.head, given)

    def thinned(self, most: int) -> "FamilyHead":
        """Return the residual at evenly chosen points, where there are twice as many or more."""
        parts, given = [], []
        for part, own in zip(self.head.parts, self.given, strict=True):
            k = 1 if part.is_sum else max(1, part.count // most)
            parts.append(part.thinned(k))
            given.append(tuple(v[:, ::k] for v in own))
        return FamilyHead(replace(self.head, parts=tuple(parts)), tuple(given))

    @property
    def rows(self) -> int:
        """At how many points conditions are evaluated, of each problem."""
        return sum(part.count for part in self.head.parts)

    @property
    def is_affine(self) -> bool:
        """Whether the residual is affine in fields and inputs together, with the same slopes."""
        return self.head.is_linear and self.has_same_slopes

    def residual(self, C: Float[Tensor, "P K"], psi: Float[Tensor, "M K"]) -> Float[Tensor, "R M"]:
        """Return the weighted residuals of all problems."""
        return torch.cat(
            [
                part.summed(torch.cat(list(self._of_part(k, part, C, psi)), 1))
                for k, part in enumerate(self.head.parts)
            ]
        )

    def slopes(self, C: Float[Tensor, "P K"], psi: Float[Tensor, "M K"]) -> Float[Tensor, "R P"]:
        """Return the rows of the residual by the head, in the mean over all problems."""
        blocks = []
        for k, part in enumerate(self.head.parts):
            factor = part.factor.expand(part.count)
            block = torch.zeros_like(next(iter(part.columns.values())))
            for residual, jet, some in self._pieces(k, part, C, psi):
                slopes = residual.partials(jet)
                for term, T in part.columns.items():
                    slope = slopes[term]
                    slope = slope.mean(0) if slope.ndim > 1 else slope
                    block += len(some) / len(psi) * (factor * slope)[:, None] * T
            blocks.append(part.summed(block))
        return torch.cat(blocks)

    def _of_part(
        self, k: int, part: HeadPart, C: Float[Tensor, "P K"], psi: Float[Tensor, "M K"]
    ) -> Iterator[Float[Tensor, "_ _"]]:
        """Yield the weighted residuals of a condition, of some problems at a time."""
        for residual, jet, some in self._pieces(k, part, C, psi):
            values = part.factor * residual(jet)
            # what holds no input and is linear may have lost the axis of the problems
            yield values.expand(len(some), part.count).mT

    def _pieces(
        self, k: int, part: HeadPart, C: Float[Tensor, "P K"], psi: Float[Tensor, "M K"]
    ) -> Iterator[tuple[Residual, dict[Term, Tensor], Float[Tensor, "_ K"]]]:
        """Yield the residual of a condition, its jet, and the branch of some of the problems."""
        terms = {term: T @ C for term, T in part.columns.items()}
        size = max(1, AT_ONCE // part.count)
        for start in range(0, len(psi), size):
            some = psi[start : start + size]
            residual = part.residual.given([v[start : start + size] for v in self.given[k]])
            jet: dict[Term, Tensor] = {term: some @ own.mT for term, own in terms.items()}
            yield residual, jet, some

    @cached_property
    def has_same_slopes(self) -> bool:
        """Whether no input stands before a term of the fields."""
        for k, part in enumerate(self.head.parts):
            few = part.residual.given([v[:2] for v in self.given[k]])
            jet = {term: part.factor.new_zeros(part.count) for term in part.columns}
            for slope in few.partials(jet).values():
                if slope.ndim > 1 and not torch.equal(slope[:1].expand_as(slope), slope):
                    return False
        return True
