"""The section ``[initial]``: what holds when time begins."""

from collections.abc import Sequence

from pinnsolve.equations.equation import Equation
from pinnsolve.equations.expression import ExpressionError, Function, Symbols, function
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.formula_faults import fault_of
from pinnsolve.problem.reading import MANUFACTURED, Reading, entries
from pinnsolve.problem.snapshots import snapshot_faults
from pinnsolve.problem.time_dependence import at_instant, initial_faults, initial_names


def read(
    reading: Reading,
    symbols: Symbols,
    stated: Sequence[Equation],
    exact: Sequence[Function] | None,
) -> tuple[tuple[Function, ...], ...]:
    """Read the initial values, of which each field needs as many as it has orders in time.

    Parameters
    ----------
    reading
        Of the file.
    symbols
        The names that formulas without time may use.
    stated
        The equations.
    exact
        The solution, if it is known.
    """
    fields, texts = reading.valid["unknowns",].names, reading.valid["initial",]
    wanted, data = initial_names(fields, stated), entries(reading, "data")
    told = initial_faults(texts, fields, wanted, is_observed=bool(data))
    reading.faults += [*told, *snapshot_faults(reading, wanted)]
    start, values = reading.valid["domain",].time[0], list[tuple[Function, ...]]()
    for i, names_of_field in enumerate(wanted):
        found = []
        for order, name in enumerate(names_of_field):
            key: KeyPath = ("initial", name)
            if texts.get(name) == MANUFACTURED:
                if exact is None:
                    message = (
                        f'"{name}" is manufactured from the exact solution, but there is none.'
                    )
                    reading.faults.append(Fault(key, message, "Add [exact], or give a formula."))
                else:
                    try:
                        found.append(at_instant(exact[i], order, start))
                    except ExpressionError as error:
                        reading.faults.append(fault_of(key, error, is_whole=True))
            elif name in texts:
                value = reading.attempt(key, function, texts[name], symbols)
                found += [value] if value is not None else []
        values.append(tuple(found))
    return tuple(values)
