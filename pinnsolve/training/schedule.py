"""The phases of a training: those of the problem file, or the default ones."""

from collections.abc import Callable, Sequence
from math import isfinite

import numpy as np
import torch

from pinnsolve.geometry.nodes import Nodes
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.products import has_products
from pinnsolve.networks.sizes import grows, grows_alone, is_fitted_whole
from pinnsolve.objectives.objective import Objective
from pinnsolve.problem import Problem
from pinnsolve.problem.abilities import ABILITIES, NESTED
from pinnsolve.problem.schema.file import Phase
from pinnsolve.process import Answer
from pinnsolve.setup import Setup
from pinnsolve.training.direct import Direct, direct_solution, is_rough, refined
from pinnsolve.training.growth import Between, Collocation
from pinnsolve.training.phases import Training

LARGEST_SQUARE = 4000  # rows or weights, the fewer, up to which the schedule has Gauss-Newton
LARGEST_JACOBIAN = 2**27  # entries of a dense Jacobian up to which it has, 1 GiB
PATIENCE = 1  # iterations of Gauss-Newton in the default schedule that may pass without paying


def training(
    objective: Objective,
    setup: Setup,
    answer: Callable[[], Answer],
    between: Between | None = None,
    *,
    is_continued: bool = False,
) -> Training[Answer]:
    """Return the training by the problem's schedule, or the default one, as a process.

    Parameters
    ----------
    objective
        What to lower, its network as it was built.
    setup
        Of the problem.
    answer
        Makes the answer of the network as it is.
    between
        The objective with the equations at more points than the nodes, or at fresh ones, if it
        can be had.
    is_continued
        Whether the network has weights from which to begin.
    """
    problem = setup.problem
    chosen = problem.settings.training
    direct = None if is_continued or not grows(problem) else _to_follow(objective, setup)
    can_grow = direct is not None or grows_alone(problem)
    return Training(
        objective,
        chosen or default_schedule(objective, problem, setup.nodes, can_grow=can_grow),
        answer,
        seed=problem.settings.solver.seed,
        patience=0 if chosen else PATIENCE,
        collocation=Collocation(
            problem,
            setup.nodes,
            between,
            setup.oscillation if grows(problem) else None,
            direct,
        ),
        is_continued=is_continued,
        whole=is_fitted_whole(problem, objective.model.size),
    )


def _to_follow(objective: Objective, setup: Setup) -> Direct | None:
    """Return the direct solution if the network is to follow it; None if it is not, or unknown.

    A smooth solution is resolved by smooth features, and better by the equations alone.
    """
    found = direct_solution(setup)
    if found is None or not isinstance(objective.model, MLP):
        return None
    return refined(setup, found) if is_rough(found, objective.model) else None


@torch.no_grad()
def default_schedule(
    objective: Objective, problem: Problem, nodes: Nodes, *, can_grow: bool = True
) -> Sequence[Phase]:
    """Return growth, or else head solve, Gauss-Newton while it pays, head solve; continuation.

    With data the weight of the equations against them has to be found, and nothing else is.

    Of features that are products the head is all.

    Gauss-Newton has nothing to gain once the residual, relative to that of the zero field, is
    down to the size ``(h / half width)^p`` of the discretisation error. Where its matrices would
    be too large, the head solve, whose cost is linear in the rows, stands alone. Where no
    differences are taken, neither for the network nor beside it, their error is that of nothing,
    and features grow as long as they can be afforded.
    """
    if problem.data:
        return (Phase(optimizer="continuation"),)
    x = nodes.x[nodes.rows]
    half_width = float(np.max(x.max(axis=0) - x.min(axis=0))) / 2
    discretisation = (nodes.spacing / half_width) ** problem.settings.solver.order
    able = ABILITIES[problem.settings.solver.method]
    if problem.reference is None and "operators" not in able.needs:
        discretisation = 0.0
    r = objective.value()  # the head is still zero
    size = float(r @ r)
    tolerance = (size if isfinite(size) else 0.0) * discretisation**2
    if can_grow and grows(problem):
        return (Phase(optimizer="grow", tolerance=tolerance),)
    head = Phase(optimizer="head", iterations=20)
    if has_products(problem):
        return (head,)
    rows, weights = len(r), objective.model.size
    is_dense = problem.settings.solver.derivatives in NESTED
    if not has_gauss_newton(rows, weights, is_dense=is_dense):
        return (head,)
    return (head, Phase(optimizer="gauss-newton", iterations=20, tolerance=tolerance), head)


def has_gauss_newton(rows: int, weights: int, *, is_dense: bool) -> bool:
    """Return whether the schedule has Gauss-Newton, whose matrices may be too large for it.

    Parameters
    ----------
    rows, weights
        Of the Jacobian.
    is_dense
        Whether the Jacobian is formed.
    """
    if is_dense and rows * weights > LARGEST_JACOBIAN:
        return False
    return min(rows, weights) <= LARGEST_SQUARE
