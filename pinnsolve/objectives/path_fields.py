"""Fields of networks whose weights evolve: the path of the weights, and what lies between.

Kept are the weights and their rates at the ends of all steps. Between two of them the outputs, not
the weights, are the cubic polynomials in time that have the values and the rates at both ends. A
fit to what a network has become stands in the path as a second set of weights at its instant.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from numpy.polynomial import Polynomial
from torch import Tensor

from pinnsolve.constraints.ansatz import Ansatz
from pinnsolve.diffop import DiffOp, Term, partial, split_in_time
from pinnsolve.objectives.extent import NOTHING, Extent
from pinnsolve.objectives.network_fields import device_of
from pinnsolve.objectives.outputs import Output
from pinnsolve.process import State
from pinnsolve.solution.fields import Fields

CHUNK = 4096  # points evaluated together
# value and rate at the beginning of a step of length one, then at its end
HERMITE = tuple(Polynomial(c) for c in ([1, 0, -3, 2], [0, 1, -2, 1], [0, 0, 3, -2], [0, 0, -1, 1]))


@dataclass(frozen=True, eq=False)
class Path:
    """Weights and their rates at some instants.

    Attributes
    ----------
    times
        The instants, ascending; twice where the weights were fitted afresh.
    weights, rates
        Of all outputs, those of the first one first.
    """

    times: Float[ndarray, " K"]
    weights: Float[ndarray, "K P"]
    rates: Float[ndarray, "K P"]


@dataclass(frozen=True, eq=False)
class PathFields:
    """Fields as functions of space and time.

    Attributes
    ----------
    outputs
        One for each field, whatever its weights.
    ansatz
        The fields in terms of these.
    path
        Their weights in time.
    extent
        Where particles of a density have been; None of other fields.
    """

    outputs: tuple[Output, ...]
    ansatz: Ansatz
    path: Path
    extent: Extent | None = None

    @classmethod
    def of(
        cls,
        outputs: Sequence[Output],
        ansatz: Ansatz,
        path: Path,
        extent: Extent | None = None,
    ) -> Fields:
        """Return the fields of outputs, whatever becomes of these."""
        return cls(tuple(map(deepcopy, outputs)), ansatz, path, extent)

    @property
    def size(self) -> int:
        """The number of weights."""
        return sum(own.size for own in self.outputs)

    @property
    def device(self) -> str:
        """Where they are: ``cpu``, or the name of the GPU."""
        return device_of(self.outputs[0].like)

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values of the fields at points of space and time."""
        value = partial([0] * x.shape[1])
        terms = [Term(f, value) for f in range(len(self.outputs))]
        found = self._outputs(x, set(terms))
        return self.ansatz(np.column_stack([found[term] for term in terms]), x)

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of the fields at points; those in space are exact."""
        return self.ansatz.jet(self._outputs, x, terms)

    def state(self) -> State:
        """Return the path, and what the polynomials are scaled to."""
        scales = {
            f"{name} {i}": values.cpu().numpy()
            for i, own in enumerate(self.outputs)
            if own.polynomials is not None
            for name, values in own.polynomials.scales.items()
        }
        path, extent = self.path, {} if self.extent is None else self.extent.state()
        weights = {"times": path.times, "weights": path.weights, "rates": path.rates}
        return {**weights, **scales, **extent}

    @torch.no_grad()
    def _outputs(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> dict[Term, ndarray]:
        """Return derivatives of the outputs at points."""
        found = {term: np.zeros(len(x)) for term in terms}
        by_field = [{t for t in terms if t.field == f} for f in range(len(self.outputs))]
        places = np.cumsum([0, *(output.size for output in self.outputs)])
        own = [slice(a, b) for a, b in pairwise(places)]
        for here, before, after in self._by_step(x[:, -1]):
            points = torch.as_tensor(x[here, :-1]).to(self.outputs[0].like)
            shares = self._shares(x[here, -1], before, after)
            for output, mine, some in zip(self.outputs, own, by_field, strict=True):
                parts = {(a, op) for term in some for op, a, _ in split_in_time(term.op)}
                ops = {op for _, op in parts}
                moves = before < after or any(order for order, _ in parts)
                ends = dict.fromkeys((before, after))
                seen = self._seen(output, mine, points, ops, [*ends], moves=moves) if ops else {}
                for term in some:
                    for op, order, c in split_in_time(term.op):
                        if order < len(shares):
                            rows = seen[op]
                            found[term][here] += c * (shares[order][: len(rows)] * rows).sum(0)
        if self.extent is not None:
            beyond, height = ~self.extent.holds(x), self.extent.height(x[:, -1])
            for term in terms:
                if not term.op.order:
                    found[term][beyond | (found[term] > height)] = NOTHING
        return found

    def _by_step(self, t: Float[ndarray, " n"]) -> Iterator[tuple[Int[ndarray, " m"], int, int]]:
        """Yield which points lie between two instants of the path, and these; or on one."""
        times = self.path.times
        t = np.clip(t, times[0], times[-1])
        after = np.searchsorted(times, t)
        is_on: Bool[ndarray, " n"] = times[after] == t
        for k in np.unique(after):
            for on in (True, False):
                here = np.flatnonzero((after == k) & (is_on == on))
                for some in np.array_split(here, -(-len(here) // CHUNK)) if len(here) else ():
                    yield some, int(k) - (not on), int(k)

    def _shares(
        self, t: Float[ndarray, " n"], before: int, after: int
    ) -> list[Float[ndarray, "q n"]]:
        """Return the shares of values and rates in what lies between, and in its rates."""
        begin, end = self.path.times[before], self.path.times[after]
        if before == after:  # where the rate is that of the path, and none is known of it
            one, none = np.ones_like(t), np.zeros_like(t)
            return [np.stack([one, none]), np.stack([none, one])]
        h, s = end - begin, (np.clip(t, begin, end) - begin) / (end - begin)
        scale = np.array([1.0, h, 1.0, h])[:, None]
        slopes = [HERMITE, *([p.deriv(m) for p in HERMITE] for m in (1, 2, 3))]
        return [scale * np.stack([p(s) for p in own]) / h**m for m, own in enumerate(slopes)]

    def _seen(
        self,
        output: Output,
        own: slice,
        x: Float[Tensor, "n d"],
        ops: Set[DiffOp],
        instants: Sequence[int],
        *,
        moves: bool,
    ) -> dict[DiffOp, Float[ndarray, "q n"]]:
        """Return derivatives of an output, and of its rate where it moves, at each instant."""
        rows: dict[DiffOp, list[ndarray]] = {op: [] for op in ops}
        for k in instants:
            output.set(torch.tensor(self.path.weights[k, own]).to(output.like))
            told = [output.derivatives(x, ops)]
            if moves:
                v = torch.tensor(self.path.rates[k, own]).to(output.like)
                told.append(output.changes(v, x, ops))
            for values in told:
                for op, row in values.items():
                    rows[op].append(row.cpu().numpy())
        return {op: np.stack(some) for op, some in rows.items()}
