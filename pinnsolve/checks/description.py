"""A problem in outline: what was understood of the file, and the sizes that follow from it.

`figures` are for programs, `lines` the same for a person.
"""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np

from pinnsolve.checks.memory import human
from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.selfadjoint import is_frozen
from pinnsolve.constraints.build import is_by_make
from pinnsolve.diffop import DiffOp
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.networks.sizes import layers_by_region
from pinnsolve.problem import BoundaryCondition, Equation, PointCondition, Problem, sources
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.problem.densities import coefficients
from pinnsolve.rbffd.stencils import polynomial_degree, stencil_size
from pinnsolve.references.refinement import TARGET

LABEL, GAP, WIDTH = 15, 3, 100  # columns of the labels, between columns, and in all
LONGEST = 44  # columns of an equation beside which a note may stand
UNBROKEN = "\N{NO-BREAK SPACE}"
WHOLE_WORDS: Mapping[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


def figures(problem: Problem, nodes: Nodes, conditions: Sequence[Condition]) -> dict[str, Any]:
    """Return the figures of a problem, and its sizes on its nodes.

    Parameters
    ----------
    problem, nodes
        What is to be solved, and where.
    conditions
        Its equations and conditions, bound to the nodes.
    """
    ops = {term.op for condition in conditions for term in condition.residual.terms}
    operators = sorted((op for op in ops if op.order > 0), key=lambda op: (-op.order, op.terms))
    solver, discrete = problem.settings.solver, problem.settings.time_discrete
    degree = polynomial_degree(solver.order, max((op.order for op in operators), default=0))
    return {
        "problem": problem.name,
        "title": problem.title,
        "shape": problem.settings.domain.shape,
        "dimension": nodes.dim,
        "pieces": {piece: int(np.sum(nodes.tags == k)) for k, piece in enumerate(nodes.pieces)},
        "regions": _regions(nodes),
        "time": None if problem.time is None else list(problem.time),
        "time_levels": 0 if problem.times is None else len(problem.times),
        "stages": None if discrete is None else [discrete.steps, discrete.stages],
        "initial": dict(problem.settings.initial),
        "fields": list(problem.fields),
        "parameters": list(problem.parameters),
        "equations": list(dict.fromkeys(e.text for e in problem.equations)),
        "conditions": [{"on": list(b.on), "condition": b.equation.text} for b in problem.boundary],
        "constraints": [c.equation.text for c in problem.constraints],
        "linear": problem.eigenvalue is not None
        or all(condition.residual.is_linear for condition in conditions),
        "interior": nodes.n_interior,
        "boundary": nodes.n_boundary,
        "ghosts": len(nodes.x) - nodes.rows.stop,
        "spacing": float(nodes.spacing),
        "derivatives": [describe(op, problem.coordinates) for op in operators],
        "order": solver.order,
        "degree": degree,
        "stencil": stencil_size(nodes.dim, degree),
        "unknowns": len(problem.fields) * len(nodes.x),
        "method": solver.method,
        "hidden": _hidden(problem, nodes),
        "coefficients": _coefficients(problem),
        **sources.metrics(problem),
        "reference": problem.stated and (problem.stated.solver or str(problem.stated.file)),
    }


def lines(problem: Problem, figures: Mapping[str, Any]) -> list[str]:
    """Return the figures of a problem as a person reads them.

    Parameters
    ----------
    problem
        What they are of.
    figures
        Those of `figures` and of the pre-flight.
    """
    equations = {e.text: _kind(problem, e) for e in problem.equations}
    conditions = [
        (b.equation.text, f"on {', '.join(b.on)}" + _notes(problem, b)) for b in problem.boundary
    ]
    conditions += [
        (c.equation.text, c.name if isinstance(c, PointCondition) else "")
        for c in problem.constraints
    ]
    lengths = [len(text) for text, _ in [*equations.items(), *conditions]]
    wide = max((length for length in lengths if length <= LONGEST), default=LONGEST)
    total = figures["interior"] + figures["boundary"]
    return [
        problem.title or problem.name,
        "",
        *_entry(
            "domain",
            "time alone"
            if problem.is_ordinary
            else f"{figures['shape']}, {figures['dimension']}-D",
        ),
        *_time(figures),
        *_entry("unknowns", ", ".join([*figures["fields"], *figures["parameters"]])),
        *_eigenvalue(problem),
        *_table("equations", list(equations.items()), wide),
        *_table("conditions", conditions, wide),
        *_entry("initially", *(f"{name} = {text}" for name, text in figures["initial"].items())),
        *_entry("data", *figures["data"]),
        *_entry("functions", *figures["functions"]),
        *_entry("sources", *(source.told for source in problem.sources)),
        *([] if problem.is_ordinary else _nodes(figures, total)),
        *_materials(problem, figures),
        *_entry("derivatives", ", ".join(figures["derivatives"])),
        *_discretised(problem, figures, total),
        *_entry("method", _method(figures) + _slabs(problem)),
        *_reference(problem),
        *_entry("memory", *_memory(figures)),
    ]


def describe(op: DiffOp, names: Sequence[str]) -> str:
    """Return an operator as a person writes it.

    >>> describe(DiffOp((((2, 0), 1.0), ((0, 2), -0.5))), ["x", "y"])
    'd_xx - 0.5 d_yy'
    """
    text = ""
    for alpha, c in reversed(op.terms):
        name = "".join(name * n for name, n in zip(names, alpha, strict=True))
        factor = "" if abs(c) == 1 else f"{abs(c):.4g} "
        sign = "" if c > 0 and not text else "+ " if c > 0 else "- "
        text += f" {sign}{factor}" + (f"d_{name}" if name else "1")
    return text.strip()


def _regions(nodes: Nodes) -> dict[str, int]:
    """Return the number of nodes of each region; none if there is one."""
    if nodes.regions is None:
        return {}
    counts = np.bincount(nodes.regions.of[nodes.rows], minlength=len(nodes.regions.names))
    return dict(zip(nodes.regions.names, counts.tolist(), strict=True))


def _materials(problem: Problem, figures: Mapping[str, Any]) -> list[str]:
    """Return the entries of regions and of what holds between them, if there are several."""
    if not figures["regions"]:
        return []
    counts = ", ".join(f"{name} {count}" for name, count in figures["regions"].items())
    stated = [f"{i.equation.text} between {' and '.join(i.between)}" for i in problem.interfaces]
    rest = "else fields and fluxes" if stated else "fields and fluxes"
    rest += " jump as those of [exact]" if problem.fits_exact else " are continuous"
    return [*_entry("regions", counts), *_entry("interfaces", "; ".join([*stated, rest]))]


def _nodes(figures: Mapping[str, Any], total: int) -> list[str]:
    """Return the entries of the nodes, inside and on the pieces of the boundary."""
    pieces = (f"{piece} {count}" for piece, count in figures["pieces"].items())
    rings = "in two rings" if figures["ghosts"] == 2 * figures["boundary"] else "outside"
    text = f"{total} at spacing {figures['spacing']:.3g}: {figures['interior']} inside, "
    text += f"{figures['boundary']} on the boundary; {figures['ghosts']} ghosts {rings}"
    return [*_entry("nodes", text), *_entry("boundary", ", ".join(pieces))]


def _time(figures: Mapping[str, Any]) -> list[str]:
    """Return the entry of a problem in time."""
    if figures["time"] is None:
        return []
    begin, end = figures["time"]
    text = f"from {begin:g} to {end:g}, {figures['time_levels']} levels"
    if figures["stages"] is not None:
        steps, stages = figures["stages"]
        text += f", {'one step' if steps == 1 else f'{steps} steps'} of {stages} stages"
    return _entry("time", text)


def _eigenvalue(problem: Problem) -> list[str]:
    """Return the entry of the eigenvalues that are sought, if there are any."""
    sought = problem.eigenvalue
    if sought is None:
        return []
    count = f"the {sought.count} nearest" if sought.count > 1 else "the nearest"
    return _entry("eigenvalue", f"{sought.name}, {count} to {sought.near:g}")


def _hidden(problem: Problem, nodes: Nodes) -> list[int] | dict[str, list[int]] | None:
    """Return the widths of the network's hidden layers, by region if each has a network."""
    if not ABILITIES[problem.settings.solver.method].has_network:
        return None
    layers = list(map(list, layers_by_region(problem, nodes)))
    if nodes.regions is None:
        return layers[0]
    return dict(zip(nodes.regions.names, layers, strict=True))


def _discretised(problem: Problem, figures: Mapping[str, Any], total: int) -> list[str]:
    """Return the entries of the discrete problem, or of the evolution that has none."""
    evolution = problem.settings.evolution
    if problem.is_ordinary:
        return []
    if evolution is not None:
        if is_frozen(problem):
            text = f"of the last layer, exact in time; integrals by {evolution.samples} points or "
            return _entry("evolution", text + "more; the nodes show what is found")
        text = f"{evolution.integrator}, steps to {evolution.rtol:.2g} of the solution, the "
        text += f"equations at {evolution.samples} points in each; the nodes show what is found"
        return _entry("evolution", text)
    text = f"{figures['stencil']} nodes, for order {figures['order']}: exact for polynomials of "
    text += f"degree {figures['degree']}"
    return [*_entry("stencils", text), *_entry("system", _system(figures, total))]


def _system(figures: Mapping[str, Any], nodes: int) -> str:
    """Return the discrete problem in words."""
    kind = "linear" if figures["linear"] else "nonlinear"
    condition, examined = figures["condition"], figures["condition_nodes"]
    text = f"{kind}, {figures['unknowns']} unknowns, "
    if condition is None:
        return f"{text}condition not estimated"
    text += f"condition about {condition:.0e}"
    return text if examined == nodes else f"{text} (on {examined} nodes)"


def _coefficients(problem: Problem) -> int | None:
    """Return the number of coefficients of the polynomial of a density; None of anything else."""
    network = problem.settings.network
    if not network.ansatz:
        return None
    return coefficients(len(problem.coordinates), network.polynomial, network.powers)


def _method(figures: Mapping[str, Any]) -> str:
    """Return the method and its network in words."""
    if figures["hidden"] is None:
        return figures["method"]
    if figures["coefficients"] is not None:
        text = f"{figures['method']}, a polynomial of {figures['coefficients']:,} coefficients"
        layers = ", ".join(map(str, figures["hidden"]))
        return f"{text} and a network with hidden layers of {layers}" if layers else text
    if not figures["hidden"]:
        return f"{figures['method']}, products of waves and polynomials under one layer"
    if not isinstance(figures["hidden"], dict):
        layers = ", ".join(map(str, figures["hidden"]))
        return f"{figures['method']}, network with hidden layers of {layers}"
    parts = [f"{', '.join(map(str, own))} in {name}" for name, own in figures["hidden"].items()]
    return f"{figures['method']}, a network for each region, hidden layers of {'; '.join(parts)}"


def _slabs(problem: Problem) -> str:
    """Return the number of slabs of time in words, if there are any."""
    slabs = problem.settings.solver.slabs
    if slabs is None:
        return ""
    return (
        "; in slabs of time as long as may be" if slabs == "auto" else f"; in {slabs} slabs of time"
    )


def _reference(problem: Problem) -> list[str]:
    """Return the entry of a reference in the place of an exact solution, if one is stated."""
    stated = problem.stated
    if stated is None:
        return []
    if problem.exact is not None:
        return _entry("reference", "[exact] in its place: errors are measured against the formula")
    if stated.file is not None:
        return _entry("reference", f"{stated.file.name}, whose own error is unknown")
    text = f"{stated.solver}, solved for when a run begins, with ever more points and steps until "
    text += f"two solutions agree to {TARGET:.0e}, or as near as can be had in less than about a "
    text += "minute, in the plane ten"
    return _entry("reference", text)


def _memory(figures: Mapping[str, Any]) -> list[str]:
    """Return the memory in words: in all, and for each stage, the largest first."""
    stages = sorted(figures["memory_bytes_by_stage"].items(), key=lambda item: -item[1])
    free = figures["memory_free_bytes"]
    text = f"about {human(figures['memory_bytes'])} at the peak"
    parts = ", ".join(f"{stage} {human(size)}".replace(" ", UNBROKEN) for stage, size in stages)
    return [text if free is None else f"{text}; {human(free)} are free", parts]


def _kind(problem: Problem, equation: Equation) -> str:
    is_linear = equation.is_linear or problem.eigenvalue is not None
    return f"{'linear' if is_linear else 'nonlinear'}, order {equation.order}"


def _notes(problem: Problem, condition: BoundaryCondition) -> str:
    """Return a remark on what is special about a condition."""
    is_nonlinear = not (condition.equation.is_linear or problem.eigenvalue)
    built_in = "; built into the network" * is_by_make(problem, condition)
    return built_in + "; nonlinear" * is_nonlinear


def _entry(label: str, *texts: str) -> list[str]:
    """Return a label and texts, each on lines of its own."""
    width = WIDTH - LABEL
    lines = (line for text in texts for line in wrap(text, width, **WHOLE_WORDS))
    return _labelled(label, [line.replace(UNBROKEN, " ") for line in lines])


def _table(label: str, rows: Sequence[tuple[str, str]], wide: int) -> list[str]:
    """Return a label, and texts with notes beside them, or below where a text is too long."""
    width = WIDTH - LABEL - wide - GAP
    result: list[str] = []
    for text, note in rows:
        notes = wrap(note, width, **WHOLE_WORDS)
        texts = [text, *[""] * len(notes)]
        if len(text) > wide:
            result.append(text)
            texts[0] = ""
        result += [f"{text:<{wide + GAP}}{note}" for text, note in zip(texts, notes, strict=False)]
    return _labelled(label, result)


def _labelled(label: str, lines: Sequence[str]) -> list[str]:
    """Return lines indented, the first with a label before it."""
    heads = [f"  {label}", *[""] * (len(lines) - 1)][: len(lines)]
    return [f"{head:<{LABEL}}{line}" for head, line in zip(heads, lines, strict=True)]
