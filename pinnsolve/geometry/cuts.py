"""Where pieces of the boundary end that a comparison names, as corners end others.

Where another kind of condition begins, solutions behave like a root of the distance to that place.
If it lies between two nodes, whichever way each of them goes, the solution is that of a problem in
which it lies elsewhere, and wrong in the first order of the spacing all over the domain, which no
residual shows. So curves in the plane are cut where a comparison begins or ceases to hold, and the
ends of their parts are nodes.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.patches import Curve

Predicate: TypeAlias = Callable[[Float[ndarray, "N d"]], Bool[ndarray, "N"]]
Pieces: TypeAlias = Sequence[tuple[str, Predicate]]

HALVINGS = 50  # of an interval of the parameter, down to rounding
SHORTEST = 1e-6  # part of a curve: what is shorter, as the tolerance of a comparison, is not cut


def cut(domain: Domain, pieces: Pieces) -> Domain:
    """Return a domain whose curves end where pieces do; others than those in the plane as they are.

    Parameters
    ----------
    domain
        What has a boundary.
    pieces
        Names and predicates of its further pieces.
    """
    if domain.dim != 2 or not pieces:
        return domain
    return replace(
        domain, curves=tuple(part for curve in domain.curves for part in _cut(curve, pieces))
    )


def _cut(curve: Curve, pieces: Pieces) -> Sequence[Curve]:
    """Return the parts of a curve, which is closed no more if it has several."""
    t = curve.polyline[0]
    changes = np.flatnonzero(np.diff(_held(curve, t, pieces)))
    low, high = t[changes], t[changes + 1]
    before = _held(curve, low, pieces)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_before = _held(curve, middle, pieces) == before
        low, high = np.where(is_before, middle, low), np.where(is_before, high, middle)
    room = SHORTEST * (curve.stop - curve.start)
    at = high[(high > curve.start + room) & (high < curve.stop - room)]
    at = at[np.diff(at, prepend=-np.inf) > room]
    if not len(at):
        return (curve,)
    ends = [curve.start, *at.tolist(), curve.stop]
    last = len(ends) - 2
    return [
        replace(
            curve,
            start=ends[k],
            stop=ends[k + 1],
            is_closed=False,
            is_cut=(k > 0 or curve.is_closed, k < last or curve.is_closed),
        )
        for k in range(last + 1)
    ]


def _held(curve: Curve, t: Float[ndarray, " n"], pieces: Pieces) -> Int[ndarray, " n"]:
    """Return for each point of a curve which piece takes it, counted from one; none is zero."""
    owner = np.zeros(len(t), dtype=int)
    x = curve.point(t)
    for i, (_, where) in enumerate(pieces):
        owner[where(x)] = i + 1
    return owner
