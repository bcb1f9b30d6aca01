"""The phases of a training: those of the problem file, or the default ones."""

from collections.abc import Sequence
from math import isfinite

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.points import points_of
from pinnsolve.constraints.build import ansatz
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.machine import EVALUATED
from pinnsolve.networks.build import as_points
from pinnsolve.objectives.objective import Objective
from pinnsolve.problem import Problem
from pinnsolve.problem.schema.file import Phase
from pinnsolve.progress import Watch
from pinnsolve.training.loop import Training, train

LARGEST_SQUARE = 4000  # rows or weights, the fewer, up to which the schedule has Gauss-Newton
LARGEST_JACOBIAN = 2**27  # entries of a dense Jacobian up to which it has, 1 GiB

PATIENCE = 1  # iterations of Gauss-Newton in the default schedule that may pass without paying


def solve(
    objective: Objective,
    problem: Problem,
    nodes: Nodes,
    exact: Float[ndarray, "*K n c"] | None,
    resume: bool,
    watch: Watch,
) -> Training:
    """Train the objective's network by the problem's schedule, or the default one.

    Parameters
    ----------
    objective
        What to lower.
    problem, nodes
        What is solved, and where.
    exact
        The exact solution at the interior and boundary nodes, to record errors against.
    resume
        Whether the network is trained already.
    watch
        Told of the progress; may raise `Stopped`.
    """
    x, made = points_of(problem, nodes), ansatz(problem, nodes)
    points = as_points(objective.net, x)

    @torch.no_grad()
    def error() -> float:
        assert exact is not None
        parts = [objective.net(part) for part in points.flatten(0, -2).split(EVALUATED)]
        u = made(torch.cat(parts).view(exact.shape).double().cpu().numpy(), x)
        with np.errstate(over="ignore"):  # of a network that is about to leave the finite numbers
            return float(np.linalg.norm(u - exact) / np.linalg.norm(exact))

    chosen = problem.settings.training
    return train(
        objective,
        chosen or default_schedule(objective, problem, nodes),
        seed=problem.settings.solver.seed,
        patience=0 if chosen else PATIENCE,
        resume=resume,
        error=None if exact is None or not np.any(exact) else error,
        watch=watch,
    )


@torch.no_grad()
def default_schedule(objective: Objective, problem: Problem, nodes: Nodes) -> Sequence[Phase]:
    """Return head solve, Gauss-Newton while it pays, head solve.

    Gauss-Newton has nothing to gain once the residual, relative to that of the zero field, is
    down to the size ``(h / half width)^p`` of the discretisation error. Where its matrices would
    be too large, the head solve, whose cost is linear in the rows, stands alone.
    """
    x = nodes.x[nodes.rows]
    half_width = float(np.max(x.max(axis=0) - x.min(axis=0))) / 2
    discretisation = (nodes.spacing / half_width) ** problem.settings.solver.order
    r = objective.value()  # the head is still zero
    size = float(r @ r)
    tolerance = (size if isfinite(size) else 0.0) * discretisation**2
    head = Phase(optimizer="head", iterations=20)
    rows, weights = len(r), sum(p.numel() for p in objective.net.parameters())
    is_dense = problem.settings.solver.derivatives == "autograd"
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
