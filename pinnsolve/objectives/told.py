"""What the residual of a trained network tells of the unknown constants of the equations.

The features under the network's head are held as they are: what the head's weights can make up
for of a change of a constant, nothing tells. See `pinnsolve.leastsquares.determination`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import torch

from pinnsolve.leastsquares.determination import Determination, determination
from pinnsolve.objectives.inferred import LEAST_EFFECT
from pinnsolve.objectives.pointwise import PointwiseObjective


@dataclass(frozen=True)
class Told:
    """What is told of constants.

    Attributes
    ----------
    determination
        What is known of their relative changes; None if that could not be told.
    sizes
        What their changes are relative to.
    misfit
        What is left of all equations and data, relative to what fields of zero would leave; None
        if that is nothing.
    """

    determination: Determination | None
    sizes: Sequence[float]
    misfit: float | None


@torch.no_grad()
def told_of_constants(objective: PointwiseObjective, firsts: Sequence[float], n_data: int) -> Told:
    """Return the knowledge that a residual gives of the constants in it.

    Parameters
    ----------
    objective
        The residual, its network as trained.
    firsts
        The values with which the search of the constants began.
    n_data
        How many of the conditions, the last, are data, whose noise no network explains.
    """
    unknowns, head = objective.model.unknowns, objective.head()
    values = [] if unknowns is None else unknowns().double().tolist()
    c, k = head.vector(), head.n_constants
    r, M = head.residual(c).double(), head.linearise(c)[0].double()
    A, B = M[:, : len(c) - k], head.by_constants(c).double()
    still = torch.cat([torch.zeros_like(c[: len(c) - k]), c[len(c) - k :]])
    whole, left = (float(torch.linalg.vector_norm(v)) for v in (head.residual(still), r))
    effects = torch.linalg.vector_norm(B, dim=0).tolist()
    sizes = [
        max(abs(value), abs(first), LEAST_EFFECT * whole / effect if effect else 0.0)
        for value, first, effect in zip(values, firsts, effects, strict=True)
    ]
    B = B * torch.tensor(sizes).to(B)
    if not (isfinite(left) and A.isfinite().all() and B.isfinite().all()):
        return Told(None, sizes, None)
    terms = A.abs() @ c[: len(c) - k].abs().double()  # what cancels in the residual
    rounding = torch.finfo(c.dtype).eps * float(torch.linalg.vector_norm(terms))
    data = objective.conditions[len(objective.conditions) - n_data :]
    is_data = torch.zeros(len(r), dtype=torch.bool, device=r.device)
    is_data[len(r) - sum(condition.size for condition in data) :] = True
    misfit = left / whole if isfinite(whole) and whole > 0 else None
    return Told(determination(A, B, r, is_data, rounding), sizes, misfit)
