"""DT-PINN: one network for the whole domain, trained on the residual of RBF-FD derivatives.

Source: Sharma & Shankar (2022), Accelerated training of physics-informed neural networks using
meshless discretizations, arXiv:2205.09332.
"""

from dataclasses import replace
from itertools import compress

import torch

from pinnsolve.conditions.initial import initial_conditions
from pinnsolve.conditions.points import in_order
from pinnsolve.conditions.weights import row_weights
from pinnsolve.networks.build import as_points
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.nodal import NodalObjective
from pinnsolve.problem import Problem
from pinnsolve.rbffd.discretisation import Discretisation

REVERSE = {"float64": torch.float64, "mixed": torch.float32, "float32": torch.float32}


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
        as_points(net, in_order(problem, nodes.x)),
        system,
        row_weights(problem, system.conditions, nodes),
        n_levels=None if times is None else len(times),
        reverse=REVERSE[problem.settings.solver.precision],
    )
