"""Faults of formulas: where they stand in the file, and what can be done about them but mending.

A formula that jumps where it is differentiated is at fault only if it must hold on both sides.
"""

from dataclasses import dataclass

from sympy import Expr

from pinnsolve.equations import kirchhoff
from pinnsolve.equations.jumps import Jump
from pinnsolve.equations.kirchhoff import Conductivity
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


@dataclass(frozen=True, kw_only=True)
class ConductivityFault(Fault):
    """The conductivity of a field jumps where that field passes a value.

    Attributes
    ----------
    field
        Which field.
    conductivity
        The function of it.
    """

    field: int
    conductivity: Conductivity


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
    if isinstance(error, Jump) and error.jumping is not None:
        return _of_values(key, error, span)
    return Fault(key, error.message, error.remedy, span)


def _of_values(key: KeyPath, error: Jump, span: tuple[int, int] | None) -> Fault:
    """Return the fault of what jumps where unknowns pass certain values."""
    try:
        found = kirchhoff.found_in(error.jumping, *error.along)
    except ExpressionError as why:
        return Fault(key, why.message, why.remedy, span)
    if found is None:
        return Fault(key, error.message, error.remedy, span)
    field, conductivity = found
    return ConductivityFault(
        key, error.message, error.remedy, span, field=field, conductivity=conductivity
    )
