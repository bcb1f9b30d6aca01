"""Whether what a problem file states can be true of its solution, as far as reading tells.

An unknown constant that stands nowhere is determined by nothing. A network that is odd or even in
the first coordinate cannot have values that are not: those of ``[exact]``, of a condition, or of
the start. A condition is judged where the domain has a boundary on both sides. A force acts on
something, and a network has some weights.
"""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from pinnsolve.constraints.transfinite import instants
from pinnsolve.equations.equation import prescribed_value
from pinnsolve.equations.expression import ExpressionError, evaluate
from pinnsolve.errors import Fault
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.networks.sizes import least_weights
from pinnsolve.problem import BoundaryCondition, Problem
from pinnsolve.problem.forces import pieces_asked

SIGNS = {"odd": -1.0, "even": 1.0}
SAME = 1e-8  # relative difference of values that count as equal

Values = Callable[[Float[ndarray, "n D"]], Float[ndarray, " n"]]


def faults(problem: Problem, nodes: Nodes) -> list[Fault]:
    """Return the faults of statements that cannot be true, or determine nothing."""
    return [
        *_idle_parameters(problem),
        *_broken_symmetries(problem, nodes),
        *_forces_on_nothing(problem, nodes),
        *_too_few_weights(problem, nodes),
    ]


def _too_few_weights(problem: Problem, nodes: Nodes) -> list[Fault]:
    """Return the fault of a network that may have fewer weights than it can do with."""
    phases, least = problem.settings.training, least_weights(problem, nodes.rows.stop)
    return [
        Fault(
            ("training", k, "weights"),
            f"{phase.weights:,} weights are too few for any network.",
            f"Allow it at least {least:,}, better some hundred times the number of fields.",
        )
        for k, phase in enumerate(phases)
        if phase.weights is not None and phase.weights < least
    ]


def prescribed(condition: BoundaryCondition) -> tuple[int, Values] | None:
    """Return the field to which a condition gives a value, and the value; None if it does not."""
    equation = condition.equation
    if condition.is_periodic:
        return None
    try:
        field, value = prescribed_value(equation)
    except ExpressionError:
        return None

    def values(x: Float[ndarray, "n D"]) -> Float[ndarray, " n"]:
        with np.errstate(all="ignore"):
            return evaluate([value], equation.symbols, x)[0]

    return field, values


def holds(nodes: Nodes, condition: BoundaryCondition) -> Bool[ndarray, " B"]:
    """Return whether a condition holds at each boundary node."""
    here = [k for k, piece in enumerate(nodes.pieces) if {"all", piece} & set(condition.on)]
    return np.isin(nodes.tags, here)


def _idle_parameters(problem: Problem) -> list[Fault]:
    """Return a fault for each unknown constant that no equation or condition holds."""
    stated = [
        *problem.equations,
        *(condition.equation for condition in problem.boundary),
        *(residual.equation for residual in problem.extra),
        *(constraint.equation for constraint in problem.constraints),
        *(observed.told for observed in problem.data),
    ]
    used = {name for equation in stated for name in equation.constants}
    return [
        Fault(
            ("unknowns", "parameters", name),
            f'the parameter "{name}" is in no equation and no condition: nothing determines it.',
            "Use it in an equation, or move it to [constants].",
        )
        for name in problem.parameters
        if name not in used
    ]


def _forces_on_nothing(problem: Problem, nodes: Nodes) -> Iterator[Fault]:
    """Yield a fault for each piece with a force that further pieces have taken whole."""
    for name, usual in pieces_asked(problem).items():
        if usual not in (*nodes.pieces, "all"):
            message = f'a force is asked for on "{name}", of which nothing is left.'
            remedy = f"Pieces: {', '.join(nodes.pieces)}."
            yield Fault(("output", "forces"), message, remedy)


def _broken_symmetries(problem: Problem, nodes: Nodes) -> Iterator[Fault]:
    """Yield a fault for each field whose given values have not the symmetry asked for."""
    x = nodes.x[nodes.rows]
    x = x[_has_image(x, nodes.spacing)]
    for name, symmetry in problem.settings.network.symmetry.items():
        field = problem.fields.index(name)
        given: list[tuple[str, Values, Float[ndarray, "n D"]]] = []
        if problem.exact is not None:
            given.append(("[exact]", problem.exact[field], instants(problem, x)))
        for condition in problem.boundary:
            found = prescribed(condition)
            if found is not None and found[0] == field:
                there = nodes.x[nodes.boundary][holds(nodes, condition)]
                there = instants(problem, there[_has_image(there, nodes.spacing)])
                given.append((f'"{condition.equation.text}"', found[1], there))
        if problem.initial and problem.initial[field]:
            given.append(("its initial value", problem.initial[field][0], x))
        for source, values, points in given:
            fault = _asymmetry(problem, name, symmetry, source, values, points)
            if fault is not None:
                yield fault
                break


def _has_image(x: Float[ndarray, "n d"], spacing: float) -> Bool[ndarray, " n"]:
    """Return whether nodes have mirror images near others; elsewhere nothing is mirrored."""
    from scipy.spatial import cKDTree  # 0.1 s that `pinnsolve --help` need not pay

    if not len(x):
        return np.zeros(0, dtype=bool)
    return cKDTree(x).query(x * np.array([-1.0, *np.ones(x.shape[1] - 1)]))[0] < spacing


def _asymmetry(
    problem: Problem,
    name: str,
    symmetry: str,
    source: str,
    values: Values,
    x: Float[ndarray, "n D"],
) -> Fault | None:
    """Return the fault of values that are not odd, or not even; None if they are."""
    mirror = np.array([-1.0, *np.ones(x.shape[1] - 1)])
    with np.errstate(all="ignore"):
        here, there = values(x), values(x * mirror)
    gap = np.abs(here - SIGNS[symmetry] * there)
    gap = np.where(np.isfinite(gap), gap, 0.0)
    if not gap.size or gap.max() <= SAME * np.abs(here[np.isfinite(here)]).max(initial=0.0):
        return None
    worst, axis = int(np.argmax(gap)), problem.coordinates[0]
    return Fault(
        ("network", "symmetry", name),
        f"{name} is not {symmetry} in {axis}: {source} says {here[worst]:.4g} where "
        f"{axis} = {x[worst, 0]:.4g}, and {there[worst]:.4g} where {axis} = {-x[worst, 0]:.4g}.",
        "Leave out the symmetry, or move the origin to its centre.",
    )
