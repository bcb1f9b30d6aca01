"""Steps of Newton's method on the heads of single problems of a family.

Where all have the same slopes, one factorisation serves all of them. Else each has its own, and the
least-squares problem of a step is solved by conjugate gradients, all problems side by side, with
the triangle of their mean (`pinnsolve.leastsquares.conjugate`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.families.family import Functions
from pinnsolve.leastsquares.conjugate import conjugate_gradients
from pinnsolve.leastsquares.two_sided import Factor
from pinnsolve.objectives.family import AT_ONCE, FamilyHead, Places
from pinnsolve.objectives.family_slopes import lengths_of, slopes_at
from pinnsolve.objectives.pointwise import PointwiseObjective

TINY = 1e-300
SLOW = 0.1  # a step short by more of what its slopes promise needs slopes taken anew
PAYS = 0.99  # a step that leaves more of the loss is the last
USUAL = 50  # problems by which rows are balanced
RIDGE = 1e-10  # of the triangle for conjugate gradients: what it magnifies, rounding is too
ENOUGH = 4  # points of an equation for each weight of a head
HALVINGS = 6  # of a step that does not lower the loss


@torch.no_grad()
def newton_steps(
    objective: PointwiseObjective,
    functions: Mapping[str, Functions],
    heads: Float[np.ndarray, "P M"],
    steps: int,
) -> Float[np.ndarray, "P M"]:
    """Return the heads of problems after some steps, or as soon as these do not pay.

    A single step is given as it is; else each problem goes as far along a step as lowers its loss.

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
    head = objective.head()
    whole = FamilyHead.of(head, Places.of(objective), functions)
    whole = whole.thinned(ENOUGH * len(heads))
    return stepped(whole, torch.tensor(heads).to(head.vector()), steps).cpu().numpy()


def stepped(
    whole: FamilyHead, heads: Float[Tensor, "P M"], steps: int, *, is_each: bool = False
) -> Float[Tensor, "P M"]:
    """Return the heads of problems after some steps of Newton's method.

    Parameters
    ----------
    whole, heads, steps
        The problems, from where, and how many steps.
    is_each
        Whether slopes are those of each also where no input stands in them.
    """
    if whole.is_affine or (whole.has_same_slopes and not is_each):
        return _in_the_mean(whole, heads, steps)
    size = max(1, AT_ONCE // whole.rows)
    parts, usual = range(0, heads.shape[1], size), lengths_of(whole.some(0, USUAL))
    return torch.cat(
        [
            _newton(whole.some(start, start + size), heads[:, start : start + size], steps, usual)
            for start in parts
        ],
        1,
    )


def _in_the_mean(group: FamilyHead, C: Float[Tensor, "P M"], steps: int) -> Float[Tensor, "P M"]:
    """Return the heads of problems after steps with slopes in the mean, by one factorisation."""
    one = torch.eye(C.shape[1]).to(C)
    r, is_slow = group.residual(C, one), False
    factor: Factor | None = None
    for _ in range(steps):
        before = (r * r).sum(0)
        if factor is None or is_slow:  # the slopes have changed
            factor = Factor.of(group.slopes(C, one))
        change, lowered = factor.step(r)
        if steps == 1 or group.is_affine:  # its size is what counts, wherever it leads
            return C - change
        pays = lowered > (1 - PAYS) * before
        if not bool(pays.any()):
            break
        new = C - change
        after = group.residual(new, one)
        left = (after * after).sum(0)
        C, r = torch.where(left < before, new, C), torch.where(left < before, after, r)
        is_slow = bool((pays & (before - left < (1 - SLOW) * lowered)).any())
        if not bool((left < PAYS * before).any()):
            break
    return C


def _newton(
    group: FamilyHead, C: Float[Tensor, "P M"], steps: int, usual: Sequence[Float[Tensor, "_ 1"]]
) -> Float[Tensor, "P M"]:
    """Return the heads of some problems after steps with the slopes of each."""
    one = torch.eye(C.shape[1]).to(C)
    r, triangle = group.residual(C, one), None
    for _ in range(steps):
        slopes = slopes_at(group, C, usual)
        if triangle is None:
            triangle = Factor.of(slopes.mean(), RIDGE).triangle
        change = conjugate_gradients(slopes.times, slopes.transposed, slopes.balanced(r), triangle)
        if steps == 1:  # its size is what counts, wherever it leads
            return C - change
        before = slopes.balanced(r).square().sum(0)
        left = before
        length = torch.ones_like(before)
        is_done = torch.zeros_like(before, dtype=torch.bool)
        for _ in range(HALVINGS):
            new = C - length * change
            after = group.residual(new, one)
            loss = slopes.balanced(after).square().sum(0)
            better = ~is_done & (loss < before)
            C, r = torch.where(better, new, C), torch.where(better, after, r)
            left = torch.where(better, loss, left)
            is_done |= better
            length = torch.where(is_done, length, length / 2)
            if bool(is_done.all()) or group.head.is_linear:
                break
        shares = left / before.clamp(min=TINY)
        if float(shares.min()) > PAYS or group.head.is_linear:
            break
    return C
