"""What float32, mixed and float64 reach, and in what time.

The problem is ``problems/disk_poisson.toml``, solved by DT-PINN: a network of 4 x 50 tanh trained
by L-BFGS, and the default network by its default schedule. In float32 everything but the least
squares is in single precision; mixed has values in double, and the way back from them to the
weights, which is two thirds of a step, in single. The errors are relative L2 on 20,000 points.

    python benchmarks/precision.py [--seeds 3] [--iterations 3000] [--threads 1] [--json FILE]
"""

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

import torch

from pinnsolve import load, solve

PROBLEM = Path(__file__).parents[1] / "problems" / "disk_poisson.toml"
PRECISIONS = ("float32", "mixed", "float64")


def run(schedule: str, precision: str, seed: int, iterations: int) -> dict[str, Any]:
    settings: dict[str, Any] = {"solver.precision": precision, "solver.seed": seed}
    if schedule == "lbfgs":
        settings["network.hidden"] = [50, 50, 50, 50]
        settings["training"] = [{"optimizer": "lbfgs", "iterations": iterations}]
    solution = solve(load(PROBLEM, settings))
    return {
        "schedule": schedule,
        "precision": precision,
        "seed": seed,
        "relative_l2": solution.accuracy.errors.relative_l2["u"],
        "loss": solution.course.phases[-1].loss_after,
        "iterations": solution.course.iterations,
        "seconds": solution.course.seconds["training"],
        "end": solution.course.phases[-1].message,
    }


def report(rows: list[dict[str, Any]]) -> None:
    print(
        f"{'':20s}{'error, median (lowest, highest)':>36s}{'loss':>10s}{'ms/it':>8s}{'s':>6s}   end"
    )
    for schedule in ("lbfgs", "default"):
        for precision in PRECISIONS:
            mine = [r for r in rows if (r["schedule"], r["precision"]) == (schedule, precision)]
            errors = [row["relative_l2"] for row in mine]
            pace = median(1e3 * row["seconds"] / row["iterations"] for row in mine)
            spent, loss = (median(row[key] for row in mine) for key in ("seconds", "loss"))
            print(
                f"{schedule:8s} {precision:10s} {median(errors):15.1e} "
                f"({min(errors):.1e} to {max(errors):.1e}){loss:10.1e}{pace:8.2f}{spent:6.1f}"
                f"  {mine[0]['end']}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=3000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = [
        run(schedule, precision, seed, options.iterations)
        for schedule in ("lbfgs", "default")
        for seed in range(options.seeds)
        for precision in PRECISIONS
    ]
    report(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
