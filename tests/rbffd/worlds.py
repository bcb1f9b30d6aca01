"""Problems discretised for tests."""

from dataclasses import dataclass

import numpy as np

from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.from_problem import rings
from pinnsolve.geometry.generation import generate, with_ghosts
from pinnsolve.rbffd.discretisation import discretise
from tests.posing import DISK, manufactured, text_of, written


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
    problem = written(folder, text, {"nodes.count": count})
    domain = build_domain(problem)
    nodes = generate(domain, count=count, pieces=problem.pieces)
    n_rings = rings(problem) if ghosts is True else int(ghosts)
    nodes = with_ghosts(nodes, domain, n_rings)
    return World(problem, nodes, nodal_conditions(problem, nodes, **options))


def disk(condition, equation="laplace(u) = f", exact="1 + sin(pi*x)*cos(pi*y)"):
    """Return the text of a problem on the unit disk."""
    more = manufactured("f", "g", u=exact)
    return text_of(equation, on=[("all", condition)], domain=DISK, more=more)


FLOW = {"u": "sin(2*x)*cos(2*y)", "v": "-cos(2*x)*sin(2*y)", "p": "sin(x + 2*y)"}
STOKES = text_of(
    "laplace(u) - p_x = f",
    "laplace(v) - p_y = g",
    "u_x + v_y = 0",
    on=[("all", f"u = {FLOW['u']}"), ("all", f"v = {FLOW['v']}"), ("right", f"p = {FLOW['p']}")],
    more=manufactured("f", "g", **FLOW),
)
PLATE = text_of(
    "biharmonic(u) = f",
    on=[
        ("all", "u = sin(2*x)*cos(y)"),
        ("all", "dn(u) = 2*n_x*cos(2*x)*cos(y) - n_y*sin(2*x)*sin(y)"),
    ],
    more=manufactured("f", u="sin(2*x)*cos(y)"),
)
