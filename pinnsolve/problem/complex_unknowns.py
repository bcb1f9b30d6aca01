"""Files of complex unknowns, rewritten for the real and imaginary parts of all that is complex.

``[unknowns] complex = true`` makes each field ``u`` a sum ``u_real + i*u_imag`` of two real ones,
each equation of complex numbers two of real ones, and so with all else that a file states. What is
left is a file as any other, which all methods solve; faults are shown where the user wrote what
they are about.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pinnsolve.equations.complex_numbers import UNIT, Parts, equation_parts, part_names, parts
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.formula_faults import fault_of
from pinnsolve.problem.names import ordered

MODULUS = "_abs"
MANUFACTURED = "manufactured"


def is_complex(document: Mapping[str, Any]) -> bool:
    """Return whether a file asks for complex unknowns."""
    unknowns = document.get("unknowns")
    return isinstance(unknowns, Mapping) and unknowns.get("complex") is True


def in_real_numbers(
    document: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[KeyPath, KeyPath], list[Fault]]:
    """Return a file of complex unknowns as one of real ones.

    Parameters
    ----------
    document
        The tables of the file, overrides applied.

    Returns
    -------
    tuple
        The tables; of each key that is new, or whose value is, where the user wrote it; and the
        faults of what cannot be rewritten.
    """
    rewriting = _Rewriting(copy.deepcopy(dict(document)))
    rewriting.rewrite()
    return rewriting.document, rewriting.moved, rewriting.faults


@dataclass
class _Rewriting:
    """One rewriting: the tables as they change, and what is found on the way."""

    document: dict[str, Any]
    moved: dict[KeyPath, KeyPath] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    names: dict[str, bool] = field(default_factory=dict)

    def rewrite(self) -> None:
        """Rewrite all that a file states."""
        unknowns = self.document["unknowns"]
        del unknowns["complex"]
        fields = unknowns.get("fields")
        if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
            return  # which the schema refuses
        if unknowns.get("eigenvalue") is not None:
            message = "an eigenvalue is not sought together with complex unknowns."
            remedy = "Leave out complex: eigenvalues and modes may be complex without it."
            self.faults.append(Fault(("unknowns", "complex"), message, remedy))
        self._refuse_unit(fields)
        self.names = dict.fromkeys(fields, True)
        unknowns["fields"] = [part for name in fields for part in part_names(name)]
        for i, _ in enumerate(unknowns["fields"]):
            self.moved["unknowns", "fields", i] = ("unknowns", "fields", i // 2)
        pde = self._table(self.document, "pde")
        self._named(self._table(self.document, "functions"), ("functions",))
        self._named(self._table(pde, "definitions"), ("pde", "definitions"))
        self._equations(pde, ("pde",))
        for section in ("boundary", "interface", "data"):
            self._conditions(section)
        extra = pde.get("extra")
        self._entries(extra, ("pde", "extra"), "equation", lambda new: pde.update(extra=new))
        for i, region in enumerate(self._list("region")):
            self._equations(region, ("region", i))
        self._values("initial")
        self._values("exact")
        self._symmetry()
        self._derived(fields)

    def _table(self, table: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Return a table within another, if it is one; an empty one else."""
        found = table.get(key)
        return found if isinstance(found, dict) else {}

    def _list(self, section: str) -> list[dict[str, Any]]:
        """Return the entries of a list of tables."""
        found = self.document.get(section)
        return [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []

    def _refuse_unit(self, fields: list[str]) -> None:
        """Refuse another meaning of the imaginary unit."""
        pde = self._table(self.document, "pde")
        places: list[tuple[KeyPath, Any]] = [
            (("constants",), self.document.get("constants")),
            (("functions",), self.document.get("functions")),
            (("pde", "definitions"), pde.get("definitions")),
        ]
        found = [
            (*key, UNIT) for key, table in places if isinstance(table, Mapping) and UNIT in table
        ]
        found += [("unknowns", "fields", k) for k, name in enumerate(fields) if name == UNIT]
        message = f'"{UNIT}" means the imaginary unit.'
        self.faults += [Fault(key, message, "Choose another name.") for key in found]

    def _parts(self, key: KeyPath, text: Any) -> Parts | None:
        """Return the parts of a formula; None of what is none, which the schema or this refuses."""
        if isinstance(text, int | float) and not isinstance(text, bool):
            return Parts(repr(text))
        if not isinstance(text, str):
            return None
        try:
            return parts(text, self.names)
        except ExpressionError as error:
            self.faults.append(fault_of(key, error))
            return None

    def _equation(self, key: KeyPath, text: Any) -> tuple[Any, ...]:
        """Return an equation as one or two; as it is if it cannot be read."""
        if not isinstance(text, str):
            return (text,)
        try:
            return equation_parts(text, self.names)
        except ExpressionError as error:
            self.faults.append(fault_of(key, error))
            return (text,)

    def _named(self, table: dict[str, Any], key: KeyPath) -> None:
        """Rewrite functions or definitions, each of which may use those before and behind it."""
        pending = dict(table)
        for name, value in list(table.items()):
            if value == MANUFACTURED:
                self._split(table, name, key, Parts(MANUFACTURED, MANUFACTURED))
                self.names[name] = True
                del pending[name]
        for name in ordered({name: str(value) for name, value in pending.items()}):
            value = pending[name]
            if isinstance(value, Mapping):  # from a file: real
                continue
            text = f"[{', '.join(map(str, value))}]" if isinstance(value, list) else value
            found = self._parts((*key, name), text)
            if found is None:
                continue
            if found.imag is not None:
                self._split(table, name, key, found)
                self.names[name] = True
            elif found.real != text:
                table[name] = found.real
                self.moved[*key, name] = (*key, name)

    def _move(self, new: KeyPath, old: KeyPath, *, is_same: bool) -> None:
        """Note where a text was written, unless it stands there still."""
        if new != old or not is_same:
            self.moved[new] = old

    def _split(self, table: dict[str, Any], name: str, key: KeyPath, found: Parts) -> None:
        """Put the parts of a value in its place."""
        del table[name]
        for own, text in zip(part_names(name), (found.real, found.imag), strict=True):
            table[own] = text
            self.moved[*key, own] = (*key, name)

    def _equations(self, table: dict[str, Any], key: KeyPath) -> None:
        """Rewrite a list of equations."""
        stated = table.get("equations")
        if not isinstance(stated, list):
            return
        table["equations"] = []
        for i, text in enumerate(stated):
            for own in self._equation((*key, "equations", i), text):
                place = (*key, "equations", len(table["equations"]))
                self._move(place, (*key, "equations", i), is_same=own == text)
                table["equations"].append(own)

    def _conditions(self, section: str) -> None:
        """Rewrite the conditions of a list of tables."""
        if section == "data":
            for i, entry in enumerate(self._list(section)):
                self._observed(entry, i)
            return
        found = self.document.get(section)
        self._entries(
            found, (section,), "condition", lambda new: self.document.update({section: new})
        )

    def _entries(
        self, found: Any, key: KeyPath, name: str, put: Callable[[list[Any]], None]
    ) -> None:
        """Rewrite the equations of a list of tables, of which some become two."""
        if not isinstance(found, list):
            return
        new: list[Any] = []
        for i, entry in enumerate(found):
            stated = entry.get(name) if isinstance(entry, Mapping) else None
            texts = (None,) if stated is None else self._equation((*key, i, name), stated)
            for text in texts:
                self._move((*key, len(new)), (*key, i), is_same=True)
                self._move((*key, len(new), name), (*key, i, name), is_same=text in (None, stated))
                new.append(entry if text is None else {**entry, name: text})
        put(new)

    def _observed(self, entry: dict[str, Any], i: int) -> None:
        """Rewrite the formulas that were observed."""
        stated = entry.get("fields")
        if isinstance(stated, list):
            found = [self._parts(("data", i, "fields", k), text) for k, text in enumerate(stated)]
            entry["fields"] = [
                text for own in found if own is not None for text in (own.real, own.imag) if text
            ]

    def _values(self, section: str) -> None:
        """Rewrite the values of fields by name, as of ``[initial]`` and ``[exact]``."""
        table = self._table(self.document, section)
        for name, value in list(table.items()):
            found = (
                Parts(MANUFACTURED, MANUFACTURED)
                if value == MANUFACTURED
                else self._parts((section, name), value)
            )
            stem = name if name in self.names else name.rpartition("_")[0]
            if found is None or stem not in self.names:
                continue
            behind = name[len(stem) :]
            del table[name]
            for own, text in zip(part_names(stem, behind), (found.real, found.imag), strict=True):
                table[own] = text or "0"
                self.moved[section, own] = (section, name)

    def _symmetry(self) -> None:
        """Let a symmetry of a complex field be that of both parts."""
        table = self._table(self._table(self.document, "network"), "symmetry")
        for name, value in list(table.items()):
            if name in self.names:
                del table[name]
                table.update(dict.fromkeys(part_names(name), value))

    def _derived(self, fields: list[str]) -> None:
        """Show the modulus of each field, and of formulas that are complex both parts."""
        output = self.document.setdefault("output", {})
        if not isinstance(output, dict):
            return
        table = output.setdefault("derived", {})
        if not isinstance(table, dict):
            return
        for name, value in list(table.items()):
            found = self._parts(("output", "derived", name), value)
            if found is not None and found.imag is not None:
                self._split(table, name, ("output", "derived"), found)
            elif found is not None:
                table[name] = found.real
        for name in fields:
            real, imag = part_names(name)
            table.setdefault(f"{name}{MODULUS}", f"sqrt({real}^2 + {imag}^2)")
