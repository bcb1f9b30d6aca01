"""What fields leave of the equations at points, by their own derivatives.

`estimate` turns this residual into an error.
"""

from collections.abc import Sequence

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import Term
from pinnsolve.solution.fields import Fields


def residuals(
    fields: Fields, conditions: Sequence[Condition], x: Float[ndarray, "N D"]
) -> list[Float[ndarray, " _"]]:
    """Return the residual of each condition, unweighted.

    Parameters
    ----------
    fields
        The fields.
    conditions
        The conditions.
    x
        Points, of which the conditions' rows are indices.
    """
    rows, wanted = dict[bytes, ndarray](), dict[bytes, set[Term]]()  # conditions may share rows
    for condition in conditions:
        if condition.points is not None:
            continue
        key = condition.rows.tobytes()
        rows[key] = condition.rows
        wanted.setdefault(key, set()).update(condition.residual.terms)
    jets = {key: fields.jet(x[rows[key]], terms) for key, terms in wanted.items()}
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
            jet = fields.jet(condition.points, set(condition.residual.terms))
        found.append(condition.summed(condition.residual(jet)))
    return found
