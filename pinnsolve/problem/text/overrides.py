"""Settings from the command line or from Python that count instead of the problem file's.

An override is a dotted key and a value: ``network.hidden = [64, 64]``, ``boundary.0.weight = 5``.
"""

import copy
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from pinnsolve.errors import Fault, KeyPath, ProblemError

DOTTED_KEY = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*")
EXCLUSIVE = {  # setting one of these withdraws what the file says about the others
    "nodes": ("count", "spacing", "file"),
    "solver": ("method", "derivatives"),
}


def parse_override(text: str) -> tuple[str, Any]:
    """Return key and value of ``key=value``; the value as in TOML, else as plain text.

    >>> parse_override("network.hidden=[64, 64]")
    ('network.hidden', [64, 64])
    >>> parse_override("solver.method=pinn")
    ('solver.method', 'pinn')

    Raises
    ------
    ProblemError
        If the text has no ``=``, or a list, table or string that is not closed.
    """
    key, sign, value = (part.strip() for part in text.partition("="))
    place = f"--set {text}"
    if not sign or not DOTTED_KEY.fullmatch(key):
        remedy = "Write --set section.key=value, as --set solver.order=6."
        raise ProblemError(Fault((), "is not of the form key=value.", remedy, place=place))
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError) as error:  # also of too many digits
        if value[:1] in ("[", "{", '"', "'") or "\n" in value:
            fault = Fault((), f'the value of "{key}" is not valid TOML.', place=place)
            raise ProblemError(fault) from error
        return key, value


def apply(
    document: Mapping[str, Any], overrides: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Fault]]:
    """Return the document with the overrides applied, and what could not be applied."""
    result = copy.deepcopy(dict(document))
    faults = []
    for dotted, value in overrides.items():
        *path, last = dotted.split(".")
        table, fault = _descend(result, path, dotted)
        if fault is None:
            fault = _assign(table, last, value, dotted)
        if fault is not None:
            faults.append(fault)
        elif len(path) == 1:
            _withdraw(table, path[0], last, overrides)
    return result, faults


def key_path(dotted: str) -> KeyPath:
    """Return the key path of a dotted key; numbers count the entries of lists.

    >>> key_path("boundary.0.weight")
    ('boundary', 0, 'weight')
    """
    return tuple(int(part) if part.isdigit() else part for part in dotted.split("."))


def _descend(table: Any, path: list[str], dotted: str) -> tuple[Any, Fault | None]:
    """Return the table or list that a path leads to, made where it is missing."""
    for depth, part in enumerate(path):
        if isinstance(table, list):
            if not (part.isdigit() and int(part) < len(table)):
                return table, _no_entry(".".join(path[:depth]), len(table), dotted)
            table = table[int(part)]
        elif isinstance(table, dict):
            table = table.setdefault(part, {})
        else:
            name = ".".join(path[:depth])
            return table, Fault(key_path(dotted), f'"{name}" is a value and has no keys.')
    return table, None


def _assign(table: Any, last: str, value: Any, dotted: str) -> Fault | None:
    """Set one key of a table or entry of a list."""
    name = dotted.rpartition(".")[0]
    if isinstance(table, list):
        if not (last.isdigit() and int(last) < len(table)):
            return _no_entry(name, len(table), dotted)
        table[int(last)] = value
    elif isinstance(table, dict):
        table[last] = value
    else:
        return Fault(key_path(dotted), f'"{name}" is a value and has no keys.')
    return None


def _withdraw(table: Any, section: str, key: str, overrides: Mapping[str, Any]) -> None:
    """Remove the keys of the file that the key just set replaces."""
    group = EXCLUSIVE.get(section, ())
    if key in group and (section != "solver" or key == "method"):
        for other in group:
            if other != key and f"{section}.{other}" not in overrides:
                table.pop(other, None)


def _no_entry(name: str, count: int, dotted: str) -> Fault:
    """Return the fault of an entry that a list does not have."""
    entries = f"entries 0 to {count - 1}" if count else "no entries"
    return Fault(
        key_path(dotted), f'"{name}" is a list with {entries}.', "Give the number of one of them."
    )
