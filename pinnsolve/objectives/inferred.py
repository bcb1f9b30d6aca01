"""What a residual with data among its rows says of the unknown constants of the equations."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from pinnsolve.conditions.noise import Noise
from pinnsolve.leastsquares.inference import Inference, inference
from pinnsolve.leastsquares.jacobian import BorderedJacobian, Explicit
from pinnsolve.objectives.gathered_head import GatheredHead
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.objectives.pointwise_head import PointwiseHead

LEAST_EFFECT = 1e-6  # of the equations: no constant counts as smaller than what has this effect
LEAST_SHARE = 1e-3  # of the first value of a constant: no smaller it counts either
STEPS, HALVINGS = 20, 10  # of the regression of constants on fields
CONVERGED = 1e-8  # relative


def inferred(
    objective: PointwiseObjective,
    sets: Sequence[Noise] | None = None,
    *,
    whole: bool,
) -> tuple[Inference, Float[ndarray, " k"]]:
    """Return the knowledge of the constants, and what their relative changes are relative to.

    Parameters
    ----------
    objective
        The residual, as it has been lowered.
    sets
        What is known of the errors of each set of data; their number by default.
    whole
        Whether all weights of the network may make up for a change of the constants, or those of
        its last layer only.
    """
    unknowns = objective.model.unknowns
    head = objective.head() if whole else objective.gathered_head()
    c, k = head.vector(), head.n_constants
    r = head.residual(c).double()
    B = head.by_constants(c).double()
    A = _by_weights(objective, k) if whole else head.linearise(c)[0][:, : len(c) - k].double()
    values = np.empty(0) if unknowns is None else unknowns().detach().double().cpu().numpy()
    sizes = _sizes(values, [] if unknowns is None else [a.first_value for a in unknowns.ranges])
    effects = torch.linalg.vector_norm(B, dim=0).cpu().numpy()
    zero = torch.cat([torch.zeros_like(c[: len(c) - k]), c[len(c) - k :]])
    size = float(torch.linalg.vector_norm(head.residual(zero)))
    with np.errstate(divide="ignore"):
        least = np.where(effects > 0, LEAST_EFFECT * size / effects, 1.0)
    sizes = np.maximum(sizes, least) if np.isfinite(size) else sizes
    standing = head.data.counts if isinstance(head, GatheredHead) else None
    sets = sets or [Noise(count) for count in objective.counts]
    told = inference(A, B * torch.as_tensor(sizes).to(B), r, sets, standing)
    return told, sizes


def _sizes(values: Float[ndarray, " k"], firsts: Sequence[float]) -> Float[ndarray, " k"]:
    """Return the sizes of constants by their values, as found and at first."""
    return np.maximum(np.abs(values), LEAST_SHARE * np.abs(np.array(firsts, dtype=float)))


def _by_weights(objective: PointwiseObjective, k: int) -> Float[Tensor, "R P"]:
    """Return the derivative of the residual by all weights of the network, in full."""
    _, J = objective.linearise()
    if isinstance(J, BorderedJacobian):
        J = J.J
        k = 0
    assert isinstance(J, Explicit)
    dense = J.dense().double()
    return dense[:, : dense.shape[1] - k]


@torch.no_grad()
def emptied(objective: PointwiseObjective) -> float:
    """Return the size of the equations' terms relative to that with the first constants.

    Equations that lose all of their terms as constants vanish are satisfied by any data. Of those
    that hold constants it is the least ratio; one if none does.
    """
    unknowns, head = objective.model.unknowns, objective.head_of_equations()
    if unknowns is None:
        return 1.0
    c, k = head.vector(), head.n_constants
    first = torch.tensor([a.first() for a in unknowns.ranges]).to(c)
    ratios = [1.0]
    sizes = [_term_sizes(head, torch.cat([c[:-k], trained])) for trained in (c[-k:], first)]
    for part, now, before in zip(head.parts, *sizes, strict=True):
        if part.residual.constants and before > 0:
            ratios.append(now / before)
    return min(ratios)


def _term_sizes(head: PointwiseHead, c: Float[Tensor, " q"]) -> list[float]:
    """Return the size of the terms of each condition: what they are, were there no cancelling."""
    sizes = []
    for part, (jet, constants) in head.evaluated(c):
        slopes = part.residual.partials(jet, constants)
        none = {term: torch.zeros_like(values) for term, values in jet.items()}
        total = part.residual(none, constants).nan_to_num(0.0).abs()
        for term in part.residual.terms:
            total = total + (slopes[term] * jet[term]).abs()
        sizes.append(float(total.square().mean().sqrt()))
    return sizes


@torch.no_grad()
def regressed(objective: PointwiseObjective) -> Float[Tensor, " k"]:
    """Return constants, as they are trained, that suit the fields as they are best.

    In the constants equations are linear most of the time: then one step is enough.

    Parameters
    ----------
    objective
        The residual; its rows of data have no say.
    """
    unknowns, head = objective.model.unknowns, objective.head_of_equations()
    assert unknowns is not None
    c, k = head.vector(), head.n_constants

    def residual(values: Tensor) -> Tensor:
        return head.residual(torch.cat([c[:-k], unknowns.trained_at(values)]))

    values = unknowns(c[-k:])
    loss = float(residual(values).square().sum())
    for _ in range(STEPS):
        now = torch.cat([c[:-k], unknowns.trained_at(values)])
        B, before = head.by_constants(now), loss
        # by singular values: QR with pivots takes its first order from memory that nobody has set
        by = "gelsd" if B.device.type == "cpu" else None
        step = torch.linalg.lstsq(
            B.double(), -residual(values)[:, None].double(), driver=by
        ).solution[:, 0]
        for halving in range(HALVINGS):
            tried = unknowns(unknowns.trained_at(values + 0.5**halving * step.to(values)))
            new = float(residual(tried).square().sum())
            if new < loss:
                values, loss = tried, new
                break
        if not loss < (1 - CONVERGED) * before:
            break
    return unknowns.trained_at(values)
