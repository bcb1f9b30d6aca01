"""Modes as fields: what a problem for eigenvalues shows.

A problem for ``count`` eigenvalues is solved for its fields, with a number in the equations that is
open. What is shown are as many modes, each with all fields: ``u_1``, ``u_2``, … of a field ``u``.
"""

from dataclasses import replace

from pinnsolve.problem.eigenvalues import mode_names
from pinnsolve.problem.problem import Problem


def with_modes(problem: Problem) -> Problem:
    """Return a problem that shows the modes of its fields, if it is for eigenvalues."""
    sought = problem.settings.unknowns.eigenvalue
    if sought is None:
        return problem
    names = mode_names(problem.fields, sought.count)
    symbols = replace(problem.equations[0].symbols, fields=names, parameters={}, definitions={})
    equations = tuple(replace(equation, symbols=symbols) for equation in problem.equations)
    return replace(problem, fields=names, equations=equations, solved=problem)
