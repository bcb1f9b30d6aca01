"""One step of many stages, from its beginning and the slopes at the stages to any instant of it.

All of it is linear in both, so that what small changes of them make follows in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.timestepping.collocation import Collocation


@dataclass(frozen=True)
class Crossing:
    """A step; further axes hold several of them side by side.

    Attributes
    ----------
    method
        Its stages.
    orders
        Order in time of each field.
    h
        Its size.
    state
        The fields when it begins, then their derivatives in time below the highest.
    slopes
        The highest derivative of each field at the stages.
    """

    method: Collocation
    orders: Sequence[int]
    h: float
    state: Float[ndarray, "m c N *p"]
    slopes: Float[ndarray, "q c N *p"]

    def at(self, at: Float[ndarray, " n"]) -> Float[ndarray, "n c N *p"]:
        """Return the fields at instants, as parts of the step."""
        found = np.empty((len(at), *self.slopes.shape[1:]))
        for f, m in enumerate(self.orders):
            if m == 0:
                found[:, f] = np.tensordot(self.method.values(at), self.slopes[:, f], 1)
                continue
            found[:, f] = self._integrated(at, m, f)
            for j in range(m):
                found[:, f] += np.multiply.outer(
                    (self.h * at) ** j / factorial(j), self.state[j, f]
                )
        return found

    def end(self) -> Float[ndarray, "m c N *p"]:
        """Return the fields at the end of the step, then their derivatives below the highest."""
        state = np.zeros_like(self.state)
        for f, m in enumerate(self.orders):
            for a in range(m):
                state[a, f] = self._integrated(np.ones(1), m - a, f)[0]
                for j in range(a, m):
                    state[a, f] += self.h ** (j - a) / factorial(j - a) * self.state[j, f]
        return state

    def started(self) -> list[list[Float[ndarray, "q N *p"]]]:
        """Return each field and its derivatives at the stages, were there no slopes."""
        found = []
        for f, m in enumerate(self.orders):
            own = [np.zeros_like(self.slopes[:, f]) for _ in range(m + 1)]
            for a in range(m):
                for j in range(a, m):
                    powers = (self.h * self.method.c) ** (j - a) / factorial(j - a)
                    own[a] += np.multiply.outer(powers, self.state[j, f])
            found.append(own)
        return found

    def _integrated(
        self, at: Float[ndarray, " n"], times: int, field: int
    ) -> Float[ndarray, "n N *p"]:
        """Return a field's slopes integrated so many times from the beginning of the step."""
        inner = np.linalg.matrix_power(self.h * self.method.A, times - 1)
        return np.tensordot(
            self.h * self.method.integrals(at), np.tensordot(inner, self.slopes[:, field], 1), 1
        )
