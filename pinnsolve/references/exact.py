"""The exact solution, where the problem file gives a formula for it."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.points import points_of
from pinnsolve.diffop import Term
from pinnsolve.equations import calculus
from pinnsolve.equations.expression import Function, evaluate
from pinnsolve.geometry.nodes import Nodes, Regions
from pinnsolve.problem import Problem
from pinnsolve.process import State
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.pieces import Pieces
from pinnsolve.solution.reference import Reference

if TYPE_CHECKING:
    from pinnsolve.setup import Setup


@dataclass(frozen=True)
class FormulaFields:
    """Fields that are known as formulas.

    Attributes
    ----------
    functions
        One for each field.
    """

    functions: tuple[Function, ...]

    @property
    def size(self) -> int:
        """None: formulas."""
        return 0

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values at points, infinite where they are."""
        with np.errstate(all="ignore"):
            return np.column_stack([function(x) for function in self.functions])

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives at points, taken in symbols.

        Raises
        ------
        ExpressionError
            If a field is known by its values only, or becomes too long a formula.
        """
        found = {}
        with np.errstate(all="ignore"):
            for term in terms:
                function, op = self.functions[term.field], term.op
                names = function.symbols.coordinates
                slopes = [
                    calculus.derivative(function.expression, alpha, names) for alpha, _ in op.terms
                ]
                parts = evaluate(slopes, function.symbols, x)
                total = np.zeros(len(x))
                for (_, c), part in zip(op.terms, parts, strict=True):
                    total += c * part
                found[term] = total
        return found

    def state(self) -> State:
        """Return the formulas as the problem file has them."""
        return {str(i): str(function.expression) for i, function in enumerate(self.functions)}


def reference(setup: "Setup") -> Reference | None:
    """Return the exact solution; None if the problem file gives none."""
    return exact_truth(setup.problem, setup.nodes)


def exact_truth(problem: Problem, nodes: Nodes) -> Reference | None:
    """Return the exact solution and its values at nodes; None if the problem file gives none."""
    fields = exact_fields(problem, nodes.regions)
    if fields is None:
        return None
    return Reference("exact", fields, exact_at(problem, nodes), error=0.0)


def exact_fields(problem: Problem, regions: Regions | None = None) -> Fields | None:
    """Return the exact solution; None if none is given.

    Parameters
    ----------
    problem
        What is solved.
    regions
        Where its regions lie, if there are several.
    """
    if problem.exact is None:
        return None
    if regions is None:
        return FormulaFields(problem.exact)
    parts = tuple(FormulaFields(region.problem.exact or ()) for region in problem.regions)
    return Pieces(parts, regions.locate, len(problem.coordinates))


def exact_values(
    problem: Problem, x: Float[ndarray, "N d"], regions: Regions | None = None
) -> Float[ndarray, "N c"] | None:
    """Return the exact solution at points, infinite where it is; None if none is given."""
    fields = exact_fields(problem, regions)
    return None if fields is None else fields(x)


def exact_at(problem: Problem, nodes: Nodes) -> Float[ndarray, "*K n c"] | None:
    """Return the exact solution at the interior and boundary nodes, at each time level if any."""
    if problem.exact is None:
        return None
    points = points_of(problem, nodes)
    values = np.empty((*points.shape[:-1], len(problem.fields)))
    for functions, here in _by_region(problem, nodes):
        some = points[..., here, :]
        found = FormulaFields(functions)(some.reshape(-1, points.shape[-1]))
        values[..., here, :] = found.reshape(*some.shape[:-1], -1)
    return values


def _by_region(
    problem: Problem, nodes: Nodes
) -> Iterator[tuple[tuple[Function, ...], ndarray | slice]]:
    """Yield the exact solution of each region and which of the interior and boundary nodes it has.

    On an interface the nodes of each side take their own.
    """
    if nodes.regions is None:
        assert problem.exact is not None
        yield problem.exact, slice(None)
        return
    of = nodes.regions.of[nodes.rows]
    for r, region in enumerate(problem.regions):
        yield region.problem.exact or (), np.flatnonzero(of == r)
