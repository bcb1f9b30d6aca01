"""Newton's method on problems of a family, one by one: what refines a solution, and estimates it.

With the rows ``A`` of a problem by its head a step is

    c ← c - A⁺ R(c).

The first step measures what the branch has left: how far the head ``C ψ`` is from the best one over
the same features. To what the features have left it is blind. So the problem is solved again over
features that are drawn anew, and more of them, from whose solution ``w`` the distance is taken; and
over fewer. Where a solution is not smooth, errors fall slowly with the features, and those of ``w``
are hardly smaller. If they fall by the factor ``r`` from the fewer ``v`` to those ``u`` that there
are, and again to ``w``, then

    q = |u - w| / |v - w| = r / (1 + r),        error of u = |u - w| / (1 - r),

which is the estimated one; ``r`` is taken to be `SLOWEST` at most. It is no bound.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.families.family import Functions
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.setup import Setup
from pinnsolve.solution.norms import relative_l2_of_each

if TYPE_CHECKING:
    from pinnsolve.networks.mlp import MLP
    from pinnsolve.objectives.family_fields import FamilyFields
    from pinnsolve.objectives.joint_fields import JointFields

STEPS = 12  # of Newton's method
WIDER = 1.5  # times as many features, by which those there are judged
SLOWEST = 1 / 3  # factor by which errors are taken to fall with so many more, at least


@dataclass(frozen=True)
class Estimates:
    """Estimated errors of some problems, relative to the variation of each field.

    Attributes
    ----------
    branch
        By field what the branch has left; of a joint network the same as in all.
    total
        By field what branch and features have left.
    """

    branch: Mapping[str, Float[ndarray, " M"]]
    total: Mapping[str, Float[ndarray, " M"]]


def refined(
    setup: Setup,
    net: "MLP",
    functions: Mapping[str, Functions],
    heads: Float[ndarray, "P M"],
    steps: int = STEPS,
) -> Float[ndarray, "P M"]:
    """Return the heads of problems after some steps, or as soon as these do not pay.

    Parameters
    ----------
    setup, net
        Of the family, and the features.
    functions
        Of the problems, by name of the input.
    heads
        From where.
    steps
        How many at most.
    """
    from pinnsolve.objectives.family_steps import newton_steps

    return newton_steps(pointwise_objective(net, setup), functions, heads, steps)


def estimates(
    setup: Setup,
    answer: "FamilyFields | JointFields",
    functions: Mapping[str, Functions],
    x: Float[ndarray, "n D"],
    heads: Float[ndarray, "P M"] | None = None,
) -> Estimates:
    """Return the estimated errors of the solutions for some functions, at points.

    Parameters
    ----------
    setup, answer
        Of the family, and its solutions.
    functions
        By name of the input.
    x
        The points.
    heads
        Those of the solutions, if the branch does not give them.
    """
    names, alone = setup.problem.fields, answer.alone
    codes = [own.codes() for own in functions.values()]
    u = answer.evaluated(codes, x) if heads is None else alone.values(heads, x)
    other = wider(alone.net, setup.problem.settings.solver.seed)
    nothing = np.zeros((other.head_size, len(u)))
    again = alone.over(other).values(refined(setup, other, functions, nothing), x)
    total = apart(names, u, again)
    if heads is None and answer is not alone:  # there are no heads to take a step from
        return Estimates(total, total)
    heads = alone.heads(codes) if heads is None else heads
    nearer = alone.values(refined(setup, alone.net, functions, heads, 1), x)
    fewer = wider(alone.net, setup.problem.settings.solver.seed + 1, 1 / WIDER)
    nothing = np.zeros((fewer.head_size, len(u)))
    farther = alone.over(fewer).values(refined(setup, fewer, functions, nothing), x)
    near, far = apart(names, nearer, again), apart(names, farther, again)
    beyond = {name: near[name] * _factor(near[name], far[name]) for name in names}
    whole = {
        name: np.sqrt(np.maximum(total[name] ** 2 - near[name] ** 2, 0) + beyond[name] ** 2)
        for name in names
    }
    return Estimates(apart(names, u, nearer), whole)


def _factor(near: Float[ndarray, " M"], far: Float[ndarray, " M"]) -> Float[ndarray, " M"]:
    """Return the error over its distance from a better solution, from that of a worse one."""
    q = near / np.maximum(far, np.finfo(float).tiny)
    r = np.where(q < 1 / 2, q / np.maximum(1 - q, 1 / 2), 1.0)
    return 1 / (1 - np.minimum(r, SLOWEST))


def wider(net: "MLP", seed: int, factor: float = WIDER) -> "MLP":
    """Return a network of that many times the features of the same frequency, drawn anew."""
    other = deepcopy(net)
    first, *_ = net.layers
    frequency = float(first.weight.detach().std())
    if net.embedding is not None:
        frequency /= net.embedding.gain
    *inner, last = [layer.out_features for layer in net.layers]
    other.rebuild([*inner, max(1, int(factor * last))])
    other.draw(seed + 1, frequency)
    return other.to(net.like)


def apart(
    names: Sequence[str], u: Float[ndarray, "M n c"], v: Float[ndarray, "M n c"]
) -> dict[str, Float[ndarray, " M"]]:
    """Return the distance of each field of each problem, relative to the second."""
    return {name: relative_l2_of_each(u[..., i], v[..., i]) for i, name in enumerate(names)}
