"""What a family of problems cannot be together with in this version, and what is its alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.abilities import ABILITIES, NODAL, methods_that_take
from pinnsolve.problem.schema.file import Solver
from pinnsolve.problem.schema.network import Network
from pinnsolve.problem.schema.operator import SECTION, Operator
from pinnsolve.problem.schema.training import Phase
from pinnsolve.problem.schema.unknowns import Unknowns

ABILITY = "input"
STEPS = "adam"
REFERENCE = "reference"  # features that are solutions of it
SHARED = ("split-branch", "split-trunk")  # outputs of several fields, as they are


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
            for key in ("trunk", "branch", "decoder", "outputs")
            if getattr(network, key) is not None
        ] + [
            Fault(("network", "features"), "they are of a family of problems.", "Remove it.")
            for _ in range(network.features == REFERENCE)
        ]
    wider = "Write trunk = [1000], the widths of the layers of functions of position."
    is_joint = network.decoder == "joint"
    asked = [
        (
            network.hidden is not None and not is_joint,
            "hidden",
            'a family has no hidden layers, unless its decoder is "joint".',
            wider,
        ),
        (
            network.trunk is not None and is_joint,
            "trunk",
            "a joint decoder has no functions of position alone.",
            "Write hidden = [1000].",
        ),
        (
            is_joint and (network.embedding != "none" or bool(network.symmetry)),
            "decoder",
            "a joint network takes no embedding and no symmetry.",
            "Remove these.",
        ),
        (
            is_joint and network.branch is not None,
            "branch",
            "a joint decoder has no functions of the input alone.",
            "Write hidden = [1000].",
        ),
        (
            is_joint and network.outputs is not None,
            "outputs",
            "all fields of a joint decoder share one network.",
            "Remove it.",
        ),
        (
            network.features not in (None, "mlp", REFERENCE),
            "features",
            f'a family has no features that are "{network.features}".',
            "Remove it.",
        ),
    ]
    phases = [value for key, value in valid.items() if key[0] == "training" and len(key) > 1]
    has_others = any(phase.optimizer != "head" for phase in phases) or len(phases) > 1
    asked.append(
        (
            is_joint and has_others,
            "decoder",
            "a joint network is solved for by its head alone.",
            "Leave out [[training]], or decoder.",
        )
    )
    faults = [Fault(("network", key), why, remedy) for holds, key, why, remedy in asked if holds]
    if is_joint:
        faults += _periodic_faults(valid)
    if network.outputs is not None and not is_joint:
        faults += _output_faults(network.outputs, valid.get(("unknowns",)))
    faults += _faults_of_solutions(network, valid[SECTION,], len(phases))
    return faults + _phase_faults(solver, valid[SECTION,], phases, is_joint=is_joint)


def _periodic_faults(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the faults of joined sides across which a joint network would go on by itself."""
    message = "a joint network is not periodic by itself, but told of joined sides as of all else."
    return [
        Fault((*key, "hard"), message, "Leave out hard.")
        for key, entry in valid.items()
        if key[0] == "boundary" and len(key) > 1 and entry.periodic and entry.hard
    ]


def _output_faults(outputs: str, unknowns: Unknowns | None) -> list[Fault]:
    """Return the faults of what fields are to share where there is one, or nothing to be shared."""
    key = ("network", "outputs")
    if unknowns is not None and len(unknowns.fields) == 1:
        return [Fault(key, "there is one field, which shares nothing.", "Remove it.")]
    if outputs in SHARED:
        return []
    message = "each field has weights of its own between functions of position and of the input "
    message += f'that all share; with functions of its own, as by "{outputs}", it would have fewer.'
    known = " or ".join(f'"{name}"' for name in SHARED)
    return [Fault(key, message, f"Remove it, or write {known}, which say the same.")]


def _faults_of_solutions(network: Network, operator: Operator, phases: int) -> list[Fault]:
    """Return the faults of what is not together with classical solutions, or not without."""
    is_reduced = network.features == REFERENCE
    if not is_reduced:
        message = f'symmetries are made use of with [network] features = "{REFERENCE}" alone.'
        return [
            Fault((SECTION, "symmetries"), message, "Remove them.")
            for _ in range(bool(operator.symmetries))
        ]
    others = [
        key
        for key in ("hidden", "trunk", "branch", "decoder", "outputs")
        if getattr(network, key) is not None
    ]
    remedy = "Remove it, or features."
    faults = [
        Fault(("network", key), "classical solutions leave nothing of it.", remedy)
        for key in others
    ]
    message = "what classical solutions tell is not trained in phases."
    return faults + [Fault(("training", k), message, "Remove it.") for k in range(phases)]


def _phase_faults(
    solver: Solver, operator: Operator, phases: Sequence[Phase], *, is_joint: bool
) -> list[Fault]:
    """Return the faults of phases that a family cannot have, and of what none of them reads."""
    able = ABILITIES[solver.method]
    known = " or ".join(f'"{name}"' for name in able.optimizers)
    faults = [
        Fault(
            ("training", k, "optimizer"),
            f'a family is not trained by "{phase.optimizer}".',
            f"Choose {known}.",
        )
        for k, phase in enumerate(phases)
        if phase.optimizer not in able.optimizers and not is_joint  # of which that is told
    ]
    steps = [phase for phase in phases if phase.optimizer == STEPS]
    remedy = "Remove it." if is_joint else f'Add [[training]] optimizer = "{STEPS}", or remove it.'
    asked: list[tuple[bool, KeyPath]] = [
        (solver.derivatives != able.derivatives[0], ("solver", "derivatives")),
        (operator.functions is not None, (SECTION, "functions")),
        (operator.points is not None, (SECTION, "points")),
    ]
    message = f'is read by steps of "{STEPS}" alone, and there are none.'
    if not steps:
        faults += [Fault(key, f"{key[-1]} {message}", remedy) for holds, key in asked if holds]
    elif operator.points is not None and solver.derivatives == NODAL:
        message = f'derivatives "{NODAL}" are those at all points.'
        remedy = "Remove points, or choose other derivatives."
        faults.append(Fault((SECTION, "points"), message, remedy))
    return faults
