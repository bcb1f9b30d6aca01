"""The mathematical statement of a problem, for people: typeset equations, everything else in words.

Whatever stands in the problem file is text of a stranger and is escaped.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

from pinnsolve.constraints.build import is_by_make
from pinnsolve.output.numbers import instant
from pinnsolve.output.report.page import mathml
from pinnsolve.problem import Equation, PointCondition, Problem

COMBINED = {"union": " and ", "intersection": " within ", "difference": " without "}


def statement(problem: Problem) -> str:
    """Return the problem as HTML: description, equations, what they refer to, references."""
    rows = [
        (mathml(e.latex, e.text), where)
        for where, equations in _equations(problem)
        for e in equations
    ]
    for condition in problem.boundary:
        where = "on ∂Ω" if condition.on == ("all",) else f"on {', '.join(condition.on)}"
        where += ", with all derivatives" if condition.is_periodic else ""
        where += ", built into the network" if is_by_make(problem, condition) else ""
        rows.append((mathml(condition.equation.latex, condition.equation.text), where))
    for constraint in problem.constraints:
        where = constraint.name if isinstance(constraint, PointCondition) else "over Ω or ∂Ω"
        rows.append((mathml(constraint.equation.latex, constraint.equation.text), where))
    rows += _between(problem)
    for extra in problem.extra:
        where = f"where {extra.where.text}" if extra.where else "in Ω"
        rows.append((mathml(extra.equation.latex, extra.equation.text), f"also {where}"))
    if problem.time is not None:
        where = f"{'' if problem.is_ordinary else 'in Ω, '}at {instant(problem.time[0])}"
        rows += [(mathml(e.latex, e.text), where) for e in problem.begins.values()]
    lines = [f"<p>{escape(text)}</p>" for text in problem.description.split("\n\n") if text.strip()]
    lines.append("<div class='scroll'><table class='formulas'>")
    lines += [f"<tr><td>{formula}</td><td>{escape(where)}</td></tr>" for formula, where in rows]
    lines.append("</table></div>")
    lines.append(_givens(problem))
    if problem.references:
        cited = "".join(f"<li>{escape(reference)}</li>" for reference in problem.references)
        lines.append(f"<h3>References</h3><ol class='references'>{cited}</ol>")
    return "\n".join(lines)


def _equations(problem: Problem) -> list[tuple[str, tuple[Equation, ...]]]:
    """Return the equations and where they hold; those that all regions state alike but once."""
    parts = [(region.name, region.problem.equations) for region in problem.regions]
    if len({tuple(e.text for e in equations) for _, equations in parts}) < 2:
        return [("in Ω" if not problem.is_ordinary else "at all times", problem.equations)]
    return [(f"in {name}", equations) for name, equations in parts]


def _between(problem: Problem) -> list[tuple[str, str]]:
    """Return the conditions between regions, typeset, and where they hold."""
    if not problem.regions:
        return []
    rows = [
        (mathml(i.equation.latex, i.equation.text), f"between {i.between[0]} and {i.between[1]}")
        for i in problem.interfaces
    ]
    names = ", ".join(map(escape, problem.fields))
    else_ = " where nothing else is stated" if rows else ""
    how = "jump as those of the exact solution" if problem.fits_exact else "are continuous"
    return [*rows, (f"{names} and the flux of each {how}", f"between regions{else_}")]


def _regions(problem: Problem) -> list[tuple[str, str]]:
    """Return the regions, where they lie, and the constants that they change."""
    rows, whole = [], problem.settings.constants
    for region in problem.regions:
        place = "all the rest"
        if region.where is not None:
            place = region.where.text
        elif region.shape is not None:
            place = shape_in_words(region.shape.model_dump(exclude_unset=True))
        own = region.problem.settings.constants
        changed = [f"{k} = {v:.6g}" for k, v in own.items() if whole.get(k) != v]
        rows.append((escape(region.name), escape("; ".join([place, *changed]))))
    return rows


def _givens(problem: Problem) -> str:
    """Return the terms of the equations: domain, constants, functions, exact solution."""
    settings = problem.settings
    rows = []
    if not problem.is_ordinary:
        rows = [("Ω", escape(shape_in_words(settings.domain.model_dump(exclude_unset=True))))]
    rows += _regions(problem)
    if problem.time is not None:
        rows.append(("t", "from {:.6g} to {:.6g}".format(*problem.time).replace("-", "−")))
    rows += [(escape(name), f"{value:.10g}") for name, value in settings.constants.items()]
    rows += [
        (escape(name), f"unknown; the search begins at {parameter.start:.6g}")
        for name, parameter in problem.parameters.items()
    ]
    definitions = settings.functions | settings.pde.definitions
    for name, function in definitions.items():
        if function == "manufactured":
            text = "from the exact solution, so that it solves the problem"
        else:
            text = f"<code>{escape(_code(function))}</code>"
        rows.append((escape(name), text))
    rows += [
        ("point source", f"{escape(s.told)}: where it is spread no error is told")
        for s in problem.sources
    ]
    for name, exact in zip(problem.fields, problem.exact or (), strict=False):
        rows.append((f"{escape(name)}, exact", mathml(exact.latex, exact.text)))
    cells = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows)
    return f"<table class='givens'><tbody>{cells}</tbody></table>"


def _code(function: object) -> str:
    """Return a function of the problem file as it is written there."""
    if isinstance(function, str):
        return function
    if isinstance(function, tuple):
        return f"[{', '.join(map(str, function))}]"
    return f"column {getattr(function, 'column', '')} of {getattr(function, 'file', function)}"


def shape_in_words(shape: Mapping[str, Any]) -> str:
    """Return a shape as a person names it.

    >>> shape_in_words({"shape": "disk", "center": (0.0, 0.5), "radius": 1.0})
    'disk: center (0, 0.5), radius 1'
    """
    kind = shape["shape"]
    if kind in COMBINED:
        return COMBINED[kind].join(f"({_part_in_words(part)})" for part in shape["of"])
    silent = ("shape", "name", "pieces", "coordinates", "time")
    parts = [f"{key} {_in_words(value)}" for key, value in shape.items() if key not in silent]
    return f"{kind}: {', '.join(parts)}" if parts else str(kind)


def _part_in_words(part: Mapping[str, Any]) -> str:
    """Return a part of a combined shape, with its name if it has one."""
    name = part.get("name")
    return f"{name} = {shape_in_words(part)}" if name else shape_in_words(part)


def _in_words(value: object) -> str:
    """Return a number, a point, a list of points, or a name."""
    if isinstance(value, list | tuple):
        more = ", …" if len(value) > 8 else ""
        return f"({', '.join(map(_in_words, value[:8]))}{more})"
    return f"{value:.6g}".replace("-", "−") if isinstance(value, float) else str(value)
