"""Incompressible flow on nodes: which equation holds where, so that the pressure is stable.

With velocity and pressure on the same nodes, continuity inside determines the pressure badly
(`pinnsolve.equations.pressure`). So inside hold the momentum equations and the pressure equation;
on the boundary the conditions, the momentum equations, the pressure equation, and continuity: in
the plane six rows for ``u, v, p`` at the node and at its ghost.

Corners. The tangential derivatives of a velocity that is given on both sides of a corner are known
there, and so is its divergence: continuity would be redundant, or contradict them. It is left out,
and the ghost of the pressure continued. Where the velocities that both sides ask for differ, as at
the ends of a lid that moves, no derivative exists, and the differential equations are left out as
well: pressure and ghosts are continued from the neighbours. So they are at all corners of a flow
with inertia in time: nothing ties the derivatives of its ghosts to what is known there, and their
squares in the pressure equation may have no solution when a flow starts at once and its layers are
thinner than the spacing. And so they are on all edges in space, where a node has a quarter of its
neighbours in the domain and a single ghost: differential equations there make the pressure wrong by
many times its size.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.equations.equation import prescribed_value
from pinnsolve.equations.expression import ExpressionError, evaluate
from pinnsolve.equations.incompressible import Incompressible, incompressible
from pinnsolve.equations.pressure import pressure_equation
from pinnsolve.geometry.from_problem import build_domain
from pinnsolve.geometry.generation import Nodes
from pinnsolve.geometry.outward import corners
from pinnsolve.problem import BoundaryCondition, Equation, Problem

NAME = "continuity"
NEIGHBOURS = {2: 4, 3: 6}  # of a node, whose mean distance is its spacing
SPACE = 3  # dimension
REACH = 1.7  # spacings around a corner, within which there are nodes of both sides
STEEP = 0.5  # sine of the angle to a corner beyond which a node is of a side that ends before it
SAME = 1e-8  # difference of velocities, relative to the largest, that is rounding
INSTANTS = 5  # at which velocities at corners are compared


@dataclass(frozen=True)
class OnNodes:
    """A problem as it is posed on nodes.

    Attributes
    ----------
    problem
        Of a flow, the pressure equation takes the place of continuity, which is the last condition
        on the boundary.
    smooth, torn
        Corner nodes, among all nodes, where the velocities of both sides agree, and where not.
    bare
        Those where no differential equation holds.
    flow
        What is known of it; None if it is no flow.
    """

    problem: Problem
    smooth: Int[ndarray, " A"]
    torn: Int[ndarray, " T"]
    bare: Int[ndarray, " E"]
    flow: Incompressible | None = None

    def fixes_level(self, equation: Equation) -> bool:
        """Tell whether a condition is about the pressure alone, and gives it a value."""
        fields = {term.field for term in equation.terms}
        return self.flow is not None and equation.is_algebraic and fields == {self.flow.pressure}

    def moves(self, equation: Equation) -> bool:
        """Tell whether a condition is about the velocity."""
        return self.flow is not None and any(
            term.field in self.flow.velocity for term in equation.terms
        )


def on_nodes(problem: Problem, nodes: Nodes) -> OnNodes:
    """Return a problem as it is posed on nodes with ghosts; most remain as they are."""
    flow = incompressible(problem.equations) if nodes.rings == 1 else None
    none = np.empty(0, dtype=int)
    if flow is None:
        return OnNodes(problem, none, none, none)
    x = nodes.x[nodes.rows]
    pressure = pressure_equation(problem.equations, flow, Spacing.of(x))
    if pressure is None:
        return OnNodes(problem, none, none, none)
    k = flow.continuity
    is_each_its_own = len(problem.equations) == len(problem.settings.pde.equations)
    key = ("pde", "equations", k) if is_each_its_own else ("pde", "equations")
    continuity = BoundaryCondition(("all",), problem.equations[k], 1.0, key, name=NAME)
    posed = replace(
        problem,
        equations=(*problem.equations[:k], pressure, *problem.equations[k + 1 :]),
        boundary=(*problem.boundary, continuity),
    )
    at = corners(nodes, build_domain(problem))
    is_torn = _is_torn(problem, flow, nodes, at)
    rows = nodes.n_interior + at
    is_bare = nodes.dim == SPACE or (problem.times is not None and not pressure.is_linear)
    bare = rows if is_bare else rows[is_torn]
    return OnNodes(posed, rows[~is_torn], rows[is_torn], bare, flow)


@dataclass(frozen=True)
class Spacing:
    """The distance of nodes as a function of position: at a point that of the nearest node.

    Attributes
    ----------
    x
        The nodes.
    h
        Mean distance of each from its neighbours.
    """

    x: Float[ndarray, "N d"]
    h: Float[ndarray, " N"]

    @classmethod
    def of(cls, x: Float[ndarray, "N d"]) -> "Spacing":
        """Measure the spacing of nodes."""
        from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

        k = NEIGHBOURS.get(x.shape[1], 2 * x.shape[1])
        apart, _ = KDTree(x).query(x, min(k + 1, len(x)))
        return cls(x, apart[:, 1:].mean(axis=1))

    def __call__(self, points: Float[ndarray, "n D"]) -> Float[ndarray, " n"]:
        """Return the spacing at points of space, or of space and time."""
        from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

        _, nearest = KDTree(self.x).query(points[:, : self.x.shape[1]])
        return self.h[nearest]


def _is_torn(
    problem: Problem, flow: Incompressible, nodes: Nodes, at: Int[ndarray, " K"]
) -> Bool[ndarray, " K"]:
    """Return whether the pieces that meet at corners ask for different velocities there.

    What they differ by is compared with the largest that is asked for anywhere on the boundary:
    ``sin(pi*y)`` is not zero to the bit at ``y = 1``.
    """
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    x = nodes.x[nodes.boundary]
    if not len(at):
        return np.zeros(0, dtype=bool)
    apart, near = KDTree(x).query(x[at], min(2 * nodes.dim + 1, len(x)))
    off = np.abs(((x[near] - x[at][:, None]) * nodes.normals[near]).sum(axis=2))
    is_near = (apart <= REACH * apart[:, 1:2]) & (off <= STEEP * apart)
    times = (
        [None] if problem.times is None else problem.times[:: -(-len(problem.times) // INSTANTS)]
    )
    low, high = np.full((2, len(times), len(flow.velocity), len(at)), np.nan)
    size = 0.0
    for condition in problem.boundary:
        if condition.is_periodic:
            continue
        try:
            field, value = prescribed_value(condition.equation)
        except ExpressionError:
            continue
        here = [k for k, piece in enumerate(nodes.pieces) if {"all", piece} & set(condition.on)]
        meets = (np.isin(nodes.tags[near], here) & is_near).any(axis=1)
        if field not in flow.velocity or not meets.any():
            continue
        i, symbols = flow.velocity.index(field), condition.equation.symbols
        for j, t in enumerate(times):
            place = x if t is None else np.column_stack([x, np.full(len(x), t)])
            with np.errstate(all="ignore"):  # it may make no sense on other pieces
                (everywhere,) = evaluate([value], symbols, place, nodes.normals)
            asked = everywhere[at[meets]]
            low[j, i, meets] = np.fmin(low[j, i, meets], asked)
            high[j, i, meets] = np.fmax(high[j, i, meets], asked)
            on = np.abs(everywhere[np.isin(nodes.tags, here)])
            size = max(size, on.max(initial=0.0, where=np.isfinite(on)))
    return np.nan_to_num(high - low).max(axis=(0, 1)) > SAME * size
