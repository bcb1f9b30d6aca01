"""What to solve: a problem file, checked and with its equations in symbolic form; no torch."""

from pinnsolve.equations.equation import Equation
from pinnsolve.equations.expression import Function, Predicate
from pinnsolve.equations.residual import Residual
from pinnsolve.problem.load import load
from pinnsolve.problem.problem import (
    BoundaryCondition,
    ExtraResidual,
    IntegralConstraint,
    InterfaceCondition,
    PointCondition,
    Problem,
    Region,
)

__all__ = [
    "BoundaryCondition",
    "Equation",
    "ExtraResidual",
    "Function",
    "IntegralConstraint",
    "InterfaceCondition",
    "PointCondition",
    "Predicate",
    "Problem",
    "Region",
    "Residual",
    "load",
]
