"""Sizes of a network, where a problem file leaves them open: the number of nodes decides."""

from math import log2, pi, sqrt

import numpy as np

from pinnsolve.conditions.selfadjoint import is_frozen
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.networks.products import has_products
from pinnsolve.problem import Problem
from pinnsolve.problem.abilities import ABILITIES, NESTED

FEATURES = 800  # in the last hidden layer, at most, as long as the nodes are few
FEW_NODES = 4000  # with more, whose derivatives are more accurate, so should the features be
LARGEST_HEAD = 2**27  # values of all features at all nodes for which they grow, 1 GiB
FEATURES_OF_DATA, FIRST_OF_DATA = 400, 40  # where many solutions are compared; below them, at least
FAMILY_POINTS = 4.0  # for each feature of position, of a family of problems
CENTRES = 4000  # of a kernel between functions, at most: its matrix has their square of entries
SMALL = 1500  # weights up to which a network of given widths is fitted to data as a whole
FEATURES_OF_SYSTEMS = 1200  # of several fields, which share the features
# fewer, and the head could satisfy the rows without solving the equation; sooner on an interval
NODES_PER_FEATURE = {1: 2.0, 2: 1.5, 3: 1.5}
EVOLVING = (30, 30)  # widths of the hidden layers of a network whose weights evolve
FROZEN = (400,)  # the same where only the last layer evolves
FEWEST_FEATURES = 16  # of a network whose weights are counted
RIDGES = 1 / 32  # of the features where weights are counted, the rest being bumps
WORK = 1.5e11  # operations of the least squares of a network that grows: some ten seconds
NEWTON_STEPS = 8  # of a nonlinear problem
BETWEEN = 2  # points for each interior node, beside it, where a network grows by exact derivatives
PER_FEATURE = 4.0  # points in time where an equation holds, for each feature of one that grows
POOL = 4  # points to draw from, for each at which an equation holds
# embeddings: waves that the nodes do not resolve are free to do what they like between them
WAVES = 32  # random ones for each coordinate
NODES_PER_WAVE = 24
HIGHEST_WAVE = 64.0  # wave number, in radians per half width of the domain


def hidden_layers(problem: Problem, n_nodes: int) -> tuple[int, ...]:
    """Return the widths of the network's hidden layers.

    Parameters
    ----------
    problem
        Whose file may give them.
    n_nodes
        Nodes in the interior and on the boundary.
    """
    if has_products(problem):
        return ()
    if problem.settings.evolution is not None:
        hidden = problem.settings.network.hidden
        return (FROZEN if is_frozen(problem) else EVOLVING) if hidden is None else hidden
    points, dim = _points(problem, n_nodes)
    if problem.family is not None:
        given = problem.settings.network.trunk or problem.settings.network.hidden
        return given or (min(FEATURES, int(points / FAMILY_POINTS)),)
    affordable = int(points / NODES_PER_FEATURE.get(dim, 1.5))
    most = FEATURES if len(problem.fields) == 1 else FEATURES_OF_SYSTEMS
    if "operators" in ABILITIES[problem.settings.solver.method].needs:
        grown = min(FEATURES * sqrt(n_nodes / FEW_NODES), LARGEST_HEAD / n_nodes)
        most = max(most, int(grown))
    if problem.data:
        most = FEATURES_OF_DATA
    features = max(8, min(most, affordable))
    first = max(FIRST_OF_DATA, features // 4) if problem.data else features // 4
    return problem.settings.network.hidden or (first, features)


def is_fitted_whole(problem: Problem, weights: int) -> bool:
    """Return whether all weights of a network are fitted to data, or those of its last layer."""
    return problem.settings.network.hidden is not None and weights <= SMALL


def grows(problem: Problem) -> bool:
    """Return whether the network that a problem asks for grows; by default where that pays."""
    network, solver = problem.settings.network, problem.settings.solver
    if problem.family is not None:
        return False
    if network.features is not None:
        return network.features == "grown"
    if problem.settings.training:
        return problem.settings.training[0].optimizer == "grow"
    is_hopeless = not grows_alone(problem) and not follows(problem)
    is_other = network.hidden or solver.precision != "float64"
    # these it does not take
    is_refused = network.embedding != "none" or solver.derivatives in NESTED
    is_refused = is_refused or bool(problem.parameters or problem.data)
    return not (is_hopeless or is_other or is_refused)


def grows_alone(problem: Problem) -> bool:
    """Return whether a network may grow by the residual of the equations alone.

    Of nonlinear systems, as of flows, every block costs many large steps of Newton's method; and
    where equations in time, or of several regions, hold at the nodes and levels alone, features
    that leave nothing there may leave more in between.
    """
    is_costly = len(problem.fields) > 1 and not all(e.is_linear for e in problem.equations)
    is_discrete = "operators" in ABILITIES[problem.settings.solver.method].needs
    return not (is_costly or (is_discrete and (problem.times is not None or bool(problem.regions))))


def follows(problem: Problem) -> bool:
    """Return whether a network that grows may follow the direct solution, if there is one.

    That of a nonlinear problem in one piece; all fields share the features, and what symmetry they
    have.
    """
    equations = [*problem.equations, *(condition.equation for condition in problem.boundary)]
    symmetries = {problem.settings.network.symmetry.get(name) for name in problem.fields}
    is_whole = not problem.regions and problem.settings.solver.slabs is None
    is_free = not any(condition.is_hard for condition in problem.boundary)
    is_nonlinear = not all(equation.is_linear for equation in equations)
    is_known = problem.reference is not None and not problem.parameters
    return is_nonlinear and is_known and is_whole and is_free and len(symmetries) == 1


def most_features(problem: Problem, rows: int, n_nodes: int, *, is_linear: bool) -> int:
    """Return the number of features up to which a network grows.

    Parameters
    ----------
    problem, n_nodes
        As of `hidden_layers`.
    rows
        Of its residual.
    is_linear
        Whether that is affine in the fields.
    """
    points, dim = _points(problem, n_nodes)
    work = WORK if is_linear else WORK / NEWTON_STEPS
    affordable = sqrt(work / (2 * rows)) / len(problem.fields)
    determined = points / NODES_PER_FEATURE.get(dim, 1.5)
    return max(16, int(min(affordable, determined, LARGEST_HEAD / rows / len(problem.fields))))


def equation_points(problem: Problem, nodes: Nodes) -> int:
    """Return the number of points of space and time where the equations of a problem in time hold.

    As many as there are interior nodes at all levels; for a network that grows no more than its
    features need, for then it can afford more of them.

    Parameters
    ----------
    problem, nodes
        What is solved by exact derivatives, and on which nodes.
    """
    assert problem.times is not None
    levels, fields = len(problem.times), len(problem.fields)
    all_of_them = nodes.n_interior * levels
    if not grows(problem):
        return all_of_them
    n, is_linear = nodes.rows.stop, all(e.is_linear for e in problem.equations)
    others = fields * ((n - nodes.n_interior) * levels + n)
    fewest, most = 0, all_of_them  # a few steps of bisection
    while most - fewest > 1 + all_of_them // 100:
        count = (fewest + most) // 2
        rows = len(problem.equations) * count + others
        features = most_features(problem, rows, n, is_linear=is_linear)
        if count < PER_FEATURE * features:
            fewest = count
        else:
            most = count
    return most


def features_of(weights: int, inputs: int, outputs: int) -> int:
    """Return the number of ridges and bumps that a number of weights is enough for.

    Each has one for each input, one more, and one for each output.
    """
    return (weights - outputs) // (inputs + 1 + outputs)


def least_weights(problem: Problem, n_nodes: int) -> int:
    """Return the number of weights below which a network that grows is no network.

    Parameters
    ----------
    problem, n_nodes
        As of `hidden_layers`.
    """
    inputs, outputs = input_width(problem, n_nodes), len(problem.fields)
    return FEWEST_FEATURES * (inputs + 1 + outputs) + outputs


def layers_by_region(problem: Problem, nodes: Nodes) -> list[tuple[int, ...]]:
    """Return the widths of the hidden layers of the network of each region; of one without."""
    return [hidden_layers(problem, count) for count in nodes_by_region(nodes)]


def nodes_by_region(nodes: Nodes) -> list[int]:
    """Return the number of interior and boundary nodes of each region; of all without."""
    if nodes.regions is None:
        return [nodes.rows.stop]
    count = len(nodes.regions.names)
    return np.bincount(nodes.regions.of[nodes.rows], minlength=count).tolist()


def highest_wave(problem: Problem, n_nodes: int) -> float:
    """Return the highest wave number of an embedding, in radians per half width of the domain.

    Parameters
    ----------
    problem, n_nodes
        As of `hidden_layers`.
    """
    return wave_of(problem, *_points(problem, n_nodes))


def wave_of(problem: Problem, points: int, dim: int) -> float:
    """Return the highest wave number that a file gives, or that points over a box resolve well."""
    wanted = problem.settings.network.octaves
    return resolved_wave(points, dim) if wanted is None else pi / 2 * 2.0 ** (wanted - 1)


def resolved_wave(points: int, dim: int) -> float:
    """Return the highest wave number that points spread over a box resolve well."""
    return min(2 * pi / NODES_PER_WAVE * points ** (1 / dim) / 2, HIGHEST_WAVE)


def octaves(highest: float) -> int:
    """Return the number of octaves, from a quarter of a wave per half width, to a wave number."""
    return 1 + max(0, round(log2(highest / (pi / 2))))


def input_width(problem: Problem, n_nodes: int) -> int:
    """Return the number of inputs of the first layer for a point, without any periods.

    Parameters
    ----------
    problem, n_nodes
        As of `hidden_layers`.
    """
    dim = _points(problem, n_nodes)[1]
    by_embedding = {
        "none": 1,
        "fourier": 1 + 2 * WAVES,
        "sinusoidal": 2 * octaves(highest_wave(problem, n_nodes)),
    }
    return dim * by_embedding[problem.settings.network.embedding]


def _points(problem: Problem, n_nodes: int) -> tuple[int, int]:
    """Return the number of points, at all times, and of their coordinates."""
    levels = 1 if problem.times is None else len(problem.times)
    return n_nodes * levels, len(problem.coordinates) + (levels > 1)
