"""The residuals of some problems of a family, linearised, each by its own head.

The slopes of problem ``i`` by its head are ``A_i = sum_t diag(s_ti) T_t`` with the rows ``T_t`` of
each term, which all share, and its factor ``s_ti`` at each point: nothing of the size of ``A_i`` is
formed. Rows are *balanced*: where the factors of a problem are larger than in the mean, as where a
permeability is large, its rows are divided by as much, so that all parts of the domain count alike
and all problems are like their mean.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.diffop import Term
from pinnsolve.objectives.family import FamilyHead
from pinnsolve.objectives.pointwise_head import HeadPart


@dataclass(frozen=True)
class Slopes:
    """The rows of some problems by their heads.

    Attributes
    ----------
    parts
        The conditions.
    terms
        Of each the rows of terms that have a factor in common, and that factor: a column for each
        problem, or one for all.
    weights
        Of each condition what its rows are multiplied by to be balanced.
    """

    parts: tuple[HeadPart, ...]
    terms: tuple[tuple[tuple[Float[Tensor, "_ P"], Float[Tensor, "_ _"]], ...], ...]
    weights: tuple[Float[Tensor, "_ _"], ...]

    def times(self, c: Float[Tensor, "P M"]) -> Float[Tensor, "R M"]:
        """Return the product of the rows of each problem with its column."""
        return torch.cat(
            [
                part.summed(sum((s * (T @ c) for T, s in own), start=c.new_zeros(())))
                for part, own in zip(self.parts, self.terms, strict=True)
            ]
        )

    def transposed(self, r: Float[Tensor, "R M"]) -> Float[Tensor, "P M"]:
        """Return the product of the transposed rows of each problem with its column."""
        found: Tensor | None = None
        for part, own, rows in zip(self.parts, self.terms, self._apart(r), strict=True):
            for T, s in own:
                image = T.mT @ (s * rows.expand(part.count, -1))
                found = image if found is None else found + image
        assert found is not None
        return found

    def mean(self) -> Float[Tensor, "R P"]:
        """Return the rows in the mean over the problems."""
        return torch.cat(
            [
                part.summed(torch.stack([s.mean(1, keepdim=True) * T for T, s in own]).sum(0))
                for part, own in zip(self.parts, self.terms, strict=True)
            ]
        )

    def balanced(self, r: Float[Tensor, "R M"]) -> Float[Tensor, "R M"]:
        """Return residuals with the weights of these rows."""
        return torch.cat([w * rows for w, rows in zip(self.weights, self._apart(r), strict=True)])

    def _apart(self, r: Float[Tensor, "R M"]) -> Sequence[Float[Tensor, "_ M"]]:
        return r.split([1 if part.is_sum else part.count for part in self.parts])


def slopes_at(
    group: FamilyHead, heads: Float[Tensor, "P M"], usual: Sequence[Float[Tensor, "_ 1"]]
) -> Slopes:
    """Return the slopes of the residuals of some problems where their heads are given.

    Parameters
    ----------
    group
        The problems.
    heads
        Where.
    usual
        Length of the rows of each condition in the mean over many problems: see `lengths_of`.
    """
    found, weights = [], []
    for k, part in enumerate(group.head.parts):
        columns = _columns(group, k, heads)
        w = part.factor.new_ones(1, 1)
        if not part.is_sum:
            w = (usual[k] / _lengths(part, columns)).nan_to_num(1.0, 1.0, 1.0)
            w = w[:, :1] if bool((w[:, :1] == w).all()) else w
        factor = part.factor.expand(part.count)[:, None] * w
        found.append(tuple(_together(part, columns, factor)))
        weights.append(w)
    return Slopes(group.head.parts, tuple(found), tuple(weights))


def lengths_of(group: FamilyHead) -> list[Float[Tensor, "_ 1"]]:
    """Return the length of the rows of each condition, in the mean over problems, of no fields."""
    nothing = torch.zeros_like(group.head.vector())[:, None].expand(-1, len(group))
    return [
        _lengths(part, _columns(group, k, nothing)).square().mean(1, keepdim=True).sqrt()
        for k, part in enumerate(group.head.parts)
    ]


def _columns(
    group: FamilyHead, k: int, heads: Float[Tensor, "P M"]
) -> dict[Term, Float[Tensor, "r _"]]:
    """Return the slopes of a condition by its terms, a column for each problem or one for all."""
    part = group.head.parts[k]
    jet = {term: (T @ heads).mT for term, T in part.columns.items()}
    slopes = part.residual.given(group.given[k]).partials(jet)
    return {t: slopes[t].mT if slopes[t].ndim > 1 else slopes[t][:, None] for t in part.columns}


def _lengths(part: HeadPart, columns: Mapping[Term, Float[Tensor, "r _"]]) -> Float[Tensor, "r _"]:
    """Return the length of the rows of a condition, as if its terms were orthogonal."""
    squares = [columns[t] ** 2 * (T * T).sum(1, keepdim=True) for t, T in part.columns.items()]
    return torch.stack(torch.broadcast_tensors(*squares)).sum(0).sqrt()


def _together(
    part: HeadPart, columns: Mapping[Term, Tensor], factor: Float[Tensor, "r _"]
) -> Iterator[tuple[Float[Tensor, "r P"], Float[Tensor, "r _"]]]:
    """Yield the rows of terms with the factor that these have in common."""
    groups: list[tuple[Tensor, Tensor]] = []
    for term, T in part.columns.items():
        s = columns[term]
        if s.shape[1] == 1:  # the same for all problems: one product for all such terms
            T, s = s * T, torch.ones_like(s[:1])
        for place, (other, same) in enumerate(groups):
            if same.shape == s.shape and torch.equal(same, s):
                groups[place] = other + T, same
                break
        else:
            groups.append((T, s))
    for T, s in groups:
        yield T, factor * s
