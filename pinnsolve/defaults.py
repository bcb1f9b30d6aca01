"""What a problem file may leave open and the number of nodes decides: the network, the schedule."""

from pinnsolve.problem import Problem

FEATURES = 800  # in the last hidden layer, at most
FEATURES_OF_SYSTEMS = 1200  # of several fields, which share the features
# fewer, and the head could satisfy the rows without solving the equation; sooner on an interval
NODES_PER_FEATURE = {1: 2.0, 2: 1.5, 3: 1.5}
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
    affordable = int(n_nodes / NODES_PER_FEATURE.get(len(problem.coordinates), 1.5))
    most = FEATURES if len(problem.fields) == 1 else FEATURES_OF_SYSTEMS
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
