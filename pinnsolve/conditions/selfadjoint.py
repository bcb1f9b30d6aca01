"""Linear equations in time whose operator in space is self-adjoint, with constant coefficients.

    d_t^m u = sum_ij a_ij d_i d_j u + b u,        m = 1 or 2,

with zero values on all of the boundary, or joined sides. In the weak form

    d_t^m (u, w) = - sum_ij a_ij (d_i u, d_j w) + b (u, w)

both sides are symmetric for any functions ``u, w`` that satisfy the conditions, so that heat decays
and waves keep their energy whatever the functions are among which a solution is sought.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.rates import rates_at
from pinnsolve.diffop import Term, identity
from pinnsolve.equations.equation import prescribed_value
from pinnsolve.errors import Fault
from pinnsolve.problem import Problem, Residual
from pinnsolve.problem.schema.evolution import Evolution

SAME = 1e-12  # relative difference of coefficients that are one


@dataclass(frozen=True, eq=False)
class SelfAdjoint:
    """A self-adjoint operator with constant coefficients, and the order in time.

    Attributes
    ----------
    a
        Of the second derivatives.
    b
        Of the field.
    order
        ``m``.
    """

    a: Float[ndarray, "d d"]
    b: float
    order: int


def self_adjoint(problem: Problem) -> SelfAdjoint | str:
    """Return the operator of a problem, or the reason in words why it is none of these."""
    if len(problem.fields) > 1:
        return "there are several fields"
    if not problem.settings.domain.surfaces:
        return "the domain has no boundary"
    order, equation = len(problem.initial[0]), problem.equations[0]
    if not equation.is_linear:
        return f'"{equation.text}" is not linear'
    for condition in problem.boundary:
        if not condition.is_periodic and prescribed_value(condition.equation)[1] != 0:
            return f'the value in "{condition.equation.text}" is not zero'
    stated = problem.boundary
    sides = {side for condition in stated for side in condition.on}
    if "all" not in sides and not set(problem.settings.domain.surfaces) <= sides:
        return "conditions do not hold on all of the boundary"
    assert problem.time is not None
    lower, upper = map(np.array, problem.settings.domain.box)
    some = lower + (upper - lower) * np.random.default_rng(0).random((20, len(lower)))
    seen = [coefficients(rates_at(problem, some, t)[0]) for t in problem.time]
    if seen[0] is None or seen[1] is None:
        return f'"{equation.text}" holds a source'
    for term, values in seen[0].items():
        both = np.concatenate([values, seen[1][term]])
        if np.ptp(both) > SAME * np.abs(both).max():
            return f'a coefficient of "{equation.text}" is not constant'
    return _operator({term: float(values[0]) for term, values in seen[0].items()}, order)


def coefficients(residual: Residual) -> dict[Term, ndarray] | None:
    """Return the coefficient of each term at some points; None if there is a source."""
    zero = {term: np.zeros(residual.ones.shape) for term in residual.terms}
    if np.abs(residual(zero)).max() > 0:
        return None
    slopes = residual.partials(zero)
    return {term: np.asarray(slopes[term]) for term in residual.terms}


def _operator(coefficients: dict[Term, float], order: int) -> SelfAdjoint | str:
    """Return the operator of constant coefficients, or why it is not self-adjoint."""
    dim = next(iter(coefficients)).op.dim
    factor = coefficients[Term(0, identity(dim), order)]
    a, b = np.zeros((dim, dim)), 0.0
    for term, c in coefficients.items():
        if term.time_order == order:
            continue
        for alpha, share in term.op.terms:
            axes = [i for i, n in enumerate(alpha) for _ in range(n)]
            if term.time_order or len(axes) not in (0, 2):
                return "it holds derivatives of odd or of higher order, or damping"
            value = -c * share / factor
            if axes:
                a[axes[0], axes[1]] += value / 2
                a[axes[1], axes[0]] += value / 2
            else:
                b += value
    return SelfAdjoint(a, b, order)


def faults(problem: Problem) -> list[Fault]:
    """Return the fault of weights that shall be frozen where they cannot be."""
    evolution = problem.settings.evolution
    if evolution is None or not _asks_for_frozen(evolution):
        return []
    if evolution.weights == "moving":
        message = "weights that move are not exact in time."
        remedy = 'Choose another integrator, or write weights = "frozen".'
        return [Fault(("evolution", "integrator"), message, remedy)]
    found = self_adjoint(problem)
    if isinstance(found, SelfAdjoint):
        return []
    message = f"frozen weights take no such problem in this version: {found}."
    key = "weights" if evolution.weights == "frozen" else "integrator"
    remedy = 'Write weights = "moving".' if key == "weights" else "Choose another integrator."
    return [Fault(("evolution", key), message, remedy)]


def _asks_for_frozen(evolution: Evolution) -> bool:
    """Return whether the file says that only the last layer evolves, in whichever key."""
    return evolution.weights == "frozen" or evolution.integrator == "exact"


def is_frozen(problem: Problem) -> bool:
    """Return whether only the last layer of a network evolves: asked for, or where that may be."""
    evolution = problem.settings.evolution
    is_fit = problem.time is not None and problem.time[0] == problem.time[1]
    if evolution is None or evolution.weights == "moving" or is_fit:
        return False
    if _asks_for_frozen(evolution):
        return True
    is_open = problem.settings.network.hidden is None
    return is_open and isinstance(self_adjoint(problem), SelfAdjoint)
