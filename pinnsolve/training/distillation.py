"""A finished run as the problem of a smaller network: of few bumps, which move to their places.

The smaller network is trained on the equations, as the larger one was, and not on its values: so it
can become better than what it is to replace. Source: Hinton, Vinyals & Dean (2015), Distilling the
knowledge in a neural network, arXiv:1503.02531, for the name.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from pinnsolve.errors import Fault, ProblemError
from pinnsolve.networks.sizes import least_weights
from pinnsolve.problem import Problem
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.solution.solution import Solution

AGAIN = "Solve its problem.toml again."


def smaller(solution: Solution, weights: int, run: Path) -> Problem:
    """Return the problem of a run, to be solved by a network of at most so many weights.

    Parameters
    ----------
    solution
        What the run has found.
    weights
        How many the network may have.
    run
        The folder of the run, as it is to be called.

    Raises
    ------
    ProblemError
        If there is no such network.
    """
    faults = [
        Fault((), f"{run}: {message}", remedy) for message, remedy in _faults(solution, weights)
    ]
    if faults:
        raise ProblemError(faults[0])
    problem = solution.problem
    able = ABILITIES[problem.settings.solver.method]
    settings: dict[str, Any] = {
        "network.features": "grown",
        "network.hidden": None,
        "network.embedding": "none",
        "solver.precision": "float64",
        "solver.derivatives": able.derivatives[0],
        "solver.accelerate": "auto",
        "training": [
            {"optimizer": "grow", "weights": weights},
            {"optimizer": "variable-projection"},
        ],
    }
    return problem.replace(settings)


def _faults(solution: Solution, weights: int) -> list[tuple[str, str]]:
    """Return the faults of a run and a number of weights, and their remedies."""
    problem, outcome = solution.problem, solution.outcome
    wrote, size = solution.provenance.versions.get("pinnsolve"), solution.answer.size
    least = least_weights(problem, solution.sample.nodes.rows.stop)
    networks = [name for name, able in ABILITIES.items() if "grow" in able.optimizers]
    this = version("pinnsolve")
    found = [
        (wrote != this, f"pinnsolve {wrote} has written it, and this is {this}.", AGAIN),
        (
            solution.method not in networks,
            f"{solution.method} trains no network that could be made smaller.",
            f"Solve the problem by {' or '.join(networks)} first.",
        ),
        (
            outcome.status in ("stopped", "diverged"),
            f"it has not finished, but is {outcome.status}.",
            "Finish it with pinnsolve resume." if outcome.status == "stopped" else AGAIN,
        ),
        (
            bool(problem.regions or problem.parameters),
            "networks of several regions, or with unknown parameters, are made no smaller in this "
            "version.",
            "Choose fewer features by [network] hidden.",
        ),
        (
            weights >= size,
            f"its network has {size:,} weights, no more than the {weights:,} asked for.",
            "Ask for fewer.",
        ),
        (
            weights < least,
            f"{weights:,} weights are too few for any network.",
            f"Allow it at least {least:,}, better some hundred times the number of fields.",
        ),
    ]
    return [(message, remedy) for holds, message, remedy in found if holds]
