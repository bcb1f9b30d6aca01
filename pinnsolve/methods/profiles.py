"""Profiles of constants: how much worse data are followed with a constant at other values.

With one of them held, all else is sought anew. The rise of the misfit in units of its variance is
about ``((value - found) / error)^2`` if the problem is as good as linear there, and its root is
where the interval ends; where it is not, the profile tells what an interval from derivatives does
not. Only data are random, so the rise counts as much as makes its curvature that of the standard
error. Sources: Murphy & van der Vaart (2000), On profile likelihood,
doi:10.1080/01621459.2000.10474219; Chandler & Bate (2007), doi:10.1093/biomet/asm015.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import exp, isfinite, sqrt
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pinnsolve.problem.schema.unknowns import Parameter
from pinnsolve.solution.found import FoundConstant, Profile

if TYPE_CHECKING:
    from pinnsolve.leastsquares.inference import Inference

PLACES = (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0)  # standard errors from the value found
OTHER = 0.2  # of the width of an interval: a profile's that differs more is worth a sentence

LeastMisfits: TypeAlias = Callable[[int, Sequence[float]], Sequence[float]]


def with_profiles(
    constants: Mapping[str, FoundConstant],
    parameters: Mapping[str, Parameter],
    wanted: Sequence[str],
    told: "Inference",
    least: float,
    misfits: LeastMisfits,
) -> tuple[dict[str, FoundConstant], list[str]]:
    """Return the constants with the profiles that are wanted, and sentences about these.

    Parameters
    ----------
    constants, parameters
        As found, and as stated.
    wanted
        Names of those that get one.
    told
        What data and equations say of them.
    least
        The misfit as found: the sum of the squares of all rows.
    misfits
        The same with a constant, by its place, at some values.
    """
    found, said = dict(constants), list[str]()
    spread = told.posterior.cpu().numpy(), told.errors.square().cpu().numpy()
    for k, (name, constant) in enumerate(constants.items()):
        error = constant.standard_error
        if name not in wanted:
            continue
        if error is None or not error > 0:
            said.append(f"{name}: it has no profile, for the data do not determine it.")
            continue
        places = _values(parameters[name], constant.found, error)
        if not told.variance > 0 or not isfinite(told.variance):
            continue
        scale = float(spread[0][k] / max(spread[1][k], np.finfo(float).tiny)) / told.variance
        rises = [scale * (own - least) for own in misfits(k, places)]
        pairs = sorted([(constant.found, 0.0), *zip(places, rises, strict=True)])
        profile = Profile(tuple(v for v, _ in pairs), tuple(max(d, 0.0) for _, d in pairs))
        found[name] = replace(constant, profile=profile)
        said += _about(name, found[name], min(rises, default=0.0))
    return found, said


def _values(parameter: Parameter, value: float, error: float) -> list[float]:
    """Return the values at which a constant is held, those between its bounds."""
    if parameter.transform == "exp":
        places = [value * exp(share * error / value) for share in PLACES]
    else:
        places = [value + share * error for share in PLACES]
    low, high = parameter.bounds
    return [place for place in places if low < place < high]


def _about(name: str, constant: FoundConstant, lowest: float) -> list[str]:
    """Return sentences on a profile that says something else than the interval."""
    profile = constant.profile
    assert profile is not None
    if lowest < -1:
        return [
            f"{name}: at {profile.best:.6g} data are followed better than where the search has "
            "ended; another minimum is near."
        ]
    ends, error = profile.interval, constant.standard_error or 0.0
    if ends is None:
        return [
            f"{name}: its profile does not rise enough within three standard errors to bound it: "
            "the direction is flat."
        ]
    expected = 2 * sqrt(profile.RISE) * error
    if abs((ends[1] - ends[0]) / expected - 1) > OTHER:
        return [
            f"{name}: by its profile the noise of the data leaves it from {ends[0]:.6g} to "
            f"{ends[1]:.6g}, which is not what its standard error says: it enters nonlinearly."
        ]
    return []
