"""Fits of a network to values at points: features of the best frequency, then Gauss-Newton.

The frequency is that with which a wide network follows the values best under its head alone: a
narrow one follows them badly at any (`pinnsolve.training.initialisation`). Then all weights are
fitted, and last the head.
"""

from copy import deepcopy
from math import sqrt

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.resampling import Places
from pinnsolve.diffop import Term, identity
from pinnsolve.equations.residual import prescribed
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.problem.schema.file import Phase
from pinnsolve.training.initialisation import best_frequency, next_frequency, sketch
from pinnsolve.training.phases import Training

PROBE = 400  # features with which frequencies are compared
ITERATIONS, PATIENCE = 100, 5  # of Gauss-Newton
EXACT = 1e-11  # relative error that is not worth another iteration


def fit(
    net: MLP,
    places: Places,
    values: Float[ndarray, " n"],
    factors: Float[ndarray, " n"],
    seed: int,
) -> Training[MLP]:
    """Return the fit of the single output of a network to values, as a process.

    Parameters
    ----------
    net
        Whose weights are drawn anew.
    places, values
        Points, and the values there.
    factors
        By which misfits at the points count more or less.
    seed
        Of the weights.
    """
    objective = _objective(net, places, values, factors)
    net.draw(seed, _frequency(net, places, values, factors, seed))
    net.set(net.vector())
    r = objective.value()  # the head is zero
    tolerance = EXACT**2 * float(r @ r)
    head = Phase(optimizer="head", iterations=1)
    newton = Phase(optimizer="gauss-newton", iterations=ITERATIONS, tolerance=tolerance)
    return Training(
        objective,
        (head, newton, head),
        lambda: net,
        seed=seed,
        patience=PATIENCE,
        is_continued=True,
    )


def _objective(
    net: MLP, places: Places, values: Float[ndarray, " n"], factors: Float[ndarray, " n"]
) -> PointwiseObjective:
    """Return the misfit of a network."""
    count, dim = places.x.shape
    given = prescribed(Term(0, identity(dim)), values)
    return PointwiseObjective(
        net,
        torch.as_tensor(places.x).to(net.like),
        (Condition("fit", given, np.arange(count), 1.0),),
        places.factors * factors,
        np.ones(1),
    )


@torch.no_grad()
def _frequency(
    net: MLP,
    places: Places,
    values: Float[ndarray, " n"],
    factors: Float[ndarray, " n"],
    seed: int,
) -> float:
    """Return the frequency of features, under a wide layer, that follow values best."""
    probe = deepcopy(net)
    widths = [layer.out_features for layer in net.layers]
    first = [max(width, round(sqrt(PROBE))) for width in widths[:-1]]
    probe.rebuild([*first, max(widths[-1], PROBE)])
    objective = _objective(probe, places, values, factors)
    losses: dict[float, float] = {}
    while (frequency := next_frequency(losses)) is not None:
        probe.draw(seed, frequency)
        losses[frequency], _ = sketch(objective)
    return best_frequency(losses)
