"""Collocation: one network for the whole domain, trained on its residuals at the nodes.

With RBF-FD derivatives this is DT-PINN, with exact ones PINN; nothing else differs. The rows of
condition ``k`` carry the factor

    sqrt(w_k / R_k) / sum_terms |c_term| l^(-order),      l = (half width of the domain) / pi,

with ``w_k`` the weight in the problem file, ``R_k`` the number of rows and ``|c_term|`` the mean
size of a term's coefficient. Divided so, each residual is dimensionless and of the size of the
error of a field that varies on the scale of the domain, whatever the units of its coefficients.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from math import inf, isfinite, pi, prod, sqrt
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.collocated import conditions_in_time, pointwise_conditions
from pinnsolve.conditions import Condition, initial_conditions
from pinnsolve.defaults import EVALUATED, has_gauss_newton, hidden_layers, highest_wave
from pinnsolve.exactness import in_time, points_of
from pinnsolve.extras import extra_conditions
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.pointset import Nodes
from pinnsolve.geometry.sampling import sample_in_time
from pinnsolve.hard import ansatz, posed, without_corners
from pinnsolve.methods.nodal import NodalObjective
from pinnsolve.methods.pointwise import PointwiseObjective
from pinnsolve.methods.training import Training, train
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.unknowns import Range
from pinnsolve.optimizers.objective import Objective
from pinnsolve.problem import Problem
from pinnsolve.problem.schema import Parameter, Phase
from pinnsolve.progress import Watch
from pinnsolve.rbffd.discretisation import Discretisation

PATIENCE = 1  # iterations of Gauss-Newton in the default schedule that may pass without paying
PARITIES = {"odd": -1, "even": 1}
VALUES = {"float64": torch.float64, "mixed": torch.float64, "float32": torch.float32}
REVERSE = {"float64": torch.float64, "mixed": torch.float32, "float32": torch.float32}


def network(problem: Problem, nodes: Nodes, device: str) -> MLP:
    """Build the network that a problem asks for, on the box around its nodes and times."""
    settings, solver = problem.settings.network, problem.settings.solver
    x = _in_order(problem, nodes.x[nodes.rows])
    net = MLP(
        x.min(axis=0).tolist(),
        x.max(axis=0).tolist(),
        hidden_layers(problem, nodes.rows.stop),
        len(problem.fields),
        settings.activation,
        solver.seed,
        parities=[PARITIES.get(settings.symmetry.get(name, ""), 0) for name in problem.fields],
        ranges=[_range(parameter) for parameter in problem.parameters.values()],
        embedding=settings.embedding,
        highest_wave=highest_wave(problem, nodes.rows.stop),
        periods=_periods(problem, nodes, x.shape[1]),
    )
    return net.to(device, VALUES[solver.precision])


def nodal_objective(net: MLP, problem: Problem, system: Discretisation) -> NodalObjective:
    """Build the objective of DT-PINN on all nodes, at all time levels if there are any.

    What the network has built in is not asked of it.
    """
    nodes, times = system.nodes, problem.times
    is_asked = [True] * len(problem.equations) + [not c.is_built_in for c in problem.boundary]
    system = replace(
        system,
        conditions=tuple(compress(system.conditions, is_asked)),
        matrices=tuple(compress(system.matrices, is_asked)),
    )
    if times is not None:
        system = system.extended(initial_conditions(problem, nodes))
    return NodalObjective(
        net,
        _points(net, _in_order(problem, nodes.x)),
        system,
        row_weights(problem, system.conditions, nodes),
        n_levels=None if times is None else len(times),
        reverse=REVERSE[problem.settings.solver.precision],
    )


def pointwise_objective(
    net: MLP, problem: Problem, domain: Domain, nodes: Nodes
) -> PointwiseObjective:
    """Build the objective of a PINN, for the outputs of the network that the fields are made of.

    The equations hold on the interior and boundary nodes; those of a problem in time at as many
    points of space and time as there are interior nodes at all levels, but spread over both, for
    a network can hide what it does between the nodes if they are the same at all times.
    """
    within = problem
    problem = posed(problem, ansatz(problem, nodes))
    x, held = nodes.x, tuple[Condition, ...]()
    if problem.time is None:
        held = without_corners(pointwise_conditions(problem, nodes), within, nodes)
    if problem.time is not None and problem.times is not None:
        count = nodes.n_interior * len(problem.times)
        seed = problem.settings.nodes.seed + 1  # other points than those of the test
        inside = sample_in_time(domain, problem.time, count, seed, problem.refine)
        x, held = conditions_in_time(problem, nodes, inside)
    further, extra = extra_conditions(problem, domain, nodes, len(x))
    x, held = np.concatenate([x, further]), (*held, *extra)
    weights = row_weights(problem, held, nodes)
    solver: Any = problem.settings.solver  # whose derivatives by "rbf-fd" do not fit the method
    accelerate: Any = "none" if solver.accelerate == "auto" else solver.accelerate
    return PointwiseObjective(net, _points(net, x), held, weights, solver.derivatives, accelerate)


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
    points = _points(objective.net, x)

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


def row_weights(problem: Problem, held: Sequence[Condition], nodes: Nodes) -> Float[ndarray, " R"]:
    """Return the factor of each row of the residual; see the head of the module."""
    x = nodes.x[nodes.rows]
    length = float(np.max(x.max(axis=0) - x.min(axis=0))) / 2 / pi
    duration = 1.0 if problem.time is None else (problem.time[1] - problem.time[0]) / 2 / pi
    lengths = [length] * nodes.dim + [duration]
    starts = [parameter.start for parameter in problem.parameters.values()]
    factors = []
    for condition in held:
        residual, n = condition.residual, condition.size
        size = 0.0
        for value in (0.0, 1.0):  # where a nonlinear coefficient has no value at zero, at one
            constant = np.full(residual.ones.shape, value)
            jet = {
                (i, op): constant if i >= 0 else np.full_like(constant, starts[-1 - i])
                for i, op in residual.terms
            }
            slopes = residual.partials(jet)
            size = sum(
                float(np.mean(np.abs(slope)))
                * duration ** -(field // len(problem.fields))  # the field's order in time
                * sum(
                    abs(c) * prod(l**-n for l, n in zip(lengths, alpha, strict=False))
                    for alpha, c in op.terms
                )
                for (field, op), slope in slopes.items()
                if field >= 0
            )
            if np.isfinite(size) and size > 0:
                break
        factor = sqrt(condition.weight / n) / (size if np.isfinite(size) and size > 0 else 1.0)
        factors.append(np.full(n, factor))
    return np.concatenate(factors)


def _periods(problem: Problem, nodes: Nodes, dim: int) -> list[float | None]:
    """Return the period of each coordinate in which the network has to be periodic."""
    periods: list[float | None] = [None] * dim
    for condition in problem.boundary:
        if condition.is_built_in:
            (joint,) = (joint for joint in nodes.joints if set(joint.sides) == set(condition.on))
            periods[joint.axis] = joint.period
    return periods


def _range(parameter: Parameter) -> Range:
    """Return where an unknown parameter may lie."""
    lower = -inf if parameter.lower is None else parameter.lower
    upper = inf if parameter.upper is None else parameter.upper
    return Range(parameter.first, lower, upper, parameter.transform == "exp")


def _in_order(problem: Problem, x: Float[ndarray, "N d"]) -> Float[ndarray, "M D"]:
    """Return points, each at all time levels in turn if there are any."""
    if problem.times is None:
        return x
    return in_time(x, problem.times).swapaxes(0, 1).reshape(-1, x.shape[1] + 1)


def _points(net: MLP, x: Float[ndarray, "*N d"]) -> torch.Tensor:
    return torch.as_tensor(x).to(net.head.weight)
