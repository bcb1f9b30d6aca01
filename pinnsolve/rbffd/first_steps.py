"""How small the steps in time have to be for the data to be seen at all.

Steps are halved until the solution no longer changes (`evolution`); a source that lasts for less
than the first steps, or oscillates as they follow one another, would be missed by all of them. So
the first steps are such that their stages see what the data do on average: in every interval
between two levels the quadrature of the Runge-Kutta method comes near to the mean over many
instants.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.placement import Placement
from pinnsolve.rbffd.evolution import MOST_DOUBLINGS
from pinnsolve.timestepping.radau import Radau

INSTANTS = 128  # in each interval, at which data are looked at
PLACES = 32  # nodes of each condition, at which they are
NEAR = 0.02  # of the largest mean: how far one may be from the quadrature
LEAST = 1e-3  # of the largest value: means that are smaller count as that


def doublings(placement: Placement, method: Radau) -> int:
    """Return the number of times that an interval between levels is halved for the first steps.

    Parameters
    ----------
    placement
        Where the conditions hold.
    method
        The Runge-Kutta method.
    """
    times = placement.problem.times
    assert times is not None
    few = placement.thinned(PLACES)
    step = float(times[1] - times[0])
    even = (np.arange(INSTANTS) + 0.5) / INSTANTS
    dense = _over_intervals(few, times, even * step)
    means = [values.mean(axis=2) for values in dense]
    sizes = [
        max(np.abs(mean).max(initial=0.0), LEAST * np.abs(values).max(initial=0.0))
        for mean, values in zip(means, dense, strict=True)
    ]
    for k in range(MOST_DOUBLINGS):
        starts = np.arange(2**k)[:, None] / 2**k
        instants = (starts + method.c / 2**k).ravel() * step
        weights = np.tile(method.A[-1] / 2**k, 2**k)
        found = [values @ weights for values in _over_intervals(few, times, instants)]
        if all(
            np.abs(a - b).max(initial=0.0) <= NEAR * size
            for a, b, size in zip(found, means, sizes, strict=True)
        ):
            return k
    return MOST_DOUBLINGS - 1


def _over_intervals(
    placement: Placement, times: Float[ndarray, " K"], instants: Float[ndarray, " S"]
) -> list[Float[ndarray, "n k S"]]:
    """Return all data at instants of each interval between two levels."""
    at = (times[:-1, None] + instants).ravel()
    return [
        values.reshape(len(values), len(times) - 1, len(instants))
        for condition in placement.at(at)
        for values in condition.residual.data
    ]
