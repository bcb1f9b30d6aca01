"""What fields leave of the equations at points, by their own derivatives.

`estimate` turns this residual into an error.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import Term
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.pieces import jet_at


def residuals(
    fields: Fields, conditions: Sequence[Condition], nodes: Nodes, n_fields: int
) -> list[Float[ndarray, " _"]]:
    """Return the residual of each condition, unweighted.

    Parameters
    ----------
    fields
        The fields.
    conditions
        The conditions.
    nodes
        The nodes, of which the conditions' rows are indices.
    n_fields
        Number of fields; those of a partner on an interface follow them in the terms.
    """

    def jet_of(rows: Int[ndarray, " R"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        of = None if nodes.regions is None else nodes.regions.of[rows]
        return jet_at(fields, nodes.x[rows], terms, of)

    rows, wanted = dict[bytes, ndarray](), dict[bytes, set[Term]]()  # conditions may share rows
    for condition in conditions:
        if condition.points is not None:
            continue
        key = condition.rows.tobytes()
        rows[key] = condition.rows
        own = {term for term in condition.residual.terms if term.field < n_fields}
        wanted.setdefault(key, set()).update(own)
    jets = {key: dict(jet_of(rows[key], terms)) for key, terms in wanted.items()}
    for key, across in {
        c.rows.tobytes(): c.across for c in conditions if c.across is not None
    }.items():
        there = fields.jet(across, wanted[key])
        jets[key] = {term: values - there[term] for term, values in jets[key].items()}
    found = []
    for condition in conditions:
        if condition.points is None:
            jet = jets[condition.rows.tobytes()]
        else:
            jet = dict(fields.jet(condition.points, set(condition.residual.terms)))
        if condition.partners is not None:
            theirs = {
                term: replace(term, field=term.field - n_fields)
                for term in condition.residual.terms
                if term.field >= n_fields
            }
            there = jet_of(condition.partners, set(theirs.values()))
            jet = jet | {term: there[own] for term, own in theirs.items()}
        found.append(condition.summed(condition.residual(jet)))
    return found
