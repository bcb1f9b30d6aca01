"""Derived quantities: formulas of the fields and their derivatives that files and reports show.

``derived = { h = "sqrt(u^2 + v^2)" }`` is a name for a formula of the fields, their derivatives,
coordinates and constants, which nothing is solved for.
"""

from dataclasses import replace

from pinnsolve.equations.equation import Equation, equations
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.translate import CALLABLE
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.formula_faults import fault_of
from pinnsolve.problem.names import NAME, RESERVED
from pinnsolve.problem.problem import Problem
from pinnsolve.problem.text.source import KEY


def with_derived(problem: Problem) -> Problem:
    """Return a problem with its derived quantities read.

    Raises
    ------
    ProblemError
        If one is no formula of the fields, or its name means something else.
    """
    texts = problem.settings.output.derived
    found, faults = dict[str, Equation](), list[Fault]()
    for name, text in texts.items():
        key: KeyPath = ("output", "derived", name)
        message = _of_name(problem, name)
        if message:
            faults.append(Fault(key, message, "Choose another name.", KEY))
            continue
        try:
            found[name] = _formula(text, problem)
        except ExpressionError as error:
            faults.append(fault_of(key, error))
    if faults:
        raise problem.source.error(*faults)
    return replace(problem, derived=found) if found else problem


def _formula(text: str, problem: Problem) -> Equation:
    """Return a formula as an equation that says that it is zero; its residual is its value."""
    if "=" in text:
        raise ExpressionError("a derived quantity is a formula, and not an equation.")
    found = equations(text, problem.equations[0].symbols)
    if len(found) > 1:
        raise ExpressionError("a derived quantity is a number, and not a vector.")
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
