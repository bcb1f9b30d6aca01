"""The roughness of unknown functions, which data alone would leave as rough as their noise is.

Beside the misfit of the data what is lowered holds, for each function ``k``,

    smooth * mean |l_i l_j d_i d_j k|^2 / s^2        (sum over the coordinates that it is one of),

``l`` half the extent of the domain in a coordinate, ``s`` the size of ``k``: its second derivatives
per half width, relative to it. So lines have none. A function with bounds is taken as the one that
stands for it (`pinnsolve.equations.bounds`), which has no unit, ``s = 1``. Where ``smooth`` is not
given it begins as `FIRST` and follows from the data (`pinnsolve.objectives.smoothing`). Source:
Wahba (1990), Spline Models for Observational Data, doi:10.1137/1.9781611970128.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import sqrt

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import Term, partial
from pinnsolve.equations.residual import prescribed
from pinnsolve.problem import Problem

FIRST = 1e-6  # weight of what the data tell the weight of
MOST = 600  # points at which it is measured


@dataclass(frozen=True)
class Roughness:
    """That of one unknown function.

    Attributes
    ----------
    name
        Of the function.
    field
        Its number among the fields.
    rows
        How many there are of its rows in the residual.
    smooth
        Its weight as its rows have it.
    is_given
        Whether the file says so, or the data shall tell.
    size
        Of the function, relative to which it is; None where it stays as it is.
    null
        How many functions have none: those that are linear.
    """

    name: str
    field: int
    rows: int
    smooth: float
    is_given: bool
    size: float | None
    null: int


def roughness(
    problem: Problem,
    x: Float[ndarray, "n D"],
    rows: Int[ndarray, " r"],
    sizes: Float[ndarray, " c"],
) -> tuple[tuple[Condition, ...], tuple[Roughness, ...], Float[ndarray, " R"]]:
    """Return conditions that functions have none, what they are about, and the factor of each row.

    Parameters
    ----------
    problem
        As posed for the outputs of a network.
    x, rows
        All points, and which of them are those where the equations hold.
    sizes
        Of the fields.
    """
    symbols = problem.equations[0].symbols
    half = np.ptp(x[rows], axis=0) / 2
    rows = rows[:: -(-len(rows) // MOST)]
    conditions, about, factors = list[Condition](), list[Roughness](), list[ndarray]()
    first = len(problem.fields) - len(problem.functions)
    for field, (name, own) in enumerate(problem.functions.items(), first):
        if own.smooth == 0:
            continue
        still = symbols.idle.get(field, ())
        axes = [axis for axis in range(len(symbols.coordinates)) if axis not in still]
        smooth = FIRST if own.smooth is None else own.smooth
        size = None if name in problem.potentials else float(sizes[field])
        pairs = list(combinations_with_replacement(axes, 2))
        for i, j in pairs:
            alpha = [0] * len(symbols.coordinates)
            alpha[i] += 1
            alpha[j] += 1
            residual = prescribed(Term(field, partial(tuple(alpha))), np.zeros(len(rows)))
            conditions.append(Condition(f"roughness of {name}", residual, rows, smooth))
            factor = half[i] * half[j] * sqrt(smooth * (1 + (i != j)) / len(rows)) / (size or 1.0)
            factors.append(np.full(len(rows), factor))
        count = len(pairs) * len(rows)
        about.append(
            Roughness(name, field, count, smooth, own.smooth is not None, size, 1 + len(axes))
        )
    return tuple(conditions), tuple(about), np.concatenate([np.empty(0), *factors])


def spread(
    factor: float, own: Sequence[float] | None, about: Sequence[Roughness], n: int, n_data: int
) -> Float[ndarray, " R"]:
    """Return the factor of each row where equations weigh more.

    Parameters
    ----------
    factor
        Of the rows of equations and conditions.
    own
        Of the rows of each roughness; by default the same.
    about
        What these are.
    n, n_data
        The number of all rows, and of those of data, the last, which stay as they are.
    """
    counts = [rough.rows for rough in about]
    factors = [factor] * len(about) if own is None else own
    rest = n - n_data - sum(counts)
    return np.repeat([factor, *factors, 1.0], [rest, *counts, n_data])
