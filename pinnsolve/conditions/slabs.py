"""Slabs of time: a problem in time as one after the other, each with the end of the one before.

    u(x, t_k) = lim u_before(x, t),  t -> t_k,      and u_t likewise where u_tt occurs.

A network for the whole of time has to hold all that happens; one for a slab only what happens in
it, and an error does not spread to what has been before. The end is handed over as initial values
are given, as rows of the least squares. Equations are divided by what their derivative in time
makes of a field that varies within the slab (`pinnsolve.conditions.weights`), so the values at its
beginning count about ``1 / (t_(k+1) - t_k)`` times as much: an error in them is there for the
whole of the slab. Source: Wight & Zhao (2021), Solving Allen-Cahn and Cahn-Hilliard equations using
the adaptive physics informed neural networks, doi:10.4208/cicp.OA-2020-0086.
"""

from dataclasses import replace
from functools import partial
from math import ceil

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.diffop import partial as derivative
from pinnsolve.equations import variables
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.symbols import Symbols, Tabulated
from pinnsolve.equations.variables import Data, Symbol
from pinnsolve.problem import Problem
from pinnsolve.solution.fields import Fields

LEVELS = 9  # of a slab, at least, ends included


def fewest(problem: Problem) -> int:
    """Return the number of slabs that have `LEVELS` of a problem's levels each, ends included."""
    assert problem.times is not None
    return ceil((len(problem.times) - 1) / (LEVELS - 1))


def in_slab(problem: Problem, time: tuple[float, float], before: Fields | None = None) -> Problem:
    """Return a problem in a slab of its time.

    It has no slabs, and no classical solution to be held against. There are as many levels in it as
    the whole has there, but not less than `LEVELS`.

    Parameters
    ----------
    problem
        In the whole of its time.
    time
        When the slab begins and ends.
    before
        The fields of the slab before; None in the first, which begins as the whole does.
    """
    assert problem.time is not None
    assert problem.times is not None
    settings, share = problem.settings, (time[1] - time[0]) / (problem.time[1] - problem.time[0])
    levels = max(LEVELS, 1 + ceil(share * (len(problem.times) - 1) - 1e-9))
    nodes = settings.nodes.model_copy(update={"time_levels": levels})
    solver = settings.solver.model_copy(update={"slabs": None, "baseline": "never"})
    own = settings.model_copy(update={"nodes": nodes, "solver": solver})
    problem = replace(problem, time=time, settings=own)
    return problem if before is None else _handed_over(problem, time[0], before)


def _handed_over(problem: Problem, start: float, before: Fields) -> Problem:
    """Return a problem whose initial values are those of fields."""
    begins, initial = dict[str, Equation](), []
    for i, functions in enumerate(problem.initial):
        own = []
        for order, function in enumerate(functions):
            alpha = (*[0] * len(problem.coordinates), order)
            name = problem.fields[i] + ("_" + "t" * order if order else "")
            values = partial(_values, before, Term(i, derivative(alpha)), start)
            end, equation = f"end of {name}", problem.begins[name]
            own.append(
                replace(
                    function,
                    expression=Symbol(Data(end)),
                    symbols=_knowing(function.symbols, end, values),
                )
            )
            begins[name] = replace(
                equation,
                expression=variables.derivative(i, alpha) - Symbol(Data(end)),
                symbols=_knowing(equation.symbols, end, values),
            )
        initial.append(tuple(own))
    return replace(problem, begins=begins, initial=tuple(initial))


def _knowing(symbols: Symbols, name: str, values: Tabulated) -> Symbols:
    """Return symbols with one more function that is known by its values."""
    return replace(symbols, data={**symbols.data, name: values})


def _values(
    fields: Fields, term: Term, start: float, x: Float[ndarray, "N D"]
) -> Float[ndarray, " N"]:
    """Return a derivative of fields at an instant, at points of space, or of space and time."""
    points = np.column_stack([x[:, : term.op.dim - 1], np.full(len(x), start)])
    return fields.jet(points, {term})[term]
