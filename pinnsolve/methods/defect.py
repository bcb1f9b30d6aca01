"""What a trained network leaves of the equations, by exact derivatives.

Whatever derivatives it was trained with: `estimate` turns this residual into an error.
"""

from collections.abc import Sequence, Set
from copy import deepcopy

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from pinnsolve.conditions import Condition
from pinnsolve.derivatives.taylor import Taylor
from pinnsolve.diffop import Term
from pinnsolve.networks.mlp import MLP

CHUNK = 1024  # points differentiated together, which bounds the memory


@torch.no_grad()
def exact_residual(
    net: MLP, held: Sequence[Condition], x: Float[ndarray, "N d"]
) -> list[Float[ndarray, " _"]]:
    """Return the residual of each condition, unweighted.

    Parameters
    ----------
    net
        The network; differentiated in double precision, whatever its own.
    held
        The conditions.
    x
        Points, of which the conditions' rows are indices.
    """
    net = deepcopy(net).double()
    points = torch.as_tensor(x).to(net.head.weight)
    rows, wanted = dict[bytes, ndarray](), dict[bytes, set[Term]]()  # conditions may share rows
    for condition in held:
        key = condition.rows.tobytes()
        rows[key] = condition.rows
        wanted.setdefault(key, set()).update(condition.residual.terms)
    jets = {key: _jet(net, points[rows[key]], terms) for key, terms in wanted.items()}
    return [condition.residual(jets[condition.rows.tobytes()]) for condition in held]


def _jet(net: MLP, x: Float[Tensor, "R d"], terms: Set[Term]) -> dict[Term, Float[ndarray, " R"]]:
    """Return the values of terms at points."""
    parts = [Taylor(part)(net, terms) for part in x.split(CHUNK)]
    return {term: np.concatenate([part[term].cpu().numpy() for part in parts]) for term in terms}
