"""References that points can be drawn from: densities, and where two of their solutions compare."""

from collections.abc import Set
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.geometry.sampling import sample_in_time

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

SOME, INSTANTS = 400, 5  # points and instants at which two solutions are compared
UNIT = 1e-12  # how near to the ends of the unit interval shares may lie


@runtime_checkable
class Drawn(Protocol):
    """Fields that are a density."""

    def drawn(self, count: int, time: float, seed: int) -> Float[ndarray, "n d"] | None:
        """Return points that are spread as the density is; None if none are known."""

    def mass(self, time: float) -> float | None:
        """Return its integral; None if it is not known."""


def compared_at(setup: "Setup", found: Drawn) -> Float[ndarray, "n D"]:
    """Return points of space and time at which two solutions are compared: drawn, or in a box."""
    problem = setup.problem
    assert problem.time is not None
    times = np.linspace(*problem.time, INSTANTS + 1)[1:]
    clouds = [found.drawn(SOME // INSTANTS, float(t), 7) for t in times]
    if problem.boundary or clouds[0] is None:
        return sample_in_time(setup.domain, problem.time, SOME, 5)
    parts = [
        np.column_stack([cloud, np.full(len(cloud), t)])
        for cloud, t in zip(clouds, times, strict=True)
        if cloud is not None
    ]
    return np.concatenate(parts)


def shares_of(dim: int, count: int, seed: int) -> Float[ndarray, "n d"]:
    """Return points spread evenly over the unit cube, none of them on its faces."""
    from scipy.stats.qmc import Sobol

    found = Sobol(dim, rng=np.random.default_rng(seed)).random(1 << (count - 1).bit_length())
    return np.clip(found[:count], UNIT, 1 - UNIT)


def undifferentiated(
    values: Float[ndarray, " n"], terms: Set[Term], why: str
) -> dict[Term, ndarray]:
    """Return the values of a field of which no derivatives are known, by term.

    Raises
    ------
    ValueError
        For the reason why, if a derivative is asked for.
    """
    if any(term.op.order for term in terms):
        raise ValueError(why)
    return {term: sum(c for _, c in term.op.terms) * values for term in terms}
