"""Equations in time at points and an instant, solved for the highest derivatives in time.

The state holds each field and its derivatives in time below the highest, of order ``m``. Put into
the equations, of which there is one for each field, the jet of the state leaves ``R(w)``, and with
``B`` the partial derivatives by the highest derivatives in time

    B d_t^m u + R = 0        =>        d_t^m u = -B^-1 R        at every point.

The factors ``B`` may vary in space and time and with the state, as those of a condition that is
built in do, but not with the highest derivatives themselves.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import bound
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.variables import Derivative
from pinnsolve.errors import Fault
from pinnsolve.problem import Problem, Residual


def states(problem: Problem) -> tuple[tuple[int, int], ...]:
    """Return field and order in time of each component of the state."""
    return tuple((f, k) for f, values in enumerate(problem.initial) for k in range(len(values)))


def faults(problem: Problem) -> list[Fault]:
    """Return the faults of equations that cannot be solved for the derivatives in time."""
    orders = [len(values) for values in problem.initial]
    missing = [name for name, m in zip(problem.fields, orders, strict=True) if not m]
    if missing:
        message = f'no equation holds a derivative of "{missing[0]}" in time, by which it evolves.'
        remedy = "Choose another method, or state an equation for its rate."
        return [Fault(("pde", "equations"), message, remedy)]
    found, B = [], np.zeros((len(orders), len(orders)), dtype=bool)
    for i, equation in enumerate(problem.equations):
        if doubt := _doubt(equation, orders, B[i]):
            remedy = "Rewrite it, or choose another method."
            found.append(Fault(("pde", "equations", i), doubt, remedy))
    if not found and not _may_be_regular(B):
        message = "the equations cannot be solved for the derivatives in time."
        remedy = "Each field needs an equation of its own that holds its highest one."
        found.append(Fault(("pde", "equations"), message, remedy))
    return found


def _doubt(equation: Equation, orders: Sequence[int], used: ndarray) -> str:
    """Return the reason why an equation cannot be solved; note which derivatives it holds."""
    occurring = list(variables.occurring(Derivative, equation.expression).items())
    is_top = {s: own.alpha[-1] == orders[own.field] for s, own in occurring}
    tops = {symbol for symbol, top in is_top.items() if top}
    for symbol, own in occurring:
        if not is_top[symbol]:
            continue
        used[own.field] = True
        if any(own.alpha[:-1]):
            return f'"{equation.text}" holds a derivative in space of the highest one in time.'
        if calculus.partial(equation.expression, symbol).free_symbols & tops:
            return f'"{equation.text}" is not linear in the highest derivatives in time.'
    return ""


def _may_be_regular(B: ndarray) -> bool:
    """Return whether equations can be assigned to fields such that each holds its own."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    return bool((maximum_bipartite_matching(csr_array(B)) >= 0).all())


def rates_at(problem: Problem, x: Float[ndarray, "N d"], time: float) -> tuple[Residual, ...]:
    """Return the equations at points and an instant, their terms those of the state and its rates.

    Raises
    ------
    ProblemError
        If a coefficient is not finite at a point.
    """
    instant = np.array([time])

    def one(i: int, equation: Equation) -> Residual:
        table = bound(problem, ("pde", "equations", i), equation, x, instant)
        return table.with_data(lambda data: data[:, 0])

    return tuple(one(i, equation) for i, equation in enumerate(problem.equations))
