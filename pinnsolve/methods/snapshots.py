"""Beginnings and unknown constants from snapshots: the search, and what it says of both."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.data import axes, data_weights
from pinnsolve.conditions.initial import initial_values
from pinnsolve.conditions.noise import noise_of
from pinnsolve.methods.data import (
    CLEAN,
    MOVING,
    about_constants,
    about_data,
    constants_found,
    doubt_of_fits,
    fits,
)
from pinnsolve.methods.profiles import with_profiles
from pinnsolve.problem.snapshots import first_snapshot
from pinnsolve.problem.time_dependence import initial_names
from pinnsolve.process import Process
from pinnsolve.rbffd.assimilation import Assimilation
from pinnsolve.rbffd.least_squares import least_squares
from pinnsolve.rbffd.profiled import least_misfits
from pinnsolve.rbffd.search import Search
from pinnsolve.rbffd.snapshot_rows import Beginning, later, levels
from pinnsolve.setup import Setup
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.found import Fit, Found, FoundConstant

LEAST_ORDER = 2  # of accuracy
LEAST_SHARE = 1e-3  # of the first value of a constant: no smaller it counts


def has_search(setup: Setup) -> bool:
    """Return whether something is seen later than at first."""
    return bool(setup.problem.data)


def start(setup: Setup) -> Assimilation:
    """Return the search for a beginning and constants that lead to what was seen."""
    problem, nodes, observed = setup.problem, setup.nodes, setup.observed
    discrete, times = problem.settings.time_discrete, problem.times
    assert discrete is not None
    assert times is not None
    firsts = first_snapshot(setup.asked)
    every, shown = levels(times, [own for own in observed if own.stated not in firsts])
    beginnings = []
    for field, names in enumerate(initial_names(problem.fields, problem.equations)):
        for order, name in enumerate(names):
            rows, at = dict[int, slice](), 0
            for number, own in enumerate(observed):
                if own.stated in firsts and own.stated.text == name:
                    rows[number] = slice(at, at + len(own.values))
                    at += len(own.values)
            if rows:
                beginnings.append(Beginning(field, order, setup.splines[name], rows))
    search = Search(
        setup.discretisation(),
        setup.placement.at,
        initial_values(problem, nodes),
        beginnings,
        {
            number: later(problem, nodes, own, every)
            for number, own in enumerate(observed)
            if own.stated not in firsts
        },
        observed,
        data_weights(observed),
        problem.parameters,
        every,
        shown.tolist(),
        discrete.stages,
        discrete.steps,
    )
    return Assimilation(search, setup.watch)


def found(setup: Setup, process: Process[Fields], _: Fields) -> Found:
    """Return all that was found beside the fields."""
    if isinstance(process, Assimilation):
        return _told(setup, process)
    return Found(data=tuple(_first_fits(setup)))


def _told(setup: Setup, process: Assimilation) -> Found:
    """Return the constants with their intervals, and the fit to all data."""
    from pinnsolve.objectives.between_snapshots import inferred_between

    search, at = process.search, process.at
    assert at is not None
    parameters, k = search.parameters, search.n_constants
    values = list(search.constants(process.unknowns).values())
    firsts = [LEAST_SHARE * abs(parameter.start) for parameter in parameters.values()]
    sizes = np.maximum(np.abs(values), firsts)
    sizes = np.where(sizes > 0, sizes, 1.0)
    changes = sizes / search.slopes(process.unknowns)
    counts = [len(own.values) for own in search.observed]
    starts = np.cumsum([0, *counts])
    factors = search.weights[starts[:-1]].tolist()
    sets = noise_of(search.observed, factors)
    told = inferred_between(at.residual, at.derivative, changes, sets)
    left = at.residual[len(at.residual) - starts[-1] :]
    none = [0.0] * len(sets)  # of features there are none
    data = fits(axes(setup.problem), search.observed, left, factors, told, none)
    # equations are held exactly, and cannot weigh more, but those of the nodes are not quite theirs
    still = _by_order(setup, process)[-k:] * search.slopes(process.unknowns) if k else np.zeros(0)
    bounds = told.bound(held=True).numpy() * sizes
    known = (values, told, sizes, still, bounds, data)
    constants = constants_found(parameters, *known) if k else {}
    warnings = [*about_data(data), *about_constants(constants, told, sizes, np.zeros(k))]
    if any(fit.estimate > CLEAN * fit.spread for fit in data):  # without noise that is all there is
        warnings += _about_order(constants, still)
    wanted, misfits = setup.problem.settings.output.profile, partial(least_misfits, process)
    constants, said = with_profiles(constants, parameters, wanted, told, at.loss, misfits)
    warnings += said
    return Found(constants, data, tuple(warnings), *doubt_of_fits(data))


def _by_order(setup: Setup, process: Assimilation) -> Float[ndarray, " u"]:
    """Return the distances by which an order of accuracy less moves the unknowns.

    The data do not tell errors of the differences that look like another value of a constant.
    """
    search, at, order = process.search, process.at, setup.problem.settings.solver.order
    assert at is not None
    other = order - 1 if order > LEAST_ORDER else order + 1
    r = replace(search, system=setup.discretisation(other)).residual(process.unknowns, setup.watch)
    if r is None:
        return np.full(len(process.unknowns), np.nan)
    return np.abs(least_squares(at.derivative, r - at.residual))


def _about_order(
    constants: Mapping[str, FoundConstant], moved: Float[ndarray, " k"]
) -> Iterator[str]:
    """Yield a sentence on each constant that errors of the differences move as far as noise."""
    for (name, constant), distance in zip(constants.items(), moved.tolist(), strict=True):
        if not np.isfinite(distance):
            yield f"{name}: how far errors of the differences move it could not be told."
        elif distance > MOVING * (constant.standard_error or np.inf):
            yield (
                f"{name}: with solver.order one less it moves by {distance:.2g}, which its "
                "interval allows for. More nodes hold it."
            )


def _first_fits(setup: Setup) -> Iterator[Fit]:
    """Yield the fit of a smoothing spline to each quantity of the first snapshot."""
    problem = setup.asked
    firsts = first_snapshot(problem)
    for own in setup.observed if firsts else ():
        spline = setup.splines[own.stated.text]
        # of repeated rows, and of other sets, each has its share
        freedom = spline.freedom * len(own.values) / len(spline.centres)
        fitted = spline(own.x[:, : setup.nodes.dim])
        names = axes(problem)
        yield Fit(own.name, names, own.x, own.values, fitted, own.sigma, spline.noise, freedom)
