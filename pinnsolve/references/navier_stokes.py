"""Incompressible flow in a doubly periodic plane, by its vorticity.

A flow without divergence has a stream function, ``u = psi_y``, ``v = -psi_x``. Whether the problem
has it as a field, or velocity and pressure, the curl of its momentum equations must read

    q_t + a (psi_y q_x - psi_x q_y) = nu laplace(q) + f,        q = laplace(psi) = u_y - v_x,

up to a factor, which is found and compared in jet space, whatever the spelling. So there is one
field without a constraint, whose modes ETDRK4 carries on; the pressure is that of the divergence of
the momentum equations. The means of vorticity, stream function and pressure over a period are zero,
and that of the velocity must be. Source: Canuto, Hussaini, Quarteroni & Zang (2007), Spectral
Methods: Evolution to Complex Geometries, doi:10.1007/978-3-540-30728-0, section 3.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sympy
from jaxtyping import Complex
from numpy import ndarray
from sympy import Expr

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.expression import Function, evaluate
from pinnsolve.equations.incompressible import incompressible
from pinnsolve.equations.program import number
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import Derivative, Symbol
from pinnsolve.problem import Problem
from pinnsolve.problem.stated_reference import VORTICITY
from pinnsolve.progress import Watch
from pinnsolve.references.evolution import Evolution, refused, span, with_true_constants
from pinnsolve.references.marching import marched, refined, told
from pinnsolve.references.refinement import Grid
from pinnsolve.references.spectrum import Spectrum
from pinnsolve.references.torus import SOLVER, Torus, torus
from pinnsolve.references.waves import Waves
from pinnsolve.solution.reference import Reference
from pinnsolve.timestepping.etdrk4 import Rest

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

NAME = "navier-stokes-2d"
FIRST_MODES = 32  # along the longest axis
PSI, P = 0, 1  # fields of jet space once the velocity is that of the stream function
AT_REST = 1e-9  # of the largest velocity or force, what its mean may be
NO_FLOW = "is no incompressible flow in the plane, by stream function or by velocity and pressure."


@dataclass(frozen=True)
class Flow:
    """A flow in a doubly periodic plane.

    Attributes
    ----------
    torus
        Where it is posed.
    a, nu
        Factors of the convection and of the friction.
    force
        What else changes the vorticity, of space and time.
    pressure
        ``-laplace(p)``, in derivatives of the stream function; None if it is not asked for.
    fields
        Of each field of the problem the derivative of the stream function that it is, and its
        sign; the pressure has none.
    initial, kind
        Initial values: of ``"vorticity"``, ``"velocity"`` or ``"stream function"``.
    sign
        That of the stream function in the problem: ``u = sign psi_y``.
    images
        Over how many periods to each side initial values are summed.
    symbols, time
        The names in formulas, and when time begins and ends.
    """

    torus: Torus
    a: float
    nu: float
    force: Expr
    pressure: Expr | None
    fields: tuple[tuple[MultiIndex, int] | None, ...]
    initial: tuple[Function, ...]
    kind: str
    sign: int
    images: int
    symbols: Symbols
    time: tuple[float, float]


@dataclass(frozen=True)
class Momentum:
    """Two momentum equations in terms of stream function and pressure, or their curl alone.

    Attributes
    ----------
    parts
        Both, scaled so that the gradient of the pressure has the factor 1; the curl, if it is one.
    fields
        As of a `Flow`.
    """

    parts: tuple[Expr, ...]
    fields: tuple[tuple[MultiIndex, int] | None, ...]


def plan(problem: Problem) -> Flow:
    """Return a problem as the solver takes it.

    Raises
    ------
    ProblemError
        If it is no incompressible flow in a doubly periodic rectangle.
    """
    place = torus(problem, NAME, dim=2)
    symbols = problem.equations[0].symbols
    if symbols.time is None:
        message = f"{NAME} needs a flow in time, and no equation holds a derivative in time."
        raise refused(problem, SOLVER, message, "Choose another solver.")
    try:
        momentum = _momentum(problem)
        curl, divergence = _curl(momentum, symbols), None
        if len(momentum.parts) == 2:
            divergence = _divergence(momentum, symbols)
        found = None if curl is None else _factors(curl)
    except ExpressionError as error:
        raise refused(problem, ("pde", "equations"), error.message, error.remedy) from None
    if found is None:
        text = "; ".join(dict.fromkeys(e.text for e in problem.equations))
        message = f'{NAME} solves incompressible flow, and "{text}" {NO_FLOW}'
        raise refused(problem, ("pde", "equations"), message, "Choose another solver.")
    a, nu, force = found
    sign = _sign(momentum)
    initial, kind = _initial(problem, momentum)
    images = place.images(problem, initial, NAME)
    time = span(problem, NAME)
    x = Spectrum(place.lower, place.period, FIRST_MODES).points
    if kind == "velocity":
        _must_have_no_mean(problem, [*place.summed(initial, images, x)], "initial velocity")
    for t in time if len(momentum.parts) == 2 else ():
        points = np.column_stack([x, np.full(len(x), t)])
        _must_have_no_mean(problem, evaluate(_forces(momentum), symbols, points), "force")
    return Flow(
        *(place, a, nu, force, divergence, momentum.fields, initial, kind, sign, images),
        *(symbols, time),
    )


def reference(setup: "Setup") -> Reference:
    """Return the flow, refined until two resolutions agree.

    Raises
    ------
    ProblemError
        If the problem is no flow that the solver takes.
    """
    stated, posed = setup.problem.stated, plan(setup.problem)

    def solve(grid: Grid) -> Waves | None:
        return solved(posed, grid.points, grid.steps, setup.watch)

    modes = (stated.resolution if stated else None) or FIRST_MODES
    found = refined(setup, solve, posed.torus, posed.time, modes, len(posed.fields) + 1)
    title = f"Navier-Stokes by vorticity, {found.grid.points} modes"
    return Reference("", found.fields, error=found.error, message=told(found), title=title)


def solved(posed: Flow, modes: int, steps: int, watch: Watch) -> Waves | None:
    """Return the flow with a number of modes and of steps; None if it grows beyond all bounds.

    Parameters
    ----------
    posed
        The flow.
    modes
        Along the longest axis.
    steps
        In time.
    watch
        Told of the progress.
    """
    grid = Spectrum(posed.torus.lower, posed.torus.period, modes)
    laplace = (grid.symbol((2, 0)) + grid.symbol((0, 2))).real
    inverse = np.divide(1.0, laplace, out=np.zeros_like(laplace), where=laplace != 0)
    axes = [grid.symbol((1, 0)), grid.symbol((0, 1))]
    slopes = np.array([s * f for f in (inverse, np.ones_like(inverse)) for s in axes])
    begin = posed.time[0]
    forced = _on(grid, posed, posed.force)
    pressure = None if posed.pressure is None else _on(grid, posed, posed.pressure)

    def rest(q: Complex[ndarray, "c *K"], t: float) -> Complex[ndarray, "c *K"]:
        psi_x, psi_y, q_x, q_y = grid.values(slopes * q)
        convected = grid.modes((posed.a * (psi_x * q_y - psi_y * q_x))[None])
        return convected if not posed.force else convected + forced(inverse * q, t)

    def shown(q: Complex[ndarray, "c *K"], t: float) -> Complex[ndarray, "f *K"]:
        psi = inverse * q[0]
        parts = [
            (-inverse * pressure(psi[None], t)[0] if pressure else 0 * psi)
            if of is None
            else of[1] * grid.symbol(of[0]) * psi
            for of in posed.fields
        ]
        return np.array(parts)

    start = _start(grid, posed, laplace)
    linear = (posed.nu * laplace).astype(complex)[None, None]
    return marched(posed.torus, linear, rest, start, (begin, posed.time[1]), steps, shown, watch)


def _on(grid: Spectrum, posed: Flow, e: Expr) -> Rest:
    """Return an expression in derivatives of the stream function, as a function of its modes."""
    return grid.rest(Evolution(((PSI, 0),), {}, (e,), posed.symbols), posed.time[0])


def _start(grid: Spectrum, posed: Flow, laplace: ndarray) -> Complex[ndarray, "1 *K"]:
    """Return the modes of ``laplace(psi)`` when time begins."""
    given = grid.modes(posed.torus.summed(posed.initial, posed.images, grid.points))
    if posed.kind == "vorticity":
        start = -posed.sign * given
    elif posed.kind == "velocity":
        start = (grid.symbol((0, 1)) * given[0] - grid.symbol((1, 0)) * given[1])[None]
    else:
        start = laplace * given
    start[0, 0, 0] = 0.0
    return start


def _forces(momentum: Momentum) -> list[Expr]:
    """Return the terms of the momentum equations without a field."""
    return [
        calculus.substitute(e, dict.fromkeys(variables.occurring(Derivative, e), sympy.S.Zero))
        for e in momentum.parts
    ]


def _must_have_no_mean(problem: Problem, values: Sequence[ndarray], what: str) -> None:
    """Refuse what would carry the whole flow along, of which the vorticity knows nothing."""
    largest = np.abs(values).max(initial=0.0)
    if np.abs(np.mean(values, axis=1)).max(initial=0.0) > AT_REST * largest:
        message = f"{NAME} needs a flow at rest as a whole, but the mean of the {what} is not zero."
        raise refused(problem, SOLVER, message, "Take the mean away, or choose another solver.")


def _momentum(problem: Problem) -> Momentum:
    """Return the momentum equations in terms of stream function and pressure, or their curl."""
    stated = with_true_constants(problem)
    flow = incompressible(problem.equations)
    if flow is not None and len(problem.fields) == 3:
        u, v = flow.velocity
        p = flow.pressure
        fields: list[tuple[MultiIndex, int] | None] = [None] * 3
        fields[u], fields[v] = ((0, 1), 1), ((1, 0), -1)
        parts = tuple(
            _renamed(stated[i], {u: (PSI, (0, 1)), v: (PSI, (1, 0)), p: (P, (0, 0))}, v)
            for i in flow.momentum
        )
        return Momentum(_scaled(parts), tuple(fields))
    if len(problem.fields) == 1:
        return Momentum((stated[0],), (((0, 0), 1),))
    for psi, p in ((0, 1), (1, 0)) if len(problem.fields) == 2 else ():
        parts = tuple(_renamed(e, {psi: (PSI, (0, 0)), p: (P, (0, 0))}) for e in stated)
        for pair in (parts, parts[::-1]):
            scaled = _scaled(pair)
            if scaled:
                own: list[tuple[MultiIndex, int] | None] = [None, None]
                own[psi] = ((0, 0), 1)
                return Momentum(scaled, tuple(own))
    return Momentum((), ())


def _renamed(
    e: Expr, fields: Mapping[int, tuple[int, MultiIndex]], negative: int | None = None
) -> Expr:
    """Return an expression with fields replaced by derivatives of others, one by its negative."""
    values: dict[Symbol, Expr] = {}
    for symbol, own in variables.occurring(Derivative, e).items():
        field, (x, y) = fields[own.field]
        alpha = (own.alpha[0] + x, own.alpha[1] + y, own.alpha[2])
        sign = -1 if own.field == negative else 1
        values[symbol] = sign * variables.derivative(field, alpha)
    return calculus.substitute(e, values)


def _scaled(parts: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Return two equations with the gradient of the pressure in them; none if it is not there."""
    gradient = [variables.derivative(P, alpha) for alpha in ((1, 0, 0), (0, 1, 0))]
    found = []
    for e, slope in zip(parts, gradient, strict=True):
        factor = calculus.partial(e, slope)
        if not factor.is_number or not factor:
            return ()
        left = sympy.expand(e / factor - slope)
        if any(own.field == P for own in variables.occurring(Derivative, left).values()):
            return ()
        found.append(left + slope)
    return tuple(found)


def _curl(momentum: Momentum, symbols: Symbols) -> Expr | None:
    """Return the equation of the vorticity."""
    if len(momentum.parts) < 2:
        return momentum.parts[0] if momentum.parts else None
    first, second = momentum.parts
    return sympy.expand(_along(first, 1, symbols) - _along(second, 0, symbols))


def _divergence(momentum: Momentum, symbols: Symbols) -> Expr:
    """Return ``-laplace(p)``, in terms of the stream function."""
    first, second = momentum.parts
    whole = _along(first, 0, symbols) + _along(second, 1, symbols)
    p = [variables.derivative(P, alpha) for alpha in ((2, 0, 0), (0, 2, 0))]
    return sympy.expand(whole - p[0] - p[1])


def _along(e: Expr, axis: int, symbols: Symbols) -> Expr:
    return calculus.differentiate(e, axis, symbols.coordinates, along_normal=False)


def _factors(curl: Expr) -> tuple[float, float, Expr] | None:
    """Return convection, friction and force of an equation of vorticity; None if it is none."""

    def psi(x: int, y: int, t: int = 0) -> Symbol:
        return variables.derivative(PSI, (x, y, t))

    rate = calculus.partial(curl, psi(2, 0, 1))
    if not rate.is_number or not rate:
        return None
    curl = sympy.expand(curl / rate)
    a = sympy.diff(curl, psi(0, 1), psi(3, 0))
    nu = -calculus.partial(curl, psi(4, 0))
    if not (a.is_number and nu.is_number) or number(nu) < 0:
        return None
    q_x, q_y = psi(3, 0) + psi(1, 2), psi(2, 1) + psi(0, 3)
    flow = psi(2, 0, 1) + psi(0, 2, 1) + a * (psi(0, 1) * q_x - psi(1, 0) * q_y)
    flow -= nu * (psi(4, 0) + 2 * psi(2, 2) + psi(0, 4))
    left = sympy.expand(curl - flow)
    if variables.occurring(Derivative, left):
        return None
    return number(a), number(nu), -left


def _sign(momentum: Momentum) -> int:
    """Return the sign of the stream function: pressure drives the flow against its gradient."""
    if len(momentum.parts) < 2:
        return 1
    rate = calculus.partial(momentum.parts[0], variables.derivative(PSI, (0, 1, 1)))
    return 1 if number(rate) > 0 else -1


def _initial(problem: Problem, momentum: Momentum) -> tuple[tuple[Function, ...], str]:
    """Return the initial values and what they are of."""
    given = dict(problem.stated.initial) if problem.stated else {}
    if not given:
        given = {
            name: values[0]
            for name, values in zip(problem.fields, problem.initial, strict=False)
            if values
        }
    if VORTICITY in given:
        return (given[VORTICITY],), "vorticity"
    wanted = sorted(
        (of[0], name) for of, name in zip(momentum.fields, problem.fields, strict=True) if of
    )
    for _, name in wanted:
        if name not in given:
            message = f'{NAME} needs the initial value of "{name}", or that of the vorticity.'
            remedy = f'Add initial = {{ {VORTICITY} = "…" }} to [reference].'
            raise refused(problem, SOLVER, message, remedy)
    kind = "stream function" if len(wanted) == 1 else "velocity"
    return tuple(given[name] for _, name in wanted), kind
