"""What a family of problems cannot be together with in this version, and what is its alone."""

from collections.abc import Mapping
from typing import Any

from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.abilities import ABILITIES, methods_that_take
from pinnsolve.problem.schema.operator import SECTION

ABILITY = "input"


def family_faults(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the faults of a family without its method, or a method without its family.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    """
    solver, network = valid.get(("solver",)), valid.get(("network",))
    if solver is None or (SECTION,) not in valid:
        return []
    is_family = valid[SECTION,] is not None
    takes = ABILITY in ABILITIES[solver.method].takes
    capable = " or ".join(f'method = "{name}"' for name in methods_that_take(ABILITY))
    if is_family and not takes:
        message = f'method "{solver.method}" solves one problem, and not a family.'
        return [Fault((SECTION,), message, f"Set {capable} in [solver].")]
    if takes and not is_family:
        message = f'method "{solver.method}" solves a family, but nothing varies.'
        return [Fault(("solver", "method"), message, "Add [operator], or choose another method.")]
    if network is None:
        return []
    if not takes:
        return [
            Fault(("network", key), f"{key} is of a family of problems.", "Remove it.")
            for key in ("trunk", "decoder")
            if getattr(network, key) is not None
        ]
    wider = "Write trunk = [1000], the widths of the layers of functions of position."
    asked = [
        (network.hidden is not None, "hidden", "a family has no hidden layers.", wider),
        (
            network.features not in (None, "mlp"),
            "features",
            f'a family has no features that are "{network.features}".',
            "Remove it.",
        ),
    ]
    return [Fault(("network", key), why, remedy) for holds, key, why, remedy in asked if holds]
