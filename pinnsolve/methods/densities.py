"""Densities of Neural IVP: their logarithm is fitted to particles, which the flow carries."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.conservation import law
from pinnsolve.conditions.densities import Density, density_of
from pinnsolve.errors import FileError
from pinnsolve.methods import trained
from pinnsolve.methods.memory import BYTES, FIGURES, LIBRARIES, TORCH, WORKSPACE
from pinnsolve.networks.sizes import hidden_layers
from pinnsolve.problem import Problem
from pinnsolve.problem.densities import coefficients
from pinnsolve.process import Process, State
from pinnsolve.setup import Setup
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.found import Places

if TYPE_CHECKING:
    from pinnsolve.objectives.cloud import Cloud
    from pinnsolve.objectives.outputs import Output

TAILS, POWER = 1 / 4, 0.6  # share of the particles that are drawn from a power of the density
MORE = 3  # times the particles: those of the first fit
PER_WEIGHT = 4  # of those for each weight, at least
CHUNK = 4096  # points differentiated together
SMALL = 0.1  # size of the network before the first fit, beside its usual one


def is_density(problem: Problem) -> bool:
    """Return whether the field is the exponential of what evolves."""
    return bool(problem.settings.network.ansatz)


def start(setup: Setup) -> Process[Fields]:
    """Return the fit of the initial values, and the evolution on particles, in steps."""
    from pinnsolve.objectives.flow import Flow
    from pinnsolve.training.particles import Carried

    problem = setup.problem
    settings, times = problem.settings.evolution, problem.times
    assert settings is not None
    assert times is not None
    density, seed = density_of(problem), problem.settings.nodes.seed
    count = settings.samples
    cloud, x = _cloud(setup, density, count, count, seed + 11)
    output = _output(setup, x.mean(axis=0), x.std(axis=0))
    flow = Flow(law(problem), output)
    fitted = cloud
    if flow.is_driven or not output.is_linear or count < PER_WEIGHT * output.size:
        more = max(MORE * count, PER_WEIGHT * output.size)
        fitted, _ = _cloud(setup, density, more, 0, seed + 21)
    return Carried(flow, setup.ansatz(), cloud, fitted, settings, times)


def forecast(problem: Problem) -> dict[str, float]:
    """Return the memory in use at the peak of each stage, in bytes."""
    settings, network = problem.settings.evolution, problem.settings.network
    assert settings is not None
    dim = len(problem.coordinates)
    widths = [dim, *hidden_layers(problem, 0), 1]
    own = sum((n + 1) * m for n, m in pairwise(widths)) if widths[1:-1] else 0
    weights = own + coefficients(dim, network.polynomial, network.powers)
    channels = (2 * dim + 1) * sum(widths[1:-1]) * CHUNK  # of the derivatives of a network
    rows = {
        "training: gauss-newton": max(MORE * settings.samples, PER_WEIGHT * weights),
        "evolution": settings.samples,
    }
    base = LIBRARIES + TORCH
    sizes = {
        stage: base + WORKSPACE + BYTES * (2 * count * weights + 3 * weights**2 + channels)
        for stage, count in rows.items()
    }
    return {**sizes, "report": base + FIGURES}


def factors(logs: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
    """Return factors that make sums of squares over particles integrals, but for a constant."""
    return np.exp((logs.min(initial=np.inf) - logs) / 2) if len(logs) else logs


def places(problem: Problem, x: Float[ndarray, "n D"], logs: Float[ndarray, " n"]) -> Places:
    """Return particles at an instant, and weights that make sums over them integrals.

    Parameters
    ----------
    problem
        Whose initial values they were drawn from.
    x, logs
        Particles in space and time, and the logarithms that they carry.
    """
    mass = density_of(problem).mass if len(x) else 0.0

    def at(time: float) -> tuple[Float[ndarray, "m d"], Float[ndarray, " m"]]:
        here = x[:, -1] == time
        return x[here, :-1], mass * np.exp(-logs[here]) / max(int(here.sum()), 1)

    return at


def read(setup: Setup, state: State) -> Fields:
    """Return the field of a path of weights that was stored.

    Raises
    ------
    FileError
        If it is that of another network, or of another polynomial.
    """
    from pinnsolve.objectives.extent import Extent
    from pinnsolve.objectives.network_fields import ANOTHER
    from pinnsolve.objectives.path_fields import Path, PathFields

    means, deviations = (np.array(state[f"{name} 0"]) for name in ("means", "deviations"))
    output = _output(setup, means, deviations)
    path = Path(*(np.array(state[name], dtype=float) for name in ("times", "weights", "rates")))
    if path.weights.shape != (len(path.times), output.size):
        raise FileError(ANOTHER)
    return PathFields.of([output], setup.ansatz(), path, Extent.read(state))


def _cloud(
    setup: Setup, density: Density, seen: int, unseen: int, seed: int
) -> "tuple[Cloud, Float[ndarray, 'n d']]":
    """Return particles, of which so many are fitted to; and those of the body."""
    import torch

    from pinnsolve.objectives.cloud import Cloud

    device = trained.device_for(setup.problem.settings.solver.device)
    tails = int(TAILS * seen)
    body = density.draw(seen - tails, seed)
    parts = [body, density.draw(tails, seed + 1, POWER)]
    parts += [density.draw(unseen, seed + 2)] if unseen else []
    logs = [density.log(x) for x in parts]
    # rounding may put one where the density is zero
    kept = [np.isfinite(own) for own in logs]
    parts, logs = (
        [values[some] for values, some in zip(own, kept, strict=True)] for own in (parts, logs)
    )
    x, values = (torch.as_tensor(np.concatenate(own)).to(device) for own in (parts, logs))
    return Cloud(x, values, len(parts[0]), len(parts[1])), parts[0]


def _output(
    setup: Setup, means: Float[ndarray, " d"], deviations: Float[ndarray, " d"]
) -> "Output":
    """Return the logarithm of the density: a polynomial, and a network if there is one."""
    from pinnsolve.networks.build import networks_in_space, polynomials
    from pinnsolve.objectives.outputs import Output

    problem, net = setup.problem, None
    device = trained.device_for(problem.settings.solver.device)
    if hidden_layers(problem, setup.nodes.rows.stop):
        (net,) = networks_in_space(setup, [0], device)
        net.initialise(problem.settings.solver.seed)
        net.set_head(SMALL * net.head_vector())
    return Output(net, polynomials(problem, means, deviations, device))
