"""Whether the method can do what a problem file asks for.

Unknown parameters and further residuals need a network that is differentiated exactly: a direct
solver has no place for an equation more than there are unknowns, and RBF-FD none for the high
derivatives that such residuals take.
"""

from collections.abc import Mapping
from typing import Any

from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem.source import KEY

CAPABLE = "pinn"


def method_faults(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return what the method cannot do, and symmetries of what is no field.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    """
    unknowns, pde = valid.get(("unknowns",)), valid.get(("pde",))
    solver, network = valid.get(("solver",)), valid.get(("network",))
    faults = []
    if solver is not None and solver.method != CAPABLE:
        remedy = f'Set method = "{CAPABLE}" in [solver].'
        if unknowns is not None and unknowns.parameters:
            message = f'method "{solver.method}" cannot find unknown parameters.'
            faults.append(Fault(("unknowns", "parameters"), message, remedy))
        if pde is not None and pde.extra:
            message = f'method "{solver.method}" cannot make use of further residuals.'
            faults.append(Fault(("pde", "extra"), message, remedy))
        faults += _hard_faults(valid, solver.method)
    if unknowns is not None and network is not None:
        for name in network.symmetry:
            if name not in unknowns.fields:
                message = f'"{name}" in symmetry is not a field.'
                key: KeyPath = ("network", "symmetry", name)
                faults.append(Fault(key, message, suggestion(name, unknowns.fields), KEY))
    return faults


def _hard_faults(valid: Mapping[KeyPath, Any], method: str) -> list[Fault]:
    """Return what a network that is not differentiated exactly cannot have built in.

    The direct solution imposes a hard condition as it does any other.
    """
    if method == "rbf-fd":
        return []
    message = f'method "{method}" cannot build a condition into the network.'
    remedy = f'Set method = "{CAPABLE}" in [solver], or leave out hard.'
    return [
        Fault((*key, "hard"), message, remedy)
        for key, entry in valid.items()
        if key[0] == "boundary" and entry.hard and not entry.periodic
    ]
