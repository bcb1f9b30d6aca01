"""What all methods have in common that train one network for the fields."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pinnsolve.accuracy.estimate import estimate, estimate_in_time
from pinnsolve.conditions.points import points_of
from pinnsolve.errors import FileError
from pinnsolve.methods.method import Found
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.references.exact import exact_at
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.course import Course, Outcome
from pinnsolve.solution.fields import Fields, State
from pinnsolve.solution.norms import relative_l2
from pinnsolve.solution.solution import FoundConstant, Sample
from pinnsolve.storage.resume import load_weights

if TYPE_CHECKING:
    from pinnsolve.networks.mlp import MLP
    from pinnsolve.objectives.objective import Objective

    ObjectiveOf: TypeAlias = Callable[[MLP, Setup], Objective]


def solve(setup: Setup, objective_of: "ObjectiveOf", resume: Path | None) -> Found:
    """Train a network.

    Parameters
    ----------
    setup
        Of the problem.
    objective_of
        Builds what is to be lowered.
    resume
        Folder of an earlier run, whose network is trained further.

    Raises
    ------
    FileError
        If there is no such device, or no such network in the folder.
    """
    import torch  # two seconds that a direct solution and `check` need not pay

    from pinnsolve.networks.build import network
    from pinnsolve.objectives.network_fields import NetworkFields
    from pinnsolve.training.schedule import train_objective

    problem = setup.problem
    with setup.stage("set-up"):
        device = _device(problem.settings.solver.device)
        net = network(setup, device)
        if resume is not None:
            load_weights(net, problem, resume)
        answer = NetworkFields(net, setup.ansatz())
        objective = objective_of(net, setup)
    with setup.stage("errors"):
        exact = exact_at(problem, setup.nodes)

    def error() -> float:
        assert exact is not None
        with np.errstate(over="ignore"):  # of a network that is about to leave the finite numbers
            return relative_l2(sample(setup, answer).values, exact)

    is_known = exact is not None and bool(np.any(exact))
    with setup.stage("errors"):
        training = train_objective(
            objective, setup, error if is_known else None, resume is not None
        )
    setup.seconds["errors"] -= training.seconds
    setup.seconds["training"] = training.seconds
    return Found(
        answer,
        Outcome(training.status, training.message),
        Course(
            training.history,
            training.phases,
            iterations=training.iterations,
            unknowns=sum(p.numel() for p in net.parameters()),
        ),
        _constants(setup, net),
        torch.cuda.get_device_name() if device == "cuda" else "cpu",
    )


def sample(setup: Setup, answer: Fields) -> Sample:
    """Return the values at the nodes, at each time level if there are any."""
    problem = setup.problem
    points = points_of(problem, setup.nodes)
    values = answer(points.reshape(-1, points.shape[-1]))
    return Sample(setup.nodes, values.reshape(*points.shape[:-1], -1), problem.times)


def estimated(setup: Setup, answer: Fields, shown: Sample) -> Estimate | None:
    """Return the estimated error; None for unknown constants, which leave no discretisation."""
    problem, nodes = setup.problem, setup.nodes
    if problem.parameters:
        return None
    is_discrete = "operators" in ABILITIES[problem.settings.solver.method].needs
    if problem.times is not None:
        # others were not trained on the equations that the classical solution satisfies
        name = ABILITIES[problem.settings.solver.method].reference
        same = setup.reference(name) if is_discrete and name else None
        values = None if same is None else same.values
        return estimate_in_time(problem, nodes, shown.values, values, setup.watch)
    system = setup.discretisation(problem.settings.solver.order)
    U = answer(nodes.x)
    return estimate(problem, setup.domain, system, U, answer, trained_exactly=not is_discrete)


def read(setup: Setup, state: State) -> Fields:
    """Return the fields of a network whose weights are given.

    Raises
    ------
    FileError
        If they are the weights of another network.
    """
    import torch

    from pinnsolve.networks.build import network
    from pinnsolve.objectives.network_fields import NetworkFields

    net = network(setup)
    expected = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    if expected != {name: np.shape(value) for name, value in state.items()}:
        raise FileError("the stored weights are those of another network than the problem's.")
    net.load_state_dict({name: torch.as_tensor(value) for name, value in state.items()})
    return NetworkFields(net, setup.ansatz())


def _constants(setup: Setup, net: "MLP") -> dict[str, FoundConstant]:
    """Return what was found for the unknown constants."""
    if net.unknowns is None:
        return {}
    values = net.unknowns().detach().double().cpu().tolist()
    return {
        name: FoundConstant(parameter.start, value, parameter.true)
        for (name, parameter), value in zip(setup.problem.parameters.items(), values, strict=True)
    }


def _device(wanted: str) -> str:
    """Return where to train."""
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise FileError('no CUDA device is available. Set solver.device to "auto" or "cpu".')
    return "cuda" if available and wanted != "cpu" else "cpu"
