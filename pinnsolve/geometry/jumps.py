"""Where values given on two pieces of the boundary differ at the point where these meet."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int, Shaped
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.geometry.patches import Boundary
from pinnsolve.problem import Problem

COINCIDENT = 1e-9  # of the domain's size, within which two points of the boundary are one
ROUNDING = 1e-8  # of the largest value, from which on two values differ
INSTANTS = 5  # at which values that depend on time are compared


def at_corners(
    problem: Problem, rim: Boundary, pieces: Shaped[ndarray, " B"], size: float
) -> Iterator[tuple[int, Float[ndarray, " J"], Float[ndarray, "J d"]]]:
    """Yield for each field the sizes of its jumps and their places, in time the largest.

    Parameters
    ----------
    problem
        What is solved.
    rim, pieces
        Points of the boundary, a corner once for each piece, and the names of their pieces.
    size
        Of the domain.

    Raises
    ------
    ProblemError
        If a value is not finite.
    """
    pairs = KDTree(rim.x).query_pairs(COINCIDENT * size, output_type="ndarray")
    if not len(pairs):
        return
    given = _given(problem, rim, pieces, np.unique(pairs))
    first, second = pairs.T
    for field, values in enumerate(given):
        jump = np.nan_to_num(np.abs(values[:, first] - values[:, second])).max(axis=0)
        found = np.flatnonzero(jump > ROUNDING * np.nanmax(np.abs(values), initial=0.0))
        yield field, jump[found], rim.x[first[found]]


def _given(
    problem: Problem, rim: Boundary, pieces: Shaped[ndarray, " B"], ends: Int[ndarray, " E"]
) -> Float[ndarray, "c K B"]:
    """Return the values that conditions give to each field at some points; elsewhere no number.

    In time they are those at some instants.
    """
    times = problem.times
    instants = [None] if times is None else times[:: -(-len(times) // INSTANTS)]
    given = np.full((len(problem.fields), len(instants), len(rim.x)), np.nan)
    for condition in problem.boundary:
        equation = condition.equation
        is_value = len(equation.terms) == 1 and equation.is_algebraic and equation.is_linear
        if condition.is_periodic or equation.constants or not is_value:
            continue
        here = ends[np.isin(pieces[ends], condition.on) | ("all" in condition.on)]
        if not len(here):
            continue
        (term,) = equation.terms
        zero = {term: np.zeros(len(here))}
        for k, t in enumerate(instants):
            x = rim.x[here]
            x = x if t is None else np.column_stack([x, np.full(len(here), t)])
            bound = equation.bind(x, rim.normals[here])
            given[term.field, k, here] = -bound(zero) / bound.partials(zero)[term]
    return given
