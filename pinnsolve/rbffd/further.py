"""Further conditions of a discretisation, whose derivatives are assembled already."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import Term
from pinnsolve.rbffd.discretisation import Discretisation, multiple_of_identity, rows_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def joined(system: Discretisation, conditions: Sequence[Condition]) -> Discretisation:
    """Return a discretisation with conditions whose derivatives others have at their nodes.

    Raises
    ------
    ValueError
        If a derivative is nowhere to be found.
    """
    matrices = tuple(
        {
            term: _known(system, term, rows_of(own, is_across=term.field >= system.n_fields))
            for term in own.residual.terms
        }
        for own in conditions
    )
    both = (*system.conditions, *conditions), (*system.matrices, *matrices)
    return replace(system, conditions=both[0], matrices=both[1])


def _known(system: Discretisation, term: Term, rows: Int[ndarray, " R"]) -> "csr_array":
    """Return the matrix of a term at nodes, from the conditions that hold there."""
    if term.op.order == 0:
        return multiple_of_identity(term.op, rows, system.n_nodes)
    for condition, matrices in zip(system.conditions, system.matrices, strict=True):
        for own, matrix in matrices.items():
            there = rows_of(condition, is_across=own.field >= system.n_fields)
            if own.op == term.op and np.isin(rows, there).all():
                order = np.argsort(there)
                return matrix[order[np.searchsorted(there, rows, sorter=order)]]
    raise ValueError(f"no condition has {term.op} at these nodes")
