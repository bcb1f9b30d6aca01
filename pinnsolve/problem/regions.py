"""Regions of a problem file: each is read as if the file spoke of it alone.

Its constants, functions and equations stand in place of the file's of the same name; then all
that the file says, conditions, initial values and exact solution, is read once more. So names may
mean something else in each region, as the conductivity ``k``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem import names
from pinnsolve.problem.binding import Statements, bind
from pinnsolve.problem.formula_faults import ConductivityFault, JumpFault
from pinnsolve.problem.reading import MANUFACTURED
from pinnsolve.problem.schema.file import Pde
from pinnsolve.problem.schema.region import Region as Entry

OWN = ("constants", "functions")
APART = (
    "the conductivity jumps where the field passes certain values. In one material it would be "
    "solved for its integral over the field, but of several regions each has another integral, "
    "which is not continuous between them as the field is; that is not solved in this version."
)
ALONE = "Or leave out [[region]]: one conductivity of the field, in all of the domain, may jump."


@dataclass(frozen=True)
class Reading:
    """One region as read.

    Attributes
    ----------
    key
        Where it stands in the problem file.
    valid
        The sections of the file as they are for this region.
    statements
        What they say; None if anything is wrong.
    """

    key: KeyPath
    valid: Mapping[KeyPath, Any]
    statements: Statements | None


def entries_of(valid: Mapping[KeyPath, Any], section: str = "region") -> dict[KeyPath, Any]:
    """Return the valid entries of ``[[region]]``, or of another section, by key path."""
    return {key: entry for key, entry in valid.items() if key[0] == section and len(key) > 1}


def with_values(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the regions of a document with their constants evaluated, and the faults of these.

    Returns
    -------
    tuple
        ``{"region": …}``, empty if there is none; and faults.
    """
    tables = document.get("region")
    if not isinstance(tables, list):
        return {}, []
    found, faults = [], []
    for i, table in enumerate(tables):
        own = table.get("constants") if isinstance(table, Mapping) else None
        if isinstance(own, Mapping):
            values, others, wrong = names.constants({**_table(document, "constants"), **own})
            faults += [_at_home(fault, ("region", i), own) for fault in wrong]
            given = {**others, **values}
            table = {**table, "constants": {name: given[name] for name in own if name in given}}
        found.append(table)
    return {"region": found}, faults


def read(
    document: Mapping[str, Any], valid: Mapping[KeyPath, Any], faults: Sequence[Fault]
) -> tuple[list[tuple[Reading, Entry]], list[Fault]]:
    """Read every region.

    Parameters
    ----------
    document
        The tables of the file.
    valid
        Sections that passed validation, by key path.
    faults
        What is known to be wrong already.

    Returns
    -------
    tuple
        The regions with their sections, and all faults.
    """
    entries: dict[KeyPath, Entry] = entries_of(valid)
    wrong = list(faults)
    if any(entry.equations is not None for entry in entries.values()):
        wrong = [fault for fault in wrong if fault.key != ("pde",)]  # it may be missing
        wrong += _equation_faults(entries, valid, document)
    is_whole = len(entries) == len(document["region"])
    wrong += _entry_faults(entries, valid, is_whole=is_whole)
    found: list[tuple[Reading, Entry]] = []
    seen: list[tuple[Entry, list[Fault]]] = []
    used = _words_of(valid)
    for key, entry in entries.items():
        own_document, own_valid, constants = _as_read_in(key, entry, document, valid, used)
        statements, all_faults = bind(own_document, own_valid, constants, wrong)
        own = {k: v for k, v in own_valid.items() if k[0] not in ("region", "where")}
        found.append((Reading(key, own, statements), entry))
        seen.append((entry, [_own(fault, key, entry) for fault in all_faults[len(wrong) :]]))
    return found, wrong + _merged(seen)


def _merged(seen: Sequence[tuple[Entry, Sequence[Fault]]]) -> list[Fault]:
    """Return the faults of all regions, once those that are the same in all of them.

    Remedies may differ for them, which name what is known in a region.
    """

    def what(fault: Fault) -> tuple[KeyPath, str, tuple[int, int] | None]:
        return fault.key, fault.message, fault.span

    counts = Counter(fault for _, faults in seen for fault in {*map(what, faults)})
    merged: dict[object, Fault] = {}
    for entry, faults in seen:
        for fault in faults:
            if counts[what(fault)] == len(seen) or fault.key[:1] == ("region",):
                merged.setdefault(what(fault), fault)
            else:
                message = f'in region "{entry.name}": {fault.message}'
                merged[what(fault), entry.name] = replace(fault, message=message)
    return list(merged.values())


def _table(document: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    """Return a table of a document, empty if it is none."""
    table = document.get(section, {})
    return table if isinstance(table, Mapping) else {}


def _words_of(valid: Mapping[KeyPath, Any]) -> set[str]:
    """Return the words that stand in any region or between them."""
    entries = entries_of(valid).values()
    texts = [text for entry in entries for text in entry.equations or ()]
    texts += [str(value) for entry in entries for value in entry.functions.values()]
    texts += [entry.condition for entry in entries_of(valid, "interface").values()]
    pde = valid.get(("pde",))
    if pde is not None and any(entry.equations is None for entry in entries):
        texts += pde.equations
    return {word for text in texts for word in names.WORD.findall(text)}


def _as_read_in(
    key: KeyPath,
    entry: Entry,
    document: Mapping[str, Any],
    valid: Mapping[KeyPath, Any],
    used: set[str],
) -> tuple[dict[str, Any], dict[KeyPath, Any], Mapping[str, float]]:
    """Return the document, its valid sections and its constants as they are for one region."""
    replaced = {*entry.constants, *entry.functions}
    raw = document["region"][key[1]]
    tables = {
        section: {
            **{n: v for n, v in _table(document, section).items() if n not in replaced},
            **_table(raw, section),
        }
        for section in OWN
        if isinstance(document.get(section, {}), Mapping)
    }
    constants, _, _ = names.constants(tables.get("constants", {}))
    kept = valid.get(("functions",), {})
    functions = {
        **{name: value for name, value in kept.items() if name not in replaced},
        **entry.functions,
    }
    own = {k: v for k, v in valid.items() if k[0] not in ("interface",)}
    own["constants",] = constants
    pde = valid.get(("pde",))
    if entry.equations is not None:
        own["pde",] = (
            pde.model_copy(update={"equations": entry.equations})
            if pde is not None
            else Pde.model_construct(equations=entry.equations)
        )
    if entry.where is not None:
        own["where",] = entry.where
    # a manufactured function of the file need not stand in every region
    words = _words_in(own, functions)
    if ("functions",) in valid:
        own["functions",] = {
            name: value
            for name, value in functions.items()
            if value != MANUFACTURED or name in entry.functions or name in words or name not in used
        }
    return {**document, **tables}, own, constants


def _words_in(valid: Mapping[KeyPath, Any], functions: Mapping[str, Any]) -> set[str]:
    """Return the words that stand in equations, conditions and functions of one region."""
    pde = valid.get(("pde",))
    texts = [*pde.equations, *pde.definitions.values()] if pde is not None else []
    texts += [str(value) for value in functions.values()]
    texts += [entry.condition or "" for entry in entries_of(valid, "boundary").values()]
    return {word for text in texts for word in names.WORD.findall(text)}


def _at_home(fault: Fault, key: KeyPath, own: Mapping[str, Any]) -> Fault:
    """Return a fault of a constant or function at the region that gives it."""
    if fault.key[0] in OWN and len(fault.key) > 1 and fault.key[1] in own:
        return replace(fault, key=(*key, *fault.key))
    return fault


def _own(fault: Fault, key: KeyPath, entry: Entry) -> Fault:
    """Return a fault of what was read for one region, where the file says it."""
    if isinstance(fault, JumpFault):
        fault = replace(fault, remedy=f"{fault.remedy} Or let a [[region]] end there.")
    if isinstance(fault, ConductivityFault):
        fault = replace(fault, message=APART, remedy=f"{fault.remedy} {ALONE}")
    if fault.key[:1] == ("where",):
        return replace(fault, key=(*key, "where"))
    if fault.key[:2] == ("pde", "equations") and entry.equations is not None:
        return replace(fault, key=(*key, *fault.key[1:]))
    if fault.key and fault.key[0] in OWN:
        return _at_home(fault, key, getattr(entry, str(fault.key[0])))
    return fault


def _entry_faults(
    entries: Mapping[KeyPath, Entry], valid: Mapping[KeyPath, Any], *, is_whole: bool
) -> list[Fault]:
    """Return the faults of regions as far as they need not be read for it."""
    faults = []
    owners: set[str] = set()
    is_rest_taken = False
    domain = valid.get(("domain",))
    for key, entry in entries.items():
        problem = names.region_name_fault(entry.name)
        if entry.name in owners:
            problem = f'two regions have the name "{entry.name}".'
        if problem:
            faults.append(Fault((*key, "name"), problem, "Choose another name for the region."))
        owners.add(entry.name)
        shape = entry.shape_of
        if shape is None and entry.where is None:
            if is_rest_taken:
                message = f'region "{entry.name}" does not say where it lies, '
                message += "as another that is the rest."
                remedy = 'Add where = "x < 0.5", or a shape, to one of them.'
                faults.append(Fault(key, message, remedy))
            is_rest_taken = True
        if shape is not None and domain is not None and shape.dim != domain.dim:
            message = f"the region is {shape.dim}-dimensional, the domain {domain.dim}-dimensional."
            faults.append(Fault((*key, "shape"), message, "Take a shape of as many dimensions."))
    if len(entries) == 1 and is_whole:
        message = f'there is one region, "{next(iter(entries.values())).name}".'
        remedy = "Add another [[region]], which may be the rest, without where and shape; or "
        remedy += "say the same in [constants], [functions] and [pde]."
        faults.append(Fault(next(iter(entries)), message, remedy))
    return faults


def _equation_faults(
    entries: Mapping[KeyPath, Entry], valid: Mapping[KeyPath, Any], document: Mapping[str, Any]
) -> list[Fault]:
    """Return the faults of regions in which nothing holds, where others have equations."""
    if ("pde",) in valid or "pde" in document:
        return []
    return [
        Fault(
            key,
            f'region "{entry.name}" has no equations, and there is no [pde] for all.',
            "Add equations = [...] to it, or [pde].",
        )
        for key, entry in entries.items()
        if entry.equations is None
    ]
