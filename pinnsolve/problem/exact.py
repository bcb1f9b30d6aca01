"""The section ``[exact]``: the solution, where it is known as a formula."""

from collections.abc import Sequence

from pinnsolve.equations.expression import Function, Symbols, function
from pinnsolve.errors import Fault, suggestion
from pinnsolve.problem.reading import Reading
from pinnsolve.problem.text.source import KEY


def exact_solution(
    reading: Reading, symbols: Symbols, fields: Sequence[str]
) -> tuple[Function, ...] | None:
    """Return the exact solution, which must give every field; None if there is none."""
    texts = reading.valid.get(("exact",), {})
    for name in texts:
        if name not in fields:
            message = f'"{name}" in [exact] is not a field.'
            reading.faults.append(Fault(("exact", name), message, suggestion(name, fields), KEY))
    exact = [
        reading.attempt(("exact", name), function, texts[name], symbols)
        for name in fields
        if name in texts
    ]
    for name in fields:
        if texts and name not in texts:
            message = f'[exact] does not say what the field "{name}" is.'
            reading.faults.append(Fault(("exact",), message, f"Add {name} = …, or remove [exact]."))
    return tuple(e for e in exact if e is not None) if texts else None
