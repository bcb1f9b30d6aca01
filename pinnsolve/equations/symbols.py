"""The names that a formula may use, and what they stand for."""

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from jaxtyping import Float
from numpy import ndarray
from sympy import Expr, exp

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations.variables import Input, Symbol

Value: TypeAlias = Expr | tuple[Expr, ...]  # a scalar, or the components of a vector
Tabulated: TypeAlias = Callable[[Float[ndarray, "N d"]], Float[ndarray, " N"]]


@dataclass(frozen=True)
class Varying:
    """A function that varies over a family, as formulas use it.

    Attributes
    ----------
    axes
        The coordinates that it depends on, by their numbers.
    typical
        A derivative of one of the functions, at points of these coordinates.
    smoothness
        Highest order of a derivative that it has.
    is_exponent
        Whether it is the exponential of the function that stands in formulas.
    """

    axes: tuple[int, ...]
    typical: Callable[[Float[ndarray, "N k"], MultiIndex], Float[ndarray, " N"]]
    smoothness: float
    is_exponent: bool = False

    def named(self, name: str) -> Expr:
        """Return the function as an expression."""
        symbol = Symbol(Input(name, (0,) * len(self.axes), self.axes, self.smoothness))
        return exp(symbol) if self.is_exponent else symbol


@dataclass(frozen=True)
class Symbols:
    """The names a formula may use.

    Attributes
    ----------
    coordinates
        Names of the columns of the points; ``t`` is time, all others are space.
    fields
        Unknowns, in the order of the solution's components.
    constants
        Values by name.
    functions
        Functions of position by name, already read; a vector is a tuple.
    data
        Functions of position known by values only, by name.
    definitions
        Expressions of the fields by name, already read.
    parameters
        True values of the unknown parameters by name; None where that is not known either.
    manufactured
        Names of functions that are still to be derived from the exact solution.
    normals
        Whether the normal is known: ``n``, ``n_x``, ``dn(e)``.
    sides
        Names of two regions, one of which stands behind names that differ between them: ``u.a``.
    signs
        Where formulas are read beside surfaces on which they jump, the side: 1 or -1 for each
        expression that is zero there (`jumps.oriented`).
    inverses
        Fields that stand for functions of what is solved for in their place, by name
        (`kirchhoff`).
    idle
        Fields, by number, and the coordinates that each is constant in, if there are any.
    unknowns
        Names of fields that have no value here, as in functions of position.
    inputs
        Functions that vary over a family, by name.
    revolved
        The size of the domain where the coordinates are ``r`` and ``z`` around an axis
        (`axisymmetry`); None where they are Cartesian.
    sources
        Whether point sources may stand here: ``delta(x - a)``.
    """

    coordinates: tuple[str, ...]
    fields: tuple[str, ...] = ()
    constants: Mapping[str, float] = field(default_factory=dict)
    functions: Mapping[str, Value] = field(default_factory=dict)
    data: Mapping[str, Tabulated] = field(default_factory=dict)
    definitions: Mapping[str, Value] = field(default_factory=dict)
    parameters: Mapping[str, float | None] = field(default_factory=dict)
    manufactured: tuple[str, ...] = ()
    normals: bool = False
    sides: tuple[str, ...] = ()
    signs: Mapping[Expr, int] = field(default_factory=dict)
    inverses: Mapping[str, Callable[[Expr], Expr]] = field(default_factory=dict)
    idle: Mapping[int, Container[int]] = field(default_factory=dict)
    unknowns: tuple[str, ...] = ()
    inputs: Mapping[str, Varying] = field(default_factory=dict)
    revolved: float | None = None
    sources: bool = False

    @property
    def space(self) -> tuple[int, ...]:
        """Axes of space."""
        return tuple(i for i, name in enumerate(self.coordinates) if name != "t")

    @property
    def time(self) -> int | None:
        """Axis of time; None if there is none."""
        return self.coordinates.index("t") if "t" in self.coordinates else None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that has a meaning of its own, without parentheses behind it."""
        own = (*self.coordinates, *self.fields, *self.constants, *self.functions, *self.data)
        normals = ("n", *(f"n_{self.coordinates[i]}" for i in self.space)) if self.normals else ()
        further = (*self.definitions, *self.parameters, *self.manufactured, *self.inputs)
        return (*own, *further, "X", "pi", *normals)

    def suffix(self, name: str) -> tuple[str, MultiIndex] | None:
        """Split a name such as ``u_xx`` into ``u`` and the multi-index ``(2, 0)``."""
        stem, _, suffix = name.rpartition("_")
        if not stem or not suffix or not self.coordinates:
            return None
        one, several = _axes(self.coordinates)
        if not several.fullmatch(suffix):
            return None
        parts = one.findall(suffix)
        return stem, tuple(parts.count(name) for name in self.coordinates)


@lru_cache(maxsize=64)
def _axes(coordinates: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of one coordinate and of several, the longest that fits taken each time.

    Nothing is tried twice, so that time grows with the length of the text alone.
    """
    names = "|".join(sorted(map(re.escape, coordinates), key=len, reverse=True))
    return re.compile(names), re.compile(f"(?>{names})++")
