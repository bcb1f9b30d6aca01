"""Operator learning: the solutions of all problems of a family, from the equations alone.

Source of the setting: Leng, Shankar & Thiyagalingam (2023), Zero Coordinate Shift,
arXiv:2311.00860; what is trained is Lu et al. (2021), Learning nonlinear operators via DeepONet,
doi:10.1038/s42256-021-00302-5, with features of position that are drawn, and a head that is solved
for (`pinnsolve.training.family`).
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.held_out import Measured, measured
from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.points import points_of
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.methods import memory, trained
from pinnsolve.methods.family_newton import Estimates, estimates
from pinnsolve.methods.joint import is_joint, read_joint, start_joint
from pinnsolve.methods.method import Method
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.methods.reduced import is_reduced, memory_of_solutions, start_reduced
from pinnsolve.networks.sizes import CENTRES, hidden_layers
from pinnsolve.problem import Problem, Residual
from pinnsolve.problem.families import FamilyOfProblems, functions_of
from pinnsolve.problem.family_mode import functions_of_a_step
from pinnsolve.problem.schema.training import Phase
from pinnsolve.process import Budget, Process, State
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.fields import Fields

if TYPE_CHECKING:
    from pinnsolve.networks.branch import Branch
    from pinnsolve.networks.mlp import MLP
    from pinnsolve.objectives.family_fields import FamilyFields

RESIDUALS = 5  # of all functions that there are at once, and what they are made of
FACTORS = 3  # of the rows, that of the best frequency among them
ESTIMATED = 2000  # points at which errors are estimated
ITERATIONS = 20  # of Newton's method


def start(setup: Setup) -> Process[Fields]:
    """Return the training.

    Raises
    ------
    FileError
        If there is no such device.
    """
    from pinnsolve.networks.build import network
    from pinnsolve.objectives.family_fields import FamilyFields, family_fields
    from pinnsolve.training.family import FamilyTraining, wave_number
    from pinnsolve.training.family_phases import (
        FamilyPhases,
        Steps,
        first_branch,
        layers_of,
        network_of,
        objective_of,
        solutions_of,
    )

    problem, family = setup.problem, _family(setup.problem)
    seed, functions = problem.settings.solver.seed, functions_of(family, held_out=False)
    phases = problem.settings.training or (Phase(optimizer="head"),)
    device = trained.device_for(problem.settings.solver.device)
    frequency = wave_number(functions, [own.box for own in family.inputs])
    if is_reduced(problem):
        return start_reduced(setup)
    if is_joint(problem):
        return start_joint(setup, device, _budget(phases[0]), frequency)
    (net,) = network(setup, device).nets
    objective = pointwise_objective(net, setup)
    shown = tuple(own.held_out.chosen([0]).codes() for own in family.inputs)

    def answer(net: "MLP", own: "Branch", C: Float[ndarray, "P K"]) -> "FamilyFields":
        return FamilyFields(deepcopy(net), setup.ansatz(), own, C, shown)

    def solve(phase: Phase, begun: "FamilyFields | None") -> FamilyTraining:
        return FamilyTraining(
            objective,
            functions,
            _budget(phase),
            frequency,
            seed,
            answer,
            layers_of(problem, functions),
            begun,
        )

    def zero() -> "FamilyFields":
        own = first_branch(problem, objective, functions)
        return answer(net, own, np.zeros((net.head_size, own.size)))

    def steps(phase: Phase, begun: "FamilyFields", is_continued: bool) -> Steps:
        whole = network_of(begun, objective.sizes.tolist())
        lowered = objective_of(setup, objective, begun, whole)
        found = partial(solutions_of, whole, begun)
        return Steps(phase, lowered, found, seed, is_continued=is_continued)

    def read_state(state: State) -> "FamilyFields":
        return family_fields(deepcopy(net), setup.ansatz(), state)

    return FamilyPhases(phases, solve, steps, zero, read_state)


def _budget(phase: Phase) -> Budget:
    """Return the budget of a head solve."""
    return Budget(
        iterations=phase.iterations or ITERATIONS,
        seconds=phase.seconds or np.inf,
        tolerance=phase.tolerance or 0.0,
    )


def family(setup: Setup, answer: Fields) -> tuple[Fields, Measured]:
    """Return the solutions, that of the median error being shown, and what is known of errors."""
    from pinnsolve.objectives.family_fields import FamilyFields
    from pinnsolve.objectives.joint_fields import JointFields
    from pinnsolve.objectives.reduced_fields import ReducedFields

    assert isinstance(answer, FamilyFields | JointFields | ReducedFields)
    problem = setup.problem
    functions = functions_of(_family(problem), held_out=True)
    codes = [own.codes() for own in functions.values()]
    found = measured(
        problem,
        setup.domain,
        setup.nodes,
        functions,
        lambda which, x: answer.evaluated([own[list(which)] for own in codes], x),
        setup.watch,
    )
    with setup.stage("estimate"):
        if isinstance(answer, ReducedFields):
            each = dict.fromkeys(problem.fields, answer.estimated(codes))
            own = Estimates(each, each)
        else:
            there = points_of(problem, setup.nodes)
            flat = there.reshape(-1, there.shape[-1])
            own = estimates(setup, answer, functions, flat[:: 1 + len(flat) // ESTIMATED])
    short = Estimate(
        {name: float(np.mean(e)) for name, e in own.branch.items()},
        {name: float(np.mean(e)) for name, e in own.total.items()},
    )
    if found is None:
        return answer, Measured(None, None, None, short)
    assert found.held_out is not None
    held_out = replace(
        found.held_out,
        estimates=own.total,
        outside=answer.outside(codes),
        distance=answer.distance(codes),
    )
    shown = answer.showing([own[[held_out.median]] for own in codes])
    return shown, replace(found, held_out=held_out, estimate=short)


def estimated(*_: object) -> Estimate | None:
    """Return no estimate."""
    return None


def read(setup: Setup, state: State) -> Fields:
    """Return the solutions that were stored."""
    from pinnsolve.networks.build import network
    from pinnsolve.objectives.family_fields import family_fields
    from pinnsolve.objectives.reduced_fields import reduced_fields

    if is_reduced(setup.problem):
        return reduced_fields(state)
    if is_joint(setup.problem):
        return read_joint(setup, state)
    (net,) = network(setup).nets
    return family_fields(net, setup.ansatz(), state)


def forecast(
    problem: Problem,
    nodes: Nodes,
    conditions: Sequence[Condition],
    stated: Sequence[Condition],
) -> dict[str, float]:
    """Return the memory in use at the peak of each stage, in bytes."""
    if is_reduced(problem):
        return memory_of_solutions(problem)
    found = memory.of_training(problem, nodes, conditions, stated)
    del found["direct solution"]
    rows = sum(condition.size for condition in stated)
    inputs = sum(condition.size * len(condition.residual.inputs) for condition in stated)
    residuals = (RESIDUALS * rows + inputs) * _family(problem).count
    features = hidden_layers(problem, nodes.rows.stop)[-1] * len(problem.fields)
    stage = "training: head"
    if stage in found:
        found[stage] += memory.BYTES * (residuals + FACTORS * (rows + features) * features)
        if not all(_has_same_slopes(condition.residual) for condition in stated):
            centres = min(_family(problem).count, CENTRES)
            found[stage] += memory.BYTES * (memory.KERNELS * centres**2 + features * centres)
    stage = "training: adam"
    if stage in found:
        found[stage] += memory.BYTES * _of_a_step(problem, nodes, stated)
    return found


def _of_a_step(problem: Problem, nodes: Nodes, conditions: Sequence[Condition]) -> float:
    """Return the numbers that a step on all weights holds beside the series of the trunk.

    Nested differentiation has about three times as many with each order.
    """
    asked, M = problem.settings.operator, functions_of_a_step(problem)
    most = (asked and asked.points) or np.inf
    sizes = [min(most, condition.size) for condition in conditions]
    values = sum(
        n * (RESIDUALS + len(c.residual.terms)) for n, c in zip(sizes, conditions, strict=True)
    )
    units = sum(hidden_layers(problem, nodes.rows.stop))
    orders = [max(term.op.order for term in c.residual.terms) for c in conditions]
    graph = {
        "zcs": sum(3.0 ** (k + 1) * n * (units + M) for k, n in zip(orders, sizes, strict=True)),
        "loop": sum(3.0**k * n * units * M for k, n in zip(orders, sizes, strict=True)),
    }
    graph["vectorised"] = graph["loop"]
    return M * values + graph.get(problem.settings.solver.derivatives, 0.0)


def _has_same_slopes(residual: Residual) -> bool:
    """Return whether a residual is affine in the fields, with factors that hold no input."""
    if not residual.is_linear:
        return False
    given = residual.data[len(residual.data) - len(residual.inputs) :]
    other = residual.given([2 * values + 1 for values in given]).partials({})
    return all(np.array_equal(slope, other[term]) for term, slope in residual.partials({}).items())


def device(answer: Fields) -> str:
    """Return the device of the features."""
    from pinnsolve.objectives.family_fields import FamilyFields
    from pinnsolve.objectives.joint_fields import JointFields
    from pinnsolve.objectives.reduced_fields import ReducedFields

    assert isinstance(answer, FamilyFields | JointFields | ReducedFields)
    return answer.device


def _family(problem: Problem) -> FamilyOfProblems:
    assert problem.family is not None
    return problem.family


METHOD = Method(
    start=start,
    sample=trained.sample,
    estimate=estimated,
    read=read,
    memory=forecast,
    device=device,
    family=family,
)
