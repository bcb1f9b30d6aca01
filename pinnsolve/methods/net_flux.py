"""The flux out of what is closed in, as a condition of its own: networks lose the level without.

A region without a share in the boundary of the domain, which conducts K times as well as what is
around it, is nearly a problem of slopes alone: its level shows in the flux outside, K times smaller
than the fluxes that rows compare. Least squares trade it for them, and the level is lost for K of
a thousand and more. What tells it is the balance of the region C,

    integral over its boundary of n . q  =  integral over C of (div q - what the equation leaves),

with the flux ``q`` of the region around, in whose own unit the balance is one more row. Only where
the equation is ``div q + f = 0`` with a known ``f`` is there need of it: any field without a
derivative, and in time the derivative by it, tells the level too. Regions that touch count as one
if a single one is around them. Measured for a disk of a conductivity 1e6 times that around it:
relative errors of 1 without the row, of 1e-3 with it, on 600 nodes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from sympy import Expr

from pinnsolve.conditions.condition import Condition, bound
from pinnsolve.conditions.interfaces import flux, holds_value
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.algebra import exact
from pinnsolve.equations.expression import evaluate
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import Data, Derivative, Normal
from pinnsolve.errors import NodesError
from pinnsolve.geometry.nodal_quadrature import NodalQuadrature
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.regional import divided
from pinnsolve.problem import Equation, Problem
from pinnsolve.problem.problem import Region
from pinnsolve.rbffd.quadrature import HIGHEST, quadrature

ROUNDING = 1e-10  # of an equation's coefficients: what is left of them if they cancel
MEASURE = "measure of a node"


@dataclass(frozen=True)
class _Table:
    """Values at the points of a condition."""

    values: Float[ndarray, " R"]

    def __call__(self, _: Float[ndarray, "R d"]) -> Float[ndarray, " R"]:
        """Return the values at the points."""
        return self.values


def net_fluxes(problem: Problem, nodes: Nodes) -> tuple[Condition, ...]:
    """Return the balances of what is closed in, for each field.

    The measures of the nodes on an interface are those of what is closed in, which ends there.

    Parameters
    ----------
    problem, nodes
        What is solved, and where; without regions there are none.
    """
    if nodes.regions is None or problem.time is not None:
        return ()
    parts = divided(nodes)
    known: dict[int, NodalQuadrature] = {}

    def weights(r: int) -> NodalQuadrature:
        if r not in known:
            known[r] = quadrature(parts[r][1], max(HIGHEST.values()))
        return known[r]

    found = []
    for around, closed in _closed_in(problem, nodes):
        for field in range(len(problem.fields)):
            try:
                inside = 0.0
                for r in closed:
                    rows, own = parts[r]
                    left = _left(problem, problem.regions[r], field, own.x[own.rows])
                    inside += float(weights(r).inside @ left) if left.any() else 0.0
                faces, partners = _faces(nodes, around, closed)
                measure = np.empty(len(faces))
                for r in closed:
                    rows, own = parts[r]
                    here = nodes.regions.of[partners] == r
                    rim = np.searchsorted(rows[own.boundary], partners[here])
                    measure[here] = weights(r).boundary[rim]
            except (ExpressionError, NodesError, _Unknown):
                continue
            condition = _balance(problem, nodes, around, field, faces, measure, inside)
            names = ", ".join(problem.regions[r].name for r in closed)
            found.append(replace(condition, name=f"net flux ({names})"))
    return tuple(found)


class _Unknown(Exception):
    """The level of a region is told by more than its net flux."""


def _closed_in(problem: Problem, nodes: Nodes) -> Iterator[tuple[int, list[int]]]:
    """Yield what is closed in by one region: this, and the regions that hang together in it."""
    assert nodes.regions is not None
    count, of = len(problem.regions), nodes.regions.of
    is_open = np.zeros(count, dtype=bool)
    is_open[of[nodes.boundary][~nodes.on_interface]] = True
    touch = np.zeros((count, count), dtype=bool)
    a, b = of[nodes.regions.pairs].T
    touch[a, b] = touch[b, a] = True
    number = {region.name: r for r, region in enumerate(problem.regions)}
    stated = [
        {number[name] for name in own.between}
        for own in problem.interfaces
        if not holds_value(own.equation)
    ]
    for around in range(count):
        left = set(range(count)) - {around}
        while left:
            closed, new = set[int](), {left.pop()}
            while new:
                closed |= new
                new = {int(n) for r in new for n in np.flatnonzero(touch[r])} & left
                left -= new
            if not is_open[list(closed)].any() and not any(p <= closed | {around} for p in stated):
                yield around, sorted(closed)


def _faces(
    nodes: Nodes, around: int, closed: Sequence[int]
) -> tuple[Int[ndarray, " R"], Int[ndarray, " R"]]:
    """Return the nodes of a region on its interfaces with others, and theirs in these places."""
    assert nodes.regions is not None
    pairs, of = nodes.regions.pairs, nodes.regions.of
    both = np.concatenate([pairs, pairs[:, ::-1]])
    here = both[(of[both[:, 0]] == around) & np.isin(of[both[:, 1]], closed)]
    _, first = np.unique(here[:, 0], return_index=True)
    return here[first, 0], here[first, 1]


def _left(
    problem: Problem, region: Region, field: int, x: Float[ndarray, "n d"]
) -> Float[ndarray, " n"]:
    """Return the part of an equation that is no divergence of the flux, at points.

    Raises
    ------
    _Unknown
        If it holds a field.
    """
    equation = region.problem.equations[field]
    symbols = equation.symbols
    along = flux(problem, region, field, 0)
    e: Expr = equation.expression
    for i in symbols.space:
        unit = {variables.Symbol(Normal(k)): exact(int(k == i)) for k in symbols.space}
        component = calculus.substitute(along, unit)
        e = e - calculus.differentiate(component, i, symbols.coordinates, along_normal=False)
    occurring = [*variables.occurring(Derivative, e)]
    slopes = [calculus.partial(e, symbol) for symbol in occurring]
    stated = [calculus.partial(equation.expression, symbol) for symbol in occurring]
    if any(variables.occurring(Derivative, slope) for slope in [*slopes, *stated]):
        raise _Unknown
    values, whole = (evaluate(some, symbols, x) for some in (slopes, stated))
    for value, own in zip(values, whole, strict=True):
        if np.max(np.abs(value)) > ROUNDING * np.max(np.abs(own)):
            raise _Unknown
    zero = dict.fromkeys(occurring, exact(0))
    (left,) = evaluate([calculus.substitute(e, zero)], symbols, x)
    return np.broadcast_to(left, len(x))


def _balance(
    problem: Problem,
    nodes: Nodes,
    around: int,
    field: int,
    rows: Int[ndarray, " R"],
    measure: Float[ndarray, " R"],
    inside: float,
) -> Condition:
    """Return the balance as a condition on the region around, a sum over the nodes of a curve."""
    region = problem.regions[around]
    own = region.problem.equations[field]
    data = {f"{name}.{region.name}": table for name, table in own.symbols.data.items()}
    data |= {MEASURE: _Table(measure)}
    symbols = replace(own.symbols, data=data, normals=True)
    e = variables.Symbol(Data(MEASURE)) * flux(problem, region, field, 0)
    e -= exact(inside / len(rows))
    equation = Equation("net flux", "", e, symbols)
    normals = nodes.normals[rows - nodes.n_interior]
    residual = bound(problem, region.key, equation, nodes.x[rows], None, normals)
    return Condition("net flux", residual, rows, 1.0, is_sum=True)
