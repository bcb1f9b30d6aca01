"""Operator learning by classical solutions, for `[network] features = "reference"`.

Where fronts move, sums of fixed features need many of them, and the equations alone are hard to
solve for all functions. Then some problems are solved by the classical solver of the reference, and
the others told by these: what is found has not been learned from the equations alone, and says so.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pinnsolve.errors import Fault
from pinnsolve.families.family import Functions
from pinnsolve.families.symmetries import REFLECTION, Symmetries
from pinnsolve.methods import memory
from pinnsolve.networks.sizes import CENTRES
from pinnsolve.problem import Problem
from pinnsolve.problem.families import functions_of
from pinnsolve.references import fourier_families
from pinnsolve.references.fourier_families import Resolution
from pinnsolve.references.marching import KEPT
from pinnsolve.references.waves import Waves
from pinnsolve.setup import Setup

if TYPE_CHECKING:
    from pinnsolve.training.reduced import ReducedTraining

FEW = 8  # functions by which it is found how finely to solve
TARGET = 5e-4  # relative error of the solutions that are learned from


def is_reduced(problem: Problem) -> bool:
    """Return whether solutions are sums of those of the reference."""
    return problem.settings.network.features == "reference"


def memory_of_solutions(problem: Problem) -> dict[str, float]:
    """Return the memory in use at the peak of each stage, in bytes."""
    assert problem.family is not None
    asked = problem.settings.operator
    images = 2 if asked is not None and REFLECTION in asked.symmetries else 1
    centres = min(images * problem.family.count, CENTRES)
    kept = (2 + images) * 2 * KEPT  # amplitudes as they are found, and as they are compared
    return {"training: solutions": memory.BYTES * (kept + memory.KERNELS * centres**2)}


def start_reduced(setup: Setup) -> "ReducedTraining":
    """Return the training."""
    from pinnsolve.training.reduced import ReducedTraining, Solver

    problem, family = setup.problem, setup.problem.family
    assert family is not None
    posed = fourier_families.plan(problem)

    def resolve(functions: Mapping[str, Functions]) -> Resolution:
        some = {name: own.chosen(range(FEW)) for name, own in functions.items()}
        _, found = fourier_families.resolved(
            problem, posed, setup.domain, some, setup.watch, TARGET
        )
        return found

    def solve(functions: Mapping[str, Functions], at: Resolution) -> Waves:
        found = fourier_families.solved(posed, functions, at, setup.watch, family.count)
        if found is None:
            message = f"{at.title} does not stay finite for all functions."
            raise problem.source.error(
                Fault(("reference", "solver"), message, "Raise reference.resolution.")
            )
        return found

    shown = tuple(own.held_out.chosen([0]).codes() for own in family.inputs)
    asked = problem.settings.operator
    assert asked is not None
    symmetries = Symmetries(asked.symmetries, posed.torus.period[0])
    functions = functions_of(family, held_out=False)
    place = posed.torus.lower, posed.torus.period
    return ReducedTraining(
        Solver(resolve, solve, place), functions, symmetries, shown, problem.settings.solver.seed
    )
