"""Burgers' equation by the Cole-Hopf transformation: quadrature, no grid and no steps.

Of ``u_t + a u u_x = nu u_xx`` from ``u_0``, with ``F' = u_0`` and ``sigma^2 = 2 nu t``,

    u(x, t) = <u_0(y)>,        weights exp(-(x - y)^2/(2 sigma^2) - a F(y)/(2 nu)) over all y.

Zero values at both ends make ``u_0`` odd about either, joined sides make it periodic, of which the
mean is taken away first: it carries everything along. The weights are smooth and fall off, so that
the trapezoidal rule converges faster than any power; for ``a |u_0| <= U`` they are beyond
``U t + sqrt(U^2 t^2 + 80 sigma^2)`` smaller than 1e-17 of the largest. With ``phi``, the mean of
``exp(-a F/(2 nu))``, ``u = -(2 nu/a) (ln phi)_x``: its derivatives are Hermite polynomials under
the same weights. Sources: Hopf (1950), Comm. Pure Appl. Math. 3, 201-230,
doi:10.1002/cpa.3160030302; Cole (1951), Quart. Appl. Math. 9, 225-236.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.expression import Function
from pinnsolve.geometry.sampling import sample_in_time
from pinnsolve.problem import Problem
from pinnsolve.problem.stated_reference import StatedReference
from pinnsolve.process import State
from pinnsolve.progress import Progress
from pinnsolve.references.evolution import evolution, initial_values, must_be_whole, refused, span
from pinnsolve.references.refinement import SAMPLES, TARGET, distance
from pinnsolve.solution.reference import Reference

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

NAME = "cole-hopf"
SOLVER = ("reference", "solver")
FIRST, MOST = 128, 32768  # points of a quadrature
DEGREE = 7  # of the splines through the initial values
ENTRIES = 2**20  # of an array of points times those of their quadratures
VANISHES = 1e-12  # of the largest initial value, what counts as zero at an end
REMEDY = 'It reads "u_t + u*u_x = nu*u_xx" in whatever spelling, with constant factors.'


@dataclass(frozen=True)
class Burgers:
    """Burgers' equation on an interval.

    Attributes
    ----------
    a, nu
        Factors of ``u u_x`` and of ``u_xx``.
    initial
        The initial value.
    bounds, time
        The interval, and when time begins and ends.
    is_periodic
        Whether the ends are joined; the value there is zero otherwise.
    """

    a: float
    nu: float
    initial: Function
    bounds: tuple[float, float]
    time: tuple[float, float]
    is_periodic: bool


@dataclass(frozen=True, eq=False)
class BurgersFields:
    """The solution at any point.

    Attributes
    ----------
    posed
        What it solves.
    points
        Of each quadrature, and of the spline through the initial values.
    """

    posed: Burgers
    points: int

    size = 0

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values at points."""
        return self._derivatives(x, 0)

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives at points: in space of any order, in time of the first.

        Raises
        ------
        ValueError
            If another is asked for.
        """
        needed = {alpha for term in terms for alpha, _ in term.op.terms}
        if any(k and alpha != (0, 1) for alpha in needed for k in alpha[1:]):
            raise ValueError("no further derivative in time than u_t is known")
        u = self._derivatives(
            x, max([a[0] for a in needed] + [2 * a[1] for a in needed], default=0)
        )
        found = {alpha: u[:, alpha[0]] for alpha in needed}
        if (0, 1) in needed:
            found[0, 1] = self.posed.nu * u[:, 2] - self.posed.a * u[:, 0] * u[:, 1]
        return {
            term: np.sum([c * found[alpha] for alpha, c in term.op.terms], axis=0) for term in terms
        }

    def state(self) -> State:
        """Return the equation, the initial value as a formula, and the number of points."""
        posed = self.posed
        return {"initial": posed.initial.text, "a": posed.a, "nu": posed.nu, "points": self.points}

    @cached_property
    def _initial(self) -> tuple[Any, Any, float]:
        """The initial value without its mean, its integral, both as splines, and the mean."""
        from scipy.interpolate import make_interp_spline  # slow to import

        low, high = self.posed.bounds
        y = np.linspace(low, high, self.points + 1)
        own = self.posed.initial(y[:, None])
        spline = make_interp_spline(y, own, k=DEGREE)
        mean = float(spline.integrate(low, high)) / (high - low) if self.posed.is_periodic else 0.0
        spline = make_interp_spline(y, own - mean, k=DEGREE)
        return spline, spline.antiderivative(), mean

    def _derivatives(self, x: Float[ndarray, "n D"], order: int) -> Float[ndarray, "n k"]:
        """Return the value and its derivatives in space up to an order."""
        found = np.full((len(x), order + 1), np.nan)
        begin, end = self.posed.time
        slack = 1e-9 * (end - begin)
        inside = np.flatnonzero((x[:, -1] >= begin - slack) & (x[:, -1] <= end + slack))
        for rows in np.array_split(inside, len(inside) * self.points // ENTRIES + 1):
            t = np.maximum(x[rows, -1] - begin, 0.0)
            found[rows] = self._at(x[rows, 0], t, order)
        return found

    def _at(
        self, x: Float[ndarray, " m"], t: Float[ndarray, " m"], order: int
    ) -> Float[ndarray, "m k"]:
        """Return the same at places and times since the beginning."""
        (u0, F, mean), q = self._initial, self.posed.a / (2 * self.posed.nu)
        x = x - self.posed.a * mean * t
        t = np.maximum(t, np.finfo(float).tiny ** 0.5)  # where the weights are those of a point
        variance = 2 * self.posed.nu * t
        U = abs(self.posed.a) * np.abs(u0(u0.t)).max()
        width = U * t + np.sqrt((U * t) ** 2 + 80 * variance)
        s = np.linspace(-1, 1, self.points + 1)
        z = width[:, None] * s
        y, sign = self._folded(x[:, None] - z)
        log = -(z**2) / (2 * variance[:, None]) - q * F(y)
        weights = np.exp(log - log.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        found = np.empty((len(x), order + 1))
        found[:, 0] = mean + (weights * sign * u0(y)).sum(axis=1)
        if order:
            found[:, 1:] = (
                -_of_logarithm(weights, z / variance[:, None] ** 0.5, order + 1)
                / q
                / (variance[:, None] ** (np.arange(2, order + 2) / 2))
            )
        return found

    def _folded(self, y: Float[ndarray, "m p"]) -> tuple[ndarray, ndarray | float]:
        """Return the places in the interval with the same initial value, or its negative: -1."""
        low, high = self.posed.bounds
        L = high - low
        if self.posed.is_periodic:
            return low + np.mod(y - low, L), 1.0
        r = np.mod(y - low, 2 * L)
        return low + np.where(r > L, 2 * L - r, r), np.where(r > L, -1.0, 1.0)


def plan(problem: Problem) -> Burgers:
    """Return a problem as the solver takes it.

    Raises
    ------
    ProblemError
        If it is not Burgers' equation on an interval with zero values at the ends or joined ends.
    """
    stated = problem.stated or StatedReference(NAME)
    must_be_whole(problem, NAME)
    shape = problem.settings.domain
    if not shape.is_box or len(problem.coordinates) != 1 or len(problem.fields) != 1:
        message = f"{NAME} solves Burgers' equation for one field on an interval."
        raise refused(problem, SOLVER, message, "Choose another solver.")
    a, nu = _factors(problem)
    (initial,) = initial_values(problem, evolution(problem, NAME), NAME)
    ((low,), (high,)), time = shape.box, span(problem, NAME)
    is_periodic = any(c.is_periodic for c in problem.boundary)
    zero = {piece for c in problem.boundary if _is_zero(c.equation) for piece in c.on}
    if stated.period:
        message = f"{NAME} takes no period but the length of the interval."
        raise refused(problem, ("reference", "period"), message, "Remove it, and join the ends.")
    if not is_periodic and not zero >= {"left", "right"} and "all" not in zero:
        ends = initial(np.array([[low], [high]]))
        largest = np.abs(initial(np.linspace(low, high, FIRST)[:, None])).max()
        if problem.boundary or np.abs(ends).max() > VANISHES * largest:
            message = f"{NAME} needs the value 0 at both ends, or joined ends."
            raise refused(problem, SOLVER, message, "Choose another solver.")
    return Burgers(a, nu, initial, (low, high), time, is_periodic)


def reference(setup: "Setup") -> Reference:
    """Return the solution, its quadratures refined until two agree.

    Raises
    ------
    ProblemError
        If the problem is not Burgers' equation.
    """
    problem = setup.problem
    posed = plan(problem)
    points = (problem.stated.resolution if problem.stated else None) or FIRST
    where = sample_in_time(setup.domain, problem.time or posed.time, SAMPLES)
    fields = BurgersFields(posed, points)
    known, error = fields(where), np.inf
    while error > TARGET and 2 * fields.points <= MOST:
        fields = BurgersFields(posed, 2 * fields.points)
        coarse, known = known, fields(where)
        error = distance(problem.fields, coarse, known)
        setup.watch(Progress("reference", note=f"{fields.points} points"))
    message = f"The Cole-Hopf transformation with quadratures of {fields.points} points."
    if error > TARGET:
        message += " Its accuracy is limited by initial values that are not smooth."
    title = f"Cole-Hopf, {fields.points} points"
    return Reference("", fields, error=error, message=message, title=title)


def _factors(problem: Problem) -> tuple[float, float]:
    """Return the factors of ``u u_x`` and of ``u_xx``, if nothing else is in the equation."""
    found = evolution(problem, NAME)
    linear = dict(found.linear.get((0, 0), ()))
    nu = linear.pop((2,), 0.0)
    u, u_x = found.symbol(0, (0,)), found.symbol(0, (1,))
    a = -sympy.diff(found.rest[0], u, u_x)
    is_burgers = a.is_number and sympy.expand(found.rest[0] + a * u * u_x) == 0
    if len(found.states) != 1 or linear or not is_burgers or not nu > 0 or not a:
        message = f"{NAME} solves Burgers' equation alone, and this is another one."
        raise refused(problem, ("pde", "equations", 0), message, REMEDY)
    return float(a), nu


def _is_zero(equation: Equation) -> bool:
    """Return whether a condition says that the field is zero."""
    symbols = equation.expression.free_symbols
    return (
        equation.is_algebraic
        and len(symbols) == 1
        and (equation.expression.subs(next(iter(symbols)), 0) == 0)
    )


def _of_logarithm(
    weights: Float[ndarray, "m p"], z: Float[ndarray, "m p"], order: int
) -> Float[ndarray, "m k"]:
    """Return the derivatives of ``ln phi`` from the second on, in units of the Gaussian's width.

    Those of ``phi`` are ``(-1)^k`` times the means of Hermite polynomials, ``m_k``; those of its
    logarithm ``s_k`` from ``phi' = phi (ln phi)'``: ``m_k = sum_j C(k-1, j) s_(j+1) m_(k-1-j)``.
    """
    hermite = [np.ones_like(z), -z]
    for k in range(1, order):
        hermite.append(-z * hermite[-1] - k * hermite[-2])
    m = [(weights * h).sum(axis=1) for h in hermite]
    s = [np.zeros(len(z))]
    for k in range(1, order + 1):
        known = (comb(k - 1, j) * s[j + 1] * m[k - 1 - j] for j in range(k - 1))
        s.append(m[k] - sum(known, np.zeros(len(z))))
    return np.stack(s[2:], axis=1)
