"""Initial values from a snapshot: smoothing splines through what was observed at one instant.

Where a domain goes on from one side into another so do they, in the plane by values near the sides
that are repeated across.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.data import Observed
from pinnsolve.conditions.splines import Spline, spline
from pinnsolve.equations.expression import Function
from pinnsolve.equations.symbols import Symbols, Tabulated
from pinnsolve.equations.variables import Data, Symbol
from pinnsolve.errors import Fault
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.problem.snapshots import first_snapshot
from pinnsolve.problem.time_dependence import at_rest, initial_names

ACROSS = 0.1  # of a period: how far from a side values are repeated at the other


def begun(problem: Problem, of: Callable[[str], Tabulated]) -> Problem:
    """Return a problem with initial values in the place of its first snapshot, if it has one.

    Parameters
    ----------
    problem
        With data, perhaps.
    of
        The initial value of a name; asked for no sooner than it is evaluated.
    """
    firsts = first_snapshot(problem)
    if not firsts:
        return problem
    symbols, seen = at_rest(problem.equations[0].symbols), {own.text for own in firsts}
    initial = []
    for names, given in zip(
        initial_names(problem.fields, problem.equations), problem.initial, strict=True
    ):
        others = iter(given)
        initial.append(
            tuple(_observed(name, of, symbols) if name in seen else next(others) for name in names)
        )
    data = tuple(own for own in problem.data if own not in firsts)
    return replace(problem, initial=tuple(initial), data=data)


def splines(problem: Problem, nodes: Nodes, observed: Sequence[Observed]) -> Mapping[str, Spline]:
    """Return the smoothing spline of each quantity in the first snapshot, by its text.

    Parameters
    ----------
    problem, nodes
        With data, and where it is solved.
    observed
        All that was seen.

    Raises
    ------
    ProblemError
        If the points are too few.
    """
    firsts, found = first_snapshot(problem), {}
    for text in dict.fromkeys(own.text for own in firsts):
        sets = [own for own in observed if own.stated in firsts and own.stated.text == text]
        x = np.concatenate([own.x[:, : nodes.dim] for own in sets])
        values = np.concatenate([own.values for own in sets])
        sigmas = {own.sigma for own in sets}
        try:
            sigma = sigmas.pop() if len(sigmas) == 1 else None
            if nodes.dim == 1 and nodes.joints:
                found[text] = spline(x, values, sigma, nodes.joints[0].period)
            else:
                found[text] = spline(*_repeated(x, values, nodes), sigma)
        except ValueError as error:
            message = f'no function is determined by {len(x)} values of "{text}": {error}.'
            fault = Fault((*sets[0].stated.key, "fields"), message, "Add more rows.")
            raise problem.source.error(fault) from None
    return found


def _observed(name: str, of: Callable[[str], Tabulated], symbols: Symbols) -> Function:
    """Return an initial value that is known by observation."""
    key = f"{name} as observed"
    known = {**symbols.data, key: lambda x: of(name)(x[:, : len(symbols.coordinates)])}
    latex = rf"\text{{{name} as observed}}"
    return Function(key, latex, Symbol(Data(key)), replace(symbols, data=known))


def _repeated(
    x: Float[ndarray, "n d"], values: Float[ndarray, " n"], nodes: Nodes
) -> tuple[Float[ndarray, "m d"], Float[ndarray, " m"]]:
    """Return points and values with those across periodic sides."""
    for joint in nodes.joints:
        move = np.zeros(nodes.dim)
        move[joint.axis] = joint.period
        low = x[:, joint.axis] < joint.low + ACROSS * joint.period
        high = x[:, joint.axis] > joint.high - ACROSS * joint.period
        x = np.concatenate([x, x[low] + move, x[high] - move])
        values = np.concatenate([values, values[low], values[high]])
    return x, values
