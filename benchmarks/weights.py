"""How fast RBF-FD weights are computed, next to treverhines-rbf on the same nodes.

Both are given the same nodes and stencil size and asked for the Laplacian and all first
derivatives at every node, alternately, so that whatever else the machine does meets both. The
nodes are those that pinnsolve makes in a unit disk or ball; ``--points halton`` takes a Halton
sequence in a square or cube instead, whose unevenness lets fewer stencils be shared.

    python benchmarks/weights.py [--dim 2] [--nodes 20000] [--order 4] [--repeats 7]
        [--points quasi-uniform] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy import ndarray
from reporting import options_of, report
from scipy.stats import qmc
from threadpoolctl import threadpool_limits

from pinnsolve.bench.timing import compare
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


def points(kind: str, dim: int, count: int) -> ndarray:
    if kind == "halton":
        return qmc.Halton(dim, seed=0).random(count)
    domain = planar.disk((0, 0), 1) if dim == 2 else solids.ball((0,) * dim, 1)
    return generate(domain, count=count).x


def measure(options: Namespace) -> Iterator[dict[str, Any]]:
    x = points(options.points, options.dim, options.nodes)
    works = {"pinnsolve": ours(x, options.order), "treverhines-rbf": theirs(x, options.order)}
    installed = {name: work for name, work in works.items() if work}
    size = stencil_size(options.dim, polynomial_degree(options.order, 2))
    for row in compare(installed, options.repeats, warm_up=None):
        yield {**row, "nodes": len(x), "stencil": size, "stencils_per_s": 1e3 * len(x) / row["ms"]}


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--dim", type=int, default=2)
    parser.add_argument("--nodes", type=int, default=20000)
    parser.add_argument("--order", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--points", choices=["quasi-uniform", "halton"], default="quasi-uniform")
    options = parser.parse_args()
    columns = {"contender": "16s", "nodes": "7d", "stencil": "d", "stencils_per_s": "8.0f"}
    columns |= {"ms": "8.1f", "ratio": "6.2f", "lowest_ratio": "6.2f", "highest_ratio": "6.2f"}
    report(options, (measure(options), columns))


if __name__ == "__main__":
    main()
