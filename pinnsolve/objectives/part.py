"""A condition at its points, as the PINN objective has it on a device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import nan, sqrt
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import DiffOp, Term
from pinnsolve.problem import Residual

AT_ONCE = 2**16  # points at which a network is evaluated


@dataclass(frozen=True)
class Side:
    """What a condition takes from one network.

    Attributes
    ----------
    number
        Of the network.
    terms
        The condition's terms as those of the network's own fields.
    x
        Where, and after that the points across if it is periodic.
    """

    number: int
    terms: Mapping[Term, Term]
    x: Float[Tensor, "M d"]

    @property
    def ops(self) -> frozenset[DiffOp]:
        """The operators that it needs."""
        return frozenset(term.op for term in self.terms.values())


@dataclass(frozen=True)
class Part:
    """One condition on the networks' device.

    Attributes
    ----------
    residual
        What vanishes.
    sides
        What it takes from which network.
    factor
        Of each row of the residual.
    is_periodic
        Whether what holds at the points across is subtracted.
    is_sum
        Whether the residual is one, the sum over the points.
    """

    residual: Residual
    sides: tuple[Side, ...]
    factor: Float[Tensor, " R"]
    is_periodic: bool
    is_sum: bool = False

    def rows(self, values: Float[Tensor, "M *q"]) -> Float[Tensor, "R *q"]:
        """Return the values that the residual needs, of those at all points."""
        if not self.is_periodic:
            return values
        here, across = values.tensor_split(2)
        return here - across

    @property
    def count(self) -> int:
        """At how many points the residual is evaluated."""
        return len(self.sides[0].x) // (1 + self.is_periodic)

    @property
    def places(self) -> Float[Tensor, "r d"]:
        """Where each row of the residual holds; not a number for a sum over many points."""
        x = self.sides[0].x[: self.count]
        return x.new_full((1, x.shape[1]), nan) if self.is_sum else x

    @property
    def owners(self) -> Int[ndarray, " r"]:
        """Of each row the network that it is about; between two networks they take turns."""
        return np.resize([side.number for side in self.sides], len(self.places))

    def summed(self, values: Float[Tensor, "R *q"]) -> Float[Tensor, "r *q"]:
        """Return the values at the points, or their sum where it is the sum that counts."""
        return values.sum(0, keepdim=True) if self.is_sum else values

    def pieces(self, size: int = AT_ONCE) -> "list[Part]":
        """Return the condition at some of its points after the other, so many at a time."""
        ends = range(0, len(self.places), size)
        return [own for k in ends for own in within([self], slice(k, k + size))]

    def at(self, rows: Int[Tensor, " b"]) -> "Part":
        """Return the condition at some of its points, which count for all of them."""
        here = torch.cat([rows, rows + self.count]) if self.is_periodic else rows
        sides = tuple(replace(side, x=side.x[here]) for side in self.sides)
        residual = self.residual.with_data(lambda values: values[rows])
        factor = self.factor[rows] * sqrt(self.count / len(rows))
        return replace(self, residual=residual, sides=sides, factor=factor)


def sides_of(
    condition: Condition,
    points: Float[Tensor, "N d"],
    fields: int,
    regions: Int[ndarray, " N"] | None,
) -> tuple[Side, ...]:
    """Return the terms that a condition takes from each network, and where.

    Parameters
    ----------
    condition
        What holds.
    points
        All points, by which its rows count.
    fields
        How many there are, in each region.
    regions
        That of each point; None if there is one network.
    """
    terms = frozenset(condition.residual.terms)  # in whose order they are added up
    x = points[torch.as_tensor(condition.rows, device=points.device)]
    if condition.points is not None:
        x = torch.as_tensor(condition.points).to(points)
    if condition.across is not None:
        x = torch.cat([x, torch.as_tensor(condition.across).to(points)])
    if regions is None:
        return (Side(0, {term: term for term in terms}, x),)
    sides = []
    for shift, rows in ((0, condition.rows), (fields, condition.partners)):
        own = {
            t: replace(t, field=t.field - shift)
            for t in terms
            if t.field // fields * fields == shift
        }
        if own and rows is not None:
            (number,) = np.unique(regions[rows])
            there = x if shift == 0 else points[torch.as_tensor(rows, device=points.device)]
            sides.append(Side(int(number), own, there))
    return tuple(sides)


def within(parts: Sequence[Part], rows: slice) -> list[Part]:
    """Return the conditions at those of their points whose rows, all counted, are within some."""
    found, start = [], 0
    for part in parts:
        count = len(part.places)
        first, last = max(rows.start - start, 0), min(rows.stop - start, count)
        start += count
        if first >= last:
            continue
        if part.is_sum or last - first == count:
            found.append(part)
            continue
        own = part.at(torch.arange(first, last, device=part.factor.device))
        found.append(replace(own, factor=part.factor[first:last]))
    return found


Rows: TypeAlias = Sequence[Int[Tensor, " _"] | None]  # of each part some of its points, or all
# a network, points where it is asked for the same operators, and which of them are whose
Group: TypeAlias = tuple[int, Float[Tensor, "M d"], list[tuple[int, Side, slice]]]


def grouped(parts: Sequence[Part]) -> list[Group]:
    """Return points where a network is asked for the same operators, and where each part's are.

    For a few points, as on a boundary, the layers themselves cost more than the numbers.
    """
    members: dict[tuple[int, frozenset[DiffOp]], list[tuple[int, Side]]] = {}
    for k, part in enumerate(parts):
        for side in part.sides:
            members.setdefault((side.number, side.ops), []).append((k, side))
    found: list[Group] = []
    for (number, _), own in members.items():
        points = [side.x for _, side in own]
        ends = accumulate(map(len, points))
        places = [
            (k, side, slice(end - len(x), end))
            for (k, side), x, end in zip(own, points, ends, strict=True)
        ]
        found.append((number, torch.cat(points), places))
    return found
