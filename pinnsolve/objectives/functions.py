"""What data and equations say of unknown functions: how smooth they are, and how well known.

With ``A`` the Jacobian by all weights, those ``c_k`` of a function ``k`` last, ``A = Q R``, and
``k = Phi c_k`` at some points, the weights found differ from the best ones by ``R_kk^-1 Q_k^T e``,
``e`` the errors of the rows. If data alone have errors, of variances ``V``,

    var k = diag(Z^T V Z),     Z = Q_dk R_kk^-T Phi^T,

which is the scatter of estimates around their mean, and not around the truth: a function that is
held smooth is bent towards straight lines. If roughness is as random as its weight makes it, the
variance is that of Bayes,

    var k = sigma^2 |R_kk^-T Phi^T|^2,

of which bands hold the truth at 95 % of all places, in the mean over these, where the weight is
suited. It is, where the roughness is as large as its weight makes it likely to be, given the
``edf`` numbers of the function that the rest determines, linear ones not counted,

    smooth <- smooth * sigma^2 edf / |r_smooth|^2,

the condition for the largest likelihood of the data. Equations that weigh more than the network can
meet them bend the function: were the squares of their rows ``r_e`` e times as heavy, it would move
by ``-Phi R_kk^-1 Q_ek^T r_e``. A bend that grows as their weight in rows is twice that.

Sources: Wahba (1983), Bayesian "confidence intervals" for the cross-validated smoothing spline,
J. R. Statist. Soc. B 45; Nychka (1988), doi:10.1080/01621459.1988.10478711; Wood & Fasiolo (2017),
A generalized Fellner-Schall method for smoothing parameter optimization, doi:10.1111/biom.12666.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pinnsolve.conditions.roughness import Roughness
from pinnsolve.diffop import identity
from pinnsolve.leastsquares.head import ridge_of
from pinnsolve.leastsquares.inference import Inference
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.gathered_head import GatheredHead
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.objectives.pointwise_head import PointwiseHead

FEWEST = 0.1  # numbers that are taken to be determined of a function, so that it may be linear
FASTEST = 10.0  # times the factor of its rows, in one step
LARGEST = 1e4  # times the first: of a function that is linear there is no end
BENT = 2.0  # times that move: a bend that grows as the weight of equations in rows
SOME = 400  # points at which a level is judged
TINY = torch.finfo(torch.float64).tiny


@dataclass(frozen=True)
class _Block:
    """The part of a factorisation that belongs to a function.

    Attributes
    ----------
    M, r
        The Jacobian by its weights, and the residual.
    Q, R
        The last columns of the factors.
    n_data
        How many rows, the last, are data, or stand for them.
    variance
        Of the rows of data, by what is left of them.
    """

    M: Float[Tensor, "R k"]
    r: Float[Tensor, " R"]
    Q: Float[Tensor, "R k"]
    R: Float[Tensor, "k k"]
    n_data: int
    variance: float

    def edf(self, rows: slice) -> float:
        """Return the count of numbers of the function that other rows than some determine."""
        T = torch.linalg.solve_triangular(self.R, self.Q.mT, upper=True) * self.M.mT
        return float(T.sum() - T[:, rows].sum())


@torch.no_grad()
def suited(objective: PointwiseObjective, factors: Sequence[float]) -> list[float]:
    """Return factors of the rows of each roughness that suit the data better, for features drawn.

    Parameters
    ----------
    objective
        What has been lowered by the head's weights.
    factors
        Of the rows that it has, relative to those that were stated.
    """
    found = []
    for rough, factor in zip(objective.rough, factors, strict=True):
        if rough.is_given:
            size = _size(objective, rough)
            found.append(rough.size / size if rough.size is not None and size else factor)
            continue
        block, rows = _block(objective, rough.field), _rows(objective, rough)
        left = block.r[rows] @ block.r[rows]
        edf = max(block.edf(rows) - rough.null, FEWEST)
        ratio = sqrt(block.variance * edf / max(float(left), TINY))
        found.append(min(factor * min(max(ratio, 1 / FASTEST), FASTEST), LARGEST))
    return found


@dataclass(frozen=True)
class Knowledge:
    """What is known of a function at points.

    Attributes
    ----------
    noise
        Its standard errors, of the noise of data alone.
    total
        The same with what smoothing and equations may have bent.
    edf
        How many numbers of it are known.
    """

    noise: Float[Tensor, " n"]
    total: Float[Tensor, " n"]
    edf: float


@torch.no_grad()
def known(
    objective: PointwiseObjective, field: int, x: Float[Tensor, "n D"], told: Inference
) -> Knowledge:
    """Return the knowledge of a function at points that data and equations give.

    Parameters
    ----------
    objective
        What has been lowered by the head's weights.
    field
        The number of the function among the fields.
    x
        Where.
    told
        What is known of the noise.
    """
    block = _block(objective, field)
    whole = _spread(objective, block, field, x)
    Z = block.Q[len(block.Q) - block.n_data :] @ whole
    pairs = zip(_counts(objective, objective.gathered_head()), told.sigmas, strict=True)
    sigmas = torch.cat([Z.new_full((count,), s) for count, s in pairs])
    noise = (sigmas[:, None] * Z).square().sum(0)
    rows = [_rows(objective, rough) for rough in objective.rough if rough.field == field]
    edf = block.edf(rows[0] if rows else slice(0, 0))
    total = told.variance * whole.square().sum(0) + _bend(objective, block, whole).square()
    return Knowledge(noise.clamp(min=0).sqrt(), total.sqrt(), edf)


@torch.no_grad()
def vagueness(objective: PointwiseObjective) -> float:
    """Return the mean square of what is not known of functions, relative to their sizes.

    Parameters
    ----------
    objective
        What has been lowered by the head's weights; it is taken where the equations hold.
    """
    x = objective.x[:: -(-len(objective.x) // SOME)]
    found = dict[int, float]()
    for rough in objective.rough:
        block = _block(objective, rough.field)
        whole = _spread(objective, block, rough.field, x)
        square = block.variance * whole.square().sum(0)
        square += _bend(objective, block, whole).square()
        size = 1.0 if rough.size is None else _size(objective, rough) or 1.0
        found[rough.field] = float(square.mean()) / size**2
    return sum(found.values()) / len(found)


@torch.no_grad()
def weights_of(objective: PointwiseObjective, factors: Sequence[float]) -> dict[str, float]:
    """Return the weight of each roughness by name, relative to the size of the function.

    Parameters
    ----------
    objective, factors
        As of `suited`.
    """
    found = {}
    for rough, factor in zip(objective.rough, factors, strict=True):
        share = 1.0 if rough.size is None else _size(objective, rough) / rough.size
        found[rough.name] = rough.smooth * (factor * share) ** 2
    return found


def _spread(
    objective: PointwiseObjective, block: _Block, field: int, x: Float[Tensor, "n D"]
) -> Float[Tensor, "k n"]:
    """Return ``R_kk^-T Phi^T`` for a function at points."""
    net, value = objective.model.nets[0], identity(x.shape[1])
    features = objective.features(net, x, {value})[value][field]
    Phi = torch.cat([features, net.constant[field].expand(len(x), 1)], 1).double()
    return torch.linalg.solve_triangular(block.R.mT, Phi.mT, upper=False)


def _bend(
    objective: PointwiseObjective, block: _Block, whole: Float[Tensor, "k n"]
) -> Float[Tensor, " n"]:
    """Return the distance by which equations may have bent a function."""
    n_rough = sum(rough.rows for rough in objective.rough)
    of_equations = slice(len(block.Q) - block.n_data - n_rough)
    return BENT * (whole.mT @ (block.Q[of_equations].mT @ block.r[of_equations]))


def _size(objective: PointwiseObjective, rough: Roughness) -> float:
    """Return the root of the mean square of a function."""
    return float(objective.model.nets[0](objective.x)[:, rough.field].square().mean().sqrt())


def _rows(objective: PointwiseObjective, rough: Roughness) -> slice:
    """Return the rows of the residual that are the roughness of a function."""
    head = objective.gathered_head()
    n_data = sum(_counts(objective, head))
    own = objective.rough
    later = sum(other.rows for other in own[own.index(rough) :])
    first = len(head.residual(head.vector())) - n_data - later
    return slice(first, first + rough.rows)


def _counts(objective: PointwiseObjective, head: PointwiseHead | GatheredHead) -> Sequence[int]:
    """Return the number of rows of each set of data, or of those that stand for it."""
    return head.data.counts if isinstance(head, GatheredHead) else objective.counts


def _block(objective: PointwiseObjective, field: int) -> _Block:
    """Return the part of the factorisation that belongs to a field."""
    head = objective.gathered_head()
    c = head.vector()
    M, r = head.linearise(c)[0].double(), head.residual(c).double()
    own = _columns(objective.model.nets[0], field).to(M.device)
    others = torch.ones(M.shape[1], dtype=torch.bool, device=M.device)
    others[own] = False
    A = torch.cat([M[:, others], M[:, own]], 1)
    Q, R = torch.linalg.qr(torch.cat([A, torch.diag(ridge_of(A))]))
    Q, k, n_data = Q[: len(A)], len(own), sum(_counts(objective, head))
    seen = float(Q[len(A) - n_data :].square().sum())
    square = float(r[len(A) - n_data :].square().sum())
    variance = max(square / max(sum(objective.counts) - seen, 1.0), TINY)
    return _Block(M[:, own], r, Q[:, -k:], R[-k:, -k:], n_data, variance)


def _columns(net: MLP, field: int) -> Int[Tensor, " k"]:
    """Return the places of the weights of a field among those of the head, its bias last."""
    w, c = net.head.in_features, net.head.out_features
    return torch.cat([torch.arange(field * w, (field + 1) * w), torch.tensor([c * w + field])])
