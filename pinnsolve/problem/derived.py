"""Derived quantities: formulas of the fields and their derivatives that files and reports show.

``derived = { h = "sqrt(u^2 + v^2)" }`` is a name for a formula of the fields, their derivatives,
coordinates and constants, which nothing is solved for; of those in ``conserved`` the integral is
told. Slices and marginals are told by the names of coordinates.
"""

from collections.abc import Mapping
from dataclasses import replace

from pinnsolve.equations.equation import Equation, equations
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.translate import CALLABLE
from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem.formula_faults import fault_of
from pinnsolve.problem.names import NAME, RESERVED
from pinnsolve.problem.problem import Problem
from pinnsolve.problem.text.source import KEY

WHAT = {"derived": "a derived quantity", "conserved": "what is conserved"}


def with_derived(problem: Problem) -> Problem:
    """Return a problem with its derived quantities read, and what else is to be shown.

    Raises
    ------
    ProblemError
        If one is no formula of the fields, or its name means something else.
    """
    output, evolution = problem.settings.output, problem.settings.evolution
    derived, faults = _formulas(problem, ("output", "derived"), output.derived)
    texts = {} if evolution is None else evolution.conserved
    conserved, others = _formulas(problem, ("evolution", "conserved"), texts)
    faults = [*faults, *others, *_axes_faults(problem)]
    if faults:
        raise problem.source.error(*faults)
    if not derived and not conserved:
        return problem
    return replace(problem, derived=derived, conserved=conserved)


def _formulas(
    problem: Problem, section: tuple[str, str], texts: Mapping[str, str]
) -> tuple[dict[str, Equation], list[Fault]]:
    """Return the formulas of a table by name, and their faults."""
    found, faults = dict[str, Equation](), list[Fault]()
    for name, text in texts.items():
        key: KeyPath = (*section, name)
        message = _of_name(problem, name)
        if message:
            faults.append(Fault(key, message, "Choose another name.", KEY))
            continue
        try:
            found[name] = _formula(text, problem, WHAT[section[-1]])
        except ExpressionError as error:
            faults.append(fault_of(key, error))
    return found, faults


def _axes_faults(problem: Problem) -> list[Fault]:
    """Return the faults of slices and marginals along what is no coordinate."""
    faults = []
    for name in ("slices", "marginals"):
        for i, along in enumerate(getattr(problem.settings.output, name)):
            key: KeyPath = ("output", name, i)
            unknown = [axis for axis in along if axis not in problem.coordinates]
            if unknown:
                message = f'there is no coordinate "{unknown[0]}" in space.'
                faults.append(Fault(key, message, suggestion(unknown[0], problem.coordinates)))
            elif len(set(along)) < len(along):
                message = f'"{along[0]}" is named twice.'
                faults.append(Fault(key, message, "Name one coordinate, or two."))
    return faults


def _formula(text: str, problem: Problem, what: str) -> Equation:
    """Return a formula as an equation that says that it is zero; its residual is its value."""
    if "=" in text:
        raise ExpressionError(f"{what} is a formula, and not an equation.")
    found = equations(text, problem.equations[0].symbols)
    if len(found) > 1:
        raise ExpressionError(f"{what} is a number, and not a vector.")
    return replace(found[0], is_mixed=True)


def _of_name(problem: Problem, name: str) -> str:
    """Return the fault of a name; empty if it has none."""
    symbols = problem.equations[0].symbols
    if not NAME.fullmatch(name):
        return f'"{name}" is not a name: names are made of letters, digits and _.'
    if name in RESERVED:
        return f'"{name}" means {RESERVED[name]}.'
    if name in symbols.names or name in CALLABLE:
        return f'"{name}" means something else already.'
    head, _ = symbols.suffix(name) or ("", ())
    return f'"{name}" means a derivative of {head}.' if head in problem.fields else ""
