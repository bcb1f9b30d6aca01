"""What a problem file may ask of eigenvalues, and what it cannot ask together with them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pinnsolve.equations.equation import Equation
from pinnsolve.equations.pencil import pencil_fault
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.schema.operator import SECTION
from pinnsolve.problem.schema.unknowns import Unknowns

HERE: KeyPath = ("unknowns", "eigenvalue")
APART = "an eigenvalue is not sought together with {}."


def mode_names(fields: Sequence[str], count: int) -> tuple[str, ...]:
    """Return the names of the fields of all modes, mode by mode.

    >>> mode_names(["u", "v"], 2)
    ('u_1', 'v_1', 'u_2', 'v_2')
    """
    return tuple(f"{field}_{i + 1}" for i in range(count) for field in fields)


def eigenvalue_faults(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the faults of sections that say something else than an eigenvalue does.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    """
    unknowns, domain = valid.get(("unknowns",)), valid.get(("domain",))
    if unknowns is None or unknowns.eigenvalue is None:
        return []
    asked: list[tuple[bool, KeyPath, str, str]] = [
        (
            domain is not None and domain.time is not None,
            ("domain", "time"),
            "time",
            "Write lambda*u in the place of u_t.",
        ),
        (bool(unknowns.parameters), ("unknowns", "parameters"), "unknown parameters", ""),
        (bool(valid.get(("exact",))), ("exact",), "an exact solution", "Give eigenvalue.true."),
        (valid.get(("reference",)) is not None, ("reference",), "a reference", ""),
        (any(k[0] == "region" and len(k) > 1 for k in valid), ("region", 0), "regions", ""),
        (valid.get((SECTION,)) is not None, (SECTION,), "a family of problems", ""),
    ]
    faults = [
        Fault(key, APART.format(what), remedy or "Remove it.")
        for is_asked, key, what, remedy in asked
        if is_asked
    ]
    named = mode_names(unknowns.fields, unknowns.eigenvalue.count)
    for i, field in enumerate(unknowns.fields):
        if field in named:
            message = f'"{field}" will be a mode of "{field.rpartition("_")[0]}".'
            faults.append(Fault(("unknowns", "fields", i), message, "Choose another name."))
    return faults


def pencil_faults(
    unknowns: Unknowns,
    stated: Mapping[KeyPath, Equation],
    conditions: Mapping[KeyPath, Equation],
    constraints: Sequence[Equation],
) -> list[Fault]:
    """Return the faults of equations and conditions that are none of an eigenvalue problem.

    Parameters
    ----------
    unknowns
        The section.
    stated, conditions
        What holds inside and on the boundary, by where it stands.
    constraints
        What holds for means and integrals.
    """
    if unknowns.eigenvalue is None:
        return []
    stated = {
        **{key[:3]: equation for key, equation in stated.items()},
        **{(*key[:2], "condition"): equation for key, equation in conditions.items()},
        **{("constraint", i, "equation"): e for i, e in enumerate(constraints)},
    }
    found = {key: pencil_fault(equation) for key, equation in stated.items()}
    faults = [Fault(key, *fault) for key, fault in found.items() if fault is not None]
    if not faults and not any(equation.constants for equation in stated.values()):
        message = f'the eigenvalue "{unknowns.eigenvalue.name}" is in no equation or condition.'
        example = f"laplace(u) + {unknowns.eigenvalue.name}*u = 0"
        faults.append(Fault((*HERE, "name"), message, f'Write it into one, as in "{example}".'))
    return faults
