"""Outflow as people write it: where only the pressure of a flow is given, ``p = g``.

One condition is one or two too few for the velocity. What is meant is that the flow leaves as it
likes, under the outer pressure ``g``, the natural condition of the weak form,

    nu dn(u) - (p - g) n = 0,

which Poiseuille flow satisfies. Source: Heywood, Rannacher & Turek (1996), Artificial boundaries
and flux and pressure conditions for the incompressible Navier-Stokes equations,
doi:10.1002/(SICI)1097-0363(19960315)22:5<325::AID-FLD307>3.0.CO;2-Y.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import sympy

from pinnsolve.equations import calculus, variables
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.incompressible import Incompressible, incompressible
from pinnsolve.equations.variables import Normal, Symbol
from pinnsolve.problem.problem import BoundaryCondition


def with_outflow(
    equations: Sequence[Equation], boundary: Sequence[BoundaryCondition]
) -> tuple[BoundaryCondition, ...]:
    """Return boundary conditions with pressures that stand alone replaced by what is meant.

    Parameters
    ----------
    equations
        What holds inside.
    boundary
        The conditions as stated.
    """
    flow = incompressible(tuple(equations))
    if flow is None or not flow.viscosity:
        return tuple(boundary)
    moved = {
        piece
        for condition in boundary
        if any(term.field in flow.velocity for term in condition.equation.terms)
        for piece in condition.on
    }
    found: list[BoundaryCondition] = []
    for condition in boundary:
        alone = tuple(piece for piece in condition.on if piece not in moved)
        fields = {term.field for term in condition.equation.terms}
        is_pressure = fields == {flow.pressure} and condition.equation.is_algebraic
        is_pressure &= not condition.is_periodic
        if not (alone and is_pressure and condition.equation.is_linear) or "all" in moved:
            found.append(condition)
            continue
        found += _outflow(replace(condition, on=alone), flow)
        if others := tuple(piece for piece in condition.on if piece in moved):
            found.append(replace(condition, on=others))
    return tuple(found)


def _outflow(condition: BoundaryCondition, flow: Incompressible) -> Iterator[BoundaryCondition]:
    """Yield the condition of each component of the velocity."""
    stated, symbols = condition.equation, condition.equation.symbols
    n = len(symbols.coordinates)
    pressure = variables.derivative(flow.pressure, (0,) * n)
    excess = stated.expression / calculus.partial(stated.expression, pressure)
    normals = [Symbol(Normal(i)) for i in range(len(symbols.space))]
    for component, field in enumerate(flow.velocity):
        slopes = (
            variables.derivative(field, tuple(int(i == axis) for i in range(n)))
            for axis in symbols.space
        )
        along = sympy.Add(*(m * slope for m, slope in zip(normals, slopes, strict=True)))
        expression = flow.viscosity * along - excess * normals[component]
        name = symbols.fields[field]
        text = f"{stated.text} (outflow of {name})"
        latex = rf"{stated.latex}\ \text{{(outflow of {name})}}"
        told = (
            f'"{stated.text}" is all that holds on {", ".join(condition.on)}: it is taken for '
            "outflow, where viscous stress and excess pressure balance, nu*dn(velocity) = "
            "(pressure - given)*n."
        )
        yield replace(
            condition,
            equation=Equation(text, latex, expression, symbols),
            taken_for=told,
        )
