"""Problems in time: which initial values they need, and what a file may say of them.

Time is the last coordinate of every formula, but no coordinate of the domain. A field whose
highest derivative in time is of order ``m`` needs ``m`` initial values, ``u, u_t, …``; one
without a derivative in time, as the pressure of an incompressible flow, needs none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pinnsolve.diffop import in_space
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.algebra import exact as exactly
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.expression import Function
from pinnsolve.equations.symbols import Symbols, Value
from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem.text.source import KEY

TIME = "t"


def at_rest(symbols: Symbols) -> Symbols:
    """Return the names that formulas without time may use."""
    time = variables.coordinate(TIME)

    def is_still(value: Value) -> bool:
        parts = value if isinstance(value, tuple) else (value,)
        return not any(time in part.free_symbols for part in parts)

    functions = {name: value for name, value in symbols.functions.items() if is_still(value)}
    last = len(symbols.coordinates) - 1
    inputs = {name: own for name, own in symbols.inputs.items() if last not in own.axes}
    return replace(
        symbols, coordinates=symbols.coordinates[:-1], functions=functions, inputs=inputs
    )


def at_instant(exact: Function, order: int, time: float) -> Function:
    """Return a derivative in time of a function of space and time, at one instant."""
    names = exact.symbols.coordinates
    alpha = (*(0 for _ in names[:-1]), order)
    slope = calculus.derivative(exact.expression, alpha, names)
    expression = calculus.substitute(slope, {variables.coordinate(TIME): exactly(time)})
    latex = rf"\left. {exact.latex} \right|_{{t = {time:g}}}"
    if order:
        latex = r"\partial_t " * order + latex
    return Function(exact.text, latex, expression, at_rest(exact.symbols))


def timed(valid: dict[KeyPath, Any]) -> list[Fault]:
    """Give the domain the time that ``[time_discrete]`` crosses, and return the faults of it.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path; ``[domain]`` is replaced.
    """
    discrete, domain = valid.get(("time_discrete",)), valid.get(("domain",))
    if discrete is None or domain is None:
        return []
    if domain.time not in (None, discrete.step):
        message = "time begins and ends otherwise than the steps of [time_discrete]."
        return [Fault(("domain", "time"), message, "Remove it: time_discrete.step says both.")]
    valid["domain",] = domain.model_copy(update={"time": discrete.step})
    return []


def initial_names(fields: Sequence[str], equations: Sequence[Equation]) -> list[list[str]]:
    """Return for each field the names of the initial values that it needs."""
    orders = [0] * len(fields)
    for equation in equations:
        for term in equation.terms:
            orders[term.field] = max(orders[term.field], in_space(term.op)[0])
    return [
        [name if k == 0 else f"{name}_{TIME * k}" for k in range(orders[i])]
        for i, name in enumerate(fields)
    ]


def initial_equations(
    fields: Sequence[str], initial: Sequence[Sequence[Function]], symbols: Symbols
) -> dict[str, Equation]:
    """Return the initial values as equations for the fields, by the names of `initial_names`."""
    found = {}
    for field, values in enumerate(initial):
        for order, value in enumerate(values):
            name = f"{fields[field]}_{TIME * order}" if order else fields[field]
            head = f"{fields[field]}_{{{TIME * order}}}" if order else name
            left = variables.derivative(field, (*(0 for _ in symbols.space), order))
            found[name] = Equation(
                f"{name} = {value.text}",
                f"{head} = {value.latex}",
                left - value.expression,
                symbols,
            )
    return found


def initial_faults(
    texts: Mapping[str, str],
    fields: Sequence[str],
    wanted: Sequence[Sequence[str]],
    *,
    is_observed: bool = False,
) -> list[Fault]:
    """Return the faults of what is missing in ``[initial]`` or does not belong there.

    Parameters
    ----------
    texts
        The values given, by name.
    fields, wanted
        Names of the fields, and of each those of the values that it needs.
    is_observed
        Whether there are data, in whose place values need not be given.
    """
    needed = [name for names in wanted for name in names]
    if not needed:
        message = "no equation holds a derivative in time, so that nothing evolves."
        return [Fault(("domain", "time"), message, "Add u_t to an equation, or remove time.", KEY)]
    faults = []
    for name in texts:
        if name in fields and name not in needed:
            message = f'no equation holds a derivative of "{name}" in time.'
            remedy = "Its initial value follows from the equations: leave it out."
            faults.append(Fault(("initial", name), message, remedy, KEY))
        elif name not in needed:
            message = f'"{name}" in [initial] is no initial value of this problem.'
            faults.append(Fault(("initial", name), message, suggestion(name, needed), KEY))
    missing = [name for name in needed if name not in texts]
    if is_observed:  # but a derivative alone would be taken for the value
        given = {name for own in wanted for k, name in enumerate(own) if {*own[k:]} & {*texts}}
        missing = [name for name in missing if name in given]
    for name in missing:
        message = f'the initial value of "{name}" is missing.'
        key: KeyPath = ("initial",) if texts else ("domain", "time")
        faults.append(Fault(key, message, f'Add {name} = "…" to [initial].'))
    return faults


def axis_faults(coordinates: Sequence[str]) -> list[Fault]:
    """Return a fault for an axis of space that has the name of time."""
    return [
        Fault(
            ("domain", "coordinates", i),
            f'a problem in time has the coordinate "{TIME}" already.',
            "Choose another name for the coordinate of space.",
        )
        for i, name in enumerate(coordinates)
        if name == TIME
    ]


def steady_faults(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the faults of a steady problem that speaks of time."""
    remedy = "Add time = [0.0, 1.0] to [domain], or remove it."
    message = "a steady problem has no initial value."
    faults = [Fault(("initial", name), message, remedy) for name in valid.get(("initial",), {})]
    nodes = valid.get(("nodes",))
    if nodes is not None and nodes.time_levels is not None:
        message = "a steady problem has no time levels."
        faults.append(Fault(("nodes", "time_levels"), message, remedy))
    solver = valid.get(("solver",))
    if solver is not None and solver.slabs is not None:
        message = "a steady problem has no slabs of time."
        faults.append(Fault(("solver", "slabs"), message, remedy))
    return faults
