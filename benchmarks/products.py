"""How fast the sparse products of a training are, by each library that can do them.

The matrix is the Laplacian of the disk problem, by RBF-FD of order 4; it and its transpose are
multiplied by one column (a gradient step), 25 (as many time levels) and 800 (the features of a
head solve). Contenders run alternately.

    python benchmarks/products.py [--nodes 1663 19638] [--columns 1 25 800] [--threads 1]
                                  [--precision float64] [--device cpu] [--repeats 15] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from reporting import options_of, report
from scipy.sparse import csr_array

from pinnsolve import load
from pinnsolve.bench.timing import compare
from pinnsolve.derivatives.products import DEVICES, PRODUCTS
from pinnsolve.diffop import laplacian
from pinnsolve.rbffd.weights import operator_matrices
from pinnsolve.setup import Setup

PROBLEM = Path(__file__).parents[1] / "problems" / "disk_poisson.toml"
ORDER = 4


def matrix(count: int, dtype: str) -> csr_array:
    problem = load(PROBLEM, {"nodes.count": count})
    nodes = Setup(problem).nodes
    op = laplacian(2)
    D = operator_matrices(nodes.x[nodes.rows], nodes.x, [op], ORDER)[op]
    return csr_array(D, dtype=dtype)


def measure(options: Namespace) -> Iterator[dict[str, Any]]:
    device, dtype = torch.device(options.device), getattr(torch, options.precision)
    for count in options.nodes:
        D = matrix(count, options.precision)
        for name, A in (("D", D), ("D^T", csr_array(D.T))):
            products = {}
            for library in DEVICES[device.type]:
                try:
                    products[library] = PRODUCTS[library](A, device)
                except ImportError:
                    print(f"{library} is not installed")
            for k in options.columns:
                shape = (A.shape[1],) if k == 1 else (A.shape[1], k)
                u = torch.rand(shape, dtype=dtype, device=device)
                works = {key: lambda p=product, u=u: p(u) for key, product in products.items()}
                for row in compare(works, options.repeats, warm_up=None):
                    yield {"nodes": count, "matrix": name, "columns": k, **row}


def main() -> None:
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1663, 19638])
    parser.add_argument("--columns", type=int, nargs="+", default=[1, 25, 800])
    parser.add_argument("--precision", choices=["float64", "float32"], default="float64")
    parser.add_argument("--device", choices=list(DEVICES), default="cpu")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    columns = {"nodes": "7d", "matrix": "6s", "columns": "d", "contender": "9s"}
    columns |= dict.fromkeys(("ms", "lowest_ms", "highest_ms"), "9.3f")
    columns |= dict.fromkeys(("ratio", "lowest_ratio", "highest_ratio"), "5.2f")
    report(options, (measure(options), columns))


if __name__ == "__main__":
    main()
