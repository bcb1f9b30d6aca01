"""What a problem file may leave open and the number of nodes decides: the network, the schedule."""

from math import sqrt

from pinnsolve.problem import Problem

FEATURES = 800  # in the last hidden layer, at most, as long as the nodes are few
FEW_NODES = 4000  # with more, whose derivatives are more accurate, so should the features be
LARGEST_HEAD = 2**27  # values of all features at all nodes for which they grow, 1 GiB
FEATURES_OF_SYSTEMS = 1200  # of several fields, which share the features
# fewer, and the head could satisfy the rows without solving the equation; sooner on an interval
NODES_PER_FEATURE = {1: 2.0, 2: 1.5, 3: 1.5}
# what is worked on at a time, which bounds the memory
EVALUATED = 4096  # points at which a network is evaluated
ROWS_PER_COLUMN, FEWEST_ROWS = 4, 8192  # of a block of the least-squares matrix
LARGEST_SQUARE = 4000  # rows or weights, the fewer, up to which the schedule has Gauss-Newton
LARGEST_JACOBIAN = 2**27  # entries of a dense Jacobian up to which it has, 1 GiB


def hidden_layers(problem: Problem, n_nodes: int) -> tuple[int, ...]:
    """Return the widths of the network's hidden layers.

    Parameters
    ----------
    problem
        Whose file may give them.
    n_nodes
        Nodes in the interior and on the boundary.
    """
    levels = 1 if problem.times is None else len(problem.times)
    dim = len(problem.coordinates) + (levels > 1)
    affordable = int(n_nodes * levels / NODES_PER_FEATURE.get(dim, 1.5))
    most = FEATURES if len(problem.fields) == 1 else FEATURES_OF_SYSTEMS
    if problem.settings.solver.method == "dt-pinn":
        grown = min(FEATURES * sqrt(n_nodes / FEW_NODES), LARGEST_HEAD / n_nodes)
        most = max(most, int(grown))
    features = max(8, min(most, affordable))
    return problem.settings.network.hidden or (features // 4, features)


def has_gauss_newton(rows: int, weights: int, *, is_dense: bool) -> bool:
    """Return whether the schedule has Gauss-Newton, whose matrices may be too large for it.

    Parameters
    ----------
    rows, weights
        Of the Jacobian.
    is_dense
        Whether the Jacobian is formed.
    """
    if is_dense and rows * weights > LARGEST_JACOBIAN:
        return False
    return min(rows, weights) <= LARGEST_SQUARE
