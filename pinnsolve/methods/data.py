"""What was found from data: unknown constants with their intervals, and how well the fit explains.

An interval counts in, beside the standard error of `pinnsolve.leastsquares.inference`, what is not
random: what the search has left, and how far the constant moves where the equations weigh more,
beyond what chance makes it move.
Where neighbours have something in common in what is left of the data, errors are not independent,
and the fit is wrong somewhere: of a wrong equation, of a condition, or of a network that cannot
follow.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.data import Observed, axes
from pinnsolve.conditions.noise import noise_of
from pinnsolve.methods.constants import NEAR, bound_at, doubt_of, found_constants
from pinnsolve.methods.profiles import with_profiles
from pinnsolve.networks.sizes import is_fitted_whole
from pinnsolve.problem.schema.unknowns import Parameter
from pinnsolve.process import Process
from pinnsolve.setup import Setup
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.found import CONFIDENCE, Fit, Found, FoundConstant

if TYPE_CHECKING:
    from pinnsolve.leastsquares.inference import Inference
    from pinnsolve.networks.several import AnyNetwork
    from pinnsolve.objectives.pointwise import PointwiseObjective

    ObjectiveOf: TypeAlias = Callable[[AnyNetwork, Setup], PointwiseObjective]

OTHER = 1.3  # ratio of two standard deviations that is more than nothing
CERTAIN = 4.0  # standard deviations of chance, from which on it is not chance
CLEAN = 1e-3  # of the spread of the data: a misfit below it is that of the network
EMPTY = 1e-3  # share of the size of an equation's terms that is nothing
UNMET = 1e-2  # of the equations, relative, where they weigh as much as what is left of the data
CONTRARY = 0.3  # of the loss: the share of equations that keep data from being followed
RATIOS = "Perhaps only ratios are determined: give one of them a number, in [constants]."
OTHERS = "Look at the data, the equations and the conditions: one of them is not the others'."
NARROW = " Standard errors are too small; intervals are as wide as if it all had one direction."
FINER = "More nodes, or time levels, give it more features."
WITHOUT_BAND = (
    "no band is told of functions that a network gives which was improved as a whole. Leave out "
    "network.hidden for features that are drawn."
)
MOVING = 1.0  # standard errors: what moves farther has not come to rest
CORRELATED = 0.99


def found(
    setup: Setup, process: Process[Fields], answer: Fields, objective_of: "ObjectiveOf"
) -> Found:
    """Return all that was found beside the fields.

    Parameters
    ----------
    setup, process, answer
        Of the problem: the training, and the fields of the network that has been trained.
    objective_of
        Builds what has been lowered, where there are no data.
    """
    if not setup.problem.data:
        return Found(found_constants(setup, answer, objective_of))
    from pinnsolve.objectives.inferred import emptied, inferred
    from pinnsolve.objectives.pointwise import PointwiseObjective
    from pinnsolve.training.levels import bends
    from pinnsolve.training.phases import Training

    assert isinstance(process, Training)
    objective = process.objective
    assert isinstance(objective, PointwiseObjective)
    whole = is_fitted_whole(setup.problem, objective.model.size)
    counts = objective.counts
    firsts = np.cumsum([len(objective.weights) - sum(counts), *counts])[:-1]
    factors = objective.weights[firsts].tolist()
    sets = noise_of(setup.observed, factors)
    try:
        told, sizes = inferred(objective, sets, whole=whole)
    except RuntimeError:  # of a factorisation, where the training has left the finite numbers
        return Found(_unknown(setup, objective))
    moved = bends(*process.levels) if len(process.levels) == 2 else np.full(len(sizes), np.nan)
    left = objective.value().double().cpu().numpy()[firsts[0] :]
    least = (0.0,) * len(factors) if objective.few is None else objective.few.least
    data = fits(axes(setup.problem), setup.observed, left, factors, told, least)
    unknowns = objective.model.unknowns
    values = [] if unknowns is None else unknowns().detach().double().cpu().tolist()
    bounds = told.bound().cpu().numpy() * sizes
    constants = constants_found(setup.problem.parameters, values, told, sizes, moved, bounds, data)
    of_data = about_data(data, of_constants=bool(constants))
    warnings = [*of_data, *about_constants(constants, told, sizes, moved)]
    constants, further = _profiled(setup, objective, constants, told, whole=whole)
    warnings += further
    if constants and emptied(objective) < EMPTY:
        doubt = f"{' and '.join(constants)} have vanished, and with them all terms of the equations"
        said = f"{doubt}, which any data satisfy then. {RATIOS}"
        return Found(constants, data, tuple(warnings), said, OTHERS)
    doubt, remedy = doubt_of_fits(data)
    if not doubt:
        factor = process.levels[0].factor if process.levels else 1.0
        doubt, remedy = _contradiction(objective, factor), OTHERS
    functions = {}
    if setup.problem.functions and not whole:
        from pinnsolve.methods.found_functions import found_functions

        smooth = process.levels[0].smooth if process.levels else (1.0,) * len(objective.rough)
        functions = found_functions(setup, answer, objective, smooth, told)
    elif setup.problem.functions:
        warnings.append(WITHOUT_BAND)
    return Found(constants, data, tuple(warnings), doubt, remedy, functions=functions)


def _unknown(setup: Setup, objective: "PointwiseObjective") -> dict[str, FoundConstant]:
    """Return the constants as they are, of which nothing is known."""
    unknowns = objective.model.unknowns
    values = [] if unknowns is None else unknowns().tolist()
    pairs = zip(setup.problem.parameters.items(), values, strict=True)
    return {name: FoundConstant(p.start, value, p.true) for (name, p), value in pairs}


def _profiled(
    setup: Setup,
    objective: "PointwiseObjective",
    constants: dict[str, FoundConstant],
    told: "Inference",
    *,
    whole: bool,
) -> tuple[dict[str, FoundConstant], list[str]]:
    """Return the constants with the profiles that are asked for, and sentences about these."""
    wanted = setup.problem.settings.output.profile
    if not wanted:
        return constants, []
    if whole:
        return constants, [
            "profile: none is told of a network that was improved as a whole, whose features every "
            "value would change. Leave out network.hidden for features that are drawn."
        ]
    from pinnsolve.training.profiled import least_misfits

    r = objective.value().double()
    parameters, misfits = setup.problem.parameters, partial(least_misfits, objective)
    return with_profiles(constants, parameters, wanted, told, float(r @ r), misfits)


def fits(
    names: tuple[str, ...],
    observed: Sequence[Observed],
    left: Float[ndarray, " R"],
    factors: Sequence[float],
    told: "Inference",
    least: Sequence[float],
) -> tuple[Fit, ...]:
    """Return the data with what the solution makes of them.

    Parameters
    ----------
    names
        Of the coordinates.
    observed
        The data.
    left
        Their rows of the residual.
    factors
        By which those of each set have been multiplied.
    told
        What the residual says of their errors.
    least
        The length of what any weights would leave of each set.
    """
    found, parts = [], np.split(left, np.cumsum([len(own.values) for own in observed])[:-1])
    for own, rows, factor, estimate, freedom, length in zip(
        observed, parts, factors, told.estimates, told.freedom, least, strict=True
    ):
        fitted = own.values + rows / factor
        sigma, rms = estimate / factor, length / factor / np.sqrt(len(rows))
        found.append(
            Fit(own.name, names, own.x, own.values, fitted, own.sigma, sigma, freedom, float(rms))
        )
    return tuple(found)


def constants_found(
    parameters: Mapping[str, Parameter],
    values: Sequence[float],
    told: "Inference",
    sizes: Float[ndarray, " k"],
    moved: Float[ndarray, " k"],
    bounds: Float[ndarray, " k"],
    data: Sequence[Fit],
) -> dict[str, FoundConstant]:
    """Return the constants with their intervals.

    Parameters
    ----------
    parameters, values
        As stated, and as found.
    told, sizes
        What data and equations say of relative changes, and what these are relative to.
    moved
        How far each has moved when the equations weighed more.
    bounds
        The least standard error that each can have; not a number where that is not known.
    data
        The fit to them.
    """
    if not parameters:
        return {}
    names = tuple(parameters)
    errors = told.errors.cpu().numpy() * sizes
    # what is no noise may all point in the direction that moves a constant most
    rows = 1.0 if all(fit.is_white for fit in data) else max(sum(told.freedom), 1.0)
    spread = np.sqrt(rows * np.square(errors) + np.square(_systematic(told, sizes, moved)))
    quantile = _quantile(sum(told.freedom))
    correlation = _correlation(told)
    constants = {}
    for k, (name, parameter) in enumerate(parameters.items()):
        is_determined = bool(told.determination.is_determined[k]) and bool(np.isfinite(spread[k]))
        remarks = [doubt_of(names, values, k, told.determination, is_determined, False, None)]
        bound = bound_at(parameter, values[k], NEAR * sizes[k])
        if bound:
            remarks.append(f"it lies at its {'upper' if bound > 0 else 'lower'} bound")
        constants[name] = FoundConstant(
            parameter.start,
            values[k],
            parameter.true,
            standard_error=float(errors[k]) if is_determined else None,
            is_determined=is_determined,
            misfit=None,
            remark="; ".join(filter(None, remarks)),
            interval=_interval(parameter, values[k], quantile * float(spread[k]))
            if is_determined
            else None,
            correlations={
                other: float(correlation[k, j]) for j, other in enumerate(names) if j != k
            },
            bound=float(bounds[k]) if is_determined and np.isfinite(bounds[k]) else None,
        )
    return constants


def _systematic(
    told: "Inference", sizes: Float[ndarray, " k"], moved: Float[ndarray, " k"]
) -> Float[ndarray, " k"]:
    """Return the part of the errors of constants that is not random."""
    shift, step = (v.cpu().numpy() * sizes for v in (told.shift, told.step))
    return np.sqrt(shift**2 + step**2 + np.nan_to_num(moved) ** 2)


def _interval(parameter: Parameter, value: float, half: float) -> tuple[float, float]:
    """Return the interval of a constant, within its bounds; of a positive one by its logarithm."""
    if parameter.transform == "exp" and value > 0:
        low, high = value * np.exp(-half / value), value * np.exp(half / value)
    else:
        low, high = value - half, value + half
    least, most = parameter.bounds
    return float(max(low, min(least, value))), float(min(high, max(most, value)))


def _quantile(freedom: float) -> float:
    """Return the half width of a 95 % interval in standard errors, by Student's distribution."""
    from scipy.special import stdtrit  # slow to import

    return float(stdtrit(max(freedom, 1.0), (1 + CONFIDENCE) / 2))


def _correlation(told: "Inference") -> Float[ndarray, "k k"]:
    """Return the correlations of the errors of constants."""
    C = told.covariance.cpu().numpy()
    if not np.isfinite(C).all():  # of data that a fit has taken up whole
        return np.eye(len(C))
    size = np.sqrt(np.clip(np.diag(C), np.finfo(float).tiny, None))
    return np.clip(C / np.outer(size, size), -1, 1)


def about_data(data: Sequence[Fit], *, of_constants: bool = True) -> list[str]:
    """Return a sentence on each set of data whose misfit is not what it should be.

    Parameters
    ----------
    data
        The fit to them.
    of_constants
        Whether there are unknown constants, whose intervals are about it, too.
    """
    found = []
    for fit in data:
        if not np.isfinite(fit.estimate):
            found.append(
                f"{fit.name}: the fit has taken up all {len(fit.values)} rows; what noise there is "
                "cannot be told. More rows, or fewer features (network.hidden), would."
            )
            continue
        if not fit.is_white and fit.estimate > CLEAN * fit.spread:
            found.append(
                f"{fit.name}: what is left is no noise, for neighbours have more in common than "
                f"chance ({fit.alikeness:.1f} standard deviations). {_why(fit)}"
                f"{NARROW if of_constants else ''}"
            )
        if fit.sigma is None:
            continue
        ratio = fit.estimate / fit.sigma
        if max(ratio, 1 / ratio) > OTHER and abs(ratio**2 - 1) > CERTAIN * _chance(fit):
            which = "larger" if ratio > 1 else "smaller"
            said = "The intervals take the larger" if ratio > 1 else "The intervals take the given"
            found.append(
                f"{fit.name}: by the misfit their errors are {fit.estimate:.3g}, {which} than "
                f"sigma = {fit.sigma:.3g}. {said}."
            )
    return found


def _why(fit: Fit) -> str:
    """Return the reason for which what is left of data is no noise."""
    if fit.is_out_of_reach:
        return (
            f"The network cannot follow: without any equations, too, it would leave "
            f"{100 * fit.least / fit.spread:.2g} % of the spread. {FINER}"
        )
    return "The equations or conditions are not those of the data, or the network cannot follow."


def _chance(fit: Fit) -> float:
    """Return the standard deviation of the ratio of an estimated variance to the true one."""
    return float(np.sqrt(2 / max(fit.freedom, 1.0)))


def about_constants(
    constants: Mapping[str, FoundConstant],
    told: "Inference",
    sizes: Float[ndarray, " k"],
    moved: Float[ndarray, " k"],
) -> list[str]:
    """Return sentences on constants that have not come to rest, or cannot be told apart."""
    found = []
    errors = told.errors.cpu().numpy() * sizes
    steps = np.abs(told.step.cpu().numpy() * sizes)
    for k, (name, constant) in enumerate(constants.items()):
        if constant.is_determined is False:
            continue
        if steps[k] > MOVING * errors[k]:
            found.append(
                f"{name}: the search has not come to its end, which lies about {steps[k]:.2g} away."
            )
        if np.isnan(moved[k]):
            found.append(
                f"{name}: whether it stays where it is when the equations weigh more was not "
                "tried. Leave out [[training]] to have it tried."
            )
        elif moved[k] > MOVING * errors[k]:
            found.append(
                f"{name}: it still moves by {moved[k]:.2g} when the weight of the equations is "
                "changed, which its interval allows for. More features (network.hidden), or more "
                "nodes, hold it."
            )
    correlation = _correlation(told)
    for (i, a), (j, b) in combinations(enumerate(constants), 2):
        if abs(correlation[i, j]) > CORRELATED:
            found.append(
                f"{a} and {b} can hardly be told apart: the correlation of their errors is "
                f"{correlation[i, j]:.4f}."
            )
    return found


def doubt_of_fits(data: Sequence[Fit]) -> tuple[str, str]:
    """Return the reason not to believe in a fit at all, and what to do; empty if there is none."""
    for fit in data:
        if not np.isfinite(fit.estimate):
            continue
        is_larger = fit.sigma is not None and fit.estimate > OTHER * fit.sigma
        if is_larger and (fit.estimate / (fit.sigma or 1.0)) ** 2 - 1 > CERTAIN * _chance(fit):
            missed = f"{fit.name} are missed by {fit.estimate / (fit.sigma or 1.0):.2g} times"
            return f"{missed} the errors that they are said to have.", OTHERS
        if not fit.is_white and fit.estimate > CLEAN * fit.spread:
            told = f"what is left of {fit.name} is no noise: "
            if fit.is_out_of_reach:
                return f"{told}the network cannot follow.", FINER
            return f"{told}the equations are not those of it.", OTHERS
    return "", ""


def _contradiction(objective: "PointwiseObjective", factor: float) -> str:
    """Return a sentence on equations that are not met where the data are followed."""
    r = objective.value().double().cpu().numpy()
    left = r[: len(r) - sum(objective.counts) - sum(rough.rows for rough in objective.rough)]
    unmet = float(np.linalg.norm(left)) / factor
    if unmet < UNMET or left @ left < CONTRARY * (r @ r):
        return ""
    return (
        f"the equations are met to {100 * unmet:.2g} % only: data and equations contradict one "
        "another, or the network cannot follow both."
    )
