"""Forecasts of the memory that a method takes at its peak.

The stages of a solve follow one another and give back most of what they took, so the peak is that
of the largest stage. The large arrays of a stage have sizes that are known beforehand; how many
of them there are at once has been measured on the shipped problems, where the sum comes out
within a fifth of the truth. With ``N`` nodes in ``d`` dimensions, ``c`` fields, ``R`` rows,
stencils of ``n`` nodes, and a network with ``w`` features and ``P`` weights, in numbers:

    direct solution   10 times the R n c entries of the matrix, and the fill of its factors,
                      n c^2 N^1.4 / 5 in the plane, c^2 N^2 / 8 in space, by SuperLU; by PARDISO
                      5 n c^2 N^1.15 / 2 in the plane
    head              the N w of the features and the R c w of the least-squares matrix, and
                      three blocks of its rows; in time 3.5 N w; for a PINN each term of all
                      features
    growth            4.5 times the R c w entries of the matrix with all features that may join,
                      and those of each term; on a discretisation of all points instead
    data              the rows that stand for them; and in place of the three blocks, as it is told
                      how well they are followed, 3 R P and 3 P^2, with parameters R P more
    Gauss-Newton      4.5 R^2, or P^2 and three Jacobians of R P if that is smaller; a PINN
                      instead of these 2 P^2, and 4 values in each unit for each series' channel
    projection        three Jacobians of R P and 2 P^2, of variable projection
    Adam, L-BFGS      3 values in each unit for each node; for a PINN for each channel, and one
                      of each wave that an embedding gives it
    evaluation        5 values in each unit of the widest layer for some thousand points

A PINN by nested differentiation takes 2^(m+2) N w for derivatives of order m of all features, 10
values in each unit for each derivative in a gradient, and the Jacobians in any case.

With times each node counts at each of them. The default schedule comes to Gauss-Newton only where
the head has left a residual, so it is counted only where the file asks for it. What lies on a GPU
is not counted.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.slabs import fewest, in_slab
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.machine import EVALUATED, FEWEST_ROWS, ROWS_PER_COLUMN
from pinnsolve.networks.products import (
    POINTS_PER_FUNCTION,
    POINTS_PER_PRODUCT,
    axes,
    has_products,
    has_total_degree,
    n_products,
)
from pinnsolve.networks.sizes import (
    BETWEEN,
    equation_points,
    features_of,
    follows,
    grows,
    input_width,
    layers_by_region,
    most_features,
    nodes_by_region,
)
from pinnsolve.problem import Problem
from pinnsolve.problem.abilities import ABILITIES, NESTED
from pinnsolve.rbffd import pardiso
from pinnsolve.rbffd.stages import BASIS
from pinnsolve.rbffd.stencils import polynomial_degree, stencil_size

MIB = 2**20
LIBRARIES, TORCH, FIGURES = 150 * MIB, 190 * MIB, 80 * MIB  # once imported, and in use
WORKSPACE = 80 * MIB  # of training, whatever its size
KEPT = 90 * MIB  # given back by training, but not by the allocator
BYTES = 8  # of a number
KERNELS = 3  # matrices of all pairs of functions, where a kernel between them is fitted
INDEXED = 12  # bytes of a sparse matrix's entry, its column included
L_BFGS = 200  # vectors that L-BFGS remembers
LEAST_SQUARES = ("grow", "head", "gauss-newton", "variable-projection")
GROWING = 4.5  # times the entries: reflections, what joins, and room that is not given back
BLOCK = 2**24  # numbers of a PINN's Jacobian formed at a time


def of_direct_solution(
    problem: Problem,
    nodes: Nodes,
    conditions: Sequence[Condition],
    _: Sequence[Condition],
) -> dict[str, float]:
    """Return the memory in use at the peak of each stage of a direct solution, in bytes."""
    n_fields, discrete = len(problem.fields), problem.settings.time_discrete
    stencil = _stencil(problem, nodes, conditions)
    direct = _direct(nodes, conditions, stencil, n_fields)
    if discrete is not None:  # each stage has a matrix and factors, and GMRES values at all
        direct += (discrete.stages - 1) * direct / 2
        direct += discrete.stages * n_fields * len(nodes.x) * BYTES * BASIS
    return {"direct solution": LIBRARIES + direct, "report": LIBRARIES + FIGURES}


def of_training(
    problem: Problem,
    nodes: Nodes,
    conditions: Sequence[Condition],
    trained: Sequence[Condition],
) -> dict[str, float]:
    """Return the memory in use at the peak of each stage of a training, in bytes.

    Parameters
    ----------
    problem, nodes
        What is to be solved, and where.
    conditions
        Its equations and conditions, bound to the nodes.
    trained
        Those of the network, which are others where some are built into it; the last are data.
    """
    stencil = _stencil(problem, nodes, conditions)
    direct = _direct(nodes, conditions, stencil, len(problem.fields))
    derivatives = sum(
        len(condition.rows) * sum(term.op.order > 0 for term in condition.residual.terms)
        for condition in conditions
    )
    base = LIBRARIES + TORCH + INDEXED * stencil * derivatives
    stages = {"direct solution": LIBRARIES + direct, "report": base + KEPT + FIGURES}
    if problem.data:  # for which a discretisation has no room
        del stages["direct solution"]
    if _trains_on_gpu(problem):
        return stages
    problem, trained = _in_slab(problem, trained)
    units = max(max(own[1:-1], default=own[0]) for own in _widths(problem, nodes))
    if grows(problem):
        units = max(units, _grown(problem, nodes, trained)[1])
    return {
        **stages,
        "evaluation": base + KEPT + 5 * EVALUATED * units * _bytes(problem, "evaluation"),
        **{
            f"training: {optimizer}": base + WORKSPACE + numbers * _bytes(problem, optimizer)
            for optimizer, numbers in _training(problem, nodes, trained).items()
        },
    }


def _in_slab(
    problem: Problem, conditions: Sequence[Condition]
) -> tuple[Problem, Sequence[Condition]]:
    """Return a problem and its conditions in the longest slab of time, of which one is trained."""
    slabs = problem.settings.solver.slabs
    if slabs is None or problem.time is None or problem.times is None:
        return problem, conditions
    begin, end = problem.time
    count = slabs if isinstance(slabs, int) else fewest(problem)
    within = in_slab(problem, (begin, begin + (end - begin) / count))
    assert within.times is not None
    levels = np.arange(len(within.times))
    return within, [c if c.levels is None else replace(c, levels=levels) for c in conditions]


def _stencil(problem: Problem, nodes: Nodes, conditions: Sequence[Condition]) -> int:
    """Return the number of nodes in a stencil."""
    order = max(map(_order, conditions))
    return stencil_size(nodes.dim, polynomial_degree(problem.settings.solver.order, order))


def _direct(nodes: Nodes, conditions: Sequence[Condition], stencil: int, n_fields: int) -> float:
    """Return the bytes that assembling and factorising the matrix takes."""
    entries = stencil * sum(
        len(c.rows) * len({(term.field, term.time_order) for term in c.residual.terms})
        for c in conditions
    )
    N = len(nodes.x)
    fill = n_fields**2 * (stencil * N**1.4 / 5 if nodes.dim < 3 else N**2 / 8)
    if nodes.dim < 3 and n_fields * N >= pardiso.FEWEST and pardiso.is_available():
        fill = n_fields**2 * stencil * 2.5 * N**1.15
    if any(_order(condition) > 2 for condition in conditions):
        fill *= 1.5  # of free edges, the worst; of clamped and supported ones almost as below
    at_once = 1 if all(condition.residual.is_linear for condition in conditions) else 2
    return INDEXED * (10 * entries + fill) * at_once


def _training(problem: Problem, nodes: Nodes, conditions: Sequence[Condition]) -> dict[str, float]:
    """Return the numbers that each optimiser of the schedule holds."""
    is_pinn = "operators" not in ABILITIES[problem.settings.solver.method].needs
    stated = len(conditions) - len(problem.data)
    conditions, data = conditions[:stated], conditions[stated:]
    widths = _widths(problem, nodes)
    weights = sum((n + 1) * m for own in widths for n, m in pairwise(own))
    rows = sum(condition.size for condition in conditions)
    points = len(nodes.x) * (1 if problem.times is None else len(problem.times))
    share = 1.0  # of the rows that there are
    if has_products(problem):  # on a grid of their own
        is_scattered = has_total_degree(axes(problem, nodes))
        points_each = POINTS_PER_PRODUCT if is_scattered else POINTS_PER_FUNCTION**nodes.dim
        there = points_each * widths[0][0] * len(problem.equations)
        share = there / rows if problem.times is not None else 1 + there / rows
        rows = int(share * rows)
    head_weights = sum(own[-1] * (own[-2] + 1) for own in widths)
    inputs, last, units = _at_a_point(nodes, widths)
    block = max(ROWS_PER_COLUMN * head_weights, FEWEST_ROWS)
    head: float = (rows + 3 * min(rows + head_weights, block)) * head_weights
    if data:
        standing = sum(_standing(problem, condition, widths) for condition in data)
        matrices = 5 if problem.parameters else 4  # one is the orthogonal factor
        head = (matrices * (rows + standing) + standing + 3 * head_weights) * head_weights
    newton = 3.2 * rows * weights + min(rows, weights) ** 2
    graph: float = 3 * points * units
    is_nested = problem.settings.solver.derivatives in NESTED and problem.family is None
    if is_pinn:
        terms = share * sum(c.size * len(c.residual.terms) for c in conditions)
        if not has_products(problem):  # of which those of data are formed some at a time
            terms += sum(c.size * len(c.residual.terms) for c in data)
        features: float = terms * last
        if is_nested:
            features = max(2 ** (2 + _order(c)) * c.size for c in conditions) * last
        head += max(terms * head_weights, features)
        derivatives = units * sum(c.size * _steps(c) for c in conditions)
        seen = sum(c.size * (1 + _steps(c)) for c in conditions)
        has_waves = problem.settings.network.embedding != "none"
        channels = (units + has_waves * inputs / 3) * seen  # waves are kept once
        graph = 10 * derivatives if is_nested else 3 * channels
    if is_pinn and not is_nested:
        newton = 4 * channels + (4.5 * rows**2 if rows <= weights else 2 * weights**2 + 2 * BLOCK)
    elif not is_pinn:
        head += points * last * (1 if problem.times is None else 3.5)
        newton = 4.5 * rows**2 if rows <= weights else newton
    numbers = {
        "head": head,
        "gauss-newton": newton,
        "variable-projection": _projection(rows, weights),
        "adam": graph,
        "lbfgs": graph + L_BFGS * weights,
    }
    if grows(problem):
        seen, features = _grown(problem, nodes, conditions)
        entries = seen * features * len(problem.fields)
        values = terms / rows if is_pinn else points / rows  # that a row is made of
        numbers["grow"] = max(head, (GROWING + values) * entries)
        numbers["variable-projection"] = _projection(seen, features * (inputs + 2))
    by_default = {"grow" if grows(problem) else "head"}
    chosen = {phase.optimizer for phase in problem.settings.training} or by_default
    return {name: numbers[name] for name in numbers if name in chosen}


def _standing(problem: Problem, data: Condition, widths: Sequence[tuple[int, ...]]) -> int:
    """Return the rows that stand for a set of data: no more than weights, of fixed features."""
    if not has_products(problem):
        return data.size
    fields = {term.field for term in data.residual.terms}
    return min(data.size, len(fields) * (widths[0][0] + 1))


def _projection(rows: int, weights: float) -> float:
    """Return the numbers that variable projection holds."""
    return 3 * rows * weights + 2 * weights**2


def _grown(problem: Problem, nodes: Nodes, conditions: Sequence[Condition]) -> tuple[int, int]:
    """Return the rows on which a network grows, and up to how many features."""
    rows = sum(condition.size for condition in conditions)
    is_pinn = "operators" not in ABILITIES[problem.settings.solver.method].needs
    if is_pinn and problem.times is None:
        rows += BETWEEN * nodes.n_interior * len(problem.equations)
    elif is_pinn:
        at_nodes = sum(condition.size for condition in conditions[: len(problem.equations)])
        rows += equation_points(problem, nodes) * len(problem.equations) - at_nodes
    is_linear = all(condition.residual.is_linear for condition in conditions)
    is_cheap = is_linear or follows(problem)  # a few steps at the end are all that is large
    most = most_features(problem, rows, nodes.rows.stop, is_linear=is_cheap)
    weights = problem.settings.training[0].weights if problem.settings.training else None
    if weights is not None:
        inputs = input_width(problem, nodes.rows.stop)
        most = min(most, features_of(weights, inputs, len(problem.fields)))
    return rows, most


def _widths(problem: Problem, nodes: Nodes) -> list[tuple[int, ...]]:
    """Return the widths of all layers of each network, inputs and outputs included."""
    if has_products(problem):
        return [(n_products(axes(problem, nodes)), len(problem.fields))]
    return [
        (input_width(problem, count), *hidden, len(problem.fields))
        for count, hidden in zip(
            nodes_by_region(nodes), layers_by_region(problem, nodes), strict=True
        )
    ]


def _at_a_point(nodes: Nodes, widths: Sequence[tuple[int, ...]]) -> tuple[float, float, float]:
    """Return the inputs, the features and the hidden units that a point has on average."""
    shares = [count / nodes.rows.stop for count in nodes_by_region(nodes)]
    parts = zip(shares, widths, strict=True)
    sizes = [(p * own[0], p * own[-2], p * sum(own[1:-1])) for p, own in parts]
    inputs, last, units = map(sum, zip(*sizes, strict=True))
    return inputs, last, units


def _order(condition: Condition) -> int:
    """Return the highest order of a derivative in a condition."""
    return max(term.op.order for term in condition.residual.terms)


def _steps(condition: Condition) -> int:
    """Return the number of times a field is differentiated for a condition's terms."""
    return sum(sum(alpha) for term in condition.residual.terms for alpha, _ in term.op.terms)


def _bytes(problem: Problem, work: str) -> int:
    """Return the bytes of a number; least squares are in double precision."""
    is_double = work in LEAST_SQUARES or problem.settings.solver.precision != "float32"
    return 8 if is_double else 4


def _trains_on_gpu(problem: Problem) -> bool:
    """Return whether training will use a GPU; torch, which knows, need not be loaded for it."""
    device = problem.settings.solver.device
    return device == "cuda" or (device == "auto" and Path("/dev/nvidiactl").exists())
