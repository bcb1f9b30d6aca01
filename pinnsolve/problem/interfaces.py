"""What a problem file says of the fields between two regions.

It is read with the names of both, those that differ with the region's behind them: ``k.a``,
``u.a``. An exact solution is that of each region, so that a manufactured jump is theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sympy import Expr

from pinnsolve.equations import variables
from pinnsolve.equations.equation import Equation, equation
from pinnsolve.equations.equation import manufactured as made
from pinnsolve.equations.symbols import Symbols, Value
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import Derivative
from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem.problem import InterfaceCondition, Region
from pinnsolve.problem.reading import MANUFACTURED
from pinnsolve.problem.regions import entries_of


def stray_faults(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the faults of interfaces where there are no regions."""
    message = "there are no regions for this interface to lie between."
    return [
        Fault(key, message, "Add [[region]], one table for each material, or remove it.")
        for key in entries_of(valid, "interface")
    ]


def _names_in(document: Mapping[str, Any]) -> set[str | None]:
    """Return the names of all regions, valid or not; None for one without."""
    tables = (table if isinstance(table, Mapping) else {} for table in document["region"])
    return {name if isinstance(name := table.get("name"), str) else None for table in tables}


def between(
    document: Mapping[str, Any], valid: Mapping[KeyPath, Any], regions: Sequence[Region]
) -> tuple[tuple[InterfaceCondition, ...], list[Fault]]:
    """Read what the file says of interfaces.

    Parameters
    ----------
    document
        The tables of the file.
    valid
        Sections that passed validation, by key path.
    regions
        Those that could be read.

    Returns
    -------
    tuple
        The conditions, and what is wrong.
    """
    named = _names_in(document)
    by_name = {region.name: region for region in regions}
    made_to_fit = tuple(
        name for name, value in valid.get(("functions",), {}).items() if value == MANUFACTURED
    )
    found, faults = [], []
    for key, entry in entries_of(valid, "interface").items():
        for i, name in enumerate(entry.between):
            if None not in named and name not in named:
                message = f'there is no region "{name}".'
                remedy = suggestion(name, sorted(map(str, named)))
                faults.append(Fault((*key, "between", i), message, remedy))
        if entry.between[0] == entry.between[1]:
            message = f'the interface has the region "{entry.between[0]}" on both sides.'
            faults.append(Fault((*key, "between"), message, "Name two regions."))
        elif all(name in by_name for name in entry.between):
            first, second = (by_name[name] for name in entry.between)
            place: KeyPath = (*key, "condition")
            try:
                stated = _condition(entry.condition, first, second, made_to_fit)
            except ExpressionError as error:
                faults.append(Fault(place, error.message, error.remedy, error.span))
            else:
                found.append(InterfaceCondition(entry.between, stated, entry.weight, place))
    return tuple(found), faults


def _condition(text: str, first: Region, second: Region, sources: Sequence[str]) -> Equation:
    """Read a condition between two regions; manufactured functions fit the exact solutions.

    Parameters
    ----------
    text
        What the file says.
    first, second
        The regions.
    sources
        The file's manufactured functions.

    Raises
    ------
    ExpressionError
        If it is none.
    """
    symbols = symbols_between(first, second)
    inside = symbols.manufactured  # of regions, whose equations they fit
    known = (*sources, *(name for name in inside if name not in sources))
    stated = equation(text, replace(symbols, manufactured=known))
    exact = [e.expression for r in (first, second) for e in r.problem.exact or ()]
    for name in stated.manufactured:
        if name in inside:
            message = f'"{name}" is manufactured, but is used in a region and between two.'
            raise ExpressionError(message, "Use another function between them.", (0, len(text)))
        if not exact:
            message = f'"{name}" is manufactured from the exact solution, but there is none.'
            remedy = "Add [exact], or give the function as a formula."
            raise ExpressionError(message, remedy, (0, len(text)))
        stated = stated.with_sources({name: made(name, stated, exact)})
    return stated


def symbols_between(first: Region, second: Region) -> Symbols:
    """Return the names of two regions: those that differ, and fields, with the region's behind.

    Fields of the second region follow those of the first. Constants and functions that differ
    have the region behind them, ``k.a``, and no name without it.
    """
    a, b = (region.problem.equations[0].symbols for region in (first, second))
    n = len(a.fields)
    sides = (first.name, second.name)

    def both(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
        known = {name: own[name] for name in own if name in other and own[name] == other[name]}
        for side, values in zip(sides, (own, other), strict=True):
            known |= {f"{name}.{side}": v for name, v in values.items() if name not in known}
        return known

    definitions = {f"{name}.{sides[0]}": value for name, value in a.definitions.items()}
    definitions |= {f"{name}.{sides[1]}": _shifted(v, n) for name, v in b.definitions.items()}
    return replace(
        a,
        fields=tuple(f"{name}.{side}" for side in sides for name in a.fields),
        constants=both(a.constants, b.constants),
        functions=both(a.functions, b.functions),
        data=both(a.data, b.data),
        definitions=definitions,
        manufactured=tuple(dict.fromkeys((*a.manufactured, *b.manufactured))),
        normals=True,
        sides=sides,
    )


def as_exact(condition: InterfaceCondition, first: Region, second: Region) -> InterfaceCondition:
    """Return a condition changed such that the exact solutions of both regions satisfy it.

    Where sources are made of a solution with a kink, so is what they leave on the kink.
    """
    exact = [e.expression for region in (first, second) for e in region.problem.exact or ()]
    left = condition.equation.residual_of(exact)
    return condition.posed(lambda e: replace(e, expression=e.expression - left))


def _shifted(value: Value, by: int) -> Value:
    """Return a value with its fields counted from another number on."""

    def shifted(e: Expr) -> Expr:
        fields = variables.occurring(Derivative, e)
        return e.xreplace(
            {s: variables.derivative(own.field + by, own.alpha) for s, own in fields.items()}
        )

    return tuple(map(shifted, value)) if isinstance(value, tuple) else shifted(value)
