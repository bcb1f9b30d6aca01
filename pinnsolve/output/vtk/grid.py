"""The solution as a picture sees it: points, cells between them, and values at the points.

VTKHDF and VTU files hold the same grid. Space has three dimensions there: flat problems lie in
the plane z = 0, and of problems above three dimensions the first three coordinates are shown,
the others being values. In time the points and cells stay; values change from level to level.
What depends on time alone lies along a line of time. The velocity of an incompressible flow is a
vector beside its components, also of three dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.points import points_of
from pinnsolve.equations.incompressible import incompressible
from pinnsolve.geometry import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.regional import divided
from pinnsolve.geometry.regions import region_domains
from pinnsolve.output.vtk.triangulation import triangulation
from pinnsolve.problem import Problem
from pinnsolve.references.truth import truth_at_nodes, word_for_truth
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.derived import derived_values
from pinnsolve.solution.solution import Solution


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
        What is known at the points, by name; integers or floating-point numbers, of a vector three
        in the last axis. What changes in time has the time levels as its first axis.
    times
        The time levels; None if nothing changes.
    cell_values
        What is known of the cells, by name.
    """

    points: Float[ndarray, "n 3"]
    cells: Int[ndarray, "M v"]
    values: dict[str, ndarray]
    times: Float[ndarray, " K"] | None = None
    cell_values: dict[str, ndarray] = field(default_factory=dict)

    def at(self, level: int) -> "Grid":
        """Return the grid at one time level."""
        now = {name: z[level] if self.changes(name) else z for name, z in self.values.items()}
        return replace(self, values=now, times=None)

    def changes(self, name: str) -> bool:
        """Tell whether values change in time."""
        return self.times is not None and self.values[name].ndim > 1


def grid(solution: Solution, domain: Domain) -> Grid:
    """Return the grid of a solution, with all that is known at its nodes.

    Parameters
    ----------
    solution
        The solution. With ``u`` come ``exact_u`` and ``error_u`` (solution minus exact) if the
        exact solution is known, ``reference_u`` if a reference takes its place, ``u_rbf_fd`` and
        ``difference_u`` (solution minus baseline) if there is a baseline, and ``u_error_estimate``
        and ``u_optimisation_estimate`` (estimates of solution minus truth, and of solution minus
        that of the discrete equations).
    domain
        Its domain, that tells which cells lie inside.
    """
    if solution.problem.is_ordinary:
        return _along_time(solution)
    nodes = solution.sample.nodes
    x = nodes.x[nodes.rows]
    points = np.zeros((len(x), 3))
    points[:, : min(nodes.dim, 3)] = x[:, :3]
    cells, of = _cells(solution.problem, nodes, domain)
    return Grid(points, cells, values(solution), solution.sample.times, of)


def _along_time(solution: Solution) -> Grid:
    """Return a line along time, of a solution that depends on nothing else."""
    times = solution.sample.times
    assert times is not None
    points = np.zeros((len(times), 3))
    points[:, 0] = times
    start = np.arange(len(times) - 1)
    known = {name: z[:, 0] for name, z in values(solution).items() if z.ndim > 1}
    return Grid(points, np.stack([start, start + 1], axis=1), known)


def _cells(
    problem: Problem, nodes: Nodes, domain: Domain
) -> tuple[Int[ndarray, "M v"], dict[str, ndarray]]:
    """Return the cells, of each region apart, and their regions if there are several."""
    if nodes.regions is None:
        return triangulation(nodes, domain), {}
    parts = zip(divided(nodes), region_domains(problem, domain), strict=True)
    cells = [rows[triangulation(own, part)] for (rows, own), part in parts]
    of = np.repeat(np.arange(len(cells), dtype=np.int32), [len(own) for own in cells])
    return np.concatenate(cells), {"region": of}


def values(solution: Solution) -> dict[str, ndarray]:
    """Return the values at the nodes, by name: fields, errors, baseline, boundary, rest of x."""
    problem, nodes, baseline = (
        solution.problem,
        solution.sample.nodes,
        solution.accuracy.baseline,
    )
    x = nodes.x[nodes.rows]
    fields = dict(zip(problem.fields, np.moveaxis(solution.sample.values, -1, 0), strict=True))
    truth, word = truth_at_nodes(solution), word_for_truth(solution)
    known: dict[str, ndarray] = {}
    for i, (name, u) in enumerate(fields.items()):
        if truth is not None:
            exact = truth[..., i]
            known |= {f"{word}_{name}": exact, f"error_{name}": u - exact}
        if baseline is not None and baseline.values is not None:
            direct = baseline.values[..., i]
            method = baseline.name.replace("-", "_")
            known |= {f"{name}_{method}": direct, f"difference_{name}": u - direct}
    if solution.accuracy.estimate is not None:
        known |= estimated(solution.accuracy.estimate, problem.fields)
    known["boundary"] = np.full(len(x), -1, dtype=np.int32)  # -1: interior
    known["boundary"][nodes.boundary] = nodes.tags
    known |= dict(zip(problem.coordinates[3:], x.T[3:], strict=True))
    known |= velocity(solution) | derived(solution) | bands(solution)
    return fields | {name: z for name, z in known.items() if name not in fields}


def derived(solution: Solution) -> dict[str, Float[ndarray, "*K n"]]:
    """Return the derived quantities at the nodes, by name."""
    problem, values = solution.problem, solution.sample.values
    if not problem.derived:
        return {}
    points = points_of(problem, solution.sample.nodes)
    x = points.reshape(-1, points.shape[-1])
    found = derived_values(problem, solution.answer, x, values.reshape(len(x), -1))
    parts = np.moveaxis(found.reshape(*values.shape[:-1], -1), -1, 0)
    return dict(zip(problem.derived, parts, strict=True))


def bands(solution: Solution) -> dict[str, Float[ndarray, "*K n"]]:
    """Return standard errors and bands of unknown functions at the nodes, by name."""
    names = {"standard_error": "standard_error", "low": "lower", "high": "upper"}
    return {
        f"{name}_{names[kind]}": values
        for name, own in solution.functions.items()
        for kind, values in own.at_nodes.items()
        if kind in names
    }


def velocity(solution: Solution) -> dict[str, Float[ndarray, "*K n 3"]]:
    """Return the velocity at the nodes, by its name, if the problem is an incompressible flow."""
    flow = incompressible(solution.problem.equations)
    if flow is None or len(flow.velocity) > 3:
        return {}
    shown = solution.sample.values
    vectors = np.zeros((*shown.shape[:-1], 3))
    vectors[..., : len(flow.velocity)] = shown[..., flow.velocity]
    return {"velocity": vectors}


def estimated(estimate: Estimate, fields: Sequence[str]) -> dict[str, ndarray]:
    """Return the estimated errors at the nodes, by name."""
    parts = {"error": estimate.total_field, "optimisation": estimate.optimisation_field}
    return {
        f"{name}_{part}_estimate": values[..., i]
        for part, values in parts.items()
        if values is not None
        for i, name in enumerate(fields)
    }
