"""Observations: where they lie, what was seen there, and what each weighs.

Of values with known errors sigma the misfit is taken in units of them; of others, all in the same
share of how much the values vary. With ``S_i`` the spread of the set in which row ``i`` lies, and
``sigma_i`` its error or that share of ``S_i``, rows carry the factor

    1 / (sigma_i (sum_j S_j^2 / sigma_j^2)^(1/2)),

so that data as a whole weigh as much as any equation does (`pinnsolve.conditions.weights`): the sum
of squares is one if nothing of what they vary is explained.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import identity
from pinnsolve.errors import Fault, FileError, KeyPath, ProblemError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.sampling import GOLDEN, sample
from pinnsolve.problem import Problem
from pinnsolve.problem.columns import has_column, read_columns
from pinnsolve.problem.observations import Observation
from pinnsolve.solution.fields import Fields

SAME = 1e-9  # relative difference of instants, or places, that count as the same
POINTS_SEED = 3  # added to that of the data: other points than those of the test and the equations
ON_BOUNDARY = 1e-6  # of the size of the domain: farther out is outside of it
HALVINGS = 24  # of the distance between points on the boundary, at most


@dataclass(frozen=True, eq=False)
class Observed:
    """What was observed of one quantity.

    Attributes
    ----------
    stated
        What it is.
    name
        As reports call it.
    x
        Where, in space or in space and time.
    values
        What was seen, noise that is asked for included.
    sigma
        The standard deviation of their errors; None if that is not known.
    places
        Where in a file each value stands, in words; none if there is no file.
    """

    stated: Observation
    name: str
    x: Float[ndarray, "n D"]
    values: Float[ndarray, " n"]
    sigma: float | None
    places: Sequence[str] = ()

    @property
    def spread(self) -> float:
        """How much the values vary: their standard deviation, or their size if they do not."""
        spread = float(np.std(self.values))
        size = float(np.sqrt(np.mean(np.square(self.values))))
        return spread if spread > SAME * size else size or 1.0


def observations(
    problem: Problem, domain: Domain, truth: Callable[[str], Fields | None]
) -> tuple[Observed, ...]:
    """Return all observations: read from files, or made of a solution that is known.

    Parameters
    ----------
    problem, domain
        What is sought, and where.
    truth
        A solution by the name of where it is from.

    Raises
    ------
    ProblemError
        If a file holds no such data, or there is no such solution.
    """
    found, number = list[Observed](), 0
    for i, entry in enumerate(problem.settings.data):
        stated = [observation for observation in problem.data if observation.key == ("data", i)]
        try:
            x, columns, places = _raw(problem, domain, entry, stated, truth)
        except FileError as error:
            key = (*stated[0].key, "file")
            raise problem.source.error(Fault(key, str(error))) from None
        draw = np.random.default_rng([entry.seed, i])
        for observation, values in zip(stated, columns, strict=True):
            number += 1
            spread = entry.noise * float(np.std(values))
            noisy = values + spread * draw.standard_normal(len(values)) if spread else values
            several = sum(o.text == observation.text for o in problem.data) > 1
            name = f"data {observation.text}" + (f" [{i}]" if several else "")
            found.append(Observed(observation, name, x, noisy, entry.sigma, places))
    return tuple(found)


def data_conditions(
    problem: Problem, observed: Sequence[Observed], first_row: int
) -> tuple[Float[ndarray, "n D"], tuple[Condition, ...]]:
    """Bind observations to their points, which come behind all others.

    Parameters
    ----------
    problem
        As posed for the outputs of a network.
    observed
        What was seen.
    first_row
        Index of the first of the points.

    Raises
    ------
    ProblemError
        If an expression that was observed is not finite at a point.
    """
    points, conditions = [np.empty((0, len(axes(problem))))], []
    for stated, own in zip(problem.data, observed, strict=True):
        rows = first_row + np.arange(len(own.x))
        first_row += len(own.x)
        points.append(own.x)
        try:
            residual = stated.equation(own.values).bind(own.x)
        except ProblemError as error:
            key = (*stated.key, "fields")
            faults = (replace(fault, key=key) for fault in error.faults)
            raise problem.source.error(*faults) from None
        conditions.append(Condition(own.name, residual, rows, 1.0))
    return np.concatenate(points), tuple(conditions)


def axes(problem: Problem) -> tuple[str, ...]:
    """Return the names of the coordinates, with that of time."""
    return (*problem.coordinates, *(() if problem.time is None else ("t",)))


def data_weights(observed: Sequence[Observed]) -> Float[ndarray, " R"]:
    """Return the factor of each row; see the head of the module."""
    known = [own.sigma / own.spread for own in observed if own.sigma is not None]
    share = float(np.median(known)) if known else 1.0
    sigmas = [own.sigma or share * own.spread for own in observed]
    whole = sum(
        len(own.values) * (own.spread / sigma) ** 2
        for own, sigma in zip(observed, sigmas, strict=True)
    )
    parts = [
        np.full(len(own.values), 1 / (sigma * np.sqrt(whole)))
        for own, sigma in zip(observed, sigmas, strict=True)
    ]
    return np.concatenate(parts)


def _raw(
    problem: Problem,
    domain: Domain,
    entry: Any,
    stated: Sequence[Observation],
    truth: Callable[[str], Fields | None],
) -> tuple[Float[ndarray, "n D"], Sequence[Float[ndarray, " n"]], Sequence[str]]:
    """Return points, the values of each quantity there, and where they stand in a file."""
    if entry.file is not None:
        return _from_file(problem, entry, stated)
    x = _points(problem, domain, entry, stated[0].on)
    fields = truth(entry.origin)
    if fields is None:
        message = f'there is no solution to make data from, as from = "{entry.origin}" asks.'
        raise problem.source.error(Fault((*stated[0].key, "from"), message))
    return x, [_told(problem, observation, fields, x) for observation in stated], ()


def _from_file(
    problem: Problem, entry: Any, stated: Sequence[Observation]
) -> tuple[Float[ndarray, "n D"], Sequence[Float[ndarray, " n"]], Sequence[str]]:
    """Return the rows of a file that are asked for."""
    names = {axis: entry.columns.get(axis, axis) for axis in axes(problem)}
    wanted = {
        axis: name
        for axis, name in names.items()
        if axis not in entry.at or has_column(entry.file, name)
    }
    values = {o.text: entry.columns.get(o.text, o.text) for o in stated}
    try:
        columns, places = read_columns(entry.file, wanted, values)
    except FileError as error:
        alike = [key for key in (*wanted, *values) if key not in entry.columns]
        missing = next((key for key in alike if f'has no column "{key}"' in str(error)), None)
        if missing is None:
            raise
        key = missing if missing.isidentifier() else f'"{missing}"'
        raise FileError(
            f'{error} Name the column that holds it: columns = {{ {key} = "…" }}.'
        ) from error
    count = len(next(iter(columns.values())))
    keep = np.ones(count, dtype=bool)
    for axis, at in entry.at.items():
        if axis in columns:
            scale = np.abs(columns[axis]).max(initial=abs(at))
            keep &= np.abs(columns[axis] - at) <= SAME * scale
        else:
            columns[axis] = np.full(count, at)
    if not keep.any():
        told = ", ".join(f"{axis} = {at:g}" for axis, at in entry.at.items())
        raise FileError(f"{entry.file}: has no row at {told}.")
    rows = np.flatnonzero(keep)
    if entry.count is not None:
        if entry.count > len(rows):
            raise FileError(
                f"{entry.file}: has {len(rows)} rows, but count = {entry.count} are asked for. "
                "Lower count, or leave it out."
            )
        draw = np.random.default_rng(entry.seed)
        rows = np.sort(draw.choice(rows, entry.count, replace=False))
    x = np.column_stack([columns[axis][rows] for axis in names])
    return x, [columns[o.text][rows] for o in stated], [places[row] for row in rows.tolist()]


def _points(
    problem: Problem, domain: Domain, entry: Any, on: Sequence[str]
) -> Float[ndarray, "n D"]:
    """Return points spread over the domain and time, or over pieces of the boundary."""
    seed = entry.seed + POINTS_SEED
    x = _on_boundary(problem, domain, entry, on, seed) if on else sample(domain, entry.count, seed)
    if problem.time is not None:
        first, last = problem.time
        shares = np.random.default_rng(seed).permutation(len(x)) + GOLDEN
        x = np.column_stack([x, first + (last - first) * (shares / len(x) % 1.0)])
    for axis, at in entry.at.items():
        x[:, axes(problem).index(axis)] = at
    outside = domain.distance(x[:, : domain.dim]) > ON_BOUNDARY * domain.size
    if outside.any():
        message = "the points that this fixes lie outside of the domain."
        raise problem.source.error(Fault((*_key(problem, entry), "at"), message, "Move them."))
    return x


def _on_boundary(
    problem: Problem, domain: Domain, entry: Any, on: Sequence[str], seed: int
) -> Float[ndarray, "n d"]:
    """Return points on pieces of the boundary, the same in turn where it is two ends."""
    draw = np.random.default_rng(seed)
    spacing = domain.size / 8
    for _ in range(HALVINGS):
        found = domain.boundary(partial(_even, spacing), draw)
        here = [k for k, piece in enumerate(domain.pieces) if piece in on or "all" in on]
        x = found.x[np.isin(found.tags, here)]
        if len(x) >= entry.count or domain.dim == 1:
            break
        spacing /= 2
    if not len(x):
        message = "no point of the boundary lies there."
        raise problem.source.error(Fault((*_key(problem, entry), "on"), message))
    if domain.dim == 1:
        return x[np.arange(entry.count) % len(x)]
    return x[draw.permutation(len(x))[: entry.count]]


def _even(spacing: float, x: Float[ndarray, "n d"]) -> Float[ndarray, " n"]:
    """Return a spacing that is the same everywhere."""
    return np.full(len(x), spacing)


def _key(problem: Problem, entry: Any) -> KeyPath:
    """Return the place of an entry in the file."""
    return ("data", next(i for i, own in enumerate(problem.settings.data) if own is entry))


def _told(
    problem: Problem, stated: Observation, fields: Fields, x: Float[ndarray, "n D"]
) -> Float[ndarray, " n"]:
    """Return the values of what was observed, of fields that are known."""
    residual = replace(stated.told, is_mixed=True).bind(x)
    truth = {name: problem.parameters[name].true for name in residual.constants}
    for name, value in truth.items():
        if value is None:
            message = f'the true value of "{name}" in what was observed is not known.'
            remedy = f"Give it in [unknowns.parameters] {name}: true = …"
            raise problem.source.error(Fault((*stated.key, "fields"), message, remedy))
    still = identity(x.shape[1])
    if all(term.op == still for term in residual.terms):
        values = fields(x)
        jet = {term: values[:, term.field] for term in residual.terms}
    else:
        jet = dict(fields.jet(x, set(residual.terms)))
    found = residual(jet, {name: np.full(len(x), value) for name, value in truth.items()})
    bad = np.flatnonzero(~np.isfinite(found))
    if bad.size:
        place = ", ".join(f"{c:.4g}" for c in x[bad[0]])
        message = f'"{stated.text}" of the known solution is not finite at ({place}).'
        raise problem.source.error(Fault((*stated.key, "fields"), message))
    return found
