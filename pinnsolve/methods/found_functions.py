"""What was found of unknown functions, under features that are drawn, with their bands.

Bands are told of what stands for a function with bounds, and so keep to these.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.points import points_of
from pinnsolve.setup import Setup
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.functions import FoundFunction
from pinnsolve.solution.inverted import fields_of

if TYPE_CHECKING:
    from pinnsolve.leastsquares.inference import Inference
    from pinnsolve.objectives.functions import Knowledge
    from pinnsolve.objectives.pointwise import PointwiseObjective

ALONG = 101  # places along a coordinate; of several coordinates as many in all
QUANTILE = 1.96


def found_functions(
    setup: Setup,
    answer: Fields,
    objective: "PointwiseObjective",
    factors: Sequence[float],
    told: "Inference",
) -> dict[str, FoundFunction]:
    """Return the unknown functions as found, by name.

    Parameters
    ----------
    setup, answer
        Of the problem; the fields of the network.
    objective, factors
        What has been lowered by its head's weights, and the factors of the rows of roughness in it.
    told
        What is known of the noise.
    """
    from pinnsolve.networks.build import as_points
    from pinnsolve.objectives.functions import known, weights_of

    problem, found = setup.problem, dict[str, FoundFunction]()
    weights = weights_of(objective, factors)
    symbols, points = problem.equations[0].symbols, points_of(problem, setup.nodes)
    flat = points.reshape(-1, points.shape[-1])
    for name in problem.functions:
        field = problem.fields.index(name)
        still = symbols.idle.get(field, ())
        axes = [axis for axis in range(flat.shape[1]) if axis not in still]
        x = _places(flat, axes)
        some, all_of_it = (
            known(objective, field, as_points(objective.model, own), told) for own in (x, flat)
        )
        nodal = _band(setup, answer, field, flat, all_of_it)
        found[name] = FoundFunction(
            tuple(symbols.coordinates[axis] for axis in axes),
            x[:, axes],
            **_band(setup, answer, field, x, some),
            smooth=weights.get(name, 0.0),
            edf=some.edf,
            truth=None if setup.asked.exact is None else setup.asked.exact[field](x),
            at_nodes={own: v.reshape(points.shape[:-1]) for own, v in nodal.items()},
        )
    return found


def _places(x: Float[ndarray, "n D"], axes: Sequence[int]) -> Float[ndarray, "m D"]:
    """Return places along a coordinate, or some of the nodes, in the middle of the others."""
    if len(axes) > 1:
        found = x[:: -(-len(x) // ALONG)].copy()
    else:
        found = np.repeat((x.min(axis=0) + x.max(axis=0))[None] / 2, ALONG, axis=0)
        found[:, axes[0]] = np.linspace(x[:, axes[0]].min(), x[:, axes[0]].max(), ALONG)
    others = [axis for axis in range(x.shape[1]) if axis not in axes]
    found[:, others] = (x.min(axis=0) + x.max(axis=0))[others] / 2
    return found


def _band(
    setup: Setup, answer: Fields, field: int, x: Float[ndarray, "n D"], of: "Knowledge"
) -> dict[str, Float[ndarray, " n"]]:
    """Return values, standard errors and the ends of the band, by name."""
    noise, total = (own.double().cpu().numpy() for own in (of.noise, of.total))
    values = answer(x)

    def moved(by: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        shifted = values.copy()
        shifted[:, field] += by
        return fields_of(setup.asked, shifted)[:, field]

    return {
        "values": moved(np.zeros(len(x))),
        "standard_error": (moved(noise) - moved(-noise)) / 2,
        "low": moved(-QUANTILE * total),
        "high": moved(QUANTILE * total),
    }
