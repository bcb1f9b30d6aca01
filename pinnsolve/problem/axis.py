"""What an axis, around which all is the same, asks of the rest of a problem file."""

from collections.abc import Mapping
from typing import Any

from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.schema.shape import Shape

HERE = ("domain", "coordinates")


def half_faults(domain: Shape) -> list[Fault]:
    """Return the faults of a domain between an axis and what is turned around it."""
    if domain.dim > 2:
        message = f"r and z are two coordinates, but the domain has {domain.dim}."
        return [Fault(HERE, message, "Give the section through the axis, in two dimensions.")]
    if domain.box[0][0] < 0:
        message = f"the domain reaches to r = {domain.box[0][0]:g}, beyond the axis r = 0."
        remedy = "Give one half of the section, as by an intersection with a rectangle."
        return [Fault(HERE, message, remedy)]
    return []


def axis_faults(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the faults of what is not taken together with an axis.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    """
    domain, output = valid.get(("domain",)), valid.get(("output",))
    if domain is None or not domain.is_axisymmetric:
        return []
    if output is not None and output.forces:
        remedy = "Remove forces, or state the flow in x, y and z."
        message = "axisymmetric domains take no forces in this version."
        return [Fault(("output", "forces"), message, remedy)]
    return []
