"""Collocation: one network for the whole domain, trained on its residuals at the nodes.

With RBF-FD derivatives this is DT-PINN, with exact ones PINN; nothing else differs. The rows of
condition ``k`` carry the factor

    sqrt(w_k / R_k) / sum_terms |c_term| l^(-order),      l = (half width of the domain) / pi,

with ``w_k`` the weight in the problem file, ``R_k`` the number of rows and ``|c_term|`` the mean
size of a term's coefficient. Divided so, each residual is dimensionless and of the size of the
error of a field that varies on the scale of the domain, whatever the units of its coefficients.
"""

from collections.abc import Sequence
from math import isfinite, pi, sqrt

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions import Condition, conditions
from pinnsolve.defaults import has_gauss_newton, hidden_layers
from pinnsolve.geometry.pointset import Nodes
from pinnsolve.methods.nodal import NodalObjective
from pinnsolve.methods.pointwise import PointwiseObjective
from pinnsolve.methods.training import Training, train
from pinnsolve.networks.mlp import MLP
from pinnsolve.optimizers.objective import Objective
from pinnsolve.problem import Problem
from pinnsolve.problem.schema import Phase
from pinnsolve.progress import Watch
from pinnsolve.rbffd.discretisation import Discretisation

PATIENCE = 1  # iterations of Gauss-Newton in the default schedule that may pass without paying
DTYPES = {"float64": torch.float64, "float32": torch.float32}


def network(problem: Problem, nodes: Nodes, device: str) -> MLP:
    """Build the network that a problem asks for, on the box around its nodes."""
    settings, solver = problem.settings.network, problem.settings.solver
    x = nodes.x[nodes.rows]
    net = MLP(
        x.min(axis=0).tolist(),
        x.max(axis=0).tolist(),
        hidden_layers(problem, len(x)),
        len(problem.fields),
        settings.activation,
        solver.seed,
    )
    return net.to(device, DTYPES[solver.precision])


def nodal_objective(net: MLP, system: Discretisation) -> NodalObjective:
    """Build the objective of DT-PINN."""
    weights = row_weights(system.conditions, system.nodes)
    return NodalObjective(net, _points(net, system.nodes.x), system, weights)


def pointwise_objective(net: MLP, problem: Problem, nodes: Nodes) -> PointwiseObjective:
    """Build the objective of a PINN on the interior and boundary nodes."""
    held = conditions(problem, nodes)
    return PointwiseObjective(net, _points(net, nodes.x), held, row_weights(held, nodes))


def solve(
    objective: Objective,
    problem: Problem,
    nodes: Nodes,
    exact: Float[ndarray, "n c"] | None,
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
    points = _points(objective.net, nodes.x[nodes.rows])

    @torch.no_grad()
    def error() -> float:
        assert exact is not None
        u = objective.net(points).double().cpu().numpy()
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
    is_dense = isinstance(objective, PointwiseObjective)
    if not has_gauss_newton(rows, weights, is_dense=is_dense):
        return (head,)
    return (head, Phase(optimizer="gauss-newton", iterations=20, tolerance=tolerance), head)


def row_weights(held: Sequence[Condition], nodes: Nodes) -> Float[ndarray, " R"]:
    """Return the factor of each row of the residual; see the head of the module."""
    x = nodes.x[nodes.rows]
    length = float(np.max(x.max(axis=0) - x.min(axis=0))) / 2 / pi
    factors = []
    for condition in held:
        residual, n = condition.residual, len(condition.rows)
        size = 0.0
        for value in (0.0, 1.0):  # where a nonlinear coefficient has no value at zero, at one
            slopes = residual.partials({term: np.full(n, value) for term in residual.terms})
            size = sum(
                float(np.mean(np.abs(slope)))
                * sum(abs(c) * length ** -sum(alpha) for alpha, c in op.terms)
                for (_, op), slope in slopes.items()
            )
            if np.isfinite(size) and size > 0:
                break
        factor = sqrt(condition.weight / n) / (size if np.isfinite(size) and size > 0 else 1.0)
        factors.append(np.full(n, factor))
    return np.concatenate(factors)


def _points(net: MLP, x: Float[ndarray, "N d"]) -> torch.Tensor:
    return torch.as_tensor(x).to(net.head.weight)
