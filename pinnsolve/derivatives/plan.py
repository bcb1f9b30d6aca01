"""Which directional Taylor series give the derivatives that are wanted, and how to read them off.

The part of order ``k`` of an operator is a form ``p(xi) = sum c_a xi^a``. Written as a sum of
powers of linear forms it is a sum of directional derivatives,

    p(xi) = sum_j w_j (v_j . xi)^k        <=>        p(d) u = sum_j w_j d^k/dt^k u(x + t v_j),

each of which is a coefficient of a series in one variable. Because the highest coefficient of a
series enters a composition linearly, a weighted *sum* of highest coefficients needs one channel
only: the Laplacian in ``d`` dimensions takes ``d`` channels of order one and one of order two
("forward Laplacian"), the biharmonic in the plane three directions to order three and one sum.

A part of order one of the same operator can join its sum at no cost, because first coefficients
enter a composition linearly too: ``u_t - u_xx`` is one channel on top of those of ``u`` and
``u_x``, and starts with the slope ``-1/2`` along ``t`` (the "drift") instead of zero.

Of the sets of directions in `pinnsolve.derivatives.directions` the one that takes the fewest
channels is kept, those that higher orders have brought already counting nothing.

Sources: Griewank, Utke & Walther (2000), doi:10.1090/S0025-5718-00-01120-0; Li et al. (2024), A
computational framework for neural network-based variational Monte Carlo with Forward Laplacian,
doi:10.1038/s42256-024-00794-x; Dangel et al. (2025), Collapsing Taylor mode automatic
differentiation, arXiv:2505.13644.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import factorial
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.derivatives.directions import (
    ROUNDING,
    Directions,
    Form,
    candidates,
    forms_of,
    gradient,
    index,
    irreducible,
    powers_of,
    spans,
    union,
    vector,
    weights_of,
)
from pinnsolve.diffop import DiffOp, MultiIndex

FrozenForm: TypeAlias = tuple[tuple[MultiIndex, float], ...]
Part: TypeAlias = tuple[slice, float]  # directions, and the weight of their products in a block
Factors: TypeAlias = tuple[int, int, list[Part]]  # two orders, or a block and an order


@dataclass(frozen=True)
class Layout:
    """Which coefficient lies in which channel.

    Channel 0 is the value; then the first coefficients of all directions, the second ones, and
    so on, directions of higher order first; then the sums of highest coefficients.

    Attributes
    ----------
    counts
        How many directions are carried to order 1, 2, …; never rising.
    sums
        Order ``n`` of each sum of highest coefficients, and its weights on the directions that
        are carried to order ``n - 1``.
    sizes
        Channels of each block: the value, each order, each sum.
    channels
        Number of channels.
    blocks
        Position and order of the blocks that follow the value, by rising order.
    products
        For each block the pairs of orders ``i + l`` of which a product of series has terms, and
        of which directions.
    raised
        For each block, its order being ``i``, those of orders ``i + l``, ``l > 0``.
    """

    counts: tuple[int, ...]
    sums: tuple[tuple[int, tuple[float, ...]], ...] = ()
    sizes: list[int] = field(init=False, repr=False, compare=False)
    channels: int = field(init=False, repr=False, compare=False)
    blocks: list[tuple[int, int]] = field(init=False, repr=False, compare=False)
    products: list[list[Factors]] = field(init=False, repr=False, compare=False)
    raised: list[list[Factors]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derive the rest, once: compiled code reads it, but could not compute it."""
        n = len(self.counts)
        sizes = [1, *self.counts, *(1 for _ in self.sums)]
        blocks = [(k, k) for k in range(1, n + 1)]
        blocks += [(n + 1 + s, order) for s, (order, _) in enumerate(self.sums)]
        parts: list[list[Part]] = [[(slice(0, count), 1.0)] for count in self.counts]
        parts += [
            [(slice(j, j + 1), w) for j, w in enumerate(weights) if w] for _, weights in self.sums
        ]
        products = [
            [(i, k - i, own) for i in range(1, k)]
            for (_, k), own in zip(blocks, parts, strict=True)
        ]
        raised = [
            [(b, k - i, own) for (b, k), own in zip(blocks, parts, strict=True) if k > i]
            for i in range(n + 1)
        ]
        derived = {
            "sizes": sizes,
            "channels": sum(sizes),
            "blocks": blocks,
            "products": [[], *products],
            "raised": [*raised, *([] for _ in self.sums)],
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class Plan:
    """Directional series, and what to read off them.

    Attributes
    ----------
    directions
        Along which the series run, highest order first.
    layout
        To which orders, and which of their highest coefficients are summed.
    readings
        For each operator the factors of the channels whose sum it is.
    drifts
        For each sum the direction whose first coefficient it holds as well, or zero.
    """

    directions: tuple[tuple[float, ...], ...]
    layout: Layout
    readings: tuple[tuple[DiffOp, tuple[float, ...]], ...]
    drifts: tuple[tuple[float, ...], ...] = ()

    @property
    def has_drifts(self) -> bool:
        """Whether some sum holds first coefficients."""
        return any(map(any, self.drifts))


def plan(ops: Iterable[DiffOp]) -> Plan:
    """Return the cheapest known set of series for some operators.

    Parameters
    ----------
    ops
        What is wanted; all of the same number of coordinates.

    >>> from pinnsolve.diffop import laplacian
    >>> plan([laplacian(3)]).layout
    Layout(counts=(3,), sums=((2, (1.0, 1.0, 1.0)),))
    """
    return _plan(frozenset(ops))


@lru_cache(maxsize=256)
def _plan(ops: frozenset[DiffOp]) -> Plan:
    parts = [(k, form) for op in ops for k, form in forms_of(op).items()]
    V: Directions = np.zeros((0, next(iter(ops)).dim))
    orders = np.zeros(0, dtype=int)
    sums: list[tuple[int, Float[ndarray, " _"]]] = []
    summed: dict[tuple[int, FrozenForm], int] = {}  # of which form a sum is
    for k in sorted({k for k, _ in parts if k}, reverse=True):
        may_join = _with_own_sum(ops, summed) if k == 1 else {}
        alone = {_frozen(forms_of(op)[k]) for op in ops if k in forms_of(op) and op not in may_join}
        left = [dict(form) for form in sorted(alone) if not spans(V[orders >= k], k, [dict(form)])]
        if not left:
            continue
        joins = any(_may_be_joined(ops, k, form) for form in left)
        chosen = _choose(k, left, V, orders, joins)
        V = union(V, chosen)
        orders = np.append(orders, np.zeros(len(V) - len(orders), dtype=int))
        used = [index(V, v) for v in chosen]
        is_summed = _is_summed(k, len(left), orders[used], joins)
        orders[used] = np.maximum(orders[used], k - 1 if is_summed else k)
        if is_summed:
            weights = weights_of(chosen, k, left)
            assert weights is not None
            for form, w in zip(left, weights, strict=True):
                summed[k, _frozen(form)] = len(sums)
                sums.append((k, np.zeros(len(V))))
                sums[-1][1][used] = w
    joining = {
        op: s
        for op, s in _with_own_sum(ops, summed).items()
        if not spans(V[orders >= 1], 1, [forms_of(op)[1]])
    }
    return _finished(ops, V, orders, sums, joining)


def _with_own_sum(
    ops: frozenset[DiffOp], summed: Mapping[tuple[int, FrozenForm], int]
) -> dict[DiffOp, int]:
    """Return the operators whose part of order one may join a sum, and which."""
    return {
        op: summed[k, _frozen(form)]
        for op in ops
        for k, form in forms_of(op).items()
        if (k, _frozen(form)) in summed and _may_be_joined(ops, k, form)
    }


def _may_be_joined(ops: frozenset[DiffOp], k: int, form: Form) -> bool:
    """Return whether a sum has one reader only, which has a part of order one."""
    readers = [op for op in ops if forms_of(op).get(k) == form]
    return len(readers) == 1 and 1 in forms_of(readers[0])


def _frozen(form: Form) -> FrozenForm:
    return tuple(sorted(form.items()))


def _finished(
    ops: frozenset[DiffOp],
    V: Directions,
    orders: ndarray,
    sums: Sequence[tuple[int, Float[ndarray, " _"]]],
    joining: Mapping[DiffOp, int],
) -> Plan:
    """Sort the directions, and find how each operator is read off the channels."""
    rank = np.argsort(-orders, kind="stable")
    V, orders = V[rank], orders[rank]
    counts = tuple(int(np.sum(orders >= k)) for k in range(1, max(orders, default=0) + 1))
    padded = [(n, np.append(w, np.zeros(len(V) - len(w)))[rank]) for n, w in sums]
    layout = Layout(
        counts, tuple((n, tuple(w[: np.sum(orders >= n - 1)].tolist())) for n, w in padded)
    )
    starts = np.cumsum([0, *layout.sizes])

    def reading(op: DiffOp) -> tuple[float, ...]:
        row = np.zeros(layout.channels)
        for k, form in forms_of(op).items():
            summed = [i for i, (n, _) in enumerate(padded) if n == k]
            if k == 1 and op in joining:
                continue
            if k == 0:
                row[0] += sum(form.values())
                continue
            carried = counts[k - 1] if k <= len(counts) else 0
            powers = powers_of(V, k) @ np.hstack(
                [np.eye(len(V))[:, :carried], *(padded[i][1][:, None] for i in summed)]
            )
            factors, *_ = np.linalg.lstsq(powers, vector(form, k), rcond=ROUNDING)
            factors[np.abs(factors) < ROUNDING * np.abs(factors).max()] = 0.0
            where = [starts[k] + j for j in range(carried)] if carried else []
            row[[*where, *(starts[1 + len(counts) + i] for i in summed)]] += factorial(k) * factors
        return tuple(row.tolist())

    drifts = np.zeros((len(sums), V.shape[1]))
    for op, s in joining.items():
        drifts[s] = gradient(forms_of(op)[1]) / factorial(sums[s][0])
    return Plan(
        tuple(tuple(v) for v in V.tolist()),
        layout,
        tuple((op, reading(op)) for op in ops),
        tuple(tuple(v) for v in drifts.tolist()),
    )


def _choose(
    k: int, forms: Sequence[Form], V: Directions, orders: ndarray, joins: bool
) -> Directions:
    """Return the directions, old ones among them, that provide for forms of order ``k``."""

    def cost(choice: Directions) -> tuple[int, int]:
        places = [index(V, v) for v in choice]
        at = np.array([orders[j] if j < len(V) else 0 for j in places])
        below = k - 1 if _is_summed(k, len(forms), at, joins) else k
        summed = len(forms) if below < k else 0
        return int(np.sum(np.maximum(below - at, 0))) + summed, len(choice)

    rank = np.argsort(-orders, kind="stable")
    old = V[rank]
    found = []
    for new in candidates(k, forms, V.shape[1]):
        for pool in (union(old, new), union(new, old)):
            found += [irreducible(pool, k, forms)] if spans(pool, k, forms) else []
    if len(forms) > 1:
        pool = old
        for form in forms:
            known = np.append(orders[rank], np.zeros(len(pool) - len(old), dtype=int))
            pool = union(pool, _choose(k, [form], pool, known, joins))
        found.append(irreducible(pool, k, forms))
    return min(found, key=cost)


def _is_summed(k: int, n_forms: int, orders: ndarray, joins: bool) -> bool:
    """Return whether sums of coefficients of order ``k`` are fewer than the coefficients.

    Or as many, if a part of order one can join one of them.
    """
    return k > 1 and n_forms < int(np.sum(orders < k)) + joins
