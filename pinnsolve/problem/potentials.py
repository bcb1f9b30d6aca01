"""Potentials in place of the fields whose conductivity jumps (`pinnsolve.equations.kirchhoff`)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pinnsolve.equations.expression import Function
from pinnsolve.equations.kirchhoff import Conductivity, smooth


def potentials(
    functions: Sequence[Function],
    fields: Sequence[str],
    conductivities: Mapping[str, Conductivity],
) -> tuple[Function, ...]:
    """Return functions that fields are, as those that what is solved for is.

    Parameters
    ----------
    functions, fields
        What the fields are, and their names.
    conductivities
        Of those in whose place their potentials are solved for.
    """
    return tuple(
        replace(f, expression=smooth(conductivities[name].potential(f.expression)))
        if name in conductivities
        else f
        for f, name in zip(functions, fields, strict=False)
    )
