"""The discrete problem: conditions on nodal values, with sparse matrices for the derivatives.

The nodal values ``U`` (one column per field) give the jet at the rows of each condition by one
sparse product per term; the residual follows from the jet, and its Jacobian from the partial
derivatives of the residual by the chain rule,

    dr_i / dU_jf = sum_terms  (d r / d term)_i  D_term,ij .

All matrices at a row share one stencil, so the sum is taken over the entries of dense blocks and
no pattern is ever merged or sorted.

In time the columns of ``U`` are the fields, then their derivatives in time by rising order
(`Discretisation.slot`).

Where the domain is periodic stencils take nodes across too, as if it were unrolled. A row that ties
a node to a point across is the node's value minus that of the RBF interpolant there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import DiffOp, Term, identity
from pinnsolve.errors import NodesError
from pinnsolve.geometry.generation import Nodes
from pinnsolve.geometry.periodic import seen, unrolled
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.blocks import Block, matrix_of, stack, total, weighted
from pinnsolve.rbffd.inflow import lower_at_inflow
from pinnsolve.rbffd.outflow import from_inside
from pinnsolve.rbffd.stencils import nearest, polynomial_degree, shared
from pinnsolve.rbffd.steps import Change
from pinnsolve.rbffd.weights import stencil_weights

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Discretisation:
    """Conditions on nodal values.

    Attributes
    ----------
    conditions
        What holds where.
    matrices
        For each condition and each term the matrix that evaluates it at the condition's rows;
        identities have one entry a row, all others share one pattern with sorted columns, unless
        the domain is periodic.
    nodes
        The nodes, ghosts included.
    n_fields
        Number of fields.
    order
        Order of accuracy of the derivatives.
    time_order
        Highest order of the derivatives in time that stand as fields of their own.
    correction
        A matrix with the Jacobian's columns, whose product with the nodal values is added to the
        residuals of the first condition: a penalty in time, derivatives upstream in a steady
        problem; None if nothing is.
    changed
        Fields of which steps in time have another variable.
    constants
        Values of the unknown constants in the conditions, by name.
    """

    conditions: tuple[Condition, ...]
    matrices: "tuple[Mapping[Term, csr_array], ...]"
    nodes: Nodes
    n_fields: int
    order: int
    time_order: int = 0
    correction: "csr_array | None" = None
    changed: Mapping[int, Change] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)

    @property
    def n_slots(self) -> int:
        """Number of fields and of their derivatives in time: columns of nodal values."""
        return self.slot(0, self.time_order + 1)

    def slot(self, field: int, time_order: int = 0) -> int:
        """Return the place of a derivative in time of a field: field + time_order * n_fields.

        Fields beyond the last are those of the partner of a node on an interface.
        """
        return field % self.n_fields + time_order * self.n_fields

    @property
    def n_nodes(self) -> int:
        """Number of nodes, ghosts included."""
        return len(self.nodes.x)

    @property
    def is_linear(self) -> bool:
        """Whether the residual is an affine function of the nodal values."""
        return all(condition.residual.is_linear for condition in self.conditions)

    def residual(self, U: Float[ndarray, "N c *K"]) -> Float[ndarray, " R"]:
        """Return the residuals of all conditions, one after the other, unweighted.

        Parameters
        ----------
        U
            Nodal values, in time at every level; the levels of a row then stand side by side.
        """
        pairs = zip(self.conditions, self._jets(U), strict=True)
        found = np.concatenate(
            [own.summed(own.residual(jet, self.constants)).ravel() for own, jet in pairs]
        )
        if self.correction is not None:
            columns = np.ascontiguousarray(np.moveaxis(U, 1, 0))
            added = (self.correction @ columns.reshape(self.correction.shape[1], -1)).ravel()
            found[: len(added)] += added
        return found

    def sizes(self, U: Float[ndarray, "N c *K"]) -> Float[ndarray, " R"]:
        """Return the sizes of the terms and data of each residual, taken together."""
        found = []
        for condition, jet in zip(self.conditions, self._jets(U), strict=True):
            slopes = condition.residual.partials(jet, self.constants)
            terms = np.sum([np.abs(slopes[term] * jet[term]) for term in jet], axis=0)
            found.append(
                condition.summed(terms + np.abs(condition.residual(jet, self.constants))).ravel()
            )
        return np.concatenate(found)

    def partials(self, U: Float[ndarray, "N c *K"]) -> list[dict[Term, Float[ndarray, "_ *L"]]]:
        """Return each condition's partial derivatives by its terms."""
        found = []
        for condition, jet in zip(self.conditions, self._jets(U), strict=True):
            slopes = condition.residual.partials(jet, self.constants)
            found.append({term: slopes[term] for term in jet})
        return found

    def by_constant(self, U: Float[ndarray, "N c *K"], name: str) -> Float[ndarray, " R"]:
        """Return the derivatives of the residuals by one of the constants."""
        found = []
        for condition, jet in zip(self.conditions, self._jets(U), strict=True):
            slopes = condition.residual.partials(jet, self.constants)
            found.append(condition.summed(slopes.get(name, 0.0) * condition.residual.ones).ravel())
        return np.concatenate(found)

    def jacobian(self, U: Float[ndarray, "N c"]) -> "csr_array":
        """Return the derivative of the residuals; its columns are slot * N + node."""
        from scipy.sparse import csr_array  # 0.1 s that `pinnsolve --help` need not pay

        blocks = [self.rows_of_jacobian(k, slopes) for k, slopes in enumerate(self.partials(U))]
        found = stack(blocks, self.n_slots * self.n_nodes)
        if self.correction is None:
            return found
        added = self.correction.copy()
        added.resize(found.shape)
        return csr_array(found + added)

    def rows_of_jacobian(self, k: int, partials: Mapping[Term, Float[ndarray, " R"]]) -> Block:
        """Return the rows of one condition from the partial derivatives of its residual."""
        matrices, by_slot = self.matrices[k], dict[tuple[int, bool], list[Term]]()
        for term in matrices:
            slot = self.slot(term.field, term.time_order)
            by_slot.setdefault((slot, term.field >= self.n_fields), []).append(term)
        columns, entries = [], []
        for (slot, is_across), terms in sorted(by_slot.items()):
            parts = [(partials[term], matrices[term]) for term in terms]
            index, values = weighted(parts, rows_of(self.conditions[k], is_across=is_across))
            if self.conditions[k].is_sum:
                index, values = total(index, values)
            columns.append(index + slot * self.n_nodes)
            entries.append(values)
        return np.concatenate(columns, axis=1), np.concatenate(entries, axis=1)

    def extended(self, conditions: Sequence[Condition]) -> "Discretisation":
        """Return the discretisation with further conditions, which hold no derivative in space."""
        matrices = [
            {
                term: multiple_of_identity(term.op, condition.rows, self.n_nodes)
                for term in condition.residual.terms
            }
            for condition in conditions
        ]
        return replace(
            self,
            conditions=(*self.conditions, *conditions),
            matrices=(*self.matrices, *matrices),
        )

    def without_constraints(self) -> "Discretisation":
        """Return the discretisation with what holds at nodes alone."""
        held = [k for k, c in enumerate(self.conditions) if not c.is_constraint]
        return replace(
            self,
            conditions=tuple(self.conditions[k] for k in held),
            matrices=tuple(self.matrices[k] for k in held),
        )

    def _jets(self, U: Float[ndarray, "N c *K"]) -> list[dict[Term, Float[ndarray, "_ *L"]]]:
        """Evaluate every term at the rows, and at the levels, of its condition."""
        columns = np.ascontiguousarray(np.moveaxis(U, 1, 0))
        jets = []
        for condition, matrices in zip(self.conditions, self.matrices, strict=True):
            levels = ... if condition.levels is None else (slice(None), condition.levels)
            jet = {}
            for term, D in matrices.items():
                jet[term] = D @ columns[self.slot(term.field, term.time_order)][levels]
            jets.append(jet)
        return jets


def discretise(
    conditions: Sequence[Condition],
    nodes: Nodes,
    n_fields: int,
    order: int,
    watch: Watch = unwatched,
    *,
    time_order: int = 0,
) -> Discretisation:
    """Assemble the matrices that the conditions need.

    The highest derivative of all sets the size of all stencils. Conditions that hold at the same
    node share its stencil and factorisation.

    Parameters
    ----------
    conditions
        What holds where.
    nodes
        The nodes, ghosts included.
    n_fields
        Number of fields.
    order
        Order of accuracy of the derivatives, 2 to 6.
    watch
        Told how far the work has come.
    time_order
        Highest order of the derivatives in time that stand as fields of their own.

    Raises
    ------
    NodesError
        If the nodes are too few, coincide, or do not determine polynomials of the degree needed.
    """
    at_nodes = [condition for condition in conditions if condition.points is None]
    sides = [(c, False) for c in at_nodes] + [(c, True) for c in at_nodes if c.partners is not None]
    row_sets = {_key(c, side): rows_of(c, is_across=side) for c, side in sides}
    wanted: dict[bytes, dict[DiffOp, None]] = {key: {} for key in row_sets}
    for c, side in sides:
        terms = [t for t in c.residual.terms if (t.field >= n_fields) == side]
        wanted[_key(c, side)].update(dict.fromkeys(t.op for t in terms if t.op.order > 0))
    sets, ops = list(row_sets.values()), [tuple(some) for some in wanted.values()]
    derivatives = _derivatives(sets, ops, nodes, order, watch)
    if time_order == 1:
        lower_at_inflow(at_nodes, nodes, order, sets, derivatives)
        from_inside(at_nodes, nodes, order, sets, derivatives)
    by_rows = dict(zip(row_sets, derivatives, strict=True))
    highest = max(term.op.order for c in conditions for term in c.residual.terms)
    for condition in at_nodes:
        key = condition.rows.tobytes()
        if condition.across is not None and identity(nodes.dim) not in by_rows[key]:
            degree = polynomial_degree(order, highest)
            by_rows[key] = {identity(nodes.dim): _difference(condition, nodes, degree)}
    matrices = tuple(
        _anywhere(condition, nodes, polynomial_degree(order, highest))
        if condition.points is not None
        else {
            term: by_rows[_key(condition, term.field >= n_fields)][term.op]
            if term.op.order > 0 or condition.across is not None
            else multiple_of_identity(
                term.op, rows_of(condition, is_across=term.field >= n_fields), len(nodes.x)
            )
            for term in condition.residual.terms
        }
        for condition in conditions
    )
    return Discretisation(tuple(conditions), matrices, nodes, n_fields, order, time_order)


def rows_of(condition: Condition, *, is_across: bool) -> Int[ndarray, " R"]:
    """Return the nodes of a condition, or across an interface their partners."""
    if not is_across:
        return condition.rows
    assert condition.partners is not None
    return condition.partners


def _key(condition: Condition, is_across: bool) -> bytes:
    """Return a key of the nodes of a condition, or of their partners."""
    return rows_of(condition, is_across=is_across).tobytes()


def _derivatives(
    row_sets: Sequence[Int[ndarray, " _"]],
    wanted: Sequence[tuple[DiffOp, ...]],
    nodes: Nodes,
    order: int,
    watch: Watch,
) -> "list[dict[DiffOp, csr_array]]":
    """Assemble the matrices of the operators wanted on each set of rows.

    A row that is in several sets is treated once, with the operators of all of them.
    """
    members = np.zeros((len(nodes.x), len(wanted)), dtype=bool)
    place = np.zeros((len(wanted), len(nodes.x)), dtype=int)  # of a node in a set
    for k, ops in enumerate(wanted):
        members[row_sets[k], k] = bool(ops)
        place[k, row_sets[k]] = np.arange(len(row_sets[k]))
    rows = np.flatnonzero(members.any(axis=1))
    if not len(rows):
        return [{} for _ in wanted]
    degree = polynomial_degree(order, max(op.order for ops in wanted for op in ops))
    there, owner = unrolled(nodes)
    sight, own = seen(nodes, there, owner), None if nodes.sight is None else nodes.sight.of(rows)
    stencils = shared(nodes.x[rows], there, degree, sight, own)
    shape = (len(rows), stencils.index.shape[1])
    index = np.empty((len(nodes.x), shape[1]), dtype=np.int32)
    entries = [
        {op: np.empty((len(row_sets[k]), shape[1])) for op in ops} for k, ops in enumerate(wanted)
    ]
    patterns, group = np.unique(members[rows], axis=0, return_inverse=True)
    done = 0
    for g, pattern in enumerate(patterns):
        chosen = group == g
        here, sets = rows[chosen], np.flatnonzero(pattern).tolist()
        ops = tuple(dict.fromkeys(op for k in sets for op in wanted[k]))
        columns, weights = stencil_weights(
            nodes.x[here],
            there,
            stencils.where(chosen),
            ops,
            degree,
            _share(watch, done / len(rows), len(here) / len(rows)),
        )
        index[here] = owner[columns]
        for k in sets:
            for op in wanted[k]:
                entries[k][op][place[k, here]] = weights[ops.index(op)]
        done += len(here)
    if nodes.joints:
        _refuse_repeated(index[rows])
    return [
        {op: matrix_of(index[row_sets[k]], w, len(nodes.x)) for op, w in entries[k].items()}
        for k in range(len(wanted))
    ]


def _refuse_repeated(index: Int[ndarray, "R n"]) -> None:
    """Refuse stencils that hold a node twice, from here and across."""
    ordered = np.sort(index, axis=1)
    if (ordered[:, 1:] == ordered[:, :-1]).any():
        raise NodesError(
            f"stencils of {index.shape[1]} nodes are as wide as the period of the domain. Raise "
            "nodes.count (or lower nodes.spacing), or lower solver.order."
        )


def _share(watch: Watch, before: float, share: float) -> Watch:
    """Report the progress of a part of the work as that of the whole."""
    return lambda progress: watch(
        Progress(progress.stage, before + share * (progress.fraction or 0.0))
    )


def _difference(condition: Condition, nodes: Nodes, degree: int) -> "csr_array":
    """Return the matrix that takes nodal values at rows minus interpolated ones across.

    What is interpolated is as exact as the derivatives that will be taken of it.
    """
    assert condition.across is not None
    x, (there, owner) = condition.across, unrolled(nodes)
    stencils = nearest(x, there, degree, seen(nodes, there, owner))
    index, weights = stencil_weights(x, there, stencils, [identity(nodes.dim)], degree)
    columns = np.concatenate([condition.rows[:, None], owner[index]], axis=1, dtype=np.int32)
    entries = np.concatenate([np.ones((len(x), 1)), -weights[0]], axis=1)
    return matrix_of(columns, entries, len(nodes.x))


def _anywhere(condition: Condition, nodes: Nodes, degree: int) -> "dict[Term, csr_array]":
    """Return the matrices that evaluate the RBF interpolant and its derivatives at any points."""
    assert condition.points is not None
    there, owner = unrolled(nodes)
    terms = condition.residual.terms
    ops = list(dict.fromkeys(term.op for term in terms))
    stencils = nearest(condition.points, there, degree, seen(nodes, there, owner))
    index, weights = stencil_weights(condition.points, there, stencils, ops, degree)
    columns = owner[index].astype(np.int32)
    return {term: matrix_of(columns, weights[ops.index(term.op)], len(nodes.x)) for term in terms}


def multiple_of_identity(op: DiffOp, rows: Int[ndarray, " R"], n_nodes: int) -> "csr_array":
    """Return the matrix that takes the nodal values at rows."""
    factor = sum(c for _, c in op.terms)
    return matrix_of(rows[:, None].astype(np.int32), np.full((len(rows), 1), factor), n_nodes)
