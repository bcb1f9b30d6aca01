"""Steady convection with a layer that the nodes do not resolve: errors before it and in it.

On the unit square a smooth solution and a layer at the outflow x = 1, carried along (1, slope), on
as many nodes as asked for and some more, with derivatives from upstream and, on the same nodes,
centred ones. Errors are relative; those before the layer are at x < 0.8 (and y < 0.8 if the slope
is not zero). Numbers of nodes and slopes are drawn at random: the largest of all, and the median.

    python benchmarks/layers.py [--nodes 2000] [--orders 2 4 6] [--peclet 10 100 1000]
        [--draws 10] [--seed 0] [--slope 0] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from reporting import options_of, report

from pinnsolve import PinnsolveError, load
from pinnsolve.rbffd.solve import solve
from pinnsolve.references.exact import exact_at
from pinnsolve.setup import Setup

TEXT = """
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = {count}
[functions]
f = "manufactured"
g = "manufactured"
[unknowns]
fields = ["u"]
[pde]
equations = ["u_x + {slope}*u_y - {eps}*laplace(u) = f"]
[[boundary]]
on = "all"
condition = "u = g"
[exact]
u = "sin(3*x + y)*cos(2*y) + exp((x - 1)/{eps})"
[solver]
method = "rbf-fd"
order = {order}
"""
MORE = 1.1  # times as many nodes at most
STEEPEST = 2.0


def errors(count: int, order: int, peclet: float, slope: float) -> list[float]:
    """Return errors before the layer and everywhere, upstream and centred; infinite if lost."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.toml"
        eps = 1 / (np.sqrt(count) * peclet)
        path.write_text(TEXT.format(count=count, order=order, slope=slope, eps=eps))
        problem = load(path)
    setup = Setup(problem)
    nodes, system = setup.nodes, setup.discretisation()
    x, y = nodes.x[nodes.rows].T
    v = exact_at(problem, nodes)
    before = (x < 0.8) & ((y < 0.8) | (slope == 0))
    found = []
    for own in (system, replace(system, correction=None)):
        try:
            e = solve(problem, own, setup.placement).fields.values[nodes.rows] - v
        except PinnsolveError:
            e = np.full_like(v, np.inf)
        parts = (before, np.ones_like(before))
        found += [float(np.linalg.norm(e[part]) / np.linalg.norm(v[part])) for part in parts]
    return found


def measure(options: Namespace) -> Iterator[dict[str, Any]]:
    for order in options.orders:
        for peclet in options.peclet:
            random, found = np.random.default_rng(options.seed), []
            for _ in range(options.draws):
                count = int(options.nodes * random.uniform(1, MORE))
                slope = random.uniform(0, STEEPEST)
                slope = slope if options.slope is None else options.slope
                found.append(errors(count, order, peclet, slope))
            worst, middle = np.max(found, axis=0), np.median(found, axis=0)
            yield {
                "order": order,
                "Péclet": peclet,
                "before": middle[0],
                "largest": worst[0],
                "all": middle[1],
                "largest of all": worst[1],
                "centred, before": middle[2],
                "centred, all": middle[3],
            }


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--nodes", type=int, default=2000)
    parser.add_argument("--orders", type=int, nargs="+", default=[2, 4, 6])
    parser.add_argument("--peclet", type=float, nargs="+", default=[10.0, 100.0, 1000.0])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slope", type=float)
    options = parser.parse_args()
    columns = {"order": "5d", "Péclet": "6.0f"}
    names = ["before", "largest", "all", "largest of all", "centred, before", "centred, all"]
    report(options, (measure(options), columns | {name: f"{len(name)}.1e" for name in names}))


if __name__ == "__main__":
    main()
