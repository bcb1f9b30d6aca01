"""Whether as much flows into a closed vessel as out of it, by the velocities that are given.

Where an incompressible flow has its velocity given all around, ``∮ u · n = 0`` is asked of the
data, or else ``div u = 0`` cannot hold. The integral is that of the given formulas, piece by piece.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import sympy

from pinnsolve.equations import calculus, variables
from pinnsolve.equations.equation import prescribed_value
from pinnsolve.equations.expression import ExpressionError, evaluate
from pinnsolve.equations.incompressible import Incompressible, incompressible
from pinnsolve.equations.variables import Derivative
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.quadrature import Quadrature, over_pieces
from pinnsolve.problem import Problem

NEGLIGIBLE = 1e-3  # of the flux through a piece: what may be left over, as integrals of jumps are


class Contradiction(NamedTuple):
    """Data that no fields meet.

    Attributes
    ----------
    text
        A sentence on them.
    share
        How large is what cannot hold, relative to what stands beside it.
    """

    text: str
    share: float


def imbalance(
    problem: Problem, domain: Domain, spacing: float, field: int
) -> list[Contradiction] | None:
    """Return given velocities that do not balance, if there are such.

    None if they are no formulas all around, or a field is not the pressure of a flow.

    Parameters
    ----------
    problem, domain
        What is to be solved, and where; steady.
    spacing
        Of the nodes.
    field
        Whose level is open.
    """
    flow = incompressible(problem.equations)
    if flow is None or flow.pressure != field or problem.regions or _has_source(problem, flow):
        return None
    fluxes = {}
    for name, piece in over_pieces(domain, problem.pieces, spacing).items():
        if any(stated.is_periodic and name in stated.on for stated in problem.boundary):
            continue
        flux = _flux(problem, flow, name, piece)
        if flux is None:
            return None
        fluxes[name] = flux
    if not fluxes:
        return None
    left, largest = sum(fluxes.values()), max(map(abs, fluxes.values()))
    if abs(left) <= NEGLIGIBLE * largest:
        return []
    return [Contradiction(_said(fluxes, left, problem.fields[field]), abs(left) / largest)]


def _has_source(problem: Problem, flow: Incompressible) -> bool:
    """Tell whether the divergence is given, and not zero."""
    e = problem.equations[flow.continuity].expression
    return (
        calculus.substitute(e, dict.fromkeys(variables.occurring(Derivative, e), sympy.S.Zero)) != 0
    )


def _flux(problem: Problem, flow: Incompressible, name: str, piece: Quadrature) -> float | None:
    """Return the integral of the given ``u · n``; None if a component is not given by a formula."""
    known = {}
    for stated in problem.boundary:
        if stated.is_periodic or not {"all", name} & set(stated.on):
            continue
        try:
            field, value = prescribed_value(stated.equation)
        except ExpressionError:
            continue
        known[field] = value, stated.equation.symbols
    if not set(flow.velocity) <= set(known):
        return None
    outflow = np.zeros(len(piece.x))
    for field, normal in zip(flow.velocity, piece.normals.T, strict=True):
        value, symbols = known[field]
        (given,) = evaluate([value], symbols, piece.x, piece.normals)
        outflow = outflow + given * normal
    return float(piece.integral(outflow))


def _said(fluxes: Mapping[str, float], left: float, pressure: str) -> str:
    """Return the sentence on fluxes out of each piece, their sum, and the field of the pressure."""
    least = NEGLIGIBLE * max(map(abs, fluxes.values()))

    def through(sign: int) -> str:
        flows = {name: sign * flux for name, flux in fluxes.items() if sign * flux > least}
        total = f"{sum(flows.values()):.3g}" if flows else "nothing"
        return total + (f" ({', '.join(flows)})" if flows else "")

    return (
        f"the velocities given on the boundary do not balance: {through(-1)} flows in, "
        f"{through(1)} out. In a closed vessel div(velocity) = 0 cannot hold then; the solution "
        f"{'loses' if left < 0 else 'gains'} {abs(left):.3g} along the boundary. Let as much flow "
        f"out as in, or open a piece, with {pressure} = 0 as its only condition."
    )
