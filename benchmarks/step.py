"""What one step of training costs: DT-PINN next to PINNs with exact derivatives.

The problem is ``problems/disk_poisson.toml``, the network 4 x 50 tanh, the nodes the same. One
step is a loss and its gradient; an iteration of L-BFGS is that and the arithmetic of the
method. Contenders run alternately; what counts is the ratio to the first, with its spread.

    python benchmarks/step.py [--nodes 1663 19638] [--threads 1] [--repeats 15] [--json FILE]
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch

from pinnsolve import load
from pinnsolve.methods.dt_pinn import nodal_objective
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.objectives.objective import Objective
from pinnsolve.optimizers import lbfgs
from pinnsolve.setup import Setup

PROBLEM = Path(__file__).parents[1] / "problems" / "disk_poisson.toml"
CONTENDERS = {
    "dt-pinn, float64": ("dt-pinn", "rbf-fd", "float64"),
    "dt-pinn, mixed": ("dt-pinn", "rbf-fd", "mixed"),
    "dt-pinn, float32": ("dt-pinn", "rbf-fd", "float32"),
    "pinn, autograd, float32": ("pinn", "autograd", "float32"),
    "pinn, autograd, float64": ("pinn", "autograd", "float64"),
    "pinn, taylor, float32": ("pinn", "taylor", "float32"),
    "pinn, taylor, float64": ("pinn", "taylor", "float64"),
}


def objective(count: int, method: str, derivatives: str, precision: str) -> Objective:
    problem = load(
        PROBLEM,
        {
            "network.hidden": [50, 50, 50, 50],
            "nodes.count": count,
            "solver.method": method,
            "solver.derivatives": derivatives,
            "solver.precision": precision,
        },
    )
    setup = Setup(problem)
    net = network(setup)
    net.randomise_head(0)
    if method == "pinn":
        return pointwise_objective(net, setup)
    return nodal_objective(net, setup)


def iteration(objective: Objective) -> Callable[[], object]:
    descent = lbfgs.Descent(objective)

    def work() -> None:
        with torch.no_grad():
            descent.evaluate()

    for _ in range(lbfgs.HISTORY):  # a full history
        work()
    return work


def milliseconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return 1e3 * (perf_counter() - start)


def measure(counts: list[int], repeats: int) -> list[dict[str, Any]]:
    rows = []
    for count in counts:
        objectives = {name: objective(count, *how) for name, how in CONTENDERS.items()}
        steps = {name: found.gradient for name, found in objectives.items()}
        iterations = {name: iteration(found) for name, found in objectives.items()}
        for kind, works in (("step", steps), ("L-BFGS iteration", iterations)):
            times: dict[str, list[float]] = {name: [] for name in works}
            for _ in range(repeats + 1):
                for name, work in works.items():
                    times[name].append(milliseconds(work))
            first = times[next(iter(times))][1:]
            for name, values in times.items():
                warm = values[1:]  # the first round warms up
                ratios = [value / one for value, one in zip(warm, first, strict=True)]
                rows.append(
                    {
                        "nodes": count,
                        "kind": kind,
                        "contender": name,
                        "ms": median(warm),
                        "ratio": median(ratios),
                        "lowest_ratio": min(ratios),
                        "highest_ratio": max(ratios),
                    }
                )
    return rows


def report(rows: list[dict[str, Any]]) -> None:
    print(f"{'nodes':>7s} {'':18s}{'':26s}{'ms':>8s}   to the first (lowest to highest)")
    for row in rows:
        print(
            f"{row['nodes']:7d} {row['kind']:18s}{row['contender']:26s}{row['ms']:8.2f}"
            f"{row['ratio']:8.2f} x ({row['lowest_ratio']:.2f} to {row['highest_ratio']:.2f})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=[1663, 19638])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = measure(options.nodes, options.repeats)
    report(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
