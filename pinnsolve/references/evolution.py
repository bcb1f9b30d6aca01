"""Equations in time as a system of first order: ``w' = L w + N(w, x, t)``.

The state ``w`` holds each field and its derivatives in time below the highest, ``m``. The equations
are solved for the highest, which may stand in them with constant factors; of what they then are
equal to, ``L`` is what is linear with constant coefficients, found as the constant part of the
partial derivatives in jet space, and ``N`` is the rest:

    u_tt + u_t = u_xx - u^3:        u' = v,        v' = (u_xx - v) - u^3.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sympy
from sympy import Expr

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.algebra import exact as exactly
from pinnsolve.equations.expression import Function
from pinnsolve.equations.form import may_be_expanded
from pinnsolve.equations.program import number
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.variables import Constant, Derivative, Symbol
from pinnsolve.errors import Fault, KeyPath, ProblemError
from pinnsolve.problem import Problem
from pinnsolve.problem.stated_reference import StatedReference
from pinnsolve.problem.time_dependence import initial_names


@dataclass(frozen=True)
class Evolution:
    """Equations in time, solved for the highest derivatives in time.

    Attributes
    ----------
    states
        Field and order in time of each component of the state.
    linear
        By components ``i, j``: which derivatives in space of the ``j``-th, times which numbers,
        are part of the rate of the ``i``-th.
    rest
        What else the rate of each component is, in jet space; zero if nothing.
    symbols
        The names in it.
    """

    states: tuple[tuple[int, int], ...]
    linear: Mapping[tuple[int, int], tuple[tuple[MultiIndex, float], ...]]
    rest: tuple[Expr, ...]
    symbols: Symbols

    @property
    def is_linear(self) -> bool:
        """Whether nothing is left beside the linear part."""
        return not any(self.rest)

    def symbol(self, state: int, alpha: MultiIndex) -> Symbol:
        """Return the symbol of a derivative in space of a component of the state."""
        field, order = self.states[state]
        return variables.derivative(field, (*alpha, order))


def with_true_constants(problem: Problem) -> list[Expr]:
    """Return the equations, ``lhs - rhs``, with the true values of the unknown constants."""
    found = []
    for equation in problem.equations:
        e = equation.expression
        values = {
            symbol: exactly(equation.symbols.parameters[constant.name] or 0.0)
            for symbol, constant in variables.occurring(Constant, e).items()
        }
        found.append(calculus.substitute(e, values))
    return found


def evolution(problem: Problem, solver: str) -> Evolution:
    """Return the equations of a problem, solved for the highest derivatives in time.

    Parameters
    ----------
    problem
        In time, or between two instants.
    solver
        What the solver is called that needs them so.

    Raises
    ------
    ProblemError
        If they cannot be solved for these derivatives, or with factors that are no constants.
    """
    symbols, stated = problem.equations[0].symbols, with_true_constants(problem)
    orders = [0] * len(problem.fields)
    for e in stated if symbols.time is not None else ():
        for derivative in variables.occurring(Derivative, e).values():
            orders[derivative.field] = max(orders[derivative.field], derivative.alpha[-1])
    for name, order in zip(problem.fields, orders, strict=True):
        if not order:
            message = f'{solver} needs the derivative in time of "{name}", which no equation holds.'
            raise refused(problem, ("reference", "solver"), message, "Choose another solver.")
    still = (0,) * len(symbols.space)
    top = [(*still, m) for m in orders]
    rates = _solved(problem, stated, top, solver)
    states = tuple((f, k) for f, m in enumerate(orders) for k in range(m))
    index = {state: i for i, state in enumerate(states)}
    linear: dict[tuple[int, int], list[tuple[MultiIndex, float]]] = {}
    rest: list[Expr] = []
    for i, (f, k) in enumerate(states):
        if k + 1 < orders[f]:
            linear.setdefault((i, index[f, k + 1]), []).append((still, 1.0))
            rest.append(sympy.S.Zero)
            continue
        own, left = _constant_part(rates[f])
        for (field, alpha), c in own:
            linear.setdefault((i, index[field, alpha[-1]]), []).append((alpha[:-1], c))
        rest.append(left)
    return Evolution(states, {at: tuple(own) for at, own in linear.items()}, tuple(rest), symbols)


def must_be_whole(problem: Problem, solver: str) -> None:
    """Refuse a problem with several materials, or whose conductivity jumps with a field.

    Raises
    ------
    ProblemError
        If it is one of those.
    """
    what = "several regions" if problem.regions else "a conductivity that jumps with a field"
    if problem.regions or problem.potentials:
        message = f"{solver} does not take {what}."
        remedy = f"Choose another solver{', as rbf-fd' if problem.regions else ''}."
        raise refused(problem, ("reference", "solver"), message, remedy)


def refused(problem: Problem, key: KeyPath, message: str, remedy: str) -> ProblemError:
    """Return the error of a reference that does not fit the problem."""
    return problem.source.error(Fault(key, message, remedy))


def span(problem: Problem, solver: str) -> tuple[float, float]:
    """Return the interval of time of a reference.

    Raises
    ------
    ProblemError
        If nothing says so, or its initial values are those of another instant.
    """
    stated = problem.stated or StatedReference(solver)
    time = stated.time or problem.time
    if time is None:
        message = f"{solver} needs to know when time begins and ends."
        remedy = "Add time = [t0, t1] to [reference]."
        raise refused(problem, ("reference", "solver"), message, remedy)
    if problem.time is not None and time[0] < problem.time[0] and not stated.initial:
        message = f"the reference begins at t = {time[0]:g}, but [initial] is the state at "
        message += f"t = {problem.time[0]:g}."
        remedy = "Add initial = … to [reference]."
        raise refused(problem, ("reference", "time"), message, remedy)
    return time


def initial_values(problem: Problem, equations: Evolution, solver: str) -> tuple[Function, ...]:
    """Return the initial value of each component of the state.

    Raises
    ------
    ProblemError
        If one is missing.
    """
    stated = problem.stated or StatedReference(solver)
    names = initial_names(problem.fields, problem.equations)
    found = []
    for field, order in equations.states:
        name = names[field][order]
        if name in stated.initial:
            found.append(stated.initial[name])
        elif problem.initial and not stated.initial:
            found.append(problem.initial[field][order])
        else:
            message = f'{solver} needs the initial value of "{name}".'
            remedy = f'Add initial = {{ {name} = "…" }} to [reference].'
            raise refused(problem, ("reference", "solver"), message, remedy)
    return tuple(found)


def _solved(problem: Problem, stated: list[Expr], top: list[MultiIndex], solver: str) -> list[Expr]:
    """Return the highest derivatives in time, in terms of all others."""
    highest = [variables.derivative(f, alpha) for f, alpha in enumerate(top)]
    M = np.empty((len(stated), len(top)))
    for i, e in enumerate(stated):
        for j, symbol in enumerate(highest):
            slope = sympy.expand_mul(calculus.partial(e, symbol))
            if slope.free_symbols:
                message = f"{solver} needs the highest derivatives in time with constant factors."
                remedy = "Divide the equation by the factor, or choose another solver."
                raise refused(problem, ("pde", "equations", i), message, remedy)
            M[i, j] = number(slope)
        for own in variables.occurring(Derivative, e).values():
            if own.alpha[-1] < top[own.field][-1] or own.alpha == top[own.field]:
                continue
            message = f"{solver} takes no derivative in space of the highest one in time."
            remedy = "Choose another solver."
            raise refused(problem, ("pde", "equations", i), message, remedy)
    if np.linalg.matrix_rank(M) < len(M):
        message = f"{solver} needs equations that can be solved for the derivatives in time."
        raise refused(problem, ("pde", "equations"), message, "Choose another solver.")
    left = [calculus.substitute(e, dict.fromkeys(highest, sympy.S.Zero)) for e in stated]
    inverse = np.linalg.inv(M).tolist()
    return [
        sympy.Add(*(-_short(c) * e for c, e in zip(row, left, strict=True) if c)) for row in inverse
    ]


def _short(c: float) -> Expr:
    """Return a number as a fraction with few digits, if it is one to rounding."""
    near = sympy.nsimplify(round(c, 12), rational=True)
    return near if abs(float(near) - c) <= 4e-16 * abs(c) else exactly(c)


def _constant_part(
    e: Expr,
) -> tuple[list[tuple[tuple[int, MultiIndex], float]], Expr]:
    """Split an expression into a linear part with constant coefficients and the rest."""
    found, terms = [], []
    for symbol, own in variables.occurring(Derivative, e).items():
        slope = calculus.partial(e, symbol)
        slope = sympy.expand_mul(slope) if may_be_expanded(slope) else slope
        constant = slope.as_independent(*slope.free_symbols, as_Add=True)[0]
        if not slope.free_symbols:
            constant = slope
        c = number(constant)
        if c and np.isfinite(c):
            found.append(((own.field, own.alpha), c))
            terms.append(constant * symbol)
    left = e - sympy.Add(*terms)
    return found, sympy.expand(left) if may_be_expanded(left) else left
