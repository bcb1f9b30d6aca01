"""How far a density is from the true one at the end: half of the integral of their distance.

    TV = 1/2 int |v - u| = 1/2 E_u |v/u - 1| int u,

by points drawn from ``u``, and with what ``v`` has where ``u`` has nothing, as far as its own
points tell that. It is one where nothing is in common of two densities, whatever their dimension.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.clouds import Cloud
from pinnsolve.geometry.domain import Domain
from pinnsolve.problem import Problem
from pinnsolve.references.drawn import Drawn
from pinnsolve.references.linear_drift import Density
from pinnsolve.solution.accuracy import Errors, Interval
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.found import Places
from pinnsolve.solution.reference import Reference

POINTS, SEED = 4096, 11
NORMAL = 1.96


def with_total_variation(
    errors: Errors | None,
    answer: Fields,
    problem: Problem,
    domain: Domain,
    truth: Reference | None,
    places: Places | None = None,
) -> Errors | None:
    """Return errors with the total variation at the end, where the truth is a density.

    Parameters
    ----------
    errors, answer, problem, domain, truth
        What is known so far, and of what.
    places
        Points where the answer is; None if none are known.
    """
    exact = None if truth is None else truth.fields
    if errors is None or not isinstance(exact, Drawn) or problem.time is None:
        return errors
    end = problem.time[1]
    x = exact.drawn(POINTS, end, SEED)
    mass = exact.mass(end)
    if x is None or mass is None:
        return errors
    points = _at(x, end)
    u, v = exact(points)[:, 0], _inside(answer, domain, points)
    apart = mass * np.abs(v / u - 1) / 2
    own = mass * _of_seeds(exact, points, u) / 2
    value = float(apart.mean())
    if places is not None:
        value += _beyond(answer, Cloud(*places(end)), end, mass * float((v / u).mean()))
    half = NORMAL * float(apart.std()) / np.sqrt(len(apart)) + own
    return replace(errors, total_variation=Interval(value, float(half)))


def _of_seeds(exact: Fields, points: Float[ndarray, "n D"], u: Float[ndarray, " n"]) -> float:
    """Return the mean relative distance of a density by samples from that by others."""
    if not isinstance(exact, Density):
        return 0.0
    other = replace(exact, seed=exact.seed + 1)(points)[:, 0]
    return float(np.abs(other / u - 1).mean())


def _inside(answer: Fields, domain: Domain, points: Float[ndarray, "n D"]) -> Float[ndarray, " n"]:
    """Return a field at points, zero outside of the domain."""
    is_in = domain.distance(points[:, :-1]) <= 0
    found = np.zeros(len(points))
    found[is_in] = answer(points[is_in])[:, 0]
    return found


def _beyond(answer: Fields, cloud: Cloud, end: float, seen: float) -> float:
    """Return half of what a field has where the truth has nothing, as far as points tell it."""
    mass, half = cloud.estimate(answer(_at(cloud.x, end)), lambda sums: sums)
    return max(0.0, float(mass[0] - half[0]) - seen) / 2


def _at(x: Float[ndarray, "n d"], t: float) -> Float[ndarray, "n D"]:
    return np.column_stack([x, np.full(len(x), t)])
