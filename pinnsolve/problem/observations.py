"""What ``[[data]]`` says was observed, each of it an equation between the fields and the values.

Fields need not be observed themselves: what is measured may be their sum, their ratio, a derivative
or a name of ``[pde] definitions``. The values are known later, when files are read, and stand in
the equation for a function of position known at its points only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.equations.equation import Equation, equation
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.variables import Data, Symbol
from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem import names
from pinnsolve.problem.reading import Reading, entries
from pinnsolve.problem.schema.shape import Shape
from pinnsolve.problem.text.source import KEY

OBSERVED = "the observed value"  # no name of a file has spaces


@dataclass(frozen=True)
class Observation:
    """Something that was observed at points.

    Attributes
    ----------
    text
        What it is, as the file has it: ``u``, ``u + v``.
    told
        It as an equation, ``expression = 0``.
    on
        Pieces of the boundary on which it was; none for inside.
    key
        Where it stands in the file, as ``("data", 0)``.
    """

    text: str
    told: Equation
    on: tuple[str, ...]
    key: KeyPath

    def equation(self, values: Float[ndarray, " N"]) -> Equation:
        """Return the statement that it is equal to values, at points in their order."""
        symbols = self.told.symbols
        data = {**symbols.data, OBSERVED: lambda x: values.repeat(len(x) // len(values))}
        return replace(
            self.told,
            expression=self.told.expression - Symbol(Data(OBSERVED)),
            symbols=replace(symbols, data=data),
            is_mixed=True,
        )

    def posed(self, change: Callable[[Equation], Equation]) -> "Observation":
        """Return it with its equation changed."""
        return replace(self, told=change(self.told))


def read_observations(
    reading: Reading, symbols: Symbols, domain: Shape | None
) -> tuple[Observation, ...]:
    """Read what was observed; what is wrong with it is noted.

    Parameters
    ----------
    reading
        Of the file.
    symbols
        The names that expressions may use.
    domain
        Whose pieces they may name; None if it could not be read.
    """
    found = []
    for key, entry in entries(reading, "data"):
        reading.faults += _name_faults(key, entry, symbols)
        if entry.origin == "exact" and not reading.valid.get(("exact",)):
            message = "there is no exact solution to make data from."
            fault = Fault((*key, "from"), message, "Add [exact], or give file = …")
            reading.faults.append(fault)
        if entry.origin == "reference" and reading.valid.get(("reference",)) is None:
            message = "there is no reference to make data from."
            fault = Fault((*key, "from"), message, "Add [reference], or give file = …")
            reading.faults.append(fault)
        on: tuple[str, ...] = ()
        if entry.on and domain is not None:
            on, faults = names.pieces_on(entry.on, key, domain)
            reading.faults += faults
        for k, text in enumerate(entry.fields):
            place = (*key, "fields", k)
            if "=" in text:
                message = "what was observed is an expression, and this is an equation."
                reading.faults.append(Fault(place, message, "Write its left side only."))
                continue
            told = reading.attempt(place, equation, text, symbols)
            if told is not None:
                found.append(Observation(text, told, on, key))
    return tuple(found)


def _name_faults(key: KeyPath, entry: Any, symbols: Symbols) -> list[Fault]:
    """Return the faults of names under ``columns`` and ``at`` that mean nothing."""
    places = symbols.coordinates
    known: dict[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
        "columns": (entry.columns, (*places, *entry.fields)),
        "at": (entry.at, places),
    }
    return [
        Fault(
            (*key, table, name),
            f'"{name}" is no coordinate' + (", and not observed." if table == "columns" else "."),
            suggestion(name, wanted),
            KEY,
        )
        for table, (given, wanted) in known.items()
        for name in given
        if name not in wanted
    ]
