"""One equation and the points where it holds, its data evaluated there.

At a fixed instant a derivative in time is a field of its own: with the fields and their
derivatives in time side by side, ``u_t = laplace(u)`` is a steady equation for the two fields
``u`` and ``u_t``. So the term ``(f, d_t^a D)`` of an equation becomes ``(f, D, a)``, with ``D`` a
derivative in space alone, and data hold one column for each instant.
"""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.diffop import Term, in_space
from pinnsolve.errors import KeyPath, ProblemError
from pinnsolve.problem import Equation, Problem, Residual


@dataclass(frozen=True)
class Condition:
    """An equation and the nodes where it holds.

    Attributes
    ----------
    name
        As reports call it: ``pde``, ``pde 2``, or the boundary pieces.
    residual
        The equation, its data evaluated at these nodes.
    rows
        Indices of the nodes.
    weight
        Factor of its mean square in the loss, dimensionless.
    levels
        Indices of the instants at which it holds; None in a steady problem, whose data have no
        axis of time.
    across
        For each node the point whose terms are subtracted from its own, as it is periodic; None
        if nothing is subtracted.
    points
        Where it holds, if not at its nodes, which are the nearest then; None otherwise.
    is_sum
        Whether it is the sum of its rows that vanishes, as of an integral over nodes, and not
        each of them.
    closes
        Whether it is about the ghosts, beside conditions that determine all fields at the nodes.
    partners
        On an interface for each node the one in the same place in the other region, whose fields
        follow those of the node in the residual's terms; None elsewhere.
    node
        Of a sum over points around a node that node, whose value it determines; None of others.
    """

    name: str
    residual: Residual
    rows: Int[ndarray, " R"]
    weight: float
    levels: Int[ndarray, " L"] | None = None
    across: Float[ndarray, "R D"] | None = None
    points: Float[ndarray, "R D"] | None = None
    is_sum: bool = False
    closes: bool = False
    partners: Int[ndarray, " R"] | None = None
    node: int | None = None

    @property
    def size(self) -> int:
        """Number of rows of the residual, over all instants."""
        return self.rows_at_instant * (1 if self.levels is None else len(self.levels))

    @property
    def rows_at_instant(self) -> int:
        """Number of rows of the residual at one instant."""
        return 1 if self.is_sum else len(self.rows)

    @property
    def is_constraint(self) -> bool:
        """Whether it holds at a point or for an integral, over and above what holds at nodes."""
        return self.node is None and (self.is_sum or self.points is not None)

    @property
    def held(self) -> Int[ndarray, " H"]:
        """The nodes at which it holds: its rows, or the one around which its points are."""
        return self.rows if self.node is None else np.array([self.node])

    def summed(self, values: Float[ndarray, "R *L"]) -> Float[ndarray, "r *L"]:
        """Return the values at the nodes, or their sum where it is the sum that counts."""
        return values.sum(axis=0, keepdims=True) if self.is_sum else values

    def at(self, level: int) -> "Condition":
        """Return the condition at one instant, as that of a steady problem."""
        return replace(
            self, residual=self.residual.with_data(lambda data: data[:, level]), levels=None
        )


def names_of(problem: Problem) -> list[str]:
    """Return the names of the equations and conditions of a problem, in the order of the file."""
    labels = ["pde"] * len(problem.equations) + [
        c.name or ", ".join(c.on) for c in problem.boundary
    ]
    repeated, seen, names = Counter(labels), Counter[str](), list[str]()
    for label in labels:
        seen[label] += 1
        names.append(f"{label} {seen[label]}" if repeated[label] > 1 else label)
    return names


def terms_in_space(problem: Problem, equation: Equation) -> tuple[Term, ...]:
    """Return the terms of an equation at a fixed instant; see the head of the module."""
    if problem.time is None:
        return equation.terms
    parts = [(term.field, *in_space(term.op)) for term in equation.terms]
    return tuple(Term(field, op, order) for field, order, op in parts)


def bound(
    problem: Problem,
    key: KeyPath,
    equation: Equation,
    x: Float[ndarray, "R d"],
    times: Float[ndarray, " K"] | None,
    normals: Float[ndarray, "R s"] | None = None,
) -> Residual:
    """Return an equation at its points; what is wrong with it is shown in the file."""
    try:
        if times is None:
            return equation.bind(x, normals)
        there = np.column_stack([np.repeat(x, len(times), axis=0), np.tile(times, len(x))])
        if normals is not None:
            normals = np.repeat(normals, len(times), axis=0)
        residual = equation.bind(there, normals)
        table = residual.with_data(lambda data: data.reshape(len(x), len(times)))
        return replace(table, terms=terms_in_space(problem, equation))
    except ProblemError as error:
        faults = (replace(fault, key=key) for fault in error.faults)
        raise problem.source.error(*faults) from None
