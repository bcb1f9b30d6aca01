"""Problems discretised for tests."""

from dataclasses import dataclass

import numpy as np

from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.from_problem import rings
from pinnsolve.geometry.generation import generate, with_ghosts
from pinnsolve.problem import load
from pinnsolve.rbffd.discretisation import discretise


@dataclass(frozen=True)
class World:
    """A problem, its nodes and conditions."""

    problem: object
    nodes: object
    conditions: tuple

    def discretise(self, order=4):
        return discretise(self.conditions, self.nodes, len(self.problem.fields), order)

    @property
    def exact(self):
        return np.stack([u(self.nodes.x) for u in self.problem.exact], axis=1)

    def relative_error(self, values):
        here = self.nodes.rows
        return np.linalg.norm(values[here] - self.exact[here], axis=0) / np.linalg.norm(
            self.exact[here], axis=0
        )


def world(folder, text, count=400, ghosts=True, **options):
    """Write a problem file, load it and place its nodes."""
    path = folder / "problem.toml"
    path.write_text(text)
    problem = load(path, {"nodes.count": count})
    domain = build_domain(problem)
    nodes = generate(domain, count=count, pieces=problem.pieces)
    n_rings = rings(problem) if ghosts is True else int(ghosts)
    nodes = with_ghosts(nodes, domain, n_rings)
    return World(problem, nodes, nodal_conditions(problem, nodes, **options))


def disk(condition, equation="laplace(u) = f", exact="1 + sin(pi*x)*cos(pi*y)"):
    """Return the text of a problem on the unit disk."""
    return f"""
        [domain]
        shape = "disk"
        center = [0, 0]
        radius = 1
        [nodes]
        count = 400
        [unknowns]
        fields = ["u"]
        [functions]
        f = "manufactured"
        g = "manufactured"
        [pde]
        equations = ["{equation}"]
        [[boundary]]
        on = "all"
        condition = "{condition}"
        [exact]
        u = "{exact}"
        [solver]
        method = "rbf-fd"
    """


STOKES = """
    [domain]
    shape = "rectangle"
    lower = [0, 0]
    upper = [1, 1]
    [nodes]
    count = 400
    [unknowns]
    fields = ["u", "v", "p"]
    [functions]
    f = "manufactured"
    g = "manufactured"
    [pde]
    equations = ["laplace(u) - p_x = f", "laplace(v) - p_y = g", "u_x + v_y = 0"]
    [[boundary]]
    on = "all"
    condition = "u = sin(2*x)*cos(2*y)"
    [[boundary]]
    on = "all"
    condition = "v = -cos(2*x)*sin(2*y)"
    [[boundary]]
    on = "right"
    condition = "p = sin(x + 2*y)"
    [exact]
    u = "sin(2*x)*cos(2*y)"
    v = "-cos(2*x)*sin(2*y)"
    p = "sin(x + 2*y)"
    [solver]
    method = "rbf-fd"
"""

PLATE = """
    [domain]
    shape = "rectangle"
    lower = [0, 0]
    upper = [1, 1]
    [nodes]
    count = 400
    [unknowns]
    fields = ["u"]
    [functions]
    f = "manufactured"
    [pde]
    equations = ["biharmonic(u) = f"]
    [[boundary]]
    on = "all"
    condition = "u = sin(2*x)*cos(y)"
    [[boundary]]
    on = "all"
    condition = "dn(u) = 2*n_x*cos(2*x)*cos(y) - n_y*sin(2*x)*sin(y)"
    [exact]
    u = "sin(2*x)*cos(y)"
    [solver]
    method = "rbf-fd"
"""
