"""The variables of formulas: symbols that know what they stand for.

What is known about a position, and the coordinates of jet space: a field and its derivatives are
independent variables, ``u_xx`` is ``Derivative(0, (2, 0))`` (Olver, 1986, Applications of Lie
Groups to Differential Equations, section 2.3).

sympy tells symbols apart by class and name, and sorts them by the names of both: the order of
summands and factors, thus rounding, comes from how a variable is spelt. So no two variables are
spelt alike, the class is called as sympy's own, beside which its symbols are sorted, and nothing
ever reads the spelling.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, TypeVar

import sympy
from sympy import Expr

from pinnsolve.diffop import MultiIndex


@dataclass(frozen=True, order=True)
class Coordinate:
    """A coordinate of space, or time."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, order=True)
class Derivative:
    """The derivative ``∂^alpha`` of a field; the field itself if all of alpha is zero."""

    field: int
    alpha: MultiIndex

    def __str__(self) -> str:
        return f"field {self.field}:{','.join(map(str, self.alpha))}"


@dataclass(frozen=True, order=True)
class Constant:
    """An unknown constant, the ``index``-th of the problem."""

    index: int
    name: str

    def __str__(self) -> str:
        return f"parameter {self.index} {self.name}"


@dataclass(frozen=True, order=True)
class Normal:
    """A component of the unit outward normal."""

    axis: int

    def __str__(self) -> str:
        return f"normal {self.axis}"


@dataclass(frozen=True, order=True)
class Data:
    """A function of position known by its values only, as one read from a file."""

    name: str

    def __str__(self) -> str:
        return f"tabulated {self.name}"


@dataclass(frozen=True, order=True)
class Source:
    """A manufactured function that is not determined yet."""

    name: str

    def __str__(self) -> str:
        return f"source {self.name}"


@dataclass(frozen=True, order=True)
class Input:
    """A derivative of a function that varies over a family.

    Attributes
    ----------
    name
        Of the function.
    alpha
        Along the coordinates that it depends on; all of it zero for the function itself.
    axes
        These coordinates, by their numbers.
    smoothness
        Highest order of a derivative that it has.
    """

    name: str
    alpha: MultiIndex
    axes: tuple[int, ...]
    smoothness: float

    def __str__(self) -> str:
        return f"input {self.name}:{','.join(map(str, self.alpha))}"


Meaning: TypeAlias = Coordinate | Derivative | Constant | Normal | Data | Source | Input
Kind = TypeVar("Kind", Coordinate, Derivative, Constant, Normal, Data, Source, Input)


class Symbol(sympy.Symbol):  # type: ignore[misc]  # sympy has no types
    """The symbol of a variable.

    Attributes
    ----------
    meaning
        What it stands for.

    >>> Symbol(Derivative(0, (2, 0))).meaning.alpha
    (2, 0)
    """

    __slots__ = ("meaning",)

    meaning: Meaning

    def __new__(cls, meaning: Meaning) -> "Symbol":
        """Return the symbol of what is meant."""
        symbol: Symbol = sympy.Symbol.__xnew__(cls, str(meaning))
        symbol.meaning = meaning
        return symbol

    def __getnewargs_ex__(self) -> tuple[tuple[Meaning], dict[str, Any]]:
        """Return the arguments of `__new__`, for copies and pickles."""
        return (self.meaning,), {}


@cache
def coordinate(name: str) -> Symbol:
    """Return the symbol of a coordinate."""
    return Symbol(Coordinate(name))


@cache
def derivative(field: int, alpha: MultiIndex) -> Symbol:
    """Return the symbol of a derivative of a field."""
    return Symbol(Derivative(field, alpha))


def occurring(kind: type[Kind], e: Expr) -> dict[Symbol, Kind]:
    """Return the symbols of one kind in an expression and their meanings, in a fixed order."""
    meanings = {s: s.meaning for s in e.free_symbols if isinstance(s.meaning, kind)}
    return dict(sorted(meanings.items(), key=lambda item: item[1]))
