"""What to solve: a problem file, checked and with its equations in symbolic form; no torch."""

from pinnsolve.problem.equation import Equation
from pinnsolve.problem.expression import Function, Predicate
from pinnsolve.problem.load import BoundaryCondition, ExtraResidual, Problem, load
from pinnsolve.problem.residual import Residual

__all__ = [
    "BoundaryCondition",
    "Equation",
    "ExtraResidual",
    "Function",
    "Predicate",
    "Problem",
    "Residual",
    "load",
]
