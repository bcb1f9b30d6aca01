"""Forces, fluxes and the Reynolds number of an incompressible flow.

With the stress ``σ = -p I + μ (∇u + ∇uᵀ)`` and the normal ``n`` that leaves the fluid, the fluid
pulls on what lies behind a piece ``S`` of its boundary with the force and the moment

    F = -∫_S σ n dS,        M = -∫_S (x - x_0) × σ n dS,

and leaves through it at the rate ``∫_S u · n dS``. The derivatives are those of the solution: of a
network exact, of values at nodes by RBF-FD at the points of the integral. The stress is symmetric
however the equations are written. Source: G. K. Batchelor (1967), An Introduction to Fluid
Dynamics, sections 1.3 and 3.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.accuracy.on_pieces import values_on
from pinnsolve.conditions.points import points_of
from pinnsolve.equations import variables
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.incompressible import Incompressible, incompressible
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.variables import Normal, Symbol
from pinnsolve.errors import Fault
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.quadrature import Quadrature, joined, over_pieces
from pinnsolve.problem import Problem
from pinnsolve.problem.forces import pieces_asked
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.flow import FlowBalance, Force, Reynolds
from pinnsolve.solution.solution import Sample


def balance(
    problem: Problem,
    domain: Domain,
    answer: Fields,
    sample: Sample,
    constants: Mapping[str, float],
) -> FlowBalance | None:
    """Measure an incompressible flow on its boundary; None if the problem is none.

    Parameters
    ----------
    problem, domain
        What was solved, and where.
    answer, sample
        The fields, and their values on the nodes.
    constants
        Values of the unknown constants, by name.

    Raises
    ------
    ProblemError
        If the viscosity is not finite on the boundary, or a piece has no length.
    """
    flow = incompressible(problem.equations)
    spacing = sample.nodes.spacing
    pieces = over_pieces(domain, problem.pieces, spacing) if flow is not None else {}
    if flow is None or not pieces or not np.isfinite(sample.values).all():
        return None
    symbols = replace(problem.equations[0].symbols, normals=True)
    fluxes, through = {}, np.zeros(1 if sample.times is None else len(sample.times))
    for name, piece in pieces.items():
        (outflow,) = values_on(
            piece, [_outflow(flow, symbols)], symbols, answer, sample.times, constants
        )
        fluxes[name] = piece.integral(outflow)
        through = through + piece.integral(np.abs(outflow)) / 2
    forces: dict[str, Force] = {}
    length, of = domain.size, "the domain"
    for name, usual in pieces_asked(problem).items():
        if usual not in (*pieces, "all"):
            fault = Fault(("output", "forces"), f'there is hardly anything of the piece "{name}".')
            raise problem.source.error(fault)
        piece = joined(pieces.values()) if usual == "all" else pieces[usual]
        tractions = _tractions(flow, symbols)
        pull = values_on(piece, tractions, symbols, answer, sample.times, constants)
        if not forces and usual != "all":
            length, of = piece.diameter, name
        forces[name] = _force(piece, np.stack(pull, axis=1), problem.settings.output.moments_about)
    reynolds = _reynolds(problem, flow, sample, constants, length, of)
    return FlowBalance(fluxes, through, forces, reynolds, sample.times)


def _outflow(flow: Incompressible, symbols: Symbols) -> Expr:
    """Return ``u · n``."""
    value = (0,) * len(symbols.coordinates)
    pairs = zip(flow.velocity, _normal(symbols), strict=True)
    return sympy.Add(*(variables.derivative(field, value) * n for field, n in pairs))


def _tractions(flow: Incompressible, symbols: Symbols) -> list[Expr]:
    """Return the components of ``-σ n``."""
    n = _normal(symbols)

    def slope(field: int, axis: int) -> Symbol:
        alpha = (int(i == axis) for i in range(len(symbols.coordinates)))
        return variables.derivative(field, tuple(alpha))

    pressure = variables.derivative(flow.pressure, (0,) * len(symbols.coordinates))
    axes = list(zip(symbols.space, flow.velocity, n, strict=True))
    return [
        pressure * n_i
        - flow.viscosity
        * sympy.Add(*((slope(u_i, j) + slope(u_j, i)) * n_j for j, u_j, n_j in axes))
        for i, u_i, n_i in axes
    ]


def _normal(symbols: Symbols) -> list[Symbol]:
    """Return the components of the normal."""
    return [Symbol(Normal(axis)) for axis in symbols.space]


def _force(
    piece: Quadrature, pull: Float[ndarray, "K d Q"], about: Sequence[float] | None
) -> Force:
    """Return force and moment of a traction."""
    center = piece.centroid if about is None else np.array(about)
    arms = piece.x - center
    if len(center) == 2:
        turning = (arms[:, 0] * pull[:, 1] - arms[:, 1] * pull[:, 0])[:, None]
    else:
        turning = np.cross(arms, pull.swapaxes(1, 2)).swapaxes(1, 2)
    return Force(piece.integral(pull), piece.integral(turning), center)


def _reynolds(
    problem: Problem,
    flow: Incompressible,
    sample: Sample,
    constants: Mapping[str, float],
    length: float,
    of: str,
) -> Reynolds | None:
    """Return the Reynolds number; None of a flow without inertia or without friction."""
    if not flow.viscosity or flow.density is None:
        return None
    x = points_of(problem, sample.nodes)
    kinematic = Equation("", "", flow.viscosity / flow.density, problem.equations[0].symbols).bind(
        x.reshape(-1, x.shape[-1])
    )
    jet = {term: sample.values[..., term.field].ravel() for term in kinematic.terms}
    viscosity = float(np.min(kinematic(jet, constants)))
    speed = float(np.linalg.norm(sample.values[..., flow.velocity], axis=-1).max())
    return Reynolds(speed, length, of, viscosity) if viscosity > 0 else None
