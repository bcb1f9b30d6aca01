"""The network that a problem asks for, on the box around its nodes and times."""

from collections.abc import Sequence
from math import inf

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.points import in_order
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.polynomials import Polynomials, exponents
from pinnsolve.networks.products import PARITIES, axes, periods
from pinnsolve.networks.several import AnyNetwork, Networks
from pinnsolve.networks.sizes import hidden_layers, highest_wave, wave_of
from pinnsolve.networks.unknowns import Range
from pinnsolve.problem import Problem
from pinnsolve.problem.densities import degrees
from pinnsolve.problem.schema.file import Parameter
from pinnsolve.setup import Setup

REVERSE = {"float64": torch.float64, "mixed": torch.float32, "float32": torch.float32}
VALUES = {"float64": torch.float64, "mixed": torch.float64, "float32": torch.float32}


def network(setup: Setup, device: str = "cpu") -> AnyNetwork:
    """Build the network that a problem asks for, on the box around its nodes and times.

    Of several regions each has one, on the box around its own nodes.
    """
    problem, nodes = setup.problem, setup.nodes
    if nodes.regions is None:
        net: AnyNetwork = _on(problem, nodes, np.arange(nodes.rows.stop), 0)
    else:
        of = nodes.regions.of[nodes.rows]
        count = len(nodes.regions.names)
        net = Networks([_on(problem, nodes, np.flatnonzero(of == k), k) for k in range(count)])
    return net.to(device, VALUES[problem.settings.solver.precision])


def _on(problem: Problem, nodes: Nodes, rows: Int[ndarray, " n"], number: int) -> MLP:
    """Return the network on the box around some nodes, the first or a further one."""
    settings, solver = problem.settings.network, problem.settings.solver
    x = in_order(problem, nodes.x[rows])
    return MLP(
        x.min(axis=0).tolist(),
        x.max(axis=0).tolist(),
        hidden_layers(problem, len(rows)),
        len(problem.fields),
        settings.activation,
        solver.seed + number,
        parities=[PARITIES.get(settings.symmetry.get(name, ""), 0) for name in problem.fields],
        ranges={name: _range(constant) for name, constant in problem.parameters.items()},
        embedding=settings.embedding,
        highest_wave=highest_wave(problem, len(rows)),
        periods=periods(problem, nodes),
        axes=axes(problem, nodes),
        seen=_seen(problem),
    )


def _seen(problem: Problem) -> list[list[bool]]:
    """Return of each field which coordinates it depends on, time the last of them."""
    symbols = problem.equations[0].symbols
    places = range(len(symbols.coordinates))
    return [
        [axis not in symbols.idle.get(i, ()) for axis in places] for i in range(len(problem.fields))
    ]


def networks_in_space(setup: Setup, outputs: Sequence[int], device: str = "cpu") -> list[MLP]:
    """Build networks of a single output each, on the box around the nodes, time left out.

    Parameters
    ----------
    setup
        Of the problem.
    outputs
        Of each network the field that its output belongs to.
    device
        Where they are to be.
    """
    problem, nodes = setup.problem, setup.nodes
    settings, x = problem.settings.network, nodes.x[nodes.rows]
    evolution = problem.settings.evolution
    assert evolution is not None
    highest = wave_of(problem, evolution.samples, nodes.dim)
    parities = [PARITIES.get(settings.symmetry.get(name, ""), 0) for name in problem.fields]
    nets = (
        MLP(
            x.min(axis=0).tolist(),
            x.max(axis=0).tolist(),
            hidden_layers(problem, len(x)),
            1,
            settings.activation,
            problem.settings.solver.seed + k,
            parities=[parities[field]],
            embedding=settings.embedding,
            highest_wave=highest,
            periods=periods(problem, nodes)[: nodes.dim],
        )
        for k, field in enumerate(outputs)
    )
    return [net.to(device) for net in nets]


def polynomials(
    problem: Problem,
    means: Float[ndarray, " d"],
    deviations: Float[ndarray, " d"],
    device: str = "cpu",
) -> Polynomials:
    """Build the polynomials that a problem asks for beside the network of a density.

    Parameters
    ----------
    problem
        Whose file may give their degrees.
    means, deviations
        Of the coordinates over the density.
    device
        Where they are to be.
    """
    settings = problem.settings.network
    table = exponents(len(means), *degrees(settings.polynomial, settings.powers))
    scales = (torch.as_tensor(own).to(device) for own in (means, deviations))
    return Polynomials(table, *scales)


def _range(parameter: Parameter) -> Range:
    """Return the range of an unknown constant."""
    lower = -inf if parameter.lower is None else parameter.lower
    upper = inf if parameter.upper is None else parameter.upper
    return Range(parameter.first, lower, upper, parameter.transform == "exp")


def as_points(net: AnyNetwork, x: Float[ndarray, "*N d"]) -> torch.Tensor:
    """Return points on the device of a network and in its precision."""
    return torch.as_tensor(x).to(net.like)
