"""What all methods have in common that train a network for the fields, or one in each region."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.beside_direct import estimate_beside
from pinnsolve.accuracy.estimate import estimate
from pinnsolve.accuracy.in_time import estimate_in_time
from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.corners import ease
from pinnsolve.conditions.points import points_of
from pinnsolve.conditions.slabs import fewest, in_slab
from pinnsolve.conditions.weights import field_sizes
from pinnsolve.errors import FileError
from pinnsolve.networks.sizes import grows
from pinnsolve.problem import Problem
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.process import Process, State
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.pieces import Pieces, values_at
from pinnsolve.solution.slabs import Slabs, read_slabs
from pinnsolve.solution.solution import Sample

if TYPE_CHECKING:
    from pinnsolve.networks.several import AnyNetwork
    from pinnsolve.objectives.objective import Objective, OfNetwork
    from pinnsolve.training.phases import Training

    ObjectiveOf: TypeAlias = Callable[[AnyNetwork, Setup], Objective]
    ObjectiveAt: TypeAlias = Callable[[AnyNetwork, Setup, "Points"], OfNetwork]

Points: TypeAlias = Literal["nodes", "more", "fresh", "pool"]

VANISHED = 1e-6  # of the size that its data ask of a field: less is what rounding makes of zero


def start(
    setup: Setup, objective_of: "ObjectiveOf", between: "ObjectiveAt | None" = None
) -> Process[Fields]:
    """Return the training of a network.

    Parameters
    ----------
    setup
        Of the problem.
    objective_of
        Builds what is to be lowered.
    between
        Builds the same with the equations at more points than the nodes, or at fresh ones; None if
        they know of the nodes alone.

    Raises
    ------
    FileError
        If there is no such device.
    """
    if setup.problem.settings.solver.slabs is not None:
        return _in_slabs(setup, objective_of, between)
    return _training(setup, objective_of, between)[0]


def _in_slabs(
    setup: Setup, objective_of: "ObjectiveOf", between: "ObjectiveAt | None"
) -> Process[Fields]:
    """Return the training of a network for each slab of time."""
    from pinnsolve.training.slabs import InSlabs, Making, Slab, residual_of

    problem = setup.problem
    assert problem.time is not None

    def begin(time: tuple[float, float], before: Fields | None) -> Slab:
        own = Setup(in_slab(problem, time, before), setup.watch, nodes=setup.nodes)
        training, fresh = _training(own, objective_of, between, before)
        return Slab(training, lambda: residual_of(fresh()))

    making = Making(problem.time, begin, lambda time, state: _read_slab(setup, time, state))
    count = problem.settings.solver.slabs
    if isinstance(count, int):
        return InSlabs(making, count)
    return InSlabs(making, fewest(problem), is_open=True)


def _training(
    setup: Setup,
    objective_of: "ObjectiveOf",
    between: "ObjectiveAt | None",
    before: Fields | None = None,
) -> "tuple[Training[Fields], Callable[[], Objective]]":
    """Return the training of a network that may follow that of the slab of time before.

    Beside it, a maker of the same objective at fresh points, if it knows of any.
    """
    from pinnsolve.networks.build import network  # torch: two seconds that `check` need not pay
    from pinnsolve.objectives.network_fields import NetworkFields, fields_of
    from pinnsolve.objectives.objective import OfNetwork
    from pinnsolve.training.schedule import training
    from pinnsolve.training.slabs import follow

    net = network(setup, device_for(setup.problem.settings.solver.device))
    ansatz, regions = setup.ansatz(), setup.nodes.regions
    objective = objective_of(net, setup)
    is_alike = isinstance(before, NetworkFields) and before.net.size == net.size
    if is_alike and setup.problem.time is not None:
        assert isinstance(before, NetworkFields)
        assert isinstance(objective, OfNetwork)
        follow(objective, before.net, setup.problem.time[0])
    made = training(
        objective,
        setup,
        lambda: fields_of(net, ansatz, regions),
        None if between is None else lambda points: between(net, setup, points),
        is_continued=is_alike,
    )
    return made, lambda: objective if between is None else between(net, setup, "fresh")


def sizes(setup: Setup, problem: Problem, conditions: Sequence[Condition]) -> Float[ndarray, " c"]:
    """Return the size of each field, or of each output of a network that has conditions built in.

    That of the classical solution, if there is one: data that oscillate ask for fields ten times
    as large as they become, and with first weights as large training by gradients loses a digit.

    Parameters
    ----------
    setup
        Of the problem.
    problem, conditions
        As posed for the network's outputs.
    """
    asked = field_sizes(problem, conditions, setup.nodes)
    name = problem.reference
    if name is None or any(setup.ansatz().parts):
        return asked
    reference = setup.reference(name)
    if reference is None or reference.values is None or not np.isfinite(reference.values).all():
        return asked
    found = np.sqrt(np.mean(np.square(reference.values.reshape(-1, len(asked))), axis=0))
    return np.where(found > VANISHED * asked, found, asked)


def sample(setup: Setup, answer: Fields) -> Sample:
    """Return the values at the nodes, at each time level if there are any."""
    problem = setup.problem
    points = points_of(problem, setup.nodes)
    regions, flat = setup.nodes.regions, points.reshape(-1, points.shape[-1])
    of = None if regions is None else np.resize(regions.of[setup.nodes.rows], len(flat))
    values = values_at(answer, flat, of)
    return Sample(setup.nodes, values.reshape(*points.shape[:-1], -1), problem.times)


def estimated(setup: Setup, _: Process[Fields], answer: Fields, shown: Sample) -> Estimate | None:
    """Return the estimated error; None where there is no discretisation to estimate it by."""
    problem, nodes = setup.problem, setup.nodes
    if problem.parameters:
        return None
    is_discrete = "operators" in ABILITIES[problem.settings.solver.method].needs
    if problem.reference is None and not is_discrete:
        return None
    if problem.times is not None:
        # others were not trained on the equations that the classical solution satisfies
        name = problem.reference
        same = setup.reference(name) if is_discrete and name else None
        values = None if same is None else same.values
        return estimate_in_time(
            setup.placement,
            setup.domain,
            answer,
            shown.values,
            values,
            is_network=True,
            watch=setup.watch,
        )
    system = setup.discretisation()
    U = values_at(answer, nodes.x, None if nodes.regions is None else nodes.regions.of)
    direct = _eased_from(setup) if is_discrete and system.is_linear else None
    if direct is not None:
        return estimate_beside(
            setup.placement.problem,
            setup.domain,
            system,
            direct,
            U,
            answer,
            stated=problem,
            watch=setup.watch,
        )
    return estimate(
        setup.placement.problem,
        setup.domain,
        system,
        U,
        answer,
        trained_exactly=not is_discrete,
        stated=problem,
        watch=setup.watch,
    )


def _eased_from(setup: Setup) -> Float[ndarray, "N c"] | None:
    """Return the direct solution at all nodes, if rows of a network near some corners count less.

    None if there are no such rows, or no direct solution.
    """
    problem, nodes = setup.problem, setup.nodes
    if problem.reference is None or not grows(problem):
        return None
    found = setup.reference(problem.reference)
    is_eased = ease(problem, setup.conditions, nodes, nodes.x) is not None
    if found is None or not is_eased or not isinstance(found.fields, NodalFields):
        return None
    return found.fields.values


def read(setup: Setup, state: State) -> Fields:
    """Return the fields of a network whose weights are given.

    Raises
    ------
    FileError
        If they are the weights of another network.
    """
    if "ends" in state:
        return read_slabs(state, lambda time, own: _read_slab(setup, time, own))
    from pinnsolve.networks.build import network
    from pinnsolve.objectives.network_fields import fields_of, take_form, take_weights, weights_of

    net = network(setup)
    weights = weights_of(net, state)
    if grows(setup.problem):
        take_form(net, weights)
    take_weights(net, weights)
    return fields_of(net, setup.ansatz(), setup.nodes.regions)


def _read_slab(setup: Setup, time: tuple[float, float], state: State) -> Fields:
    """Return the fields of a slab of time whose weights are given."""
    return read(Setup(in_slab(setup.problem, time), setup.watch, nodes=setup.nodes), state)


def condition(setup: Setup, _: Process[Fields]) -> float | None:
    """Return the condition of the operator of the direct solution on the same nodes."""
    name = setup.problem.reference
    reference = setup.reference(name) if name else None
    return None if reference is None else reference.condition


def device(answer: Fields) -> str:
    """Return the device of a network."""
    from pinnsolve.objectives.network_fields import NetworkFields

    first = answer.parts[0] if isinstance(answer, Pieces | Slabs) else answer
    assert isinstance(first, NetworkFields)
    return first.device


def device_for(wanted: str) -> str:
    """Return the device to train on.

    Raises
    ------
    FileError
        If there is no such device.
    """
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise FileError('no CUDA device is available. Set solver.device to "auto" or "cpu".')
    return "cuda" if available and wanted != "cpu" else "cpu"
