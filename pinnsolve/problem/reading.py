"""One reading of a problem file: what is valid in it, and what has been found wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pinnsolve.equations.expression import ExpressionError, Symbols, Value, parse
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem import names
from pinnsolve.problem.formula_faults import fault_of

MANUFACTURED = "manufactured"
T = TypeVar("T")


@dataclass
class Reading:
    """One reading of a file: collects what is wrong.

    Attributes
    ----------
    valid
        Sections that passed validation, by key path.
    faults
        What was found so far.
    broken
        Names that are in the file but have no meaning: what uses them is not at fault.
    is_partial
        Whether a section that introduces names is at fault as a whole.
    """

    valid: Mapping[KeyPath, Any]
    faults: list[Fault] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    is_partial: bool = False

    def attempt(self, key: KeyPath, read: Callable[..., T], text: str, *rest: Any) -> T | None:
        """Return ``read(text, *rest)``, or None after noting why it failed."""
        try:
            return read(text, *rest)
        except ExpressionError as error:
            if not self.is_excused(text, error):
                self.faults.append(fault_of(key, error))
        return None

    def is_excused(self, text: str, error: ExpressionError) -> bool:
        """Return whether an error only follows from a fault that is told already."""
        if error.message.startswith("unknown name") and self.is_partial:
            return True
        return text[slice(*error.span)] in self.broken

    def resolve(
        self, section: KeyPath, texts: Mapping[str, str], symbols: Symbols, kind: str
    ) -> Symbols:
        """Return the symbols with functions or definitions added, each in terms of others."""

        def read(text: str, known: Mapping[str, Value]) -> Value:
            return parse(text, with_names(symbols, kind, known))

        values, faults = names.resolve(section, texts, read, self.broken)
        self.faults += faults
        self.broken |= set(texts) - set(values)
        return with_names(symbols, kind, values)


def with_names(symbols: Symbols, kind: str, values: Mapping[str, Value]) -> Symbols:
    """Return the symbols with values added to their functions or definitions."""
    known = {**getattr(symbols, kind), **values}
    if kind == "functions":
        return replace(symbols, functions=known)
    return replace(symbols, definitions=known)


def entries(reading: Reading, section: str) -> list[tuple[KeyPath, Any]]:
    """Return the valid entries of a section ``[[…]]``."""
    entries = reading.valid.items()
    return [(key, entry) for key, entry in entries if key[0] == section and len(key) > 1]
