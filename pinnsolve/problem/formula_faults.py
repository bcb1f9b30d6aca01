"""Faults of formulas: where they stand in the file, and what can be done about them but mending.

A formula that jumps where it is differentiated is at fault only if it must hold on both sides.
"""

from dataclasses import dataclass

from sympy import Expr

from pinnsolve.equations.jumps import Jump
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.errors import Fault, KeyPath


@dataclass(frozen=True)
class JumpFault(Fault):
    """A formula jumps across a surface that is known, where it is differentiated.

    Attributes
    ----------
    surface
        What is zero there, a function of position alone.
    where
        In words, with a blank before them.
    """

    surface: Expr = None
    where: str = ""


def fault_of(key: KeyPath, error: ExpressionError, *, is_whole: bool = False) -> Fault:
    """Return the fault that an error of the formula at a key is.

    Parameters
    ----------
    key
        Where the formula stands.
    error
        What is wrong.
    is_whole
        Whether all of it is at fault, whatever characters the error names.
    """
    span = None if is_whole else error.span
    if isinstance(error, Jump) and error.surface is not None:
        told = key, error.message, error.remedy, span
        return JumpFault(*told, surface=error.surface, where=error.where)
    return Fault(key, error.message, error.remedy, span)
