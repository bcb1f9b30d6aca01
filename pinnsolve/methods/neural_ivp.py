"""Neural IVP: networks fitted to the initial values, their weights carried through time.

No network over all of space and time is trained: what evolves is a function of space, and what is
solved in each step is a linear least-squares problem for the rates of its weights. Sources: Du &
Zaki (2021), Evolutional deep neural network, doi:10.1103/PhysRevE.104.045303; Finzi, Potapczynski,
Choptuik & Wilson (2023), A stable and scalable method for solving initial value PDEs with neural
networks, arXiv:2304.14994.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import inf, isfinite
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.in_time import estimate_in_time
from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.rates import states
from pinnsolve.conditions.resampling import Places
from pinnsolve.conditions.selfadjoint import SelfAdjoint, is_frozen, self_adjoint
from pinnsolve.constraints.ansatz import Part
from pinnsolve.constraints.build import posed
from pinnsolve.equations.calculus import derivative
from pinnsolve.equations.expression import evaluate
from pinnsolve.errors import FileError
from pinnsolve.geometry.gauss import interior_quadrature
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.sampling import sample
from pinnsolve.leastsquares.ways import MOST, Way, is_dense
from pinnsolve.methods import densities, trained
from pinnsolve.methods.memory import BYTES, FIGURES, LIBRARIES, TORCH, WORKSPACE
from pinnsolve.methods.method import Method
from pinnsolve.networks.sizes import hidden_layers, octaves, wave_of
from pinnsolve.problem import Problem
from pinnsolve.problem.schema.evolution import Evolution as Settings
from pinnsolve.process import Process, State
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.found import Found
from pinnsolve.solution.solution import Sample

if TYPE_CHECKING:
    from pinnsolve.networks.mlp import MLP

BETWEEN_NODES = 1.5  # times the error at the nodes, that elsewhere
CLASSICAL = 2  # coordinates up to which a classical solution is cheap
POOL = 3  # times the samples: points among which those of a step are drawn
PER_FEATURE = 4  # points of the integrals for each feature, at least
KRYLOV = 5 * MOST  # times the same: a preconditioner of half the columns that it may have
NEWTON = 4.0  # times the entries of a matrix: the normal one, its factor, and the Jacobian's blocks


@runtime_checkable
class Evolution(Protocol):
    """The work of an evolution, which knows what it has lost, and how far it has got."""

    @property
    def reached(self) -> float:
        """The last instant at which what it has found is good."""

    @property
    def lost(self) -> Float[ndarray, " s"]:
        """What has been lost of each component of the state, relative to it."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Doubts about what it has found."""


@runtime_checkable
class OnParticles(Protocol):
    """The work of an evolution of a density, which knows where it is."""

    @property
    def unseen(self) -> tuple[Float[ndarray, "n D"], Float[ndarray, " n"]]:
        """Points drawn from it, in space and time, and the logarithms that they carry."""


def start(setup: Setup) -> Process[Fields]:
    """Return the fit of the initial values and the evolution of the weights, in steps."""
    if densities.is_density(setup.problem):
        return densities.start(setup)
    return _frozen(setup) if is_frozen(setup.problem) else _moving(setup)


def _frozen(setup: Setup) -> Process[Fields]:
    """Return the evolution of the last layer alone."""
    from pinnsolve.training.frozen import Frozen, Task

    problem, settings = setup.problem, _settings(setup.problem)
    operator = self_adjoint(problem)
    assert isinstance(operator, SelfAdjoint)
    (net,) = _networks(setup, [0])
    seed, shape = problem.settings.nodes.seed, problem.settings.domain
    count = max(settings.samples, PER_FEATURE * net.head.in_features)
    x, weights = interior_quadrature(setup.domain, count, is_box=shape.is_box, seed=seed + 11)
    (functions,) = problem.initial

    def initial(x: Float[ndarray, "N d"]) -> Float[ndarray, "m N"]:
        return np.stack([np.broadcast_to(function(x), len(x)) for function in functions])

    unseen = sample(setup.domain, settings.samples, seed + 12)
    places = Places(x, np.sqrt(weights))
    assert problem.times is not None
    task = Task(operator, setup.ansatz(), initial, problem.times, places, unseen)
    return Frozen(net, task, problem.settings.solver.seed, settings.residual_limit)


def _moving(setup: Setup) -> Process[Fields]:
    """Return the evolution of all weights."""
    from pinnsolve.objectives.pool import Pool
    from pinnsolve.objectives.velocity import Velocity
    from pinnsolve.training.evolution import Evolving

    problem, settings = setup.problem, _settings(setup.problem)
    ansatz = setup.ansatz()
    nets = _networks(setup, [field for field, _ in states(problem)])
    count, seed = settings.samples, problem.settings.nodes.seed
    is_adaptive = settings.sampling == "adaptive"
    is_adaptive |= settings.sampling == "auto" and len(problem.coordinates) > 1
    # others than those of the test, and of each other
    seen, unseen = (sample(setup.domain, POOL * count, seed + k) for k in (11, 12))
    assert problem.times is not None
    return Evolving(
        Velocity(
            posed(problem, ansatz),
            ansatz,
            nets,
            settings.linear_solver,
            settings.preconditioner_rank,
        ),
        lambda x: initial_outputs(setup, x),
        Pool(seen, unseen, count, is_adaptive, seed),
        settings,
        problem.times,
        problem.settings.solver.seed,
    )


def initial_outputs(setup: Setup, x: Float[ndarray, "N d"]) -> Float[ndarray, "s N"]:
    """Return the outputs that the networks are to have when time begins, at points inside."""
    problem, ansatz = setup.problem, setup.ansatz()
    assert problem.time is not None
    points = np.column_stack([x, np.full(len(x), problem.time[0])])
    rows = []
    for field, order in states(problem):
        values, part = problem.initial[field][order](x), ansatz.parts[field]
        if isinstance(part, Part):
            names = ansatz.symbols.coordinates
            alpha = (*(0 for _ in names[:-1]), order)
            offset = derivative(part.offset, alpha, names)
            L, G = evaluate([part.factor, offset], ansatz.symbols, points)
            values = (values - G) / L
        rows.append(np.broadcast_to(values, len(x)))
    return np.stack(rows)


def estimated(setup: Setup, process: Process[Fields], answer: Fields, shown: Sample) -> Estimate:
    """Return the error by what has been lost, or by the distance from a classical solution.

    What fits and steps have lost adds up as if nothing of it were damped, or amplified. Where all
    weights move and a classical solution is cheap, the distance from it is an error too: that of
    both. The smaller of the two is told.
    """
    assert isinstance(process, Evolution)
    problem, lost = setup.problem, process.lost
    assert problem.time is not None
    is_fit = problem.time[0] == problem.time[1]
    if not np.isfinite(lost).all() or (process.reached <= problem.time[0] and not is_fit):
        nothing: dict[str, float | None] = dict.fromkeys(problem.fields)
        return Estimate(nothing, nothing, message="no step in time has been taken")
    span = problem.time[1] - problem.time[0]
    total: dict[str, float | None] = {}
    for (field, order), own in zip(states(problem), lost.tolist(), strict=True):
        name = problem.fields[field]
        total[name] = (total.get(name) or 0.0) + own * span**order
    doubt = "it adds up what was left of the equations, which they may amplify"
    is_linear = all(equation.is_linear for equation in problem.equations)
    own = Estimate(dict(total), total, doubt="" if is_linear else doubt)
    is_cheap = len(problem.coordinates) <= CLASSICAL and not is_frozen(problem)
    if is_fit or not is_cheap or problem.settings.domain.shape == "unbounded":
        return own
    other = estimate_in_time(
        setup.placement,
        setup.domain,
        answer,
        shown.values,
        None,
        is_network=True,
        watch=setup.watch,
    )
    sizes = {k: None if e is None else BETWEEN_NODES * e for k, e in other.total.items()}
    return _smaller(own, replace(other, total=sizes))


def _smaller(own: Estimate, other: Estimate) -> Estimate:
    """Return the estimate whose largest error is the smaller one, if both are known."""
    sizes = [
        max((inf if e is None or not isfinite(e) else e) for e in estimate.total.values())
        for estimate in (own, other)
    ]
    return other if sizes[1] < sizes[0] else own


def until(setup: Setup, process: Process[Fields]) -> float | None:
    """Return the instant at which the answer ends; None at the end of time."""
    assert isinstance(process, Evolution)
    assert setup.problem.time is not None
    return process.reached if process.reached < setup.problem.time[1] else None


def found(setup: Setup, process: Process[Fields], _: Fields) -> Found:
    """Return the doubts of the evolution, and where a density is."""
    assert isinstance(process, Evolution)
    if not isinstance(process, OnParticles):
        return Found(warnings=process.warnings)
    x, logs = process.unseen
    shown = x, densities.factors(logs)
    return Found(
        warnings=process.warnings, shown=shown, places=densities.places(setup.problem, x, logs)
    )


def read(setup: Setup, state: State) -> Fields:
    """Return the fields of a path of weights that was stored.

    Raises
    ------
    FileError
        If it is that of other networks.
    """
    from pinnsolve.objectives.network_fields import ANOTHER
    from pinnsolve.objectives.outputs import Output
    from pinnsolve.objectives.path_fields import Path, PathFields

    if "vectors" in state:
        return _read_modes(setup, state)
    if densities.is_density(setup.problem):
        return densities.read(setup, state)
    nets = _networks(setup, range(len(setup.problem.fields)))
    path = Path(*(np.array(state[name], dtype=float) for name in ("times", "weights", "rates")))
    if path.weights.shape != (len(path.times), sum(net.size for net in nets)):
        raise FileError(ANOTHER)
    return PathFields.of([Output(net) for net in nets], setup.ansatz(), path)


def _read_modes(setup: Setup, state: State) -> Fields:
    """Return the field of modes that were stored."""
    from pinnsolve.objectives.modal_fields import ModalFields, Modes
    from pinnsolve.objectives.network_fields import take_weights

    (net,) = _networks(setup, [0])
    own = {k.removeprefix("net."): state[k] for k in state if k.startswith("net.")}
    take_weights(net, own)
    vectors, rates, amplitudes = (
        np.array(state[name], dtype=float) for name in ("vectors", "mode rates", "amplitudes")
    )
    modes = Modes(vectors, rates, amplitudes, float(state["begin"]))
    return ModalFields(net, setup.ansatz(), modes)


def device(answer: Fields) -> str:
    """Return the device of the networks."""
    from pinnsolve.objectives.modal_fields import ModalFields
    from pinnsolve.objectives.path_fields import PathFields

    assert isinstance(answer, PathFields | ModalFields)
    return answer.device


def forecast(
    problem: Problem, nodes: Nodes, _: Sequence[Condition], __: Sequence[Condition]
) -> dict[str, float]:
    """Return the memory in use at the peak of each stage of an evolution, in bytes."""
    if densities.is_density(problem):
        return densities.forecast(problem)
    widths = [_inputs(problem), *hidden_layers(problem, nodes.rows.stop), 1]
    weights = sum((n + 1) * m for n, m in pairwise(widths))
    base = LIBRARIES + TORCH
    settings = _settings(problem)
    layers = 2 * sum(widths)  # inputs and signals of each, at a point
    fitted = max(settings.samples, 4 * weights)
    steps: dict[str, tuple[int, Way]] = {
        "training: gauss-newton": (fitted, "auto"),
        "evolution": (settings.samples, settings.linear_solver),
    }
    sizes = {
        stage: base + WORKSPACE + BYTES * _entries(rows, weights, layers, way)
        for stage, (rows, way) in steps.items()
    }
    if settings.integrator == "radau":  # both stages together, and each by itself
        count = len(states(problem))
        sizes["evolution"] += BYTES * 8 * count * settings.samples * count * weights
    return {**sizes, "report": base + FIGURES}


def _inputs(problem: Problem) -> int:
    """Return about how many inputs a network has."""
    dim, samples = len(problem.coordinates), _settings(problem).samples
    is_wave = problem.settings.network.embedding == "sinusoidal"
    return dim * (2 * octaves(wave_of(problem, samples, dim)) if is_wave else 1)


def _entries(rows: int, weights: int, layers: int, way: Way) -> float:
    """Return the numbers that a linear system takes, with a matrix or a preconditioner."""
    fewer = min(rows, weights)
    own = NEWTON * fewer**2 if is_dense(rows, weights, way) else KRYLOV / 2 * weights**2
    return 2 * rows * layers + own


def _settings(problem: Problem) -> Settings:
    settings = problem.settings.evolution
    assert settings is not None
    return settings


def _networks(setup: Setup, fields: Sequence[int]) -> "list[MLP]":
    """Return a network for the output of each."""
    from pinnsolve.networks.build import networks_in_space

    return networks_in_space(
        setup, fields, trained.device_for(setup.problem.settings.solver.device)
    )


METHOD = Method(
    start=start,
    sample=trained.sample,
    estimate=estimated,
    read=read,
    memory=forecast,
    found=found,
    until=until,
    device=device,
)
