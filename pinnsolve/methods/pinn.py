"""PINN: one network for the whole domain, trained on the residual of its exact derivatives.

Source: Raissi, Perdikaris & Karniadakis (2019), Physics-informed neural networks,
J. Comput. Phys. 378, doi:10.1016/j.jcp.2018.10.045.
"""

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.cells import around
from pinnsolve.conditions.corners import ease
from pinnsolve.conditions.data import data_conditions, data_weights
from pinnsolve.conditions.extra import extra_conditions
from pinnsolve.conditions.points import regions_in_order
from pinnsolve.conditions.pointwise import (
    at_further_points,
    conditions_in_time,
    pointwise_conditions,
)
from pinnsolve.conditions.roughness import roughness
from pinnsolve.conditions.weights import row_weights
from pinnsolve.constraints.build import posed, without_corners
from pinnsolve.geometry.features import local_spacing, refinement
from pinnsolve.geometry.sampling import sample, sample_in_time
from pinnsolve.methods import memory, trained
from pinnsolve.methods.data import found
from pinnsolve.methods.method import Method
from pinnsolve.methods.net_flux import net_fluxes, net_fluxes_in_time
from pinnsolve.methods.trained import Points
from pinnsolve.networks import products
from pinnsolve.networks.products import POINTS_PER_PRODUCT, grid, has_products
from pinnsolve.networks.sizes import BETWEEN, POOL, equation_points, grows
from pinnsolve.problem import Problem
from pinnsolve.setup import Setup

if TYPE_CHECKING:
    from pinnsolve.networks.several import AnyNetwork
    from pinnsolve.objectives.pointwise import PointwiseObjective


WIDTHS = {"more": 1.4, "fresh": 1.0}  # of their boxes around the nodes, in spacings


def pointwise_objective(
    net: "AnyNetwork", setup: Setup, points: Points = "nodes"
) -> "PointwiseObjective":
    """Build the objective, for the outputs of the network that the fields are made of.

    The equations hold on the interior and boundary nodes; those of a problem in time at points
    spread over space and time (`equation_points`), for a network can hide what it does between the
    nodes if they are the same at all times. Features that are products have a grid of their own.

    Parameters
    ----------
    net, setup
        The network, and of what problem.
    points
        Where the equations hold. Features as narrow as the spacing are held between the nodes by
        `BETWEEN` points around each interior one; at fresh ones it shows whether they are. A pool
        is `POOL` times as many points, of which the first are spread evenly.
    """
    from pinnsolve.networks.build import REVERSE, as_points
    from pinnsolve.objectives.pointwise import PointwiseObjective

    within, nodes = setup.problem, setup.nodes
    problem = posed(within, setup.ansatz())
    if problem.time is not None and problem.times is not None:
        own = grid(problem, nodes)
        many = POOL if points == "pool" else 1
        count = many * equation_points(problem, nodes)
        if own is None and has_products(problem):
            count = ceil(POINTS_PER_PRODUCT * products.n_products(products.axes(problem, nodes)))
        seed = problem.settings.nodes.seed + 1  # other points than those of the test
        seed += 2 * (points == "fresh")  # nor those of further residuals
        if own is None:
            factor = refinement(problem, setup.domain)
            inside = sample_in_time(setup.domain, problem.time, count, seed, factor)
            timed = conditions_in_time(problem, nodes, inside, setup.quadrature)
        else:
            inside = own.points
            if points != "nodes":
                inside = sample_in_time(setup.domain, problem.time, many * len(inside), seed)
            timed = conditions_in_time(
                problem, nodes, inside, setup.quadrature, own.places, own.moments
            )
        timed = timed.joined(net_fluxes_in_time(problem, nodes, len(timed.x)))
        x, conditions, regions = timed.x, timed.conditions, timed.regions
    else:
        conditions = pointwise_conditions(problem, nodes, setup.quadrature)
        conditions = without_corners(conditions, within, nodes)
        x, regions = nodes.x, regions_in_order(problem, nodes)
        between = _between(setup, problem, points, len(conditions[0].rows))
        if between is not None:
            conditions = at_further_points(problem, conditions, nodes, between)
            x = np.concatenate([x, between])
            if nodes.regions is not None and regions is not None:
                regions = np.concatenate([regions, nodes.regions.locate(between)])
        conditions = (*conditions, *net_fluxes(problem, nodes))
    further, extra = extra_conditions(problem, setup.domain, nodes, len(x))
    x, conditions = np.concatenate([x, further]), (*conditions, *extra)
    seen, data = data_conditions(problem, setup.observed, len(x))
    sizes = trained.sizes(setup, problem, (*conditions, *data))
    places, is_fine = x[:, : nodes.dim], grows(problem)
    spacing = local_spacing(problem, setup.domain, places)
    is_wave = is_fine and setup.oscillation.is_all
    numbers = setup.oscillation.numbers if is_wave else None
    eased = ease(problem, setup.conditions, nodes, places) if is_fine else None
    weights = row_weights(
        problem, conditions, nodes, sizes, spacing, eased, numbers, is_fine=is_fine
    )
    smooth, rough, factors = roughness(problem, x, conditions[0].rows, sizes)
    if data:
        x, conditions = np.concatenate([x, seen]), (*conditions, *smooth, *data)
        weights = np.concatenate([weights, factors, data_weights(setup.observed)])
    solver: Any = problem.settings.solver  # its derivatives are those of this method
    # a family differentiates many functions as it is told, and a typical one like this
    derivatives: Any = "taylor" if problem.family is not None else solver.derivatives
    accelerate: Any = "none" if solver.accelerate == "auto" else solver.accelerate
    return PointwiseObjective(
        net,
        as_points(net, x),
        conditions,
        weights,
        sizes,
        derivatives,
        accelerate,
        regions,
        len(data),
        len(problem.equations),
        rough,
        REVERSE[solver.precision],
    )


def _between(
    setup: Setup, problem: Problem, points: Points, count: int
) -> Float[ndarray, "M d"] | None:
    """Return further points where the equations of a steady problem hold, beside some at nodes."""
    if points == "pool":
        factor, seed = refinement(problem, setup.domain), problem.settings.nodes.seed + 1
        return sample(setup.domain, (POOL - 1) * count, seed, factor)
    own = grid(problem, setup.nodes)
    if own is not None:
        return own.places
    if points == "nodes":
        return None
    return around(setup.domain, setup.nodes, BETWEEN, WIDTHS[points]).points


METHOD = Method(
    start=lambda setup: trained.start(setup, pointwise_objective, pointwise_objective),
    sample=trained.sample,
    estimate=trained.estimated,
    read=trained.read,
    memory=memory.of_training,
    condition=trained.condition,
    found=lambda setup, process, answer: found(setup, process, answer, pointwise_objective),
    device=trained.device,
)
