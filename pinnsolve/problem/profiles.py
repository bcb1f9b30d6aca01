"""Profiles of parameters: whether those that are asked for can be told."""

from collections.abc import Iterator, Mapping
from typing import Any

from pinnsolve.errors import Fault, KeyPath, suggestion


def profile_faults(valid: Mapping[KeyPath, Any]) -> Iterator[Fault]:
    """Yield the faults of the profiles that are asked for.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    """
    output, unknowns = valid.get(("output",)), valid.get(("unknowns",))
    if output is None or unknowns is None or not output.profile:
        return
    key: KeyPath = ("output", "profile")
    if ("data", 0) not in valid:
        message = "profiles are of parameters that data determine, and there are none."
        yield Fault(key, message, "Add [[data]], or remove profile.")
        return
    for i, name in enumerate(output.profile):
        if name not in unknowns.parameters:
            message = f'"{name}" is no unknown parameter.'
            yield Fault((*key, i), message, suggestion(name, unknowns.parameters))
