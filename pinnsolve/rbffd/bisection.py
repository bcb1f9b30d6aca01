"""Steps as long as the solution allows: halved where, and only where, two halves differ from one.

Between two time levels a step ``h`` is tried beside two of ``h/2``. If both end alike,

    max_i |u_i'' - u_i'| <= tolerance * |u_i|,    |u_i| the largest norm of field i so far,

the two are kept; if not, each half is tried in the same way, the first with what is known of it.
What is stiff only for a while, as a reaction that ignites, takes short steps then and long ones
later, whose lengths are powers of two: matrices of the last few are kept. Source: Hairer & Wanner
(1996), doi:10.1007/978-3-642-05221-7, section IV.8, for the method; the search is ours.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import DivergedError, SingularError
from pinnsolve.rbffd.flow import Crossing, Flow, Matrices, Moment, Taken, lost

KEPT = 3  # lengths of steps of which matrices are kept


@dataclass
class Bisection:
    """The steps from one time level to the next.

    Parameters
    ----------
    flow
        The equations of a step.
    begin, end
        The two levels.
    tolerance
        Distance of two halves of a step from the whole, relative to each field, that is allowed.
    sizes
        Largest norm of each field so far.
    shallowest, deepest
        How often the interval is halved at least and at most.
    most
        Steps that are tried at most.
    tell
        Told which part of the interval has been crossed.
    """

    flow: Flow
    begin: float
    end: float
    tolerance: float
    sizes: Float[ndarray, " c"]
    shallowest: int
    deepest: int
    most: int
    tell: Callable[[float], None]
    _matrices: dict[int, Matrices] = field(default_factory=dict)
    _first: Taken | None = None
    _inner: tuple[float, ndarray] | None = None  # an instant about the middle, and the fields
    _loss: float = 0.0
    _steps: int = 0  # that are kept
    _tried: int = 0

    def across(self, moment: Moment) -> Crossing:
        """Go from an instant at the one level to the other.

        Raises
        ------
        SingularError
            If the equations do not determine how the fields go on.
        DivergedError
            If no step is short enough.
        """
        last = self._go(moment, 0, 0, None)
        assert self._first is not None
        assert self._inner is not None
        # what is taken up again at a level has no matrices but its own
        last = replace(last, matrices=None, loss=self._loss)
        return Crossing(last, self._first.first, *self._inner, self._steps)

    def _go(self, moment: Moment, depth: int, index: int, whole: Taken | None) -> Moment:
        """Take the step ``index`` of ``2**depth``, or its halves; return the instant at its end.

        Parameters
        ----------
        moment
            Where it begins.
        depth, index
            Which step it is.
        whole
            The step itself, if it has been taken already.
        """
        first: Taken | None = None
        if depth >= self.shallowest:
            try:
                whole = whole or self._step(moment, depth, index)
                first = self._step(moment, depth + 1, 2 * index)
                second = self._step(first.moment, depth + 1, 2 * index + 1)
            except (DivergedError, SingularError):
                if depth >= self.deepest or self._tried >= self.most:
                    raise
            else:
                if depth >= self.deepest or self._are_alike(whole, second):
                    self.tell((index + 1) * 0.5**depth)
                    self._keep(first, depth + 1, 2 * index)
                    self._keep(second, depth + 1, 2 * index + 1)
                    return second.moment
        middle = self._go(moment, depth + 1, 2 * index, first)
        return self._go(middle, depth + 1, 2 * index + 1, None)

    def _step(self, moment: Moment, depth: int, index: int) -> Taken:
        """Take one step, with matrices of steps as long if there are any."""
        h = self._length(depth)
        if self._tried >= self.most:
            raise lost(h)
        start = self.begin + index * h
        conditions = self.flow.bind(self.flow.instants(start, start + h, 1, h))
        self._tried += 1
        known = self._matrices.pop(depth, None)
        taken = self.flow.step(conditions, 0, replace(moment, matrices=known), h)
        if taken.moment.matrices is not None:
            self._matrices[depth] = taken.moment.matrices  # the newest is the last
            for oldest in list(self._matrices)[:-KEPT]:
                del self._matrices[oldest]
        return taken

    def _keep(self, taken: Taken, depth: int, index: int) -> None:
        """Note what is told of a step that is part of the way."""
        self._steps += 1
        self._loss = max(self._loss, taken.moment.loss)
        self._first = self._first or taken
        if 2 * index < 2**depth:  # it begins before the middle of the interval
            instant = self.begin + (index + self.flow.method.c[0]) * self._length(depth)
            self._inner = float(instant), taken.inner

    def _are_alike(self, whole: Taken, halves: Taken) -> bool:
        """Tell whether a step and two of half its length end alike, and the latter is finite."""
        coarse, fine = (taken.moment.state[0] for taken in (whole, halves))
        self.sizes = np.fmax(self.sizes, np.linalg.norm(fine, axis=1))
        apart = np.linalg.norm(fine - coarse, axis=1)
        return bool((apart <= self.tolerance * self.sizes).all())

    def _length(self, depth: int) -> float:
        """Return the length of steps."""
        return (self.end - self.begin) * 0.5**depth
