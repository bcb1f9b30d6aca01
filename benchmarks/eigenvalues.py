"""Eigenvalues beside true ones, and how far estimates of their errors are off.

For each domain the ten lowest eigenvalues of ``-laplace(u) = lambda*u``: of the disk, the square,
held or insulated, the interval, and a domain with a corner turned inward, whose first mode has
infinite slopes there (values to six and more digits of Trefethen & Betcke, 2006, Computed
eigenmodes of planar regions, doi:10.1090/conm/412/07783). Largest relative error, the median of
the estimates by the true errors, the smallest and the largest of these, and the time.

    python benchmarks/eigenvalues.py [--orders 4] [--counts 1000 4000] [--json FILE]
"""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy import ndarray
from reporting import options_of, report
from scipy.special import jn_zeros

from pinnsolve import Problem, load, solve

DRUM = Path(__file__).parents[1] / "problems" / "drum.toml"
COUNT = 10
SQUARE = {"shape": "rectangle", "lower": [0, 0], "upper": [1, 1]}
CORNER = [[-1, -1], [1, -1], [1, 0], [0, 0], [0, 1], [-1, 1]]


def of_square(first: int) -> ndarray:
    """Return the eigenvalues of the unit square, from waves with at least as many halves."""
    k = np.arange(first, 9)
    return np.sort(np.pi**2 * np.add.outer(k**2, k**2).ravel())[:COUNT]


DISK = np.sort([z**2 for m in range(8) for z in jn_zeros(m, 6) for _ in range(1 + (m > 0))])
CASES: dict[str, tuple[dict[str, Any], str, ndarray]] = {
    "disk": ({"shape": "disk", "radius": 1}, "u = 0", DISK[:COUNT]),
    "square": (SQUARE, "u = 0", of_square(1)),
    "insulated": (SQUARE, "dn(u) = 0", of_square(0)),
    "interval": (
        {"shape": "interval", "bounds": [0, 1]},
        "u = 0",
        (np.pi * np.arange(1, COUNT + 1)) ** 2,
    ),
    "corner": (
        {"shape": "polygon", "vertices": CORNER},
        "u = 0",
        np.array(
            [
                *(9.6397238, 15.197252, 2 * np.pi**2, 29.521481, 31.912636, 41.474510),
                *(44.948488, 5 * np.pi**2, 5 * np.pi**2, 56.709610),
            ]
        ),
    ),
}


def posed(domain: dict[str, Any], condition: str, order: int, count: int) -> Problem:
    """Return the problem of the drum on another domain."""
    return load(
        DRUM,
        {
            "domain": domain,
            "boundary": [{"on": "all", "condition": condition}],
            "nodes.count": count,
            "solver.order": order,
            "unknowns.eigenvalue.true": [],
        },
    )


def row(name: str, order: int, count: int) -> dict[str, Any]:
    """Return the errors of one case."""
    domain, condition, true = CASES[name]
    start = perf_counter()
    solution = solve(posed(domain, condition, order, count))
    seconds = perf_counter() - start
    values = np.array([own.value for own in solution.eigenvalues])
    estimates = np.array([own.estimate for own in solution.eigenvalues], dtype=float)
    errors = np.abs(values - true)
    is_positive = true > 0
    ratios = estimates / np.maximum(errors, 1e-14 * np.abs(true))
    return {
        "domain": name,
        "order": order,
        "nodes": solution.sample.nodes.rows.stop,
        "error": float(np.max(errors[is_positive] / true[is_positive])),
        "estimate/error": float(np.median(ratios[is_positive])),
        "least": float(np.min(ratios[is_positive])),
        "largest": float(np.max(ratios[is_positive])),
        "seconds": seconds,
    }


def rows(orders: list[int], counts: list[int]) -> Iterator[dict[str, Any]]:
    """Yield the errors of all cases."""
    for name in CASES:
        for order in orders:
            for count in counts:
                yield row(name, order, count)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[4])
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 4000])
    options = parser.parse_args()
    columns = {"domain": "10s", "order": "d", "nodes": "d", "error": "8.1e"}
    columns |= dict.fromkeys(("estimate/error", "least", "largest"), "8.2f")
    report(options, (rows(options.orders, options.counts), {**columns, "seconds": "6.1f"}))


if __name__ == "__main__":
    main()
