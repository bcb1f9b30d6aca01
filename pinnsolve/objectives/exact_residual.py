"""What a trained network leaves of the equations, by exact derivatives.

Whatever derivatives it was trained with: `estimate` turns this residual into an error.
"""

from collections.abc import Sequence, Set
from copy import deepcopy

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.constraints.ansatz import Ansatz
from pinnsolve.derivatives.taylor import Taylor
from pinnsolve.diffop import Term
from pinnsolve.networks.mlp import MLP

CHUNK = 1024  # points differentiated together, which bounds the memory


@torch.no_grad()
def exact_residual(
    net: MLP, made: Ansatz, conditions: Sequence[Condition], x: Float[ndarray, "N d"]
) -> list[Float[ndarray, " _"]]:
    """Return the residual of each condition, unweighted.

    Parameters
    ----------
    net
        The network; differentiated in double precision, whatever its own.
    made
        The fields in terms of its outputs.
    conditions
        The conditions.
    x
        Points, of which the conditions' rows are indices.
    """
    net = deepcopy(net).double()
    rows, wanted = dict[bytes, ndarray](), dict[bytes, set[Term]]()  # conditions may share rows
    for condition in conditions:
        key = condition.rows.tobytes()
        rows[key] = condition.rows
        wanted.setdefault(key, set()).update(condition.residual.terms)
    jets = {key: _jet(net, made, x[rows[key]], terms) for key, terms in wanted.items()}
    for key, across in {
        c.rows.tobytes(): c.across for c in conditions if c.across is not None
    }.items():
        there = _jet(net, made, across, wanted[key])
        jets[key] = {term: values - there[term] for term, values in jets[key].items()}
    return [condition.residual(jets[condition.rows.tobytes()]) for condition in conditions]


def _jet(
    net: MLP, made: Ansatz, x: Float[ndarray, "R d"], terms: Set[Term]
) -> dict[Term, Float[ndarray, " R"]]:
    """Return the values of terms of the fields at points."""
    built = {term: made.field(term).bind(x) for term in terms if made.parts[term[0]] is not None}
    needed = {term for term in terms if term not in built}
    needed |= {term for residual in built.values() for term in residual.terms}
    points = torch.as_tensor(x).to(net.head.weight)
    parts = [Taylor(part)(net, needed) for part in points.split(CHUNK)]
    jet = {term: np.concatenate([part[term].cpu().numpy() for part in parts]) for term in needed}
    return {term: built[term](jet) if term in built else jet[term] for term in terms}
