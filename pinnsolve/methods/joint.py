"""Operator learning by one network of position and input, for `[network] decoder = "joint"`.

Where solutions have layers whose thickness the input tells, or fronts whose place it tells, sums of
fixed functions of position need many of them; features of both together follow the layer.
"""

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np

from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.sizes import hidden_layers
from pinnsolve.problem import Problem
from pinnsolve.problem.families import functions_of
from pinnsolve.process import Budget, State
from pinnsolve.setup import Setup

if TYPE_CHECKING:
    from pinnsolve.networks.branch import Products
    from pinnsolve.networks.mlp import MLP
    from pinnsolve.objectives.joint_fields import JointFields
    from pinnsolve.training.joint import JointTraining

ALONE = 200  # features of position by which solutions are judged, at most
POINTS = 4  # for each of them, at least


def start_joint(setup: Setup, device: str, budget: Budget, frequency: float) -> "JointTraining":
    """Return the training.

    Parameters
    ----------
    setup
        Of the family.
    device
        Where to train.
    budget
        Iterations and seconds.
    frequency
        The first of the features that is tried.
    """
    from pinnsolve.networks.branch import products
    from pinnsolve.networks.build import network
    from pinnsolve.objectives.joint import JointProblem, joint_network
    from pinnsolve.objectives.joint_fields import JointFields
    from pinnsolve.training.joint import JointTraining

    problem = setup.problem
    assert problem.family is not None
    (of_position,) = network(setup, device).nets
    objective = pointwise_objective(of_position, setup)
    functions = functions_of(problem.family, held_out=False)
    codes = [own.codes() for own in functions.values()]
    branch = products(codes, is_linear=True)
    shown = tuple(own.held_out.chosen([0]).codes() for own in problem.family.inputs)
    z, seed = branch.scaled(codes), problem.settings.solver.seed
    net = joint_network(of_position, z, hidden_layers(problem, setup.nodes.rows.stop), seed)

    def answer(trained: "MLP") -> JointFields:
        return joint_fields(setup, deepcopy(trained), branch, shown)

    own = JointProblem(objective, functions, z)
    return JointTraining(own, net, budget, frequency, seed, answer)


def is_joint(problem: Problem) -> bool:
    """Return whether one network takes position and input."""
    return problem.settings.network.decoder == "joint"


def joint_fields(
    setup: Setup, net: "MLP", branch: "Products", shown: tuple[np.ndarray, ...]
) -> "JointFields":
    """Return the solutions that a network gives.

    Parameters
    ----------
    setup
        Of the family.
    net
        The network of position and input.
    branch
        Where the inputs lie.
    shown
        The codes of the problem whose solution is shown.
    """
    from pinnsolve.networks.build import network
    from pinnsolve.objectives.family_fields import FamilyFields
    from pinnsolve.objectives.joint_fields import JointFields

    (own,) = network(setup).nets
    frequency = float(next(iter(net.layers)).weight.detach().std())
    own.rebuild([max(8, min(ALONE, setup.nodes.rows.stop // POINTS))])
    own.draw(setup.problem.settings.solver.seed, frequency)
    nothing = np.zeros((own.head_size, branch.size))
    alone = FamilyFields(own.to(net.like), setup.ansatz(), branch, nothing, shown)
    return JointFields(net, alone, branch, shown)


def read_joint(setup: Setup, state: State) -> "JointFields":
    """Return the solutions that were stored."""
    import torch

    from pinnsolve.networks.build import network
    from pinnsolve.objectives.joint import joint_network
    from pinnsolve.objectives.joint_fields import (
        stored_branch,
        stored_codes,
        stored_weights,
        widths,
    )

    weights, branch = stored_weights(state), stored_branch(state)
    (of_position,) = network(setup).nets
    z = np.ones((1, len(weights["center"]) - len(of_position.center)))
    net = joint_network(of_position, z, widths(weights), 0)
    net.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})
    return joint_fields(setup, net, branch, stored_codes(state))
