"""Damped least squares for the rates of weights: a matrix against products alone.

    python benchmarks/linear_systems.py [--weights 1000 …] [--samples N] [--seeds 3] [--dim 2]

A row for each number of weights: seconds of CPU to form and factorise the smaller matrix, and of
conjugate gradients with the preconditioner that they choose; their ratio with its smallest and
largest over seeds; the preconditioner's columns, iterations, and the distance of both solutions, by
what they change. The network has two hidden layers, three from 20,000 weights on, of features of
one frequency; without ``--samples`` there are four points for each weight. Where a matrix would
need more than ``--largest`` GB, products alone are timed.
"""

import argparse
from math import sqrt
from time import process_time

import torch

from pinnsolve.diffop import identity
from pinnsolve.leastsquares.damped import Dense, Krylov, damped_step
from pinnsolve.leastsquares.network import NetworkJacobian, trace
from pinnsolve.networks.mlp import MLP

REGULARIZATION = 1e-9  # by the trace, as by default
FREQUENCY, DEEP = 4.0, 20_000


def system(weights: int, samples: int, dim: int, seed: int) -> tuple[NetworkJacobian, torch.Tensor]:
    """Return the Jacobian of a network of about so many weights, and a right-hand side."""
    layers = 2 if weights < DEEP else 3
    width = round(sqrt(weights / (layers - 1)) - (dim + 2) / (2 * (layers - 1)))
    net = MLP([-1.0] * dim, [1.0] * dim, [width] * layers, 1, "tanh", seed)
    net.draw(seed, FREQUENCY)
    net.randomise_head(seed)
    count = samples or 4 * net.size
    draw = torch.Generator().manual_seed(seed)
    x = 2 * torch.rand(count, dim, generator=draw) - 1
    value = identity(dim)
    seen = trace(net, x, [value])
    J = seen.jacobian([seen.values[value][:, 0] / sqrt(count)])
    return J, torch.exp(-20 * (x**2).sum(1)) * torch.sin(9 * x.sum(1)) / sqrt(count)


def solved(
    J: NetworkJacobian, b: torch.Tensor, way: str
) -> tuple[float, torch.Tensor, Krylov | Dense]:
    """Return the seconds that a solution takes, what it changes, and how it was found."""
    begin = process_time()
    step = damped_step(J, -b, way)
    v = step.at(REGULARIZATION * step.trace)
    seconds = process_time() - begin
    return seconds, J.times(v), step


def main() -> None:
    """Print a row for each number of weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=int, nargs="*", default=[1000, 2000, 4000, 8000])
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--dim", type=int, default=2)
    parser.add_argument("--largest", type=float, default=2.0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    print("weights  points  dense s    cg s  dense/cg (least … most)  columns  iterations    apart")
    for weights in given.weights:
        rows = []
        for seed in range(given.seeds):
            J, b = system(weights, given.samples, given.dim, seed)
            cg, changed, step = solved(J, b, "cg")
            dense, apart = float("nan"), float("nan")
            if 16e-9 * min(J.shape) ** 2 < given.largest:
                dense, expected, _ = solved(J, b, "dense")
                apart = float((changed - expected).norm() / expected.norm())
            rows.append((dense, cg, dense / cg, step.known.rank, step.iterations, apart))
        dense, cg, ratio, rank, iterations, apart = torch.tensor(rows).median(0).values.tolist()
        ratios = [row[2] for row in rows]
        print(
            f"{J.shape[1]:7} {J.shape[0]:7} {dense:8.2f} {cg:7.2f} {ratio:8.2f} "
            f"({min(ratios):.2f} … {max(ratios):.2f}) {rank:8.0f} {iterations:11.0f} {apart:8.1e}",
            flush=True,
        )


if __name__ == "__main__":
    main()
