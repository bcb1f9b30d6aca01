"""Files whose conductivity jumps where a field passes a value, read for potentials.

A flux ``k(u) grad(u)`` whose ``k`` jumps where ``u`` passes a value is the gradient of a potential
that is smooth there (`pinnsolve.equations.kirchhoff`). So the file is read once more, with the
potential in place of the field; if nothing is wrong with it then, that is what is solved, by
whatever method, and the field is found from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pinnsolve.equations.jumps import REMEDY_OF_VALUES
from pinnsolve.equations.kirchhoff import Conductivity
from pinnsolve.equations.program import number
from pinnsolve.equations.symbols import Symbols
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.binding import Statements, bind
from pinnsolve.problem.formula_faults import ConductivityFault
from pinnsolve.problem.reading import Reading
from pinnsolve.problem.schema.file import ProblemFile

ALONE = "Write the flux as one term, as div(k*grad(u)), the conductivity of u the same everywhere"


def read(
    document: Mapping[str, Any],
    valid: Mapping[KeyPath, Any],
    constants: Mapping[str, float],
    faults: Sequence[Fault],
) -> tuple[Statements | None, dict[str, Conductivity], list[Fault]]:
    """Read a file, at fault because conductivities jump, for the potentials of their fields.

    Parameters
    ----------
    document, valid, constants
        As `bind` takes them.
    faults
        All that is wrong if it is read for the fields.

    Returns
    -------
    tuple
        The statements, None if that is not all that is wrong; the conductivities by field; and all
        faults.
    """
    fields = valid["unknowns",].fields if ("unknowns",) in valid else ()
    found: dict[str, Conductivity] = {}
    statements, left = None, list(faults)
    while True:
        jumps = [fault for fault in left if isinstance(fault, ConductivityFault)]
        new = {fields[jump.field]: jump.conductivity for jump in reversed(jumps)}
        if len(jumps) < len(left) or not new.keys() - found.keys():
            break
        found |= new
        statements, left = bind(document, valid, constants, (), None, found)
    if found and statements is None:
        left = [_advised(fault) if fault.remedy == REMEDY_OF_VALUES else fault for fault in left]
    return statements, found, left


def told(found: Mapping[str, Conductivity]) -> str:
    """Return the sentence for users whose conductivities jump."""
    sentences = []
    for name, k in found.items():
        values = " and ".join(f"{number(value):.4g}" for value in k.values)
        sentences.append(
            f"the conductivity jumps where {name} = {values}: its integral over {name} is solved "
            f"for, which is smooth there, and {name} is found from it"
        )
    return f"{'; '.join(sentences)}."


def symbols_of_fields(symbols: Symbols, settings: ProblemFile) -> Symbols:
    """Return the names that formulas of the fields may use, where those of potentials are given.

    Parameters
    ----------
    symbols
        Those with which the equations of the potentials were read.
    settings
        The file's; of the definitions those count that can be read for the fields.
    """
    bare = replace(symbols, inverses={}, definitions={})
    section = ("pde", "definitions")
    return Reading({}).resolve(section, settings.pde.definitions, bare, "definitions")


def _advised(fault: Fault) -> Fault:
    """Return a fault of what jumps in a file for potentials, with what else can be done."""
    return replace(fault, remedy=f"{ALONE}. Or s{fault.remedy[1:]}")
