"""Snapshots: data of single instants, with which the steps of ``[time_discrete]`` begin and end.

What was observed when the first step begins takes the place of initial values.
"""

from collections.abc import Iterator, Sequence, Set
from typing import TYPE_CHECKING

from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem.observations import Observation
from pinnsolve.problem.reading import Reading, entries
from pinnsolve.problem.schema.data import Data

if TYPE_CHECKING:
    from pinnsolve.problem.problem import Problem

SAME = 1e-9  # of the time that is crossed: instants that are the same


def first_snapshot(problem: "Problem") -> tuple[Observation, ...]:
    """Return the observations made when the first of long steps begins; none without these."""
    discrete, data = problem.settings.time_discrete, problem.settings.data
    if discrete is None:
        return ()
    begin, end = discrete.step
    ats = [data[int(own.key[1])].at["t"] for own in problem.data]
    pairs = zip(problem.data, ats, strict=True)
    return tuple(own for own, t in pairs if t - begin <= SAME * (end - begin))


def snapshot_faults(reading: Reading, wanted: Sequence[Sequence[str]]) -> Iterator[Fault]:
    """Yield the faults of data of a problem in few long steps.

    Parameters
    ----------
    reading
        Of the file.
    wanted
        Names of the initial values, by field.
    """
    discrete, data = reading.valid.get(("time_discrete",)), entries(reading, "data")
    unknowns = reading.valid.get(("unknowns",))
    if discrete is None or not (data or (unknowns and unknowns.parameters)):
        return
    needed, given = [name for own in wanted for name in own], set(reading.valid["initial",])
    seen, is_later = set[str](), False
    for key, entry in data:
        instant = _instant_fault(key, entry, discrete.step)
        if instant is not None:
            yield instant
            continue
        if entry.at["t"] - discrete.step[0] > SAME * (discrete.step[1] - discrete.step[0]):
            is_later = True
            continue
        yield from _beginning_faults(key, entry, needed, given)
        seen |= {*entry.fields}
    for name in needed:
        if name not in given | seen:
            message = f'nothing says what "{name}" is when the first step begins.'
            remedy = f"Add data of it at t = {discrete.step[0]:g}, or [initial]."
            yield Fault(("time_discrete", "step"), message, remedy)
    if unknowns is not None and unknowns.parameters and not is_later:
        message = "nothing is seen of what the unknown parameters do."
        remedy = f"Add data of a later instant, as at = {{ t = {discrete.step[1]:g} }}."
        yield Fault(("unknowns", "parameters"), message, remedy)


def _beginning_faults(
    key: KeyPath, entry: Data, needed: Sequence[str], given: Set[str]
) -> Iterator[Fault]:
    """Yield the faults of what was seen first: no initial values, or such as are given already."""
    for k, text in enumerate(entry.fields):
        place = (*key, "fields", k)
        if text not in needed:
            message = f'"{text}" is no initial value, as what is seen first has to be.'
            yield Fault(place, message, suggestion(text, needed))
        elif text in given:
            message = f'the initial value of "{text}" is given in [initial] already.'
            yield Fault(place, message, "Remove one of them.")


def _instant_fault(key: KeyPath, entry: Data, step: tuple[float, float]) -> Fault | None:
    """Return the fault of data that are not of an instant of the steps; None of those that are."""
    (begin, end), t = step, entry.at.get("t")
    if t is None:
        message = "what long steps are compared with is of one instant."
        return Fault(key, message, f"Add at = {{ t = {begin:g} }}, an entry for each instant.")
    slack = SAME * (end - begin)
    if not begin - slack <= t <= end + slack:
        message = f"t = {t:g} is not among the instants from {begin:g} to {end:g} of "
        return Fault((*key, "at", "t"), f"{message}[time_discrete].")
    return None
