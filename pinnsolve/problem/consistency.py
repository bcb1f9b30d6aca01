"""Whether the sections of a problem file fit together, and the method can do what they ask for.

Unknown parameters and further residuals need a network that is differentiated exactly: a direct
solver has no place for an equation more than there are unknowns, and RBF-FD none for the high
derivatives that such residuals take.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pinnsolve.equations.equation import Equation, prescribed_value
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem.abilities import ABILITIES, NESTED, methods_that_take
from pinnsolve.problem.axis import axis_faults
from pinnsolve.problem.densities import density_faults
from pinnsolve.problem.eigenvalues import eigenvalue_faults
from pinnsolve.problem.evolving import evolution_faults
from pinnsolve.problem.family_faults import family_faults
from pinnsolve.problem.profiles import profile_faults
from pinnsolve.problem.schema.file import Phase, Solver
from pinnsolve.problem.schema.network import Network
from pinnsolve.problem.text.source import KEY


def method_faults(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the faults of what the method cannot do, and of symmetries of what is no field.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    """
    unknowns = valid.get(("unknowns",))
    solver, network = valid.get(("solver",)), valid.get(("network",))
    faults = family_faults(valid) + density_faults(valid) + eigenvalue_faults(valid)
    if solver is not None:
        faults += _ability_faults(valid, solver.method) + _slab_faults(valid, solver)
        faults += evolution_faults(valid, solver.method)
    if network is not None and solver is not None:
        phases = [value for key, value in valid.items() if key[0] == "training" and len(key) > 1]
        faults += _growth_faults(valid, network, solver, phases)
        faults += [*_data_faults(valid, solver, phases), *profile_faults(valid)]
        faults += _wave_faults(valid, network, solver, phases)
        faults += _drawing_faults(valid, solver, phases)
    if unknowns is not None and network is not None:
        for name in network.symmetry:
            if name not in unknowns.names:
                message = f'"{name}" in symmetry is not a field.'
                key: KeyPath = ("network", "symmetry", name)
                faults.append(Fault(key, message, suggestion(name, unknowns.names), KEY))
    return faults


def _ability_faults(valid: Mapping[KeyPath, Any], method: str) -> list[Fault]:
    """Return the faults of sections of which the method can make nothing."""
    takes = ABILITIES[method].takes
    unknowns, pde = valid.get(("unknowns",)), valid.get(("pde",))
    has_regions = any(key[0] == "region" and len(key) > 1 for key in valid)
    has_stages = valid.get(("time_discrete",)) is not None
    solvers = " or ".join(methods_that_take("regions"))
    asked: list[tuple[str, bool, KeyPath, str, str]] = [
        (
            "snapshots" if has_stages else "constants",
            unknowns is not None and bool(unknowns.parameters),
            ("unknowns", "parameters"),
            f'method "{method}" cannot find unknown parameters.',
            "",
        ),
        (
            "data",
            unknowns is not None and bool(unknowns.functions),
            ("unknowns", "functions"),
            f'method "{method}" cannot find unknown functions.',
            "",
        ),
        (
            "extra",
            pde is not None and bool(pde.extra),
            ("pde", "extra"),
            f'method "{method}" cannot make use of further residuals.',
            "",
        ),
        (
            "snapshots" if has_stages else "data",
            ("data", 0) in valid,
            ("data", 0),
            f'method "{method}" cannot make use of data.',
            "",
        ),
        (
            "eigenvalues",
            unknowns is not None and unknowns.eigenvalue is not None,
            ("unknowns", "eigenvalue"),
            f'method "{method}" finds no eigenvalues.',
            "",
        ),
        (
            "regions",
            has_regions,
            ("solver", "method"),
            f'regions are solved by {solvers}, not by "{method}".',
            "",
        ),
        (
            "stages",
            has_stages,
            ("time_discrete",),
            f'method "{method}" takes no steps in time.',
            "; or write [domain] time in place of this section",
        ),
    ]
    faults = [
        Fault(key, message, f"Set {_capable(ability)} in [solver]{otherwise}.")
        for ability, is_asked, key, message, otherwise in asked
        if is_asked and ability not in takes
    ]
    faults += axis_faults(valid)
    return faults if "hard" in takes else faults + _hard_faults(valid, method)


def _data_faults(
    valid: Mapping[KeyPath, Any], solver: Solver, phases: Sequence[Phase]
) -> list[Fault]:
    """Return the faults of what is not taken together with data, and of what is theirs alone."""
    if ("data", 0) not in valid:
        message = "there are no data against which equations could weigh ever more."
        return [
            Fault(("training", k, "optimizer"), message, "Remove it, or add [[data]].")
            for k, phase in enumerate(phases)
            if phase.optimizer == "continuation"
        ]
    if solver.slabs is None:
        return []
    message = "slabs of time are not taken together with data in this version."
    return [Fault(("solver", "slabs"), message, "Remove it.")]


def _growth_faults(
    valid: Mapping[KeyPath, Any], network: Network, solver: Solver, phases: Sequence[Phase]
) -> list[Fault]:
    """Return the faults of what a network that grows cannot take, and of phases not its own."""
    names = [phase.optimizer for phase in phases]
    begins = names[:1] == ["grow"]
    faults = [
        Fault(
            ("training", k, "optimizer"), "a network grows in its first phase only.", "Remove it."
        )
        for k, name in enumerate(names)
        if k and name == "grow"
    ]
    if begins and network.features == "mlp":
        message = "a network of fixed layers does not grow."
        remedy = 'Write features = "grown", or choose another optimizer.'
        faults.append(Fault(("training", 0, "optimizer"), message, remedy))
    if names and not begins and network.features == "grown":
        message = "a network that grows does so in its first phase."
        remedy = 'Put optimizer = "grow" first, or remove [[training]].'
        faults.append(Fault(("training", 0, "optimizer"), message, remedy))
    if network.features == "waves" or (not begins and network.features != "grown"):
        return faults
    unknowns = valid.get(("unknowns",))
    fixed = 'Write features = "mlp".'
    taken: list[tuple[bool, KeyPath, str, str]] = [
        (network.hidden is not None, ("network", "hidden"), "no widths", "Remove hidden."),
        (network.embedding != "none", ("network", "embedding"), "no embedding", "Remove it."),
        (solver.derivatives in NESTED, ("solver", "derivatives"), "taylor alone", "Remove it."),
        (solver.precision != "float64", ("solver", "precision"), "float64 alone", "Remove it."),
        (
            unknowns is not None and bool(unknowns.parameters),
            ("unknowns", "parameters"),
            "no unknown parameters",
            fixed,
        ),
        (("data", 0) in valid, ("data", 0), "no data", fixed),
    ]
    for holds, key, what, remedy in taken:
        if holds:
            message = f"a network that grows takes {what} in this version."
            faults.append(Fault(key, message, remedy))
    return faults


def _wave_faults(
    valid: Mapping[KeyPath, Any], network: Network, solver: Solver, phases: Sequence[Phase]
) -> list[Fault]:
    """Return the faults of what products of waves and polynomials cannot take."""
    if network.features != "waves":
        return []
    features: KeyPath = ("network", "features")
    other = 'Write features = "grown".'
    shape = valid.get(("domain",))
    stated = [value for key, value in valid.items() if key[0] == "boundary" and key[1:]]
    dim = shape.dim if shape is not None and shape.is_box else 0
    bare = dim - sum(entry.periodic for entry in stated)
    grows = next((k for k, phase in enumerate(phases) if phase.optimizer == "grow"), None)
    taken: list[tuple[bool, KeyPath, str, str]] = [
        (
            "waves" not in ABILITIES[solver.method].takes,
            features,
            f'method "{solver.method}" has no features that are waves.',
            f"Set {_capable('waves')} in [solver], or remove features.",
        ),
        (
            shape is not None and not dim,
            features,
            "products of waves and polynomials need an interval, a rectangle or a box.",
            other,
        ),
        (
            bare > 1 and not any(key[0] == "data" and key[1:] for key in valid),
            features,
            f"{bare} coordinates have no period, and waves without data take one such at most.",
            'Join opposite sides with periodic = true, or write features = "grown".',
        ),
        (
            any(key[0] == "region" and key[1:] for key in valid),
            features,
            "waves are smooth, which fields in regions are not.",
            'Write features = "mlp".',
        ),
        (
            network.hidden is not None,
            ("network", "hidden"),
            "features that are waves have no hidden layers.",
            "Remove hidden.",
        ),
        (
            network.embedding != "none",
            ("network", "embedding"),
            "features that are waves take no embedding.",
            "Remove it.",
        ),
        (
            solver.accelerate not in ("auto", "none"),
            ("solver", "accelerate"),
            "features that are waves have no layers to accelerate.",
            "Remove it.",
        ),
        (
            grows is not None,
            ("training", grows or 0, "optimizer"),
            "features that are waves do not grow.",
            'Write features = "grown", or choose another optimizer.',
        ),
    ]
    return [Fault(key, message, remedy) for holds, key, message, remedy in taken if holds]


def _drawing_faults(
    valid: Mapping[KeyPath, Any], solver: Solver, phases: Sequence[Phase]
) -> list[Fault]:
    """Return the faults of points that are drawn where they are those of a discretisation."""
    faults = list[Fault]()
    has_regions = any(key[0] == "region" and len(key) > 1 for key in valid)
    for k, phase in enumerate(phases):
        for name in ("batch", "resample"):
            key: KeyPath = ("training", k, name)
            if getattr(phase, name) is None:
                continue
            if "batches" not in ABILITIES[solver.method].takes:
                message = f'method "{solver.method}" takes all nodes at once.'
                remedy = f"Set {_capable('batches')} in [solver], or remove {name}."
                faults.append(Fault(key, message, remedy))
            elif name == "resample" and has_regions:
                message = "points in regions are not drawn anew in this version."
                faults.append(Fault(key, message, "Remove resample."))
    return faults


def _slab_faults(valid: Mapping[KeyPath, Any], solver: Solver) -> list[Fault]:
    """Return the faults of slabs of time that the method, or the problem, cannot have."""
    if solver.slabs is None:
        return []
    key: KeyPath = ("solver", "slabs")
    if "slabs" not in ABILITIES[solver.method].takes:
        message = f'method "{solver.method}" has no slabs of time.'
        return [Fault(key, message, f"Set {_capable('slabs')}, or remove slabs.")]
    unknowns = valid.get(("unknowns",))
    if unknowns is not None and unknowns.parameters:
        message = "unknown parameters are those of all of time, and not of a slab."
        return [Fault(key, message, "Remove slabs.")]
    if any(name == "data" and index for name, *index in valid):
        message = "observations are taken in all of time, and not in a slab."
        return [Fault(key, message, "Remove slabs.")]
    if any(name == "region" and index for name, *index in valid):
        return [Fault(key, "regions have no slabs of time in this version.", "Remove slabs.")]
    return []


def _hard_faults(valid: Mapping[KeyPath, Any], method: str) -> list[Fault]:
    """Return the conditions that a network which is not differentiated exactly cannot take."""
    message = f'method "{method}" cannot build a condition into the network.'
    remedy = f"Set {_capable('ansatz')} in [solver], or leave out hard."
    return [
        Fault((*key, "hard"), message, remedy)
        for key, entry in valid.items()
        if key[0] == "boundary" and len(key) > 1 and entry.hard and not entry.periodic
    ]


def _capable(ability: str) -> str:
    """Return the setting of the methods that have an ability."""
    return " or ".join(f'method = "{name}"' for name in methods_that_take(ability))


def boundary_faults(stated: Iterable[Equation], dim: int) -> list[Fault]:
    """Return the fault of equations with derivatives in space, but no condition on the boundary.

    One without derivatives may say as much, and what is carried in time along the boundary, as in a
    vessel that is stirred, needs none: those are counted when there are nodes.

    Parameters
    ----------
    stated
        The equations; none if they could not be read.
    dim
        Number of coordinates of space.
    """
    stated = list(stated)
    if any(equation.is_algebraic for equation in stated):
        return []
    indices = [alpha for e in stated for term in e.terms for alpha, _ in term.op.terms]
    if indices and not any(sum(alpha[:dim]) for alpha in indices):
        return []
    is_in_time = any(any(alpha[dim:]) for alpha in indices)
    if is_in_time and all(sum(alpha[:dim]) <= 1 for alpha in indices):
        return []
    remedy = "Add [[boundary]] (what holds on the boundary, one table per condition)."
    return [Fault(("boundary",), "the section [[boundary]] is missing.", remedy)]


def value_faults(conditions: Mapping[KeyPath, Equation]) -> list[Fault]:
    """Return a fault for each condition, of those to be built in, that gives no field a value."""
    faults = []
    for key, condition in conditions.items():
        try:
            prescribed_value(condition)
        except ExpressionError as error:
            fault = Fault((*key, "condition"), error.message, error.remedy, error.span)
            faults.append(fault)
    return faults
