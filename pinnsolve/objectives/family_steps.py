"""Steps of Newton's method on the heads of single problems of a family."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float

from pinnsolve.families.family import Functions
from pinnsolve.leastsquares.two_sided import Factor
from pinnsolve.objectives.family import FamilyHead, Places
from pinnsolve.objectives.pointwise import PointwiseObjective

TINY = 1e-300
SLOW = 0.1  # a step that leaves more of the loss than this needs slopes of its own
PAYS = 0.99  # one that leaves more of it is the last


@torch.no_grad()
def newton_steps(
    objective: PointwiseObjective,
    functions: Mapping[str, Functions],
    heads: Float[np.ndarray, "P M"],
    steps: int,
) -> Float[np.ndarray, "P M"]:
    """Return the heads of problems after some steps, or as soon as these do not pay.

    Problems whose slopes are the same take their steps together, by one factorisation. Each keeps
    a step only if it lowers its loss; a single step is given as it is.

    Parameters
    ----------
    objective
        The equations, and the features.
    functions
        Of the problems, by name of the input.
    heads
        From where.
    steps
        How many at most.
    """
    places, head = Places.of(objective), objective.head()
    found = torch.tensor(heads).to(head.vector())
    whole = FamilyHead.of(head, places, functions)
    groups = [whole] if whole.has_same_slopes else whole.apart()
    for group, C in zip(groups, found.split([len(g) for g in groups], 1), strict=True):
        C.copy_(_steps(group, C, steps))  # a part of what is returned
    return found.cpu().numpy()


def _steps(
    group: FamilyHead, C: Float[torch.Tensor, "P M"], steps: int
) -> Float[torch.Tensor, "P M"]:
    """Return the heads of some problems, which take their steps together."""
    one = torch.eye(C.shape[1]).to(C)
    r, is_slow = group.residual(C, one), False
    factor: Factor | None = None
    for _ in range(steps):
        if factor is None or is_slow:  # the slopes have changed
            factor = Factor.of(group.slopes(C, one))
        new = C - factor.solve(r)
        if steps == 1:  # its size is what counts, wherever it leads
            return new
        after = group.residual(new, one)
        shares = (after * after).sum(0) / (r * r).sum(0).clamp(min=TINY)
        C, r = torch.where(shares < 1, new, C), torch.where(shares < 1, after, r)
        share = float(shares.max())
        is_slow = share > SLOW
        if float(shares.min()) > PAYS or group.head.is_linear:
            break
    return C
