"""Fits of a network to values at points: features of the best frequency, then Gauss-Newton.

The frequency is that with which a wide network follows the values best under its head alone: a
narrow one follows them badly at any (`pinnsolve.training.initialisation`). Then all weights are
fitted, and last the head. To compare with, networks are fitted by gradients too, from features as
slow as the domain is large.
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
PATIENCE = 5  # of Gauss-Newton
ITERATIONS = {"gauss-newton": 100, "adam": 20_000, "adam+head": 20_000}
LEARNING_RATE, BATCH = 1e-3, 4000  # of Adam
EXACT = 1e-11  # relative error that is not worth another iteration


def fit(
    net: MLP,
    places: Places,
    values: Float[ndarray, " n"],
    factors: Float[ndarray, " n"],
    seed: int,
    way: str = "gauss-newton",
    iterations: int | None = None,
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
    way, iterations
        ``gauss-newton``, ``adam`` or ``adam+head``, and how many iterations at most.
    """
    objective = _objective(net, places, values, factors)
    most = iterations or ITERATIONS[way]
    head = Phase(optimizer="head", iterations=1)
    if way == "gauss-newton":
        net.draw(seed, _frequency(net, places, values, factors, seed))
        net.set(net.vector())
        r = objective.value()  # the head is zero
        tolerance = EXACT**2 * float(r @ r)
        newton = Phase(optimizer="gauss-newton", iterations=most, tolerance=tolerance)
        phases: tuple[Phase, ...] = (head, newton, head)
    else:
        net.initialise(seed)
        batch = min(BATCH, len(places.x))
        adam = Phase(optimizer="adam", iterations=most, learning_rate=LEARNING_RATE, batch=batch)
        phases = (adam, head) if way == "adam+head" else (adam,)
    return Training(
        objective,
        phases,
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
    features = min(PROBE, len(places.x) // 2)  # more, and they follow the points at any frequency
    first = [max(width, round(sqrt(features))) for width in widths[:-1]]
    probe.rebuild([*first, max(widths[-1], features)])
    objective = _objective(probe, places, values, factors)
    losses: dict[float, float] = {}
    while (frequency := next_frequency(losses)) is not None:
        probe.draw(seed, frequency)
        losses[frequency], _ = sketch(objective)
    return best_frequency(losses)
