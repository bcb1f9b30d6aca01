"""What a problem file may ask of a network whose weights evolve, and what it need not say.

Such a method goes from initial values through time. Its conditions on the boundary are built into
its network, and its nodes only show what it finds, so that their number need not be given.
"""

from collections.abc import Mapping
from typing import Any

from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.problem.schema.evolution import Evolution
from pinnsolve.problem.text.source import KEY

SHOWN = 2000  # nodes at which what is found is shown
PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "ednn": {
        "network": {"hidden": (30, 30, 30, 30)},
        "evolution": {
            "weights": "moving",
            "integrator": "rk45",
            "restarts": 0,
            "fit": "adam",
            "linear_solver": "dense",
        },
    },
    "paper": {
        "network": {
            "hidden": (100, 100, 100),
            "activation": "swish",
            "embedding": "sinusoidal",
            "octaves": 5,
        },
        "evolution": {
            "weights": "moving",
            "integrator": "rk45",
            "restarts": 10,
            "samples": 12_000,
            "regularization": 5e-8,  # 1e-6 of a matrix whose trace is some tens
            "fit": "adam+head",
            "linear_solver": "cg",
            "preconditioner_rank": 200,
        },
    },
}


def evolving(valid: dict[KeyPath, Any], document: Mapping[str, Any]) -> None:
    """Give a method whose weights evolve the settings of its evolution, and nodes to show it at.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path; ``[evolution]`` and ``[nodes]`` are replaced
        where the file leaves them open.
    document
        The tables of the file.
    """
    solver, nodes = valid.get(("solver",)), valid.get(("nodes",))
    if solver is None or not _evolves(solver.method):
        return
    if "evolution" not in document:
        valid["evolution",] = Evolution()
    _preset(valid)
    if nodes is not None and nodes.count is None and nodes.spacing is None and nodes.file is None:
        valid["nodes",] = nodes.model_copy(update={"count": SHOWN})


def _preset(valid: dict[KeyPath, Any]) -> None:
    """Let a preset say what the file leaves open."""
    evolution = valid.get(("evolution",))
    if evolution is None or evolution.preset is None:
        return
    for section, settings in PRESETS[evolution.preset].items():
        own = valid.get((section,))
        if own is not None:
            left = {k: v for k, v in settings.items() if k not in own.model_fields_set}
            valid[section,] = own.model_copy(update=left)


def evolution_faults(valid: Mapping[KeyPath, Any], method: str) -> list[Fault]:
    """Return the faults of what does not go together with weights that evolve, or without them.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    method
        Of the solver.
    """
    evolution, domain = valid.get(("evolution",)), valid.get(("domain",))
    if not _evolves(method):
        names = " or ".join(f'method = "{name}"' for name in ABILITIES if _evolves(name))
        if domain is not None and domain.time is not None and domain.time[0] == domain.time[1]:
            begin, end = domain.time
            message = f"[domain] time must end after it begins, but is [{begin:g}, {end:g}]."
            remedy = f"Write time = [0.0, 1.0]; {names} fits initial values alone."
            return [Fault(("domain", "time"), message, remedy)]
        if evolution is None:
            return []
        message = f'method "{method}" has no weights that evolve.'
        return [Fault(("evolution",), message, f"Set {names} in [solver], or remove this section.")]
    if domain is not None and domain.time is None:
        message = f'method "{method}" goes through time, but the problem is steady.'
        remedy = "Add time = [0.0, 1.0] to [domain], or choose another method."
        return [Fault(("solver", "method"), message, remedy)]
    return [
        *_boundary_faults(valid, method),
        *_network_faults(valid, method),
        *_time_faults(valid),
    ]


def _evolves(method: str) -> bool:
    """Return whether the weights of a method's network evolve."""
    return "evolution" in ABILITIES[method].needs


def _boundary_faults(valid: Mapping[KeyPath, Any], method: str) -> list[Fault]:
    """Return the faults of conditions that are not built into the network."""
    faults = []
    for key, entry in valid.items():
        if key[0] != "boundary" or not key[1:] or entry.periodic:
            continue
        if entry.at is not None:
            message = f'method "{method}" takes no conditions at points.'
            faults.append(Fault((*key, "at"), message, "Remove it, or choose another method."))
        elif not entry.hard:
            message = f'method "{method}" builds all conditions into its network.'
            remedy = 'Add hard = true, for conditions "field = expression of the coordinates".'
            faults.append(Fault((*key, "condition"), message, remedy))
    constraints = [key for key in valid if key[0] == "constraint" and key[1:]]
    message = f'method "{method}" takes no constraints.'
    return faults + [Fault(key, message, "Choose another method.") for key in constraints]


def _network_faults(valid: Mapping[KeyPath, Any], method: str) -> list[Fault]:
    """Return the faults of features that do not evolve, and of a schedule for what has its own."""
    network, nodes = valid.get(("network",)), valid.get(("nodes",))
    faults = []
    if network is not None and network.features in ("grown", "waves"):
        message = f'the weights that evolve are those of hidden layers, not "{network.features}".'
        faults.append(Fault(("network", "features"), message, 'Write features = "mlp".'))
    if any(key[0] == "training" and key[1:] for key in valid):
        message = f'method "{method}" fits its network by a schedule of its own.'
        faults.append(Fault(("training", 0), message, "Remove [[training]]."))
    if nodes is not None and nodes.time_levels is not None:
        message = f'method "{method}" has no time levels.'
        remedy = "Write output_times in [evolution] instead."
        faults.append(Fault(("nodes", "time_levels"), message, remedy, KEY))
    return faults


def _time_faults(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the fault of output at instants that are not those of the problem."""
    evolution, domain = valid.get(("evolution",)), valid.get(("domain",))
    if evolution is None or domain is None or not isinstance(evolution.output_times, tuple):
        return []
    first, last = evolution.output_times[0], evolution.output_times[-1]
    if (first, last) == tuple(domain.time):
        return []
    message = f"the first and the last instant are {first:g} and {last:g}, but time goes from "
    message += f"{domain.time[0]:g} to {domain.time[1]:g}."
    return [Fault(("evolution", "output_times"), message, "Let them be the ends of time.")]
