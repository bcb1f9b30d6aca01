"""Hard conditions: the ansatz ``u = G + L N`` that a problem asks for, and what is left to train.

Conditions that give a field a value are built into the network (`constraints.ansatz`); the
equations become such for its outputs, and the conditions are left out.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.conditions.condition import Condition
from pinnsolve.constraints.ansatz import Ansatz, Exponential, Part, derivative
from pinnsolve.constraints.transfinite import REMEDY, ZERO, Refusal, Walls, instants, place
from pinnsolve.equations.equation import prescribed_value
from pinnsolve.equations.expression import ExpressionError, evaluate
from pinnsolve.errors import Fault
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import BoundaryCondition, Problem
from pinnsolve.problem.abilities import ABILITIES

SMOOTH = 4  # how many derivatives, the value included, must agree where sides are periodic
PARITIES = {"odd": -1, "even": 1}


def hard(problem: Problem) -> list[BoundaryCondition]:
    """Return the conditions that are built into the network by an ansatz."""
    if "ansatz" not in ABILITIES[problem.settings.solver.method].takes:
        return []
    return [c for c in problem.boundary if c.is_hard]


def is_by_make(problem: Problem, condition: BoundaryCondition) -> bool:
    """Return whether a network satisfies a condition whatever its weights."""
    has_network = ABILITIES[problem.settings.solver.method].has_network
    return condition in hard(problem) or (condition.is_built_in and has_network)


def ansatz(problem: Problem, nodes: Nodes) -> Ansatz:
    """Return the fields of a problem in terms of a network's outputs.

    Parameters
    ----------
    problem
        Whose hard conditions are to hold.
    nodes
        Where ``L`` is tried: it must be positive inside, and zero on the right pieces only.

    Raises
    ------
    ProblemError
        If there is no such ansatz.
    """
    by_field: dict[int, dict[Expr, list[BoundaryCondition]]] = {}
    for condition in hard(problem):
        field, value = prescribed_value(condition.equation)
        by_field.setdefault(field, {}).setdefault(value, []).append(condition)
    faults, parts = [], list[Part | Exponential | None]()
    around = Walls.of(problem, nodes) if by_field else None
    for i, name in enumerate(problem.fields):
        part: Part | Exponential | None = None
        if name in problem.settings.network.ansatz:
            part = Exponential()
        elif i in by_field and around is not None:
            try:
                part = around.part(by_field[i])
                _check_parity(problem, name, part, nodes.x[nodes.rows])
                _check_periodic(problem, name, part, nodes)
            except Refusal as refusal:
                faults.append(refusal.fault)
        parts.append(part)
    if faults:
        raise problem.source.error(*faults)
    return Ansatz(tuple(parts), place(problem))


def posed(problem: Problem, ansatz: Ansatz) -> Problem:
    """Return a problem as one for the outputs of the network, without its hard conditions.

    Raises
    ------
    ProblemError
        If a formula becomes too large.
    """
    built_in = hard(problem)
    if not built_in:
        return problem
    try:
        return replace(
            problem,
            equations=tuple(map(ansatz.posed, problem.equations)),
            boundary=tuple(
                replace(condition, equation=ansatz.posed(condition.equation))
                for condition in problem.boundary
                if condition not in built_in
            ),
            begins={name: ansatz.posed(e) for name, e in problem.begins.items()},
            extra=tuple(replace(e, equation=ansatz.posed(e.equation)) for e in problem.extra),
            constraints=tuple(c.posed(ansatz.posed) for c in problem.constraints),
            data=tuple(observed.posed(ansatz.posed) for observed in problem.data),
        )
    except ExpressionError as error:
        key = (*built_in[0].key, "hard")
        raise problem.source.error(Fault(key, error.message, REMEDY)) from None


def without_corners(
    conditions: Sequence[Condition], problem: Problem, nodes: Nodes
) -> tuple[Condition, ...]:
    """Return conditions, the equations without their rows where two hard pieces meet.

    There ``L`` and its slope are zero, so that no network changes what a second-order equation
    leaves.

    Parameters
    ----------
    conditions
        The equations, then further conditions.
    problem, nodes
        What is to be solved, with its hard conditions, and where.
    """
    if not hard(problem):
        return tuple(conditions)
    around = Walls.of(problem, nodes)
    surfaces = {surface for c in hard(problem) for surface in around.surfaces(c)}
    is_corner = np.zeros(len(nodes.x), dtype=bool)
    is_corner[nodes.boundary] = sum(around.is_on[surface] for surface in surfaces) > 1
    n_equations = len(problem.equations)
    kept = (_some(condition, ~is_corner[condition.rows]) for condition in conditions[:n_equations])
    return (*kept, *conditions[n_equations:])


def _some(condition: Condition, keep: Bool[ndarray, " R"]) -> Condition:
    """Return a condition at some of its nodes."""
    residual = condition.residual.with_data(lambda data: data[keep])
    return replace(condition, rows=condition.rows[keep], residual=residual)


def _check_parity(problem: Problem, name: str, part: Part, x: Float[ndarray, "n d"]) -> None:
    """Refuse an ansatz that would break the symmetry of a field."""
    symmetry = problem.settings.network.symmetry.get(name)
    if symmetry is None:
        return
    points = instants(problem, x)
    mirrored = points * np.array([-1.0, *np.ones(points.shape[1] - 1)])
    own, other = (
        evaluate([part.factor, part.offset], place(problem), y) for y in (points, mirrored)
    )
    for f, image, sign in zip(own, other, (1, PARITIES[symmetry]), strict=True):
        if not _agree(f, sign * image):
            key = ("network", "symmetry", name)
            message = f"{name} is not {symmetry} in {problem.coordinates[0]}: its hard conditions, "
            message += "or the pieces where they hold, are not."
            remedy = "Leave out the symmetry, or hard."
            raise Refusal(key, message, remedy)


def _check_periodic(problem: Problem, name: str, part: Part, nodes: Nodes) -> None:
    """Refuse an ansatz that would not go on across the periodic sides of a domain."""
    for joint in nodes.joints:
        at_low = np.abs(nodes.x[nodes.boundary][:, joint.axis] - joint.low) < ZERO * joint.period
        x = instants(problem, nodes.x[nodes.boundary][at_low])
        beyond = x + joint.period * (np.arange(x.shape[1]) == joint.axis)
        symbols = place(problem)
        axis = tuple(int(i == joint.axis) for i in range(x.shape[1]))
        slopes = [
            derivative(e, tuple(k * i for i in axis), symbols.coordinates)
            for e in (part.factor, part.offset)
            for k in range(SMOOTH)
        ]
        pairs = zip(*(evaluate(slopes, symbols, y) for y in (x, beyond)), strict=True)
        if not all(_agree(f, image) for f, image in pairs):
            is_its = (
                problem.fields[prescribed_value(c.equation)[0]] == name for c in hard(problem)
            )
            condition = hard(problem)[list(is_its).index(True)]
            message = f"beside the periodic sides {' and '.join(joint.sides)} no ansatz for {name} "
            message += "is periodic: the value, or the piece where it holds, is not."
            raise Refusal((*condition.key, "hard"), message)


def _agree(f: Float[ndarray, " n"], g: Float[ndarray, " n"]) -> bool:
    """Return whether two functions of size one are the same but for rounding."""
    return np.allclose(f, g, rtol=ZERO, atol=ZERO * (1 + np.max(np.abs(f), initial=0.0)))
