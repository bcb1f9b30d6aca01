"""The pre-flight: is the problem well posed on its nodes, and what will it take?

Every method runs `preflight`, which costs next to nothing, before any work is done. `check`
does more: it assembles the discrete operator, if need be on a coarser node set, and estimates
its condition, compares the exact solution with the equations, and forecasts the memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions import Condition, conditions
from pinnsolve.diffop import DiffOp
from pinnsolve.errors import Fault, NodesError, SingularError
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodeset import located, node_set
from pinnsolve.geometry.pointset import Nodes
from pinnsolve.problem import Problem
from pinnsolve.rbffd import direct
from pinnsolve.progress import Watch, unwatched
from pinnsolve.rbffd.discretisation import Discretisation, discretise
from pinnsolve.rbffd.stencils import polynomial_degree, stencil_size

COARSE = {1: 400, 2: 2000, 3: 3000}  # nodes, by dimension, on which the condition is estimated
INEXACT = 1e-8  # residual of the exact solution, relative to its terms, that deserves a warning


@dataclass(frozen=True)
class Report:
    """A problem as understood, and what it will take.

    Attributes
    ----------
    lines
        For a person to read.
    warnings
        What is allowed but suspicious.
    figures
        The same as numbers and strings, for a program.
    """

    lines: tuple[str, ...]
    warnings: tuple[str, ...]
    figures: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {**self.figures, "warnings": list(self.warnings)}


def preflight(problem: Problem, nodes: Nodes) -> None:
    """Refuse a problem whose boundary conditions cannot determine its solution.

    Raises
    ------
    ProblemError
        If a piece of the boundary has no condition or too many, if conditions disagree, or if a
        field is determined only up to a constant.
    """
    faults = [*_uncovered(problem, nodes), *_disagreeing(problem, nodes), *_floating(problem)]
    if faults:
        raise problem.source.error(*faults)


def check(problem: Problem) -> Report:
    """Say what a problem is and what it will take.

    Raises
    ------
    ProblemError
        If it is not well posed.
    NodesError
        If the nodes cannot carry the discretisation.
    """
    domain = build_domain(problem)
    nodes = node_set(problem, domain)
    preflight(problem, nodes)
    held = conditions(problem, nodes)
    condition = _condition(problem, domain, nodes, held)
    order, dim = problem.settings.solver.order, nodes.dim
    operators = _operators(held)
    degree = polynomial_degree(order, max(op.order for op in operators))
    size = stencil_size(dim, degree)
    memory = _memory(problem, nodes, held, size)
    lines = [
        problem.title or problem.name,
        f"  domain      {problem.settings.domain.shape}, {dim}-D, boundary: "
        + ", ".join(nodes.pieces),
        *_table("equation", [(e.text, _kind(e)) for e in problem.equations]),
        *_table(
            "condition",
            [(b.equation.text, f"on {', '.join(b.on)}; {_kind(b.equation)}") for b in problem.boundary],
        ),
        f"  derivatives {', '.join(describe(op, problem.coordinates) for op in operators)}",
        f"  nodes       {nodes.n_interior} interior, {nodes.n_boundary} boundary "
        f"({_by_piece(nodes)}), {len(nodes.x) - nodes.rows.stop} ghosts, "
        f"spacing {nodes.spacing:.3g}",
        f"  stencils    {size} nodes (order {order}, polynomials of degree {degree})",
        f"  system      {sum(len(c.rows) for c in held)} equations, "
        f"{len(problem.fields) * len(nodes.x)} unknowns, condition {condition:.0e}",
        f"  memory      about {_human(memory)}",
        f"  method      {problem.settings.solver.method}",
    ]
    figures = {
        "problem": problem.name,
        "title": problem.title,
        "dimension": dim,
        "pieces": {piece: int(np.sum(nodes.tags == k)) for k, piece in enumerate(nodes.pieces)},
        "equations": [e.text for e in problem.equations],
        "conditions": [{"on": list(b.on), "condition": b.equation.text} for b in problem.boundary],
        "derivatives": [describe(op, problem.coordinates) for op in operators],
        "linear": all(c.residual.is_linear for c in held),
        "interior": nodes.n_interior,
        "boundary": nodes.n_boundary,
        "ghosts": len(nodes.x) - nodes.rows.stop,
        "spacing": nodes.spacing,
        "order": order,
        "stencil": size,
        "condition": condition,
        "memory_bytes": memory,
        "method": problem.settings.solver.method,
    }
    return Report(tuple(lines), tuple(_warnings(problem, nodes, held)), figures)


def assemble(
    problem: Problem, nodes: Nodes, held: Sequence[Condition], watch: Watch = unwatched
) -> Discretisation:
    """Assemble the discrete problem; what the nodes cannot carry is shown in the file.

    Raises
    ------
    ProblemError
        If the nodes are too few, or lie on a lattice or a curve.
    """
    order = problem.settings.solver.order
    try:
        return discretise(held, nodes, len(problem.fields), order, watch)
    except NodesError as error:
        raise located(problem, error) from None


def describe(op: DiffOp, names: Sequence[str]) -> str:
    """Return an operator as a person writes it.

    >>> describe(DiffOp((((2, 0), 1.0), ((0, 2), 1.0))), ["x", "y"])
    'd_xx + d_yy'
    """
    parts = []
    for alpha, c in reversed(op.terms):
        name = "".join(name * n for name, n in zip(names, alpha, strict=True))
        factor = "" if c == 1 else f"{c:g} "
        parts.append(f"{factor}d_{name}" if name else f"{factor}1")
    return " + ".join(parts)


def _uncovered(problem: Problem, nodes: Nodes) -> list[Fault]:
    """Return a fault for pieces of the boundary where nothing is said."""
    named = {piece for condition in problem.boundary for piece in condition.on}
    missing = [piece for piece in nodes.pieces if not {"all", piece} & named]
    if not missing:
        return []
    plural = "s" if len(missing) > 1 else ""
    return [
        Fault(
            ("boundary", len(problem.boundary) - 1, "on"),
            f"no condition holds on the piece{plural} {', '.join(missing)} of the boundary.",
            f'Add a [[boundary]] table with on = "{missing[0]}".',
        )
    ]


def _disagreeing(problem: Problem, nodes: Nodes) -> list[Fault]:
    """Return faults for pieces with more conditions than the equations can satisfy."""
    room = sum(-(-equation.order // 2) for equation in problem.equations)
    room = max(room, len(problem.fields))
    faults = []
    for k, piece in enumerate(nodes.pieces):
        rows = np.flatnonzero(nodes.tags == k)
        here = [c for c in problem.boundary if {"all", piece} & set(c.on)]
        for i, later in enumerate(here):
            for earlier in here[:i]:
                fault = _conflict(problem, nodes, rows, piece, earlier.key, later.key)
                if fault:
                    faults.append(fault)
        if len(here) > room and not faults:
            faults.append(
                Fault(
                    (*here[-1].key, "on"),
                    f"{len(here)} conditions hold on {piece}, but the equations can satisfy {room}.",
                    "Leave one of them out, or name the pieces on which each holds.",
                )
            )
    return faults


def _conflict(
    problem: Problem,
    nodes: Nodes,
    rows: Int[ndarray, " R"],
    piece: str,
    *keys: tuple[str | int, ...],
) -> Fault | None:
    """Return a fault if two conditions give the same operator different values somewhere."""
    by_key = {condition.key: condition.equation for condition in problem.boundary}
    first, second = (by_key[key] for key in keys)
    if not (first.is_linear and second.is_linear) or set(first.terms) != set(second.terms):
        return None
    x = nodes.x[nodes.boundary][rows]
    bound = [equation.bind(x, nodes.normals[rows]) for equation in (first, second)]
    zero = {term: np.zeros(len(x)) for term in first.terms}
    lead = first.terms[0]
    slopes = [residual.partials(zero) for residual in bound]
    scale = slopes[1][lead] / np.where(slopes[0][lead] == 0, np.nan, slopes[0][lead])
    if any(not np.allclose(slopes[0][t] * scale, slopes[1][t]) for t in first.terms):
        return None
    values = [-residual(zero) / slope[lead] for residual, slope in zip(bound, slopes, strict=True)]
    gap = np.abs(values[0] - values[1])
    worst = int(np.argmax(gap))
    if gap[worst] <= 1e-9 * (1 + np.abs(values[0]).max()):
        return None
    place = ", ".join(
        f"{name} = {value:.3g}" for name, value in zip(problem.coordinates, x[worst], strict=True)
    )
    return Fault(
        (*keys[1], "condition"),
        f'it disagrees with "{first.text}" on {piece}: {values[1][worst]:.3g} against '
        f"{values[0][worst]:.3g} at {place}.",
        "Keep one of them there, or name the pieces on which each holds.",
    )


def _floating(problem: Problem) -> list[Fault]:
    """Return faults for fields of which no equation contains the value itself."""
    everything = [*problem.equations, *(condition.equation for condition in problem.boundary)]
    return [
        Fault(
            ("boundary", 0, "condition"),
            f"every equation and condition holds for {name} plus any constant, "
            f"so nothing determines the level of {name} (a pure Neumann problem).",
            f"Give {name} a value on some piece of the boundary.",
        )
        for i, name in enumerate(problem.fields)
        if not any(
            field == i and any(sum(alpha) == 0 for alpha, _ in op.terms)
            for equation in everything
            for field, op in equation.terms
        )
    ]


def _condition(
    problem: Problem, domain: Domain, nodes: Nodes, held: Sequence[Condition]
) -> float:
    """Return the condition number of the discrete operator, at a size that is quick to factor."""
    if nodes.rows.stop > COARSE[nodes.dim] and domain.nodes is None:
        nodes = node_set(problem, domain, count=COARSE[nodes.dim])
        held = conditions(problem, nodes)
    system = assemble(problem, nodes, held)
    try:
        return direct.condition(system, _exact(problem, nodes.x))
    except SingularError as error:
        raise problem.source.error(Fault(("pde", "equations"), str(error))) from None


def _warnings(problem: Problem, nodes: Nodes, held: Sequence[Condition]) -> list[str]:
    """Return what is allowed but suspicious."""
    found = []
    if problem.exact is not None:
        expressions = [exact.expression for exact in problem.exact]
        for equation, condition in zip(
            [*problem.equations, *(b.equation for b in problem.boundary)], held, strict=True
        ):
            on_boundary = condition.rows >= nodes.n_interior
            normals = None
            if np.all(on_boundary):
                normals = nodes.normals[condition.rows - nodes.n_interior]
            defect = equation.defect(expressions, nodes.x[condition.rows], normals)
            size = float(np.abs(defect).max())
            if size > INEXACT * (1 + _size(condition)):
                found.append(
                    f'[exact] does not satisfy "{equation.text}": it leaves a residual of '
                    f"{size:.2g}. Errors against it will not fall below that."
                )
    return found


def _size(condition: Condition) -> float:
    """Return the size of a condition's source."""
    zero = {term: np.zeros(len(condition.rows)) for term in condition.residual.terms}
    with np.errstate(all="ignore"):
        value = float(np.abs(condition.residual(zero)).max())
    return value if np.isfinite(value) else 0.0


def _memory(problem: Problem, nodes: Nodes, held: Sequence[Condition], stencil: int) -> int:
    """Return a forecast of the memory at the peak, in bytes, the libraries' own included."""
    N, c, d = len(nodes.x), len(problem.fields), nodes.dim
    rows = sum(len(condition.rows) for condition in held)
    terms = max(len(condition.residual.terms) for condition in held)
    matrices = rows * stencil * 12 * (terms + 2)
    # fill-in of nested dissection: n log n in the plane, n^(4/3) in space
    fill = 31 * N * c * np.log2(N + 2) if d < 3 else 10 * (N * c) ** (4 / 3)
    solver = problem.settings.solver
    if solver.method == "rbf-fd":
        return int(150e6 + matrices + 16 * fill)
    hidden = problem.settings.network.hidden or ({1: 100, 2: 400, 3: 800}[d],)
    widths = [d, *hidden, c]
    weights = sum((n + 1) * m for n, m in zip(widths, widths[1:], strict=False))
    square = min(rows, weights)
    dense = rows * min(weights, 4 * hidden[-1] * c) + 3 * square**2
    return int(450e6 + matrices + 16 * fill + 8 * dense)


def _exact(problem: Problem, x: Float[ndarray, "N d"]) -> Float[ndarray, "N c"] | None:
    """Return the exact solution where a nonlinear operator is best linearised."""
    if problem.exact is None:
        return None
    values = np.column_stack([exact(x) for exact in problem.exact])
    return values if np.all(np.isfinite(values)) else None


def _operators(held: Sequence[Condition]) -> list[DiffOp]:
    ops = {op for condition in held for _, op in condition.residual.terms if op.order > 0}
    return sorted(ops, key=lambda op: (-op.order, op.terms))


def _kind(equation: Any) -> str:
    kind = "linear" if equation.is_linear else "nonlinear"
    return f"{kind}, order {equation.order}"


def _by_piece(nodes: Nodes) -> str:
    return ", ".join(f"{piece} {np.sum(nodes.tags == k)}" for k, piece in enumerate(nodes.pieces))


def _table(label: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    wide = max(len(text) for text, _ in rows)
    return [f"  {label:<11} {text:<{wide}}   {note}" for text, note in rows]


def _human(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"
