"""Linear equations of first order, along the curves on which they are ordinary equations.

    d_t u + b.grad u + c u = f:        dX/ds = b(X, s),  X(t) = x,

    u(x, t) = u_0(X(t_0)) e^{-A(t_0)} + int_{t_0}^t f e^{-A} ds,    A(s) = int_s^t c,

with all integrals taken backwards from each point by Runge-Kutta steps of order five, halved until
two solutions agree. What comes from beyond walls with zero values is zero. Where ``c = div b`` the
equation conserves the integral of ``u``, and points drawn from ``u_0`` are carried along. Source:
Evans (2010), Partial Differential Equations, section 3.2.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.diffop import Term
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.equation import prescribed_value
from pinnsolve.equations.expression import Function, evaluate
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.variables import Derivative
from pinnsolve.geometry.domain import Domain
from pinnsolve.problem import Problem
from pinnsolve.process import State
from pinnsolve.references.drawn import compared_at, shares_of, undifferentiated
from pinnsolve.references.evolution import must_be_whole, refused, with_true_constants
from pinnsolve.references.separable import Product, product
from pinnsolve.solution.norms import relative_l2
from pinnsolve.solution.reference import Reference
from pinnsolve.timestepping.embedded import PAIRS

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

NAME = "characteristics"
SOLVER = ("reference", "solver")
PAIR = PAIRS["rk45"]
FIRST, MOST = 8, 1024  # steps back to the beginning
TARGET = 1e-9  # relative difference of two solutions that is small enough
BEYOND = 1e-9  # of the size of the domain: farther out is outside
CONSERVED = 1e-9  # relative difference of c and div b that is none


@dataclass(frozen=True, eq=False)
class Transport:
    """An equation of first order.

    Attributes
    ----------
    b, c, f
        Velocity, factor and source, in the coordinates and time.
    symbols
        The names in them.
    is_conserved
        Whether ``c = div b`` and there is no source.
    """

    b: tuple[Expr, ...]
    c: Expr
    f: Expr
    symbols: Symbols
    is_conserved: bool

    def __call__(self, x: Float[ndarray, "n d"], t: Float[ndarray, " n"]) -> Float[ndarray, "n e"]:
        """Return velocity, factor and source at points and instants."""
        found = evaluate([*self.b, self.c, self.f], self.symbols, np.column_stack([x, t]))
        return np.stack([np.broadcast_to(own, len(x)) for own in found], axis=1)


@dataclass(frozen=True, eq=False)
class Carried:
    """The solution as a function of space and time.

    Attributes
    ----------
    transport
        The equation.
    initial
        The field when time begins, of position.
    parts
        The same as a product, if it is a density and one; else None.
    begin
        When time begins.
    domain
        Beyond which the field is zero; None in all of space.
    steps
        From any instant back to the beginning.
    """

    transport: Transport
    initial: Function
    parts: Product | None
    begin: float
    domain: Domain | None
    steps: int

    size = 0

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n 1"]:
        """Return the field at points of space and time."""
        t, d = x[:, -1], x.shape[1] - 1
        span = (t - self.begin)[:, None]
        y = np.column_stack([x[:, :-1], np.zeros((len(x), 2))])
        is_in = np.ones(len(x), dtype=bool)

        def rates(s: float, y: Float[ndarray, "n e"]) -> Float[ndarray, "n e"]:
            own = self.transport(y[:, :d], t - s * span[:, 0])
            gained = own[:, d + 1 :] * np.exp(-y[:, d : d + 1])
            return span * np.column_stack([-own[:, :d], own[:, d : d + 1], gained])

        first = rates(0.0, y)
        for k in range(self.steps):
            y, _, first = PAIR.step(rates, k / self.steps, y, 1 / self.steps, first)
            if self.domain is not None:
                is_in &= self.domain.distance(y[:, :d]) <= BEYOND * self.domain.size
        found = np.zeros(len(x))
        if is_in.any():
            found[is_in] = self.initial(y[is_in, :d])
        return (found * np.exp(-y[:, d]) + y[:, d + 1])[:, None]

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return values at points.

        Raises
        ------
        ValueError
            If a derivative is asked for.
        """
        return undifferentiated(
            self(x)[:, 0], terms, "along characteristics no derivatives are known"
        )

    def state(self) -> State:
        """Return the initial values as the problem file has them."""
        return {"initial": self.initial.text, "steps": self.steps}

    def mass(self, _: float) -> float | None:
        """Return the integral of a density that is conserved; None of anything else."""
        is_known = self.parts is not None and self.transport.is_conserved
        return self.parts.moments()[0] if is_known and self.parts is not None else None

    def drawn(self, count: int, time: float, seed: int) -> Float[ndarray, "n d"] | None:
        """Return points that are spread as the density is at an instant; None if none are known."""
        if self.parts is None or not self.transport.is_conserved:
            return None
        d, span = len(self.transport.b), time - self.begin
        y = self.parts.drawn(shares_of(d, count, seed))

        def rates(s: float, y: Float[ndarray, "n d"]) -> Float[ndarray, "n d"]:
            return span * self.transport(y, np.full(len(y), self.begin + s * span))[:, :d]

        first = rates(0.0, y)
        for k in range(self.steps):
            y, _, first = PAIR.step(rates, k / self.steps, y, 1 / self.steps, first)
        return y


def plan(problem: Problem) -> Transport:
    """Return the equation of a problem as the solver takes it.

    Raises
    ------
    ProblemError
        If it is none of first order, or not posed in all of space or with zero values where it
        flows in.
    """
    must_be_whole(problem, NAME)
    reason = _otherwise(problem)
    found = reason or _transport(problem)
    if isinstance(found, str):
        message = f"{NAME} does not take the problem: {found}."
        raise refused(problem, SOLVER, message, "Choose another solver.")
    return found


def _otherwise(problem: Problem) -> str:
    """Return the reason why a problem is none of these, before its equation is looked at."""
    if problem.time is None:
        return "it is steady"
    if len(problem.fields) > 1:
        return "there are several fields"
    for condition in problem.boundary:
        if condition.is_periodic:
            return "its sides are joined"
        if prescribed_value(condition.equation)[1] != 0:
            return f'"{condition.equation.text}" does not give zero values'
    steep = [
        name
        for name, equation in problem.derived.items()
        if any(term.op.order for term in equation.terms)
    ]
    return f'"{steep[0]}" in [output] derived holds derivatives' if steep else ""


def _transport(problem: Problem) -> Transport | str:
    """Return velocity, factor and source of an equation, or the reason why it has none."""
    equation, (e,) = problem.equations[0], with_true_constants(problem)
    if not equation.is_linear:
        return f'"{equation.text}" is not linear'
    d, names = len(problem.coordinates), equation.symbols.coordinates
    slopes = {
        own.alpha: (symbol, calculus.partial(e, symbol))
        for symbol, own in variables.occurring(Derivative, e).items()
    }
    if any(sum(alpha) > 1 for alpha in slopes):
        return f'"{equation.text}" holds derivatives of second order or higher'
    axes = [tuple(int(i == k) for i in range(d + 1)) for k in range(d + 1)]
    none = (None, sympy.S.Zero)
    top = slopes.get(axes[d], none)[1]
    b = tuple(slopes.get(alpha, none)[1] / top for alpha in axes[:d])
    c = slopes.get((0,) * (d + 1), none)[1] / top
    f = -calculus.substitute(e, {symbol: sympy.S.Zero for symbol, _ in slopes.values()}) / top
    return Transport(b, c, f, equation.symbols, _is_conserved(problem, b, c, f, names))


def _is_conserved(
    problem: Problem, b: tuple[Expr, ...], c: Expr, f: Expr, names: tuple[str, ...]
) -> bool:
    """Return whether an equation conserves the integral of the field."""
    if f != 0 or problem.boundary:
        return False
    lower, upper = map(np.array, problem.settings.domain.box)
    assert problem.time is not None
    x = lower + (upper - lower) * np.random.default_rng(0).random((50, len(lower)))
    points = np.column_stack([x, np.linspace(*problem.time, 50)])
    alphas = [tuple(int(i == k) for i in range(len(names))) for k in range(len(b))]
    slopes = [calculus.derivative(own, alpha, names) for own, alpha in zip(b, alphas, strict=True)]
    values = evaluate([c, *slopes], problem.equations[0].symbols, points)
    factor, *parts = (np.broadcast_to(own, len(x)) for own in values)
    size = max(np.abs(values_of).max() for values_of in (factor, *parts))
    return bool(np.abs(factor - sum(parts)).max() <= CONSERVED * size)


def reference(setup: "Setup") -> Reference:
    """Return the solution along characteristics, in as many steps as two of them need to agree.

    Raises
    ------
    ProblemError
        If the problem is none of those that the solver takes.
    """
    problem = setup.problem
    transport, initial = plan(problem), problem.initial[0][0]
    assert problem.time is not None
    lower, upper = map(np.array, problem.settings.domain.box)
    domain = setup.domain if problem.boundary else None
    parts = None if problem.boundary else product(initial, lower, upper)
    found = Carried(transport, initial, parts, problem.time[0], domain, FIRST)
    x = compared_at(setup, replace(found, steps=MOST // 16))
    values, error = found(x)[:, 0], float("inf")
    while error > TARGET and found.steps < MOST:
        found = replace(found, steps=2 * found.steps)
        finer = found(x)[:, 0]
        error, values = relative_l2(values, finer), finer
    return Reference("", found, error=error, title=f"characteristics, {found.steps} steps")
