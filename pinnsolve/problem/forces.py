"""Forces on pieces of the boundary: whether a problem is one in which they can be told."""

from collections.abc import Mapping, Sequence
from typing import Any

from pinnsolve.equations.equation import Equation
from pinnsolve.equations.incompressible import incompressible
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem import names
from pinnsolve.problem.problem import Problem
from pinnsolve.problem.schema.shapes import PointSet

SECTION, NAME = "output", "forces"
KEY: KeyPath = (SECTION, NAME)
NO_FLOW = (
    "forces are those of an incompressible flow, and the equations are none.",
    'Write one of them as the divergence of the velocity, "u_x + v_y = 0", and in those of its '
    'components the derivatives of one pressure, "p_x = nu*laplace(u)"; or remove forces.',
)
NO_VISCOSITY = (
    "forces need the viscosity, which is not found in the equations.",
    'Write the friction of every component with the same one, as "nu*laplace(u)" or '
    '"div(nu*grad(u))"; or remove forces.',
)
NO_FORMULA = (
    'forces need a boundary to integrate over, and shape = "points" has its nodes only.',
    "Describe the domain by another shape, its nodes by [nodes] file; or remove forces.",
)
NO_MOMENT = (
    "forces and their moments are told in two and three dimensions.",
    "Remove forces.",
)


def force_faults(valid: Mapping[KeyPath, Any], stated: Sequence[Equation]) -> list[Fault]:
    """Return the faults of the forces that are asked for.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    stated
        The equations.
    """
    output, domain = valid.get(("output",)), valid.get(("domain",))
    if output is None or domain is None:
        return []
    about = output.moments_about
    if about is not None and not output.forces:
        message = "moments are taken of forces, and none are asked for."
        return [Fault((SECTION, "moments_about"), message, 'Add forces = ["…"], or remove it.')]
    if not output.forces:
        return []
    faults = names.pieces_on(output.forces, (SECTION,), domain, NAME)[1]
    if about is not None and len(about) != domain.dim:
        message = f"the domain has {domain.dim} coordinates, but this point {len(about)}."
        faults.append(Fault((SECTION, "moments_about"), message, "Give it each coordinate."))
    flow = incompressible(tuple(stated))
    if flow is None:
        faults.append(Fault(KEY, *NO_FLOW))
    elif flow.viscosity is None:
        faults.append(Fault(KEY, *NO_VISCOSITY))
    elif domain.dim > 3:
        faults.append(Fault(KEY, *NO_MOMENT))
    elif isinstance(domain, PointSet):
        faults.append(Fault(KEY, *NO_FORMULA))
    return faults


def pieces_asked(problem: Problem) -> dict[str, str]:
    """Return the pieces on which forces are asked for, as given, and their usual names."""
    given = problem.settings.output.forces
    usual, _ = names.pieces_on(given, (), problem.settings.domain)
    return dict(zip(given, usual, strict=True))
