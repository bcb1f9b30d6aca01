"""Incompressible flow, recognised by its equations: velocity, pressure, viscosity, density.

The system may hold further fields. One equation says that the velocity ``u`` has no divergence,
and of each component there is one that balances its momentum,

    div u = 0,        ρ (∂_t u + u · ∇u) + ∇p - div(μ (∇u + ∇uᵀ)) = …,

up to a factor. No key says so: the fields of the divergence are the velocity, and the field whose
gradient stands in as many further equations is the pressure. Scaled so that the gradient has the
factor one, ``-∂²u_i/∂x_j²``, j ≠ i, has the factor ``μ``, and ``u_j ∂u_i/∂x_j`` the factor ``ρ``,
whether the stress is symmetric or not, and convection written as ``u · ∇u`` or as ``div(u uᵀ)``.
So tractions are in the unit of the pressure. Source: G. K. Batchelor (1967), An Introduction to
Fluid Dynamics, section 3.3.

That two expressions are the same is seen from their values at random places of jet space.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy
from sympy import Expr

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations import variables
from pinnsolve.equations.calculus import partial, substitute
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.program import program
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import Constant, Derivative

PLACES = 8  # of jet space, at which expressions are compared
ROUNDING = 1e-9  # relative difference of two values that are the same
NOTHING = 1e-14  # what may be left of values of order one that cancel


@dataclass(frozen=True)
class Incompressible:
    """The roles of the fields in an incompressible flow.

    Attributes
    ----------
    continuity
        Which equation says that the velocity has no divergence, or a given one.
    momentum
        Which equation balances the momentum of each component.
    velocity
        The field of each component, in the order of the coordinates.
    pressure
        The field of the pressure.
    viscosity
        That in the traction ``-p n + viscosity (∇u + ∇uᵀ) n``: an expression in coordinates, fields
        and unknown constants; zero of a flow without friction, None where the friction is another.
    density
        The factor of the convection ``u · ∇u``, likewise; None where nothing is convected.
    """

    continuity: int
    momentum: tuple[int, ...]
    velocity: tuple[int, ...]
    pressure: int
    viscosity: Expr | None
    density: Expr | None


@lru_cache(maxsize=16)
def incompressible(equations: tuple[Equation, ...]) -> Incompressible | None:
    """Find an incompressible flow in a system of equations; None if there is none.

    Parameters
    ----------
    equations
        What holds inside the domain.
    """
    try:
        return _found(equations)
    except ExpressionError:  # formulas too large to be differentiated once more
        return None


def _found(equations: Sequence[Equation]) -> Incompressible | None:
    """Return the flow in a system of equations."""
    space = equations[0].symbols.space
    if len(space) < 2:
        return None
    stated = [equation.expression for equation in equations]
    indices = _Indices(len(equations[0].symbols.coordinates), space)
    for i, continuity in enumerate(stated):
        velocity = _divergence_of(continuity, indices)
        others = {j: e for j, e in enumerate(stated) if j != i}
        for pressure in _fields([*others.values()]) if velocity else ():
            found = _momentum(others, velocity, pressure, indices)
            if pressure not in velocity and found:
                momentum = [*found.values()]
                return Incompressible(
                    i,
                    tuple(found),
                    velocity,
                    pressure,
                    _viscosity(momentum, velocity, indices),
                    _density(momentum, velocity, indices),
                )
    return None


@dataclass(frozen=True)
class _Indices:
    """Multi-indices of derivatives in space, among all coordinates."""

    dim: int
    space: tuple[int, ...]

    def __call__(self, *axes: int) -> MultiIndex:
        """Return the multi-index of a derivative along axes of space, counted from zero."""
        along = [self.space[axis] for axis in axes]
        return tuple(along.count(i) for i in range(self.dim))


def _fields(stated: Sequence[Expr]) -> list[int]:
    """Return the fields in expressions."""
    found = (variables.occurring(Derivative, e).values() for e in stated)
    return sorted({own.field for derivatives in found for own in derivatives})


def _divergence_of(e: Expr, indices: _Indices) -> tuple[int, ...]:
    """Return the fields whose divergence an expression is, but for a factor and sources."""
    derivatives = variables.occurring(Derivative, e)
    by_axis = {own.alpha: own.field for own in derivatives.values()}
    along = [indices(axis) for axis in range(len(indices.space))]
    if len(derivatives) != len(along) or set(by_axis) != set(along):
        return ()
    fields = tuple(by_axis[alpha] for alpha in along)
    factor = partial(e, next(iter(derivatives)))
    rest = substitute(e, dict.fromkeys(derivatives, sympy.S.Zero))
    is_divergence = not factor.free_symbols and _agree(e - rest, factor * sympy.Add(*derivatives))
    is_divergence &= not variables.occurring(Constant, rest)
    return fields if is_divergence and len(set(fields)) == len(fields) else ()


def _momentum(
    stated: Mapping[int, Expr], velocity: tuple[int, ...], pressure: int, indices: _Indices
) -> dict[int, Expr]:
    """Return for each component the equation of its momentum, ``∂p`` with the factor one.

    They are named by their indices. None are returned where one is missing.
    """
    found: dict[int, Expr] = {}
    along = [variables.derivative(pressure, indices(axis)) for axis in range(len(velocity))]
    for slope, field in zip(along, velocity, strict=True):
        for k, e in stated.items():
            derivatives = variables.occurring(Derivative, e)
            moves = any(own.field == field and any(own.alpha) for own in derivatives.values())
            if moves and derivatives.keys() & set(along) == {slope}:
                factor = partial(e, slope)
                if variables.occurring(Derivative, factor):
                    return {}
                found[k] = e / factor
                break
    return found if len(found) == len(velocity) else {}


def _viscosity(
    momentum: Sequence[Expr], velocity: tuple[int, ...], indices: _Indices
) -> Expr | None:
    """Return the factor of minus the Laplacian, but for a gradient of the divergence."""
    axes = range(len(velocity))
    by_component = [variables.occurring(Derivative, e) for e in momentum]
    curved = [{s for s, own in of.items() if sum(own.alpha) > 1} for of in by_component]
    if not any(curved):
        return sympy.S.Zero
    first = -partial(momentum[0], variables.derivative(velocity[0], indices(1, 1)))
    if first == 0 or _has_slopes(first):
        return None
    for i, (e, second) in enumerate(zip(momentum, curved, strict=True)):
        # what is left beside the Laplacian of the component is c ∂_i div u, with any c
        bulk = [variables.derivative(velocity[j], indices(i, j)) for j in axes]
        laplacian = [variables.derivative(velocity[i], indices(j, j)) for j in axes]
        if not second <= {*bulk, *laplacian}:
            return None
        c = partial(e, bulk[1 if i == 0 else 0])
        for symbol in {*bulk, *laplacian}:
            expected = c * int(symbol in bulk) - first * int(symbol in laplacian)
            if not _agree(partial(e, symbol), expected):
                return None
    return first


def _density(momentum: Sequence[Expr], velocity: tuple[int, ...], indices: _Indices) -> Expr | None:
    """Return the factor of the convection of momentum."""
    factors = [
        partial(
            partial(e, variables.derivative(velocity[i], indices(j))),
            variables.derivative(velocity[j], indices()),
        )
        for i, e in enumerate(momentum)
        for j in range(len(velocity))
        if j != i
    ]
    first, *others = factors
    if first == 0 or _has_slopes(first) or not all(_agree(first, other) for other in others):
        return None
    return first


def _has_slopes(e: Expr) -> bool:
    """Tell whether an expression depends on derivatives of fields."""
    return any(any(own.alpha) for own in variables.occurring(Derivative, e).values())


def _agree(a: Expr, b: Expr) -> bool:
    """Tell whether two expressions have the same values, where they have any."""
    symbols = sorted(a.free_symbols | b.free_symbols, key=str)
    run = program([a, b], symbols)
    places = np.random.default_rng(0).uniform(0.1, 2.0, (PLACES, len(symbols)))
    p, q = np.array([run(*place) for place in places], dtype=float).T
    known = np.isfinite(p) | np.isfinite(q)
    return np.allclose(p[known], q[known], rtol=ROUNDING, atol=NOTHING)
