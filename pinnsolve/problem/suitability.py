"""Whether what is stated suits what is asked of it: hard values, forces, eigenvalues."""

from collections.abc import Mapping, Sequence
from typing import Any

from pinnsolve.equations.equation import Equation
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.consistency import value_faults
from pinnsolve.problem.eigenvalues import pencil_faults
from pinnsolve.problem.forces import force_faults


def suitability_faults(
    valid: Mapping[KeyPath, Any],
    stated: Mapping[KeyPath, Equation],
    conditions: Mapping[KeyPath, Equation],
    constraints: Sequence[Equation],
) -> list[Fault]:
    """Return the faults of equations and conditions that are not what they would have to be.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    stated, conditions
        What holds inside and on the boundary, by where it stands.
    constraints
        What holds for means and integrals.
    """
    faults = pencil_faults(valid["unknowns",], stated, conditions, constraints)
    if faults:
        return faults
    entries = {key: valid[key[:2]] for key in conditions}
    hard = [key for key, entry in entries.items() if entry.hard and not entry.periodic]
    faults = value_faults({key: conditions[key] for key in hard})
    return faults + force_faults(valid, tuple(stated.values()))
