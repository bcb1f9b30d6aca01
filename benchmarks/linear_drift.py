"""How exact the reference of linear Fokker-Planck equations is, and what it costs.

    python benchmarks/linear_drift.py [--dimensions 2 8 20] [--points 600]

Particles in a harmonic trap that attract one another, their positions at first spread as the
product of (1 - x^2) over the coordinates, at t = 1. A row for each dimension and number of samples:
the distance in total variation of two seeds, the same by plain samples of the Gaussian (infinite
where none of them hits what there is), and the seconds of CPU that a thousand points take.
"""

import argparse
from dataclasses import replace
from time import process_time

import numpy as np

from pinnsolve.equations.expression import Symbols, function
from pinnsolve.references.affine_drift import Drift
from pinnsolve.references.affine_flow import Flow
from pinnsolve.references.linear_drift import Density
from pinnsolve.references.separable import product

ALPHA, A, D = 0.25, 0.2, 0.01
SAMPLES = (64, 256, 1024)


def density(dim: int) -> Density:
    """Return the density of so many particles."""
    matrix = -(1 + ALPHA) * np.eye(dim) + ALPHA / dim
    drift = Drift(Flow(matrix, np.full(dim, A), D * np.eye(dim)), 0.0)
    names = tuple(f"x{i + 1}" for i in range(dim))
    initial = function(f"0.75^{dim}*prod(max(1 - X^2, 0))", Symbols(names))
    parts = product(initial, np.full(dim, -1.0), np.ones(dim))
    return Density(drift, initial, parts, 0.0, SAMPLES[0], 1)


def apart(own: Density, x: np.ndarray) -> float:
    """Return the distance in total variation of two seeds."""
    u, v = (replace(own, seed=seed)(x)[:, 0] for seed in (1, 2))
    return float(np.abs(u / v - 1).mean() / 2) if v.all() else np.inf


def main() -> None:
    """Print a row for each dimension and number of samples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dimensions", type=int, nargs="*", default=(2, 8, 20))
    parser.add_argument("--points", type=int, default=600)
    given = parser.parse_args()
    print("dimension  samples  two seeds  plain samples  CPU s per 1000 points")
    for dim in given.dimensions:
        whole = density(dim)
        cloud = whole.drawn(given.points, 1.0, 7)
        assert cloud is not None
        x = np.column_stack([cloud, np.ones(len(cloud))])
        for samples in SAMPLES:
            own = replace(whole, samples=samples)
            begin = process_time()
            distance = apart(own, x)
            cost = (process_time() - begin) / 2 / len(x) * 1000
            plain = apart(replace(own, parts=None), x)
            print(f"{dim:9}  {samples:7}  {distance:9.1e}  {plain:13.1e}  {cost:6.2f}", flush=True)


if __name__ == "__main__":
    main()
