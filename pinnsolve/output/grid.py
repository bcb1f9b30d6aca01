"""The solution as a picture sees it: points, cells between them, and values at the points.

VTKHDF and VTU files hold the same grid. Space has three dimensions there: flat problems lie in
the plane z = 0, and of problems above three dimensions the first three coordinates are shown,
the others being values.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.geometry import Domain
from pinnsolve.output.triangulation import triangulation
from pinnsolve.solution import Solution


@dataclass(frozen=True)
class Grid:
    """An unstructured grid with values at its points.

    Attributes
    ----------
    points
        Interior and boundary nodes.
    cells
        Corners of each cell, as rows of the points.
    values
        What is known at the points, by name; integers or floating-point numbers.
    """

    points: Float[ndarray, "n 3"]
    cells: Int[ndarray, "M v"]
    values: dict[str, ndarray]


def grid(solution: Solution, domain: Domain) -> Grid:
    """Return the grid of a solution, with all that is known at its nodes.

    Parameters
    ----------
    solution
        The solution. With ``u`` come ``exact_u`` and ``error_u`` (solution minus exact) if the
        exact solution is known, and ``u_rbf_fd`` and ``difference_u`` (solution minus baseline)
        if there is a baseline.
    domain
        Its domain, that tells which cells lie inside.
    """
    nodes = solution.nodes
    x = nodes.x[nodes.rows]
    points = np.zeros((len(x), 3))
    points[:, : min(nodes.dim, 3)] = x[:, :3]
    return Grid(points, triangulation(nodes, domain), values(solution))


def values(solution: Solution) -> dict[str, ndarray]:
    """Return what is known at the nodes, by name: fields, errors, baseline, boundary, rest of x."""
    problem, nodes, baseline = solution.problem, solution.nodes, solution.baseline
    x = nodes.x[nodes.rows]
    fields = dict(zip(problem.fields, solution.values.T, strict=True))
    known: dict[str, ndarray] = {}
    for i, (name, u) in enumerate(fields.items()):
        if problem.exact is not None:
            exact = problem.exact[i](x)
            known |= {f"exact_{name}": exact, f"error_{name}": u - exact}
        if baseline is not None and baseline.values is not None:
            direct = baseline.values[:, i]
            method = baseline.method.replace("-", "_")
            known |= {f"{name}_{method}": direct, f"difference_{name}": u - direct}
    known["boundary"] = np.full(len(x), -1, dtype=np.int32)  # -1: interior
    known["boundary"][nodes.boundary] = nodes.tags
    known |= dict(zip(problem.coordinates[3:], x.T[3:], strict=True))
    return fields | {name: z for name, z in known.items() if name not in fields}
