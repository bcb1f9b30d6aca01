"""Levels of fields that the equations leave open, and the constraints that fix them.

Where nothing holds the value of a field, as of the solution of Poisson's equation with its normal
derivative given all around, or of the pressure in a closed vessel, the discrete operator ``J``
annihilates constants, and its rows are one too many: data satisfy them only if they are compatible,
as in ``integral(f) = integral(g)``. A constraint ``c.u = b``, for a mean or at a point, fixes the
level, and a multiplier in some rows ``q`` takes up what is incompatible,

    J u + lambda q = r,    c.u = b.

The row ``c`` of a mean is dense and would fill the factors. So the level is set at one unknown,
the pin, and what one unit of it does is added as often as the constraint asks for:

    [ J    q ] [ u0   v ]   [ r  0 ]
    [ e^T  0 ] [ l0   m ] = [ 0  1 ],     u = u0 + t v,    c.v t = b - c.u0,

in general with one pin and one multiplier for each of ``k`` levels, so that the last is a system of
``k`` equations. Source: Bochev & Lehoucq (2005), On the finite element solution of the pure Neumann
problem, SIAM Review 47, doi:10.1137/S0036144503426074.

Which levels are open is read off the equations: shifts of the fields by constants, for which no
coefficient of an undifferentiated field, times the shift, leaves anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Inexact, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.errors import SingularError
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.factorisation import Factorisation, factorise
from pinnsolve.rbffd.matching import Matching

if TYPE_CHECKING:
    from scipy.sparse import csr_array

OPEN = 1e-9  # coefficient of an undifferentiated field, relative to the largest, that is none
DEPENDENT = 1e-12  # relative size of a constraint's effect on a level that is none


@dataclass(frozen=True)
class Level:
    """One level that a constraint fixes.

    Attributes
    ----------
    field
        Of which field.
    pin
        The unknown at which it is set, field * N + node.
    rows
        Those in which its multiplier stands, constraints not counted.
    factors
        The multiplier's factor in each of them.
    """

    field: int
    pin: int
    rows: Int[ndarray, " Q"]
    factors: Float[ndarray, " Q"]


def open_levels(conditions: Sequence[Condition], n_fields: int) -> Float[ndarray, "m c"]:
    """Return the shifts of the fields by constants that change nothing.

    Fields with as many equations among themselves are looked at first; to the others they are
    data, for what these make of a shift need not be a constant.

    Parameters
    ----------
    conditions
        What holds, the differential equations first, one for each field; constraints among them
        are left out.
    n_fields
        Number of fields.
    """
    held = [c for c in conditions if not c.is_constraint and c.across is None]
    fields = [{term.field for term in c.residual.terms} for c in held]
    values = [values_held(condition, n_fields) for condition in held]
    found, known = [np.zeros((0, n_fields))], set[int]()
    while len(known) < n_fields:
        block = sorted(_closed(fields[:n_fields], known, n_fields))
        about = [k for k, own in enumerate(fields) if own & set(block) and own <= known | {*block}]
        rows = [np.zeros((1, len(block))), *(values[k][:, block] for k in about)]
        triangles = [np.linalg.qr(part, mode="r") for part in rows]
        _, sizes, shifts = np.linalg.svd(np.concatenate(triangles), full_matrices=True)
        sizes = np.concatenate([sizes, np.zeros(len(block) - len(sizes))])
        is_open = sizes <= OPEN * max(sizes.max(), np.finfo(float).tiny)
        part = np.zeros((int(is_open.sum()), n_fields))
        part[:, block] = shifts[is_open]
        found.append(part)
        known |= set(block)
    return np.concatenate(found)


def _closed(equations: Sequence[set[int]], known: set[int], n_fields: int) -> set[int]:
    """Return the fewest fields, beside those known, with as many equations among themselves."""
    others = [field for field in range(n_fields) if field not in known]
    for count in range(1, len(others)):
        for some in combinations(others, count):
            among = [own for own in equations if own & {*some} and own <= known | {*some}]
            if len(among) >= count:
                return {*some}
    return {*others}


def values_held(condition: Condition, n_fields: int) -> Float[ndarray, "R c"]:
    """Return the coefficients of the fields themselves in a condition, relative to the largest.

    Where it is not linear, that is taken at some values; rows that are not finite are left out.
    """
    residual, random = condition.residual, np.random.default_rng(0)
    jet = {term: random.uniform(0.5, 1.5, residual.ones.shape) for term in residual.terms}
    constants = {name: np.ones(residual.ones.shape) for name in residual.constants}
    with np.errstate(all="ignore"):
        slopes = residual.partials(jet, constants)
    largest = max(float(np.abs(slope).max(initial=0)) for slope in slopes.values()) or 1.0
    found = np.zeros((residual.ones.size, n_fields))
    for term in residual.terms:
        value = sum(c for alpha, c in term.op.terms if not any(alpha))
        found[:, term.field] += value * np.ravel(slopes[term]) / largest
    return np.asarray(found[np.isfinite(found).all(axis=1)])


def levels_of(discretisation: Discretisation, matching: Matching) -> tuple[Level, ...]:
    """Return the levels that the constraints of a discrete problem fix; none if it has none.

    Parameters
    ----------
    discretisation
        The discrete problem.
    matching
        Of its rows and unknowns, constraints not counted.

    Raises
    ------
    SingularError
        If there are more constraints than open levels, or fewer.
    """
    count = sum(condition.is_constraint for condition in discretisation.conditions)
    if not count:
        return ()
    shifts = open_levels(discretisation.conditions, discretisation.n_fields)
    if len(shifts) != count:
        raise SingularError(
            f"the equations leave {_levels(len(shifts))} of fields open, but there "
            f"{'is 1 constraint' if count == 1 else f'are {count} constraints'} to fix "
            f"{'it' if len(shifts) == 1 else 'them'}. Give one mean, integral or value at a point "
            "for each level, and none where the equations fix it."
        )
    x = discretisation.nodes.x[discretisation.nodes.rows]
    central = int(np.argmin(np.linalg.norm(x - x.mean(axis=0), axis=1)))
    found = []
    for field in _pivots(shifts):
        rows = np.empty(0, dtype=int)  # least squares need no multiplier
        if not matching.has_more_rows:
            rows = multiplier_rows(
                discretisation, matching.determined // discretisation.n_nodes, field
            )
        pin = field * discretisation.n_nodes + central
        found.append(Level(field, pin, rows, np.ones(len(rows))))
    return tuple(found)


def multiplier_rows(
    discretisation: Discretisation, fields: Int[ndarray, " R"], field: int
) -> Int[ndarray, " Q"]:
    """Return the rows in which the multiplier of a field's level stands.

    They are those of the boundary conditions on the field. Where it has none, as the pressure in a
    closed vessel, what is incompatible is seen in the equations that do not hold it: in
    ``div(velocity) = 0``, on the boundary if they hold there.

    Parameters
    ----------
    discretisation
        The discrete problem.
    fields
        For each row of its conditions, constraints not counted, the field that it determines.
    field
        Whose level is open.
    """
    start, on_boundary, others, own = 0, list[ndarray](), list[ndarray](), list[ndarray]()
    closing = list[ndarray]()
    n_interior = discretisation.nodes.n_interior
    for condition in discretisation.conditions:
        if condition.is_constraint:  # they come last
            continue
        rows = np.arange(start, start + condition.rows_at_instant)
        start += condition.rows_at_instant
        if condition.across is not None:
            continue
        if condition.closes:
            closing.append(rows)
            continue
        is_outside = condition.held >= n_interior
        holds_field = any(term.field == field for term in condition.residual.terms)
        if is_outside.all():
            if holds_field:
                on_boundary.append(rows[fields[rows] == field])
        elif holds_field:
            own.append(rows)
        else:
            others.append(rows[is_outside] if is_outside.any() else rows)
    for found in (on_boundary, closing, others, own):
        if sum(map(len, found)):
            return np.concatenate(found)
    return np.empty(0, dtype=int)


@dataclass(frozen=True)
class LevelledFactors:
    """A factorised matrix with constraints; call it with a right-hand side.

    Attributes
    ----------
    bordered
        The factors of the matrix with pins and multipliers.
    is_constraint
        Which rows of the whole are constraints.
    constraints
        These rows.
    units
        What one unit at each pin does to the unknowns, then to the multipliers.
    """

    bordered: Factorisation
    is_constraint: Bool[ndarray, " R"]
    constraints: Inexact[ndarray, "k K"]
    units: Inexact[ndarray, "M k"]

    @property
    def condition(self) -> float:
        """Estimated 1-norm condition number of the scaled matrix."""
        return self.bordered.condition

    def __call__(self, b: Inexact[ndarray, "R *p"]) -> Inexact[ndarray, "K *p"]:
        """Return the solution without the multipliers, of several right-hand sides side by side."""
        n_unknowns, k = self.constraints.shape[1], len(self.constraints)
        if not k:
            return self.bordered(b)
        free = self.bordered(np.concatenate([b[~self.is_constraint], np.zeros((k, *b.shape[1:]))]))[
            :n_unknowns
        ]
        units = self.units[:n_unknowns]
        missing = b[self.is_constraint] - self.constraints @ free
        return np.asarray(free + units @ np.linalg.solve(self.constraints @ units, missing))


def factorise_with_levels(
    matrix: "csr_array",
    order: Int[ndarray, " K"] | None,
    levels: Sequence[Level],
    is_constraint: Bool[ndarray, " R"],
) -> LevelledFactors:
    """Factorise a matrix some of whose rows are constraints.

    Parameters
    ----------
    matrix
        All rows, those of constraints as they are, dense perhaps.
    order
        The row that determines each unknown, if that is known, constraints not counted.
    levels
        What the constraints fix, one for each of them.
    is_constraint
        Which rows are constraints.

    Raises
    ------
    SingularError
        If the matrix is singular, or the constraints do not fix the levels.
    """
    from scipy.sparse import block_array, coo_array, csr_array

    n_unknowns, k = matrix.shape[1], len(levels)
    none = np.empty((0, n_unknowns))
    if not k:
        return LevelledFactors(factorise(matrix, order), is_constraint, none, none.T)
    free = csr_array(matrix)[~is_constraint]
    constraints = csr_array(matrix)[is_constraint].toarray()
    held = [level for level in levels if len(level.rows)]
    rows = np.concatenate([np.empty(0, dtype=int), *(level.rows for level in held)])
    column = np.repeat(np.arange(len(held)), [len(level.rows) for level in held])
    factors = np.concatenate([np.empty(0), *(level.factors for level in held)])
    multipliers = coo_array((factors, (rows, column)), shape=(free.shape[0], len(held)))
    pins = [level.pin for level in levels]
    pinned = coo_array((np.ones(k), (np.arange(k), pins)), shape=(k, n_unknowns))
    whole = csr_array(block_array([[free, multipliers], [pinned, None]], format="csr"))
    if order is not None:
        order = np.concatenate([order, free.shape[0] + np.arange(k)])
    bordered = factorise(whole, order)
    sides = np.zeros((k, whole.shape[0]))
    sides[:, free.shape[0] :] = np.eye(k)
    units = np.stack([bordered(side) for side in sides], axis=1)
    effect = constraints @ units[:n_unknowns]
    largest = np.abs(constraints).sum(axis=1, keepdims=True) * np.abs(units[:n_unknowns]).max()
    if np.linalg.matrix_rank(effect / np.where(largest > 0, largest, 1.0), DEPENDENT) < k:
        raise SingularError(
            "the constraints do not fix the levels that the equations leave open. Give one mean, "
            "integral or value at a point for each field whose level is open."
        )
    return LevelledFactors(bordered, is_constraint, constraints, units)


def _pivots(shifts: Float[ndarray, "m c"]) -> list[int]:
    """Return a field for each shift, so that their values tell the shifts apart."""
    from scipy.linalg import qr  # slow to import, and not needed by every run

    _, _, order = qr(shifts, pivoting=True)
    return sorted(int(field) for field in order[: len(shifts)])


def _levels(count: int) -> str:
    return "no level" if not count else f"{count} level" + "s" * (count > 1)
