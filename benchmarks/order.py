"""Observed orders of accuracy of RBF-FD derivatives on a disk and a ball, ghosts included.

For each order p asked for, the root mean square error of the derivatives of a smooth function is
measured on five node sets, each with twice as many nodes as the one before: first derivative,
Laplacian and mixed second derivative at all interior and boundary nodes, normal derivative on the
boundary. The observed order is the slope of a straight line through the logarithms.

    python benchmarks/order.py [--dim 2] [--orders 2 3 4 5 6] [--json FILE]
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray
from reporting import options_of, report

from pinnsolve.diffop import laplacian, partial
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.generation import Nodes, generate, with_ghosts
from pinnsolve.problem import load
from pinnsolve.rbffd.weights import operator_matrices

PROBLEMS = Path(__file__).parents[1] / "problems"
DOMAINS = {2: "disk_poisson.toml", 3: "ball_poisson.toml"}
COUNTS = {2: (500, 1000, 2000, 4000, 8000), 3: (1500, 3000, 6000, 12000, 24000)}


def node_sets(dim: int) -> list[Nodes]:
    domain = build_domain(load(PROBLEMS / DOMAINS[dim]))
    return [with_ghosts(generate(domain, count=count), domain) for count in COUNTS[dim]]


def errors(nodes: Nodes, order: int) -> dict[str, float]:
    dim, x, rows = nodes.dim, nodes.x, nodes.x[nodes.rows]
    wave = 2.0 + np.arange(dim)
    gradient = [partial(int(i == j) for i in range(dim)) for j in range(dim)]
    mixed = partial(int(i < 2) for i in range(dim))
    u, slope = np.sin(x @ wave), np.cos(rows @ wave)

    def rms(error: ndarray) -> float:
        return float(np.sqrt(np.mean(error**2)))

    # operators of different order have stencils of their own
    first = operator_matrices(rows, x, gradient, order)
    second = operator_matrices(rows, x, [laplacian(dim), mixed], order)
    on = nodes.boundary
    dn = sum(nodes.normals[:, i] * (first[op] @ u)[on] for i, op in enumerate(gradient))
    return {
        "u_x": rms(first[gradient[0]] @ u - wave[0] * slope),
        "dn(u)": rms(dn - nodes.normals @ wave * slope[on]),
        "laplace(u)": rms(second[laplacian(dim)] @ u + wave @ wave * np.sin(rows @ wave)),
        "u_xy": rms(second[mixed] @ u + wave[0] * wave[1] * np.sin(rows @ wave)),
    }


def rows(dim: int, orders: list[int]) -> Iterator[dict[str, Any]]:
    sets = node_sets(dim)
    counts = [nodes.rows.stop for nodes in sets]
    for order in orders:
        table = [errors(nodes, order) for nodes in sets]
        for name in table[0]:
            found = [entry[name] for entry in table]
            slope = -dim * np.polyfit(np.log(counts), np.log(found), 1)[0]
            by_count = dict(zip(map(str, counts), found, strict=True))
            yield {"order": order, "operator": name, "observed": slope, **by_count}


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--dim", type=int, default=2, choices=DOMAINS)
    parser.add_argument("--orders", type=int, nargs="+", default=[2, 3, 4, 5, 6])
    options = parser.parse_args()
    columns = {"order": "d", "operator": "10s", "observed": "5.2f"}
    columns |= {str(count): "8.1e" for count in COUNTS[options.dim]}
    report(options, (rows(options.dim, options.orders), columns))


if __name__ == "__main__":
    main()
