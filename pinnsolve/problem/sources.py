"""Point sources in the equations of a problem: where they are, and how wide nodes make them.

How wide a source is spread the nodes tell, which come later: until then its width is a function
that has no values (`with_widths`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from jaxtyping import Bool, Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.equations import calculus, sources, variables
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.expression import evaluate
from pinnsolve.equations.sources import Delta
from pinnsolve.equations.symbols import Symbols, Tabulated
from pinnsolve.equations.variables import Derivative
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.abilities import ABILITIES, methods_that_take

if TYPE_CHECKING:
    from pinnsolve.problem.problem import Problem


@dataclass(frozen=True, eq=False)
class PointSource:
    """A point source of an equation.

    Attributes
    ----------
    key
        Where the equation stands in the problem file.
    at
        Its coordinates, in terms of time.
    symbols
        The names in these.
    name
        Of its width among the functions known by their values.
    width
        How far it is spread, in the unit of length; asked for no sooner than there are nodes.
    """

    key: KeyPath
    at: tuple[Expr, ...]
    symbols: Symbols
    name: str
    width: "Width | None" = None

    @property
    def is_moving(self) -> bool:
        """Whether its place changes with time."""
        return any(e.free_symbols for e in self.at)

    def places(self, times: Float[ndarray, " K"]) -> Float[ndarray, "K d"]:
        """Return its places at instants; of a steady problem whatever these are."""
        x = np.zeros((len(times), len(self.symbols.coordinates)))
        if self.symbols.time is not None:
            x[:, self.symbols.time] = times
        return np.column_stack(evaluate(self.at, self.symbols, x))

    @property
    def where(self) -> str:
        """Where it is, in words; of a moving one as formulas of time."""
        return f"({', '.join(_written(e) for e in self.at)})"

    @property
    def told(self) -> str:
        """Where it is and how far it is spread, in words."""
        spread = "" if self.width is None else f", spread over {self.width.value:.3g}"
        return f"at {self.where}{spread}"


@dataclass(frozen=True, eq=False)
class Width:
    """The width of a source, found when it is first asked for."""

    find: Callable[[], float]

    @cached_property
    def value(self) -> float:
        """The width."""
        return self.find()

    def __call__(self, x: Float[ndarray, "N d"]) -> Float[ndarray, " N"]:
        """Return the width at points, the same at all."""
        return np.full(len(x), self.value)


def _written(e: Expr) -> str:
    return f"{float(e):.4g}" if e.is_number else str(e)


def source_faults(valid: Mapping[KeyPath, Any], stated: Mapping[KeyPath, Equation]) -> list[Fault]:
    """Return the faults of the point sources of equations.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    stated
        The equations, by where they stand.
    """
    faults = list[Fault]()
    for key, equation in stated.items():
        found = sorted(equation.expression.atoms(Delta), key=str)
        told = [_method_fault(valid), _strength_fault(equation, found)] if found else []
        faults += [replace(fault, key=key[:3]) for fault in told if fault is not None]
    return faults


def _method_fault(valid: Mapping[KeyPath, Any]) -> Fault | None:
    """Return the fault of a point source where none is taken."""
    domain, solver = valid.get(("domain",)), valid.get(("solver",))
    if solver is not None and "sources" not in ABILITIES[solver.method].takes:
        names = " or ".join(f'"{name}"' for name in methods_that_take("sources"))
        message = f'method "{solver.method}" takes no point sources.'
        return Fault((), message, f"Set method = {names} in [solver]. {sources.SMOOTH}")
    if domain is not None and domain.is_axisymmetric:
        message = "a point source is not taken around an axis, where it would be a ring."
        return Fault((), message, sources.SMOOTH)
    return None


def _strength_fault(equation: Equation, found: Sequence[Expr]) -> Fault | None:
    """Return the fault of point sources that are no sum of these, each times something known."""
    if equation.manufactured:
        message = f'"{equation.manufactured[0]}" is manufactured, and would undo the point source.'
        return Fault((), message, "Give it as a formula, or remove the source.")
    for source in found:
        amount = sympy.Dummy()
        strength = calculus.partial(equation.expression.xreplace({source: amount}), amount)
        if amount in strength.free_symbols or strength.has(Delta):
            message = "a point source stands in a function, or in a product with another."
            return Fault((), message, "Let it stand alone, or times its strength.")
        if variables.occurring(Derivative, strength):
            message = "the strength of a point source depends on a field, which has no value there."
            return Fault((), message, "Give it as a formula of position and time.")
    return None


def point_sources(equations: Sequence[Equation], written: int) -> tuple[PointSource, ...]:
    """Return the point sources of equations.

    Parameters
    ----------
    equations
        What holds inside.
    written
        How many there are in the file; of vectors several are one.
    """
    found = dict[str, PointSource]()
    for i, equation in enumerate(equations):
        key: KeyPath = (
            ("pde", "equations", i) if written == len(equations) else ("pde", "equations")
        )
        symbols = equation.symbols
        names = [symbols.coordinates[axis] for axis in symbols.space]
        for place in sources.places(equation.expression, names):
            found.setdefault(place.width, PointSource(key, place.at, symbols, place.width))
    return tuple(found.values())


def with_widths(problem: "Problem", widths: Callable[[], Mapping[str, float]]) -> "Problem":
    """Return a problem whose point sources are as wide as is told.

    Parameters
    ----------
    problem
        With point sources, perhaps.
    widths
        Gives the widths by name; asked for no sooner than one is needed.
    """
    if not problem.sources:
        return problem

    def width(name: str) -> Width:
        return Width(lambda: widths()[name])

    of = {source.name: width(source.name) for source in problem.sources}
    return replace(
        problem,
        equations=tuple(spread(e, of) for e in problem.equations),
        sources=tuple(replace(source, width=of[source.name]) for source in problem.sources),
        solved=problem.solved and with_widths(problem.solved, widths),
    )


def is_far(
    problem: "Problem", points: Float[ndarray, "*n D"], factor: float = 1.0
) -> Bool[ndarray, "*n"]:
    """Tell points so far from all point sources that nothing is spread to them.

    Parameters
    ----------
    problem
        Whose sources have widths.
    points
        In space, or in space and time.
    factor
        How many widths is far.
    """
    far = np.ones(points.shape[:-1], dtype=bool)
    for source in problem.sources:
        assert source.width is not None
        at = source.places(points[..., -1].ravel()).reshape(*points.shape[:-1], -1)
        apart = np.linalg.norm(points[..., : at.shape[-1]] - at, axis=-1)
        far &= apart > factor * source.width.value
    return far


def metrics(problem: "Problem") -> dict[str, Any]:
    """Return places and widths of point sources as figures; nothing where there are none."""
    told = [
        {"at": source.where, "width": source.width and source.width.value}
        for source in problem.sources
    ]
    return {"sources": told} if told else {}


def without_sources(problem: "Problem") -> "Problem":
    """Return a problem without its point sources, of which nodes that are made know nothing."""
    if not problem.sources:
        return problem
    return replace(problem, equations=tuple(map(_without, problem.equations)), sources=())


def _without(equation: Equation) -> Equation:
    nothing = dict.fromkeys(equation.expression.atoms(Delta), sympy.S.Zero)
    return replace(equation, expression=equation.expression.xreplace(nothing))


def spread(equation: Equation, widths: Mapping[str, Width]) -> Equation:
    """Return an equation that knows how wide its point sources are."""
    if not equation.expression.has(Delta):
        return equation
    data: dict[str, Tabulated] = {**equation.symbols.data, **widths}
    return replace(equation, symbols=replace(equation.symbols, data=data))
