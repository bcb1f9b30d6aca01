"""The direct solution of a nonlinear problem, as a network that follows it sees it.

Values at the nodes and, by the interpolant of RBF-FD, between them: at two points around each
interior node or, in time, at points spread over space and time, beside the nodes of the boundary
and of the beginning.

Networks whose derivatives are exact owe nothing to the nodes: they follow the solution on twice as
many, and so on until two agree or the next would take longer than their training.
"""

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.cells import around
from pinnsolve.conditions.points import points_of
from pinnsolve.diffop import Term, partial
from pinnsolve.geometry.features import refinement
from pinnsolve.geometry.sampling import sample_in_time
from pinnsolve.networks.mlp import FREQUENCY, MLP
from pinnsolve.networks.sizes import BETWEEN, equation_points, follows
from pinnsolve.optimizers.shared_head import SharedHead
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.setup import Setup
from pinnsolve.solution.fields import Fields

WIDTH = 1.4  # of the boxes around the nodes, in spacings
FREQUENCIES = (FREQUENCY, 2 * FREQUENCY)  # of smooth features
PROBE = 200  # such features, at most
ROUGH = 1e-2  # relative misfit of smooth features, above which a solution is not smooth
AGREE = 1e-4  # relative distance of two solutions that are alike
# values of a solution that costs no more than the training: nodes times fields, and levels in time
MOST, MOST_ON_A_LINE = 20_000, 50_000
SEED = 4  # added to that of the nodes: other points than those of the equations


@dataclass(frozen=True)
class Direct:
    """A direct solution at points.

    Attributes
    ----------
    x
        Points of space, or of space and time.
    values
        The fields there.
    slopes
        Their slopes along each axis, root of the sum of squares over the fields in their sizes.
    nodes
        On how many nodes it was found.
    """

    x: Float[ndarray, "N D"]
    values: Float[ndarray, "N c"]
    slopes: Float[ndarray, "N D"]
    nodes: int

    @property
    def sizes(self) -> Float[ndarray, " c"]:
        """How much each field varies; of one that does not, how large it is."""
        return _sizes(self.values)


def direct_solution(setup: Setup) -> Direct | None:
    """Return the direct solution that a network may follow; None if there is none."""
    problem = setup.problem
    if not follows(problem) or problem.reference is None:
        return None
    found = setup.reference(problem.reference)
    if found is None or found.fields is None:
        return None
    return _seen(found.fields, _points(setup), setup.nodes.rows.stop)


def refined(setup: Setup, direct: Direct) -> Direct:
    """Return the direct solution on as many more nodes as it takes, at the same points.

    Parameters
    ----------
    setup, direct
        Of the problem, and its direct solution on the nodes.
    """
    problem, nodes = setup.problem, setup.nodes
    able, settings = ABILITIES[problem.settings.solver.method], problem.settings.nodes
    are_given = settings.file is not None or problem.settings.domain.shape == "points"
    if are_given or "operators" in able.needs or problem.reference is None:
        return direct
    most = MOST_ON_A_LINE if nodes.dim == 1 else MOST
    levels = 1 if problem.times is None else len(problem.times)
    while 2 * direct.nodes * levels * len(problem.fields) <= most:
        count = 2 * direct.nodes
        spacing = nodes.spacing * (nodes.rows.stop / count) ** (1 / nodes.dim)
        key = "count" if settings.spacing is None else "spacing"
        changes = {f"nodes.{key}": count if key == "count" else spacing}
        finer = Setup(setup.asked.replace(changes), setup.watch)
        found = finer.reference(problem.reference)
        new = found and found.fields and _seen(found.fields, direct.x, count)
        if not new or len(new.x) < len(direct.x):
            break
        apart = np.abs(new.values - direct.values) / direct.sizes
        direct = new
        if float(np.sqrt(np.mean(apart**2))) < AGREE:
            break
    return direct


@torch.no_grad()
def is_rough(direct: Direct, net: MLP) -> bool:
    """Return whether smooth features, two random layers, are far from following a solution."""
    probe = deepcopy(net)
    width = min(PROBE, probe.head.in_features)
    probe.rebuild((max(1, width // 4), width))
    x, values, sizes = (
        torch.as_tensor(v).to(net.like) for v in (direct.x, direct.values, direct.sizes)
    )
    left = []
    for frequency in FREQUENCIES:
        probe.draw(0, frequency)
        head = SharedHead(probe, x, values, sizes, probe.head.in_features)
        left.append(float(head.solve().square().mean()))
    return min(left) > ROUGH**2


def _seen(fields: Fields, x: Float[ndarray, "N D"], nodes: int) -> Direct | None:
    """Return fields at those of some points where they are known; None if they are at none."""
    values = fields(x)
    x, values = (own[np.isfinite(values).all(axis=1)] for own in (x, values))
    return Direct(x, values, _slopes(fields, x, _sizes(values)), nodes) if len(x) else None


def _sizes(values: Float[ndarray, "N c"]) -> Float[ndarray, " c"]:
    spread = values.std(axis=0)
    size = np.sqrt(np.square(values).mean(axis=0))
    found = np.where(spread > np.finfo(float).eps * size, spread, size)
    return np.where(found > 0, found, 1.0)


def _slopes(
    fields: Fields, x: Float[ndarray, "N D"], sizes: Float[ndarray, " c"]
) -> Float[ndarray, "N D"]:
    """Return the slopes along each axis of all fields together, zero where they are not known."""
    dim = x.shape[1]
    axes = [partial(row) for row in np.eye(dim, dtype=int).tolist()]
    found = fields.jet(x, {Term(f, op) for f in range(len(sizes)) for op in axes})
    slopes = [
        np.sqrt(sum((found[Term(f, op)] / size) ** 2 for f, size in enumerate(sizes)))
        for op in axes
    ]
    return np.nan_to_num(np.array(slopes).T, posinf=0.0)


def _points(setup: Setup) -> Float[ndarray, "N D"]:
    """Return points at which a network is to follow a solution."""
    problem, nodes = setup.problem, setup.nodes
    if problem.time is None:
        between = around(setup.domain, nodes, BETWEEN, WIDTH)
        return np.concatenate([points_of(problem, nodes), between.points])
    count, seed = equation_points(problem, nodes), problem.settings.nodes.seed + SEED
    factor = refinement(problem, setup.domain)
    inside = sample_in_time(setup.domain, problem.time, count, seed, factor)
    at_nodes = points_of(problem, nodes)
    beside = at_nodes[:, nodes.boundary].reshape(-1, inside.shape[1])
    return np.concatenate([inside, at_nodes[0], beside])
