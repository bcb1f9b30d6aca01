"""What is solved for in the place of fields.

Of those whose conductivity jumps the potential (`pinnsolve.equations.kirchhoff`), of functions with
bounds another without (`pinnsolve.equations.bounds`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pinnsolve.equations.bounds import Bounds
from pinnsolve.equations.expression import Function
from pinnsolve.equations.kirchhoff import Conductivity, smooth


def potentials(
    functions: Sequence[Function],
    fields: Sequence[str],
    known: Mapping[str, Conductivity | Bounds],
) -> tuple[Function, ...]:
    """Return functions that fields are, as those that what is solved for is.

    Parameters
    ----------
    functions, fields
        What the fields are, and their names.
    known
        Of those in whose place others are solved for, by name.
    """
    return tuple(
        replace(f, expression=smooth(known[name].potential(f.expression))) if name in known else f
        for f, name in zip(functions, fields, strict=False)
    )
