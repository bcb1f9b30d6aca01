"""The residuals of a family as a function of all weights of branch and trunk.

Where `pinnsolve.objectives.family` solves for the weights between branch and trunk, this has the
gradient by all of them. It is taken on a batch: some of the functions and, of each condition with
more, some of the points, as `pinnsolve.objectives.drawn` draws them, counted so that the loss is
that of all functions and points on the average. How derivatives are found is a choice
(`pinnsolve.derivatives.of_families`) that changes times and memory, not what is found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pinnsolve.derivatives.of_families import Derive, Evaluate, Strategy, taylor
from pinnsolve.diffop import Term
from pinnsolve.networks.deeponet import DeepONet
from pinnsolve.objectives import splitmix
from pinnsolve.objectives.family import AT_ONCE
from pinnsolve.objectives.objective import by_reverse_mode
from pinnsolve.objectives.part import Part, Rows, grouped
from pinnsolve.process import State

Given: TypeAlias = Sequence[Float[Tensor, "M _"]]  # of a condition, the values of its inputs
Place: TypeAlias = tuple[int, slice]  # a condition, and which of the points of a group are its own


@dataclass(frozen=True)
class Batches:
    """How many functions and points a gradient is taken on.

    Attributes
    ----------
    functions, points
        How many; None for all.
    seed
        Of what is drawn.
    """

    functions: int | None = None
    points: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Points:
    """The conditions at some of their points.

    Attributes
    ----------
    parts
        The conditions.
    groups
        Points where the trunk is asked for the same, ready to be evaluated, and whose they are.
    """

    parts: Sequence[Part]
    groups: Sequence[tuple[Evaluate, Sequence[Place]]]


@dataclass(frozen=True)
class Batch:
    """Some functions and points.

    Attributes
    ----------
    inputs
        What the branch is given of each function.
    parts
        The conditions, with the inputs of these functions in them.
    groups
        As of `Points`.
    """

    inputs: Float[Tensor, "M q"]
    parts: Sequence[Part]
    groups: Sequence[tuple[Evaluate, Sequence[Place]]]


class FamilyObjective:
    """The residuals of all problems.

    Parameters
    ----------
    model
        Branch and trunk.
    parts
        The conditions of a problem, on the device of the model.
    inputs
        What the branch is given of each function.
    given
        Of each condition the values of its inputs, of all functions.
    strategy
        How derivatives are found for gradients.
    batches
        On how much of it.
    is_exact
        Whether that strategy is exact, so that values may come by the cheapest one.
    """

    def __init__(
        self,
        model: DeepONet,
        parts: Sequence[Part],
        inputs: Float[Tensor, "M q"],
        given: Sequence[Given],
        strategy: Strategy = taylor,
        batches: Batches | None = None,
        *,
        is_exact: bool = True,
    ) -> None:
        self.model, self._inputs, self._given = model, inputs, given
        self._parts = parts
        self._strategy, self._batches = strategy, batches or Batches()
        self._for_values = taylor if is_exact else strategy
        self._count = splitmix.begun(self._batches.seed, inputs.device)

    @torch.no_grad()
    def value(self) -> Float[Tensor, " R"]:
        """Return the residuals of all problems at all points."""
        points = self._points(self._for_values, [None] * len(self._parts))
        size = max(1, AT_ONCE // sum(part.count for part in self._parts))
        pieces = torch.arange(len(self._inputs), device=self._inputs.device).split(size)
        rows = [self.residual(self._batch(points, which)) for which in pieces]
        return torch.cat(rows) / len(self._inputs) ** 0.5

    @torch.enable_grad()
    def gradient(self) -> tuple[Float[Tensor, ""], Float[Tensor, " P"]]:
        """Return the loss and its gradient on the next batch."""
        batch = self.draw()
        r = self.residual(batch) / len(batch.inputs) ** 0.5
        return by_reverse_mode(self.model.weights, r)

    def draw(self) -> Batch:
        """Return the next batch."""
        M, n, b = len(self._inputs), self._batches.functions, self._batches.points
        which = None if n is None or n >= M else splitmix.draw(self._count, n) % M
        if b is None:
            return self._batch(self._all, which)
        numbers = splitmix.draw(self._count, b)
        rows = [
            None if part.is_sum or part.count <= b else numbers % part.count for part in self._parts
        ]
        return self._batch(self._points(self._strategy, rows), which, rows)

    @staticmethod
    def evaluate(batch: Batch, model: DeepONet) -> list[Derive]:
        """Return the fields at the points of each group, ready to be differentiated."""
        return [evaluate(model, batch.inputs) for evaluate, _ in batch.groups]

    def residual(
        self, batch: Batch, evaluated: Sequence[Derive] | None = None
    ) -> Float[Tensor, " R"]:
        """Return the weighted residuals of a batch, differentiable by all weights.

        Parameters
        ----------
        batch
            Functions and points.
        evaluated
            What `evaluate` made of it; None to do so.
        """
        jets = [dict[Term, Tensor]() for _ in batch.parts]
        derived = evaluated or self.evaluate(batch, self.model)
        for derive, (_, places) in zip(derived, batch.groups, strict=True):
            values = derive()
            for k, some in places:
                part = batch.parts[k]
                for term in part.residual.terms:
                    own = values[term][:, some]
                    jets[k][term] = part.rows(own.mT).mT
        rows = []
        for part, jet in zip(batch.parts, jets, strict=True):
            r = part.residual(jet).expand(len(batch.inputs), part.count).mT
            factor = part.factor[:, None]
            rows.append((factor * part.summed(r)).flatten())
        return torch.cat(rows)

    def state(self) -> State:
        """Return the count of numbers that have been drawn."""
        return {"count": int(self._count)}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._count.fill_(int(state["count"]))

    @cached_property
    def _all(self) -> Points:
        """All points, for gradients."""
        return self._points(self._strategy, [None] * len(self._parts))

    def _points(self, strategy: Strategy, rows: Rows) -> Points:
        """Return the conditions at some of their points, None standing for all."""
        pairs = zip(self._parts, rows, strict=True)
        parts = [part if own is None else part.at(own) for part, own in pairs]
        groups = []
        for _, x, places in grouped(parts):
            terms = dict.fromkeys(term for _, side, _ in places for term in side.terms)
            groups.append((strategy(x, list(terms)), [(k, some) for k, _, some in places]))
        return Points(parts, groups)

    def _batch(
        self, points: Points, which: Int[Tensor, " M"] | None, rows: Rows | None = None
    ) -> Batch:
        """Return some of the functions, None standing for all, at points."""
        parts = []
        for k, part in enumerate(points.parts):
            own = None if rows is None else rows[k]
            given = [v if which is None else v[which] for v in self._given[k]]
            given = given if own is None else [v[:, own] for v in given]
            parts.append(replace(part, residual=part.residual.given(given)))
        inputs = self._inputs if which is None else self._inputs[which]
        return Batch(inputs, parts, points.groups)
