"""How fast RBF-FD weights are computed, next to treverhines-rbf on the same nodes.

Both are given the same nodes and stencil size and asked for the Laplacian and all first
derivatives at every node, alternately, so that whatever else the machine does meets both. The
nodes are those that pinnsolve makes in a unit disk or ball; ``--points halton`` takes a Halton
sequence in a square or cube instead, whose unevenness lets fewer stencils be shared.

    python benchmarks/weights.py [--dim 2] [--nodes 20000] [--order 4] [--repeats 7]
        [--points quasi-uniform] [--json FILE]
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from numpy import ndarray
from scipy.stats import qmc
from threadpoolctl import threadpool_limits

from pinnsolve.diffop import laplacian, partial
from pinnsolve.geometry import planar, solids
from pinnsolve.geometry.generation import generate
from pinnsolve.rbffd.stencils import polynomial_degree, stencil_size
from pinnsolve.rbffd.weights import operator_matrices


def ours(x: ndarray, order: int) -> Callable[[], object]:
    dim = x.shape[1]
    gradient = [partial(int(i == j) for i in range(dim)) for j in range(dim)]
    return lambda: operator_matrices(x, x, [laplacian(dim), *gradient], order)


def theirs(x: ndarray, order: int) -> Callable[[], object] | None:
    try:
        from rbf.pde.fd import weight_matrix
    except ImportError:
        return None
    dim = x.shape[1]
    degree = polynomial_degree(order, 2)
    diffs = [*(2 * np.eye(dim, dtype=int)), *np.eye(dim, dtype=int)]
    size = stencil_size(dim, degree)

    def work() -> object:
        with threadpool_limits(1, user_api="blas"):  # more threads make it up to 100 times slower
            return weight_matrix(x, x, size, diffs, phi="phs5", order=degree, sum_terms=False)

    return work


def rate(work: Callable[[], object], count: int) -> float:
    start = perf_counter()
    work()
    return count / (perf_counter() - start)


def spread(values: list[float]) -> dict[str, float]:
    return {"median": median(values), "lowest": min(values), "highest": max(values)}


def points(kind: str, dim: int, count: int) -> ndarray:
    if kind == "halton":
        return qmc.Halton(dim, seed=0).random(count)
    domain = planar.disk((0, 0), 1) if dim == 2 else solids.ball((0,) * dim, 1)
    return generate(domain, count=count).x


def measure(dim: int, count: int, order: int, repeats: int, kind: str) -> dict[str, object]:
    x = points(kind, dim, count)
    contenders = {"pinnsolve": ours(x, order), "treverhines-rbf": theirs(x, order)}
    rates: dict[str, list[float]] = {name: [] for name, work in contenders.items() if work}
    for _ in range(repeats + 1):
        for name, values in rates.items():
            values.append(rate(contenders[name], count))
    rates = {name: values[1:] for name, values in rates.items()}  # the first round warms up
    result: dict[str, object] = {
        "dim": dim,
        "points": kind,
        "nodes": count,
        "order": order,
        "stencil": stencil_size(dim, polynomial_degree(order, 2)),
        "cores": os.cpu_count(),
        "machine": platform.processor() or platform.machine(),
        "stencils_per_second": {name: spread(values) for name, values in rates.items()},
    }
    if len(rates) == 2:
        pairs = zip(*rates.values(), strict=True)
        result["ratio"] = spread([a / b for a, b in pairs])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dim", type=int, default=2)
    parser.add_argument("--nodes", type=int, default=20000)
    parser.add_argument("--order", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--points", choices=["quasi-uniform", "halton"], default="quasi-uniform")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = measure(options.dim, options.nodes, options.order, options.repeats, options.points)
    print(
        f"{options.nodes} stencils of {result['stencil']} {options.points} nodes, {options.dim}-D"
    )
    for name, r in result["stencils_per_second"].items():
        print(f"{name:>16}: {r['median']:9.0f}/s   ({r['lowest']:.0f} to {r['highest']:.0f})")
    if "ratio" in result:
        r = result["ratio"]
        print(f"{'ratio':>16}: {r['median']:9.2f}     ({r['lowest']:.2f} to {r['highest']:.2f})")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
