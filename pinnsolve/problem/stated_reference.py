"""The section ``[reference]``: a solution to measure errors against where no formula is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pinnsolve.equations.equation import Equation
from pinnsolve.equations.expression import Function, Symbols, function
from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem.reading import Reading
from pinnsolve.problem.text.source import KEY
from pinnsolve.problem.time_dependence import initial_names

SECTION: KeyPath = ("reference",)
VORTICITY = "vorticity"  # of which a flow in the plane can be given in place of its velocity


@dataclass(frozen=True)
class StatedReference:
    """What a problem file says of the solution that errors are measured against.

    Attributes
    ----------
    solver
        A classical solver, a key of `REFERENCES`; empty if the values are in a file.
    file
        The file; None if it is to be solved for.
    time
        When it begins and ends; None for the problem's time.
    initial
        Initial values by name that take the place of those in ``[initial]``.
    period
        Along each axis; empty for the extents of the domain.
    resolution
        With which the solver begins; None for its own choice.
    spacing, order
        Of finite differences; None for the solver's own choice.
    """

    solver: str
    file: Path | None = None
    time: tuple[float, float] | None = None
    initial: Mapping[str, Function] = field(default_factory=dict)
    period: tuple[float, ...] = ()
    resolution: int | None = None
    spacing: float | None = None
    order: int | None = None


def read(
    reading: Reading, symbols: Symbols, fields: Sequence[str], stated: Sequence[Equation]
) -> StatedReference | None:
    """Return the reference that the file states; None if it names none.

    Parameters
    ----------
    reading
        Told of what is wrong.
    symbols
        The names that initial values may use.
    fields, stated
        Names of the fields, and the equations for them.
    """
    section = reading.valid.get(SECTION)
    domain = reading.valid.get(("domain",))
    if section is None or domain is None:
        return None
    reading.faults += _time_faults(section.time, domain.time)
    reading.faults += _period_faults(section.period, domain.box)
    if section.solver is not None:
        reading.faults += _parameter_faults(reading, section.parameters)
    in_time = any(equation.symbols.time is not None for equation in stated)
    names = initial_names(fields, stated) if in_time else []
    wanted = [name for own in names for name in own]
    known = [*wanted, VORTICITY]
    initial = {}
    for name, text in section.initial.items():
        key = (*SECTION, "initial", name)
        if name not in known:
            message = f'"{name}" is no initial value of this problem.'
            reading.faults.append(Fault(key, message, suggestion(name, wanted), KEY))
            continue
        value = reading.attempt(key, function, text, symbols)
        if value is not None:
            initial[name] = value
    missing = [name for name in wanted if name not in section.initial]
    if section.initial and missing and VORTICITY not in section.initial:
        message = f'the initial value of "{missing[0]}" is missing.'
        key = (*SECTION, "initial")
        reading.faults.append(Fault(key, message, f'Add {missing[0]} = "…", or leave out initial.'))
    return StatedReference(
        section.solver or "",
        section.file,
        section.time,
        initial,
        section.period or (),
        section.resolution,
        section.spacing,
        section.order,
    )


def _time_faults(
    own: tuple[float, float] | None, of_problem: tuple[float, float] | None
) -> list[Fault]:
    """Return the fault of a reference that does not last as long as the problem."""
    if own is None or of_problem is None:
        return []
    if own[0] <= of_problem[0] and own[1] >= of_problem[1]:
        return []
    message = f"from {own[0]:g} to {own[1]:g} the reference does not cover the problem, which is "
    message += f"posed from {of_problem[0]:g} to {of_problem[1]:g}."
    return [Fault((*SECTION, "time"), message, "Let it begin no later and end no sooner.")]


def _period_faults(
    period: tuple[float, ...] | None, box: tuple[tuple[float, ...], tuple[float, ...]]
) -> list[Fault]:
    """Return the fault of periods that are not those of the axes, or shorter than the domain."""
    if period is None:
        return []
    key = (*SECTION, "period")
    extents = [high - low for low, high in zip(*box, strict=True)]
    if len(period) != len(extents):
        message = f"there are {len(period)} periods, but the domain has {len(extents)} coordinates."
        return [Fault(key, message, "Give one for each.")]
    return [
        Fault(
            key,
            f"the period {P:g} is shorter than the domain, which extends over {extent:g}.",
            "Give a period at least as long.",
        )
        for P, extent in zip(period, extents, strict=True)
        if extent - P > 1e-12 * extent
    ]


def _parameter_faults(reading: Reading, given: str | None) -> list[Fault]:
    """Return the faults of unknown parameters that have no value to solve with."""
    unknowns = reading.valid.get(("unknowns",))
    for name in unknowns.functions if unknowns else ():
        message = f'the reference is to be solved for, but the function "{name}" is unknown.'
        remedy = "Take the formula of [exact], or a reference from a file."
        return [Fault((*SECTION, "solver"), message, remedy)]
    parameters = unknowns.parameters if unknowns else {}
    if not parameters:
        if given is None:
            return []
        message = "the problem has no unknown parameters."
        return [Fault((*SECTION, "parameters"), message, "Remove it.", KEY)]
    first = next(iter(parameters))
    if given is None:
        message = f'the reference is to be solved for, but the parameter "{first}" is unknown.'
        remedy = 'Add parameters = "true", which takes the true values in [unknowns.parameters].'
        return [Fault((*SECTION, "solver"), message, remedy)]
    return [
        Fault(
            ("unknowns", "parameters", name),
            f'the reference needs the true value of the parameter "{name}".',
            "Add true = … to it.",
            KEY,
        )
        for name, parameter in parameters.items()
        if parameter.true is None
    ]
