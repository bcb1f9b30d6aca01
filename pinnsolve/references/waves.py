"""Fields as sums of waves whose amplitudes are known at instants: the solution of `fourier`.

    u(x, t) = Re sum_k a_k(t) exp(i k.(x - x_0)),        k in 2 pi Z / P along each axis,

exact in space. The amplitudes between two instants are those of the polynomial through the eight
nearest.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.process import State
from pinnsolve.references.grids import weights_through

WINDOW = 8  # instants through which a polynomial is laid
ENTRIES = 2**21  # of an array of waves at points: 32 MB
SLACK = 1e-9  # of the time spanned, how far beyond its ends rounding may lead


@dataclass(frozen=True, eq=False)
class Waves:
    """Periodic fields of space and time.

    Attributes
    ----------
    lower, period
        The corner where all waves begin, and the period along each axis.
    amplitudes
        Of each field at each instant: along every axis but the last those of ``0 … K, -K … -1``
        waves, along the last of ``0 … K``; the others follow, as the fields are real.
    times
        The instants, evenly spaced.
    """

    lower: tuple[float, ...]
    period: tuple[float, ...]
    amplitudes: Complex[ndarray, "S c *K"]
    times: Float[ndarray, " S"]

    @property
    def size(self) -> int:
        """How many numbers determine them."""
        return 2 * self.amplitudes.size

    @property
    def count(self) -> int:
        """The number of fields."""
        return self.amplitudes.shape[1]

    def chosen(self, fields: Sequence[int]) -> "Waves":
        """Return some of the fields."""
        return replace(self, amplitudes=self.amplitudes[:, list(fields)])

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values at points, NaN before the first instant and after the last."""
        still = (0,) * len(self.period)
        return self._values(x, [(f, still, 0) for f in range(self.amplitudes.shape[1])])

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of the fields at points."""
        parts = [(term, alpha, c) for term in terms for alpha, c in term.op.terms]
        found = {term: np.zeros(len(x)) for term in terms}
        values = self._values(x, [(term.field, alpha[:-1], alpha[-1]) for term, alpha, _ in parts])
        for (term, _, c), own in zip(parts, values.T, strict=True):
            found[term] += c * own
        return found

    def state(self) -> State:
        """Return amplitudes, instants and periods."""
        return {
            "amplitudes": self.amplitudes,
            "times": self.times,
            "lower": np.array(self.lower),
            "period": np.array(self.period),
        }

    @cached_property
    def _waves(self) -> list[Float[ndarray, " K"]]:
        """Wave numbers along each axis."""
        return wave_numbers(self.amplitudes.shape[2:], self.period)

    def _values(
        self, x: Float[ndarray, "n D"], wanted: Sequence[tuple[int, tuple[int, ...], int]]
    ) -> Float[ndarray, "n w"]:
        """Return derivatives at points: of which field, in space, and in time."""
        found = np.full((len(x), len(wanted)), np.nan)
        alike: dict[tuple[tuple[int, ...], int], list[int]] = {}
        for j, (_, alpha, order) in enumerate(wanted):
            alike.setdefault((alpha, order), []).append(j)
        for rows, chosen in self._groups(x[:, -1], max(map(len, alike.values()), default=1)):
            t = x[rows, -1]
            for (alpha, order), columns in alike.items():
                weights = weights_through(self.times[chosen], t, order)
                parts = self.amplitudes[chosen, [wanted[j][0] for j in columns]]
                if len(rows) > 1 and (t == t[0]).all():
                    parts = np.tensordot(weights[:1], parts, axes=1)
                    weights = np.ones((len(rows), 1))
                sums = self._sums(x[rows, :-1], parts * self._factor(alpha), weights)
                found[rows[:, None], columns] = sums
        return found

    def _groups(self, t: Float[ndarray, " n"], fields: int) -> Iterator[tuple[ndarray, slice]]:
        """Yield points that have the instants nearest to them in common, and these instants.

        There are as many at once as fit into memory with so many fields.
        """
        first, last = self.times[0], self.times[-1]
        slack = SLACK * (last - first)
        inside = np.flatnonzero((t >= first - slack) & (t <= last + slack))
        count = min(WINDOW, len(self.times))
        before = np.searchsorted(self.times, t[inside], side="right") - 1
        start = np.clip(before - (count // 2 - 1), 0, len(self.times) - count)
        order = np.lexsort((t[inside], start))
        inside, start, now = inside[order], start[order], t[inside][order]
        is_full = self._most_points(count * fields)
        for part in _runs(start):
            for rows in _pieces(part, now, is_full):
                chosen = slice(int(start[rows[0]]), int(start[rows[0]]) + count)
                yield inside[rows], chosen

    def _most_points(self, count: int) -> int:
        """Return the number of points at once, with so many series of each."""
        inner = int(np.prod(self.amplitudes.shape[3:], dtype=int)) * count
        return max(ENTRIES // max(inner, self.amplitudes.shape[2]), 1)

    def _factor(self, alpha: tuple[int, ...]) -> Complex[ndarray, "*K"]:
        """Return the factor of a derivative for each wave, twice it where two waves are one."""
        factor = np.ones(self.amplitudes.shape[2:], dtype=complex)
        for axis, (k, order) in enumerate(zip(self._waves, alpha, strict=True)):
            shape = [-1 if i == axis else 1 for i in range(len(self.period))]
            factor *= ((1j * k) ** order).reshape(shape)
        factor[..., 1:] *= 2
        return factor

    def _sums(
        self,
        x: Float[ndarray, "m d"],
        parts: Complex[ndarray, "T c *K"],
        weights: Float[ndarray, "m T"],
    ) -> Float[ndarray, "m c"]:
        """Return the sums of waves at points, one axis after the other, weighted over instants."""
        left = np.moveaxis(parts, (0, 1), (-2, -1))
        for axis, k in enumerate(self._waves):
            wave = np.exp(1j * (x[:, axis] - self.lower[axis])[:, None] * k)
            if axis == 0:
                left = (wave @ left.reshape(len(k), -1)).reshape(len(x), *left.shape[1:])
            else:
                left = np.einsum("mk,mk...->m...", wave, left)
        return np.einsum("mt,mtc->mc", weights, left.real)


def wave_numbers(shape: Sequence[int], period: Sequence[float]) -> list[Float[ndarray, " K"]]:
    """Return the wave numbers along each axis, in the order of `Waves.amplitudes`."""
    found = []
    for axis, (count, P) in enumerate(zip(shape, period, strict=True)):
        whole = np.arange(count) if axis == len(shape) - 1 else _both_ways(count)
        found.append(2 * np.pi / P * whole)
    return found


def _both_ways(count: int) -> ndarray:
    """Return 0 … K, -K … -1."""
    K = count // 2
    return np.concatenate([np.arange(K + 1), np.arange(-K, 0)])


def _runs(sorted_values: ndarray) -> Iterator[ndarray]:
    """Yield the indices of equal values that follow one another."""
    ends = np.flatnonzero(np.diff(sorted_values)) + 1
    return iter(np.split(np.arange(len(sorted_values)), ends) if len(sorted_values) else [])


def _pieces(rows: ndarray, t: Float[ndarray, " n"], most: int) -> Iterator[ndarray]:
    """Yield the points at one instant together where there are many of each, in bounded numbers."""
    instants = list(_runs(t[rows]))
    is_by_instant = len(instants) * WINDOW <= len(rows)
    for part in instants if is_by_instant else [np.arange(len(rows))]:
        for begin in range(0, len(part), most):
            yield rows[part[begin : begin + most]]
