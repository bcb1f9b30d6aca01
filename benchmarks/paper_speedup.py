"""How much sooner DT-PINN reaches an error than the PINN it replaces, both by L-BFGS.

As in Sharma & Shankar (2022), arXiv:2205.09332: ``problems/disk_poisson.toml``, the network
4 x 50 tanh and the nodes the same, DT-PINN of several orders in float64 against the PINN by
nested automatic differentiation in float32; and, which the paper does not have, against the PINN
by Taylor mode. Seeds alternate over the contenders. Times run while there is training; those of
DT-PINN count its operators as well. Errors are measured on the nodes, outside of the clock, and
nobody stops by them: all make the same number of iterations, or stop where no step helps.

    python benchmarks/paper_speedup.py [--seeds 5] [--iterations 1500] [--threads 1] [--json FILE]
"""

import argparse
import json
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

import torch

from pinnsolve import load, solve

PROBLEM = Path(__file__).parents[1] / "problems" / "disk_poisson.toml"
TARGETS = (1e-3, 1e-4)
PINN = {"solver.method": "pinn", "solver.precision": "float32"}
CONTENDERS: dict[str, dict[str, Any]] = {
    **{f"dt-pinn, order {p}, float64": {"solver.order": p} for p in (3, 4, 5)},
    "pinn, autograd, float32": {**PINN, "solver.derivatives": "autograd"},
    "pinn, taylor, float32": {**PINN, "solver.derivatives": "taylor"},
}
PEERS = list(CONTENDERS)[3:]


def run(name: str, seed: int, iterations: int) -> dict[str, Any]:
    settings = {
        "network.hidden": [50, 50, 50, 50],
        "training": [{"optimizer": "lbfgs", "iterations": iterations}],
        "solver.seed": seed,
        **CONTENDERS[name],
    }
    solution = solve(load(PROBLEM, settings))
    before = solution.course.seconds["operators"] if name.startswith("dt-pinn") else 0.0
    curve = [(before + record.seconds, record.relative_l2) for record in solution.course.history]
    return {
        "contender": name,
        "seed": seed,
        "iterations": solution.course.iterations,
        "seconds": curve[-1][0],
        "relative_l2": curve[-1][1],
        "seconds_to": {
            f"{target:.0e}": next((s for s, error in curve if error <= target), inf)
            for target in TARGETS
        },
    }


def report(rows: list[dict[str, Any]]) -> None:
    def times(name: str, key: str) -> list[float]:
        return [row["seconds_to"][key] for row in rows if row["contender"] == name]

    keys = [f"{target:.0e}" for target in TARGETS]
    print(
        f"{'medians':28s}{'ms/iteration':>14s}{'error':>10s}" + "".join(f"{k:>10s}" for k in keys)
    )
    for name in CONTENDERS:
        mine = [row for row in rows if row["contender"] == name]
        pace = median(1e3 * row["seconds"] / row["iterations"] for row in mine)
        error = median(row["relative_l2"] for row in mine)
        found = "".join(f"{median(times(name, key)):8.2f} s" for key in keys)
        print(f"{name:28s}{pace:14.2f}{error:10.1e}{found}")
    for peer in PEERS:
        for name in CONTENDERS:
            if name in PEERS:
                continue
            for key in keys:
                mine, theirs = times(name, key), times(peer, key)
                ratio = median(theirs) / median(mine)
                spread = [b / a for a, b in zip(mine, theirs, strict=True) if a < inf]
                print(
                    f"{name} against {peer}: {key} sooner by {ratio:.2f} x, "
                    f"seed by seed {min(spread):.2f} to {max(spread):.2f}"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=1500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    run(next(iter(CONTENDERS)), 0, 20)  # warms up
    rows = [
        run(name, seed, options.iterations) for seed in range(options.seeds) for name in CONTENDERS
    ]
    report(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
