"""How fast the sparse products of a training are, by each library that can do them.

The matrix is the Laplacian of the disk problem, by RBF-FD of order 4; it and its transpose are
multiplied by one column (a gradient step), 25 (as many time levels) and 800 (the features of a
head solve). Contenders run alternately.

    python benchmarks/products.py [--nodes 1663 19638] [--columns 1 25 800] [--threads 1]
                                  [--precision float64] [--device cpu] [--repeats 15] [--json FILE]
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch
from scipy.sparse import csr_array

from pinnsolve import load
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


def seconds(work: Callable[[], Any], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return perf_counter() - start


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    device, dtype = torch.device(options.device), getattr(torch, options.precision)
    rows = []
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
                times: dict[str, list[float]] = {library: [] for library in products}
                for _ in range(options.repeats + 1):
                    for library, product in products.items():
                        times[library].append(seconds(lambda p=product, u=u: p(u), device))
                for library, values in times.items():
                    warm = values[1:]  # the first round warms up
                    rows.append(
                        {
                            "nodes": count,
                            "matrix": name,
                            "columns": k,
                            "library": library,
                            "ms": 1e3 * median(warm),
                            "lowest_ms": 1e3 * min(warm),
                            "highest_ms": 1e3 * max(warm),
                        }
                    )
    return rows


def report(rows: list[dict[str, Any]]) -> None:
    print(f"{'nodes':>7s} {'':4s}{'columns':>8s} {'':8s}{'median ms':>10s}   (lowest to highest)")
    for row in rows:
        print(
            f"{row['nodes']:7d} {row['matrix']:4s}{row['columns']:8d} {row['library']:8s}"
            f"{row['ms']:10.3f}   ({row['lowest_ms']:.3f} to {row['highest_ms']:.3f})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=[1663, 19638])
    parser.add_argument("--columns", type=int, nargs="+", default=[1, 25, 800])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=["float64", "float32"], default="float64")
    parser.add_argument("--device", choices=list(DEVICES), default="cpu")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = measure(options)
    report(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
