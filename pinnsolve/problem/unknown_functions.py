"""Unknown functions of position or time, ``[unknowns.functions]``: what a file may say of them.

They are fields like the others, the last, but none has an equation of its own: what they are the
data tell. One that is a function of some coordinates is constant along the others, so that its
derivatives along these are no terms. One with bounds is a function of another without (`Bounds`),
which stands for it in all that is solved.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pinnsolve.equations.bounds import Bounds
from pinnsolve.equations.equation import Equation
from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem.schema.unknowns import Unknowns
from pinnsolve.problem.text.source import KEY

SECTION = ("unknowns", "functions")


def stated_faults(valid: Mapping[KeyPath, Any], place: Sequence[str]) -> list[Fault]:
    """Return the faults of functions of what is no coordinate, and of those that nothing tells.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    place
        The coordinates, time last if there is one.
    """
    unknowns, faults = valid.get(("unknowns",)), list[Fault]()
    for name, own in unknowns.functions.items() if unknowns else ():
        for k, axis in enumerate(own.of or ()):
            if axis not in place:
                message = f'"{axis}" is no coordinate, of which "{name}" could be a function.'
                faults.append(Fault((*SECTION, name, "of", k), message, suggestion(axis, place)))
        if ("data", 0) not in valid:
            message = f'there are no data that could tell what the function "{name}" is.'
            remedy = "Add [[data]], or give a formula in [functions]."
            faults.append(Fault((*SECTION, name), message, remedy, KEY))
    return faults


def unused_faults(
    unknowns: Unknowns, stated: Iterable[Equation], observed: Iterable[Equation]
) -> list[Fault]:
    """Return a fault for each function that no equation and no condition holds.

    Parameters
    ----------
    unknowns
        The section.
    stated, observed
        What holds, and what has been seen.
    """
    used = {term.field for e in stated for term in e.terms}
    seen = {term.field for e in observed for term in e.terms}
    first, faults = len(unknowns.fields), list[Fault]()
    for i, name in enumerate(unknowns.functions, first):
        if i not in used:
            message = f'the unknown function "{name}" is in no equation and no condition.'
            if i in seen:
                message = f'the unknown function "{name}" is observed, but in no equation and no '
                message += "condition."
            faults.append(Fault((*SECTION, name), message, "Use it, or remove it.", KEY))
    return faults


def idle(unknowns: Unknowns, place: Sequence[str]) -> dict[int, frozenset[int]]:
    """Return for each function, by its number as a field, the coordinates that it is constant in.

    Parameters
    ----------
    unknowns
        The section.
    place
        The coordinates, time last if there is one.
    """
    found = {}
    for i, own in enumerate(unknowns.functions.values(), len(unknowns.fields)):
        of = own.of or tuple(axis for axis in place if axis != "t")
        still = frozenset(k for k, axis in enumerate(place) if axis not in of)
        if still:
            found[i] = still
    return found


def bounded(unknowns: Unknowns) -> dict[str, Bounds]:
    """Return the bounds of those functions that have some."""
    return {
        name: Bounds(own.lower, own.upper)
        for name, own in unknowns.functions.items()
        if own.lower is not None or own.upper is not None
    }
