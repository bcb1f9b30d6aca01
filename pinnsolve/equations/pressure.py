"""Incompressible flow: a system that conserves momentum and volume, and its pressure equation.

Of a system with the equations

    M_i = ∂_t u_i + u·grad u_i - nu laplace(u_i) + kappa ∂_i p + … = 0,   d = sum_i ∂_i u_i - g = 0,

the last one holds no pressure, so that nodal values of ``p`` which alternate from node to node
hardly show in it. The divergence of the momentum equations does hold it,

    Q = sum_i ∂_i M_i - (derivatives of d),    Q = kappa laplace(p) + sum_ij ∂_i u_j ∂_j u_i + … ,

and takes the place of ``d = 0`` inside; third derivatives cancel, for ``d`` vanishes with all its
derivatives. What is left out satisfies ``∂_t d + u·grad d - nu laplace(d) = 0`` where all ``M_i``
and ``Q`` vanish, so that ``d = 0`` on the boundary is enough; and ``Q - s d = 0`` instead adds
``s d``, by which what rounding and truncation leave of ``d`` decays within ``sqrt(nu/s)`` of where
it arises. Sources: Gresho & Sani (1987), doi:10.1002/fld.1650071008; the damped divergence of
Harlow & Welch (1965), doi:10.1063/1.1761178.
"""

from collections.abc import Sequence
from dataclasses import replace

import sympy
from sympy import Expr

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.incompressible import Incompressible
from pinnsolve.equations.symbols import Tabulated
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import Data, Derivative, Symbol

SPACING = "spacing of the nodes"  # a name that no file can give
TEXT = "divergence of the momentum equations"
# s h^2 / nu: from one to ten errors of smooth flows are the same; where the velocity jumps, as at
# the ends of a lid, less lets more volume be lost, and more keeps Newton's method from converging
DAMPING = 4


def pressure_equation(
    equations: Sequence[Equation], flow: Incompressible, spacing: Tabulated
) -> Equation | None:
    """Return the equation that takes the place of continuity away from the boundary.

    It is ``Q - 4 nu d / h^2 = 0``; None without viscosity, or if the
    momentum equations cannot be differentiated.

    Parameters
    ----------
    equations
        The system.
    flow
        What it describes.
    spacing
        The distance ``h`` of nodes, at points.
    """
    own = equations[flow.continuity]
    if not flow.viscosity:  # without friction, or with another kind, nothing damps a divergence
        return None
    symbols = own.symbols
    unit, names = _unit(symbols.coordinates), symbols.coordinates
    try:
        q = sympy.Add(
            *(
                calculus.differentiate(equations[k].expression, axis, names, along_normal=False)
                for k, axis in zip(flow.momentum, symbols.space, strict=True)
            )
        )
        divergence = own.expression / _factor(own, flow.velocity)
        last, axis = flow.velocity[-1], symbols.space[-1]
        known = {}
        for symbol, derivative in variables.occurring(Derivative, q).items():
            alpha = derivative.alpha
            if derivative.field == last and alpha[axis] and sum(alpha) > 1:
                beta = _less(alpha, unit[axis])
                known[symbol] = symbol - calculus.derivative(divergence, beta, names)
        q = sympy.expand(calculus.substitute(q, known))
    except ExpressionError:
        return None
    if any(
        derivative.field in flow.velocity and sum(derivative.alpha[i] for i in symbols.space) > 2
        for derivative in variables.occurring(Derivative, q).values()
    ):
        return None
    h = Symbol(Data(SPACING))
    symbols = replace(symbols, data={**symbols.data, SPACING: spacing})
    latex = r"\nabla\cdot(\text{momentum}) = 0"
    viscosity = _viscosity(equations[flow.momentum[0]], flow.velocity[0])
    damped = q - DAMPING * viscosity * divergence / h**2
    return Equation(TEXT, latex, damped, symbols)


def is_derived(equation: Equation) -> bool:
    """Tell whether an equation is such a pressure equation, whose data no file has given."""
    return SPACING in equation.symbols.data


def _viscosity(momentum: Equation, field: int) -> Expr:
    """Return minus the coefficient of a second derivative of the first velocity across its axis."""
    symbols = momentum.symbols
    across = _unit(symbols.coordinates)[symbols.space[1]]
    return -calculus.partial(
        momentum.expression, variables.derivative(field, tuple(2 * n for n in across))
    )


def _factor(equation: Equation, velocity: Sequence[int]) -> Expr:
    """Return the coefficient of the divergence in an equation."""
    unit = _unit(equation.symbols.coordinates)
    axis = equation.symbols.space[0]
    return calculus.partial(equation.expression, variables.derivative(velocity[0], unit[axis]))


def _unit(coordinates: Sequence[str]) -> list[MultiIndex]:
    """Return the multi-index of the first derivative along each coordinate."""
    n = len(coordinates)
    return [tuple(int(i == j) for j in range(n)) for i in range(n)]


def _less(alpha: MultiIndex, beta: MultiIndex) -> MultiIndex:
    return tuple(a - b for a, b in zip(alpha, beta, strict=True))
