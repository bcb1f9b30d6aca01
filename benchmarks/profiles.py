"""How well the smooth self-similar profiles of Burgers' equation are found, and how soon.

The problems are ``problems/self_similar_burgers_1.toml`` to ``_4.toml``. Of each run: the distance
of lambda from 1/(2k), the relative L2 error of the profile against the solution of
``X = -U - U^(2k+1)``, which no method is told, and the time of the whole solve. The schedules are
the default one (Newton's method on head and lambda, and Gauss-Newton on all weights where that
has something to gain) and Gauss-Newton alone on all weights of a small network, as a
network of 2 x 20, with lambda.

    python benchmarks/profiles.py [--seeds 3] [--threads 4] [--seconds 60] [--json FILE]
"""

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from pinnsolve import load, solve

FOLDER = Path(__file__).parents[1] / "problems"
TARGETS = {1: 1e-8, 2: 1e-7, 3: 1e-5, 4: 1e-3}
SCHEDULES = ("default", "gauss-newton, 2 x 20")


def profile(k: int, x: np.ndarray) -> np.ndarray:
    """Return the solution of ``x = -u - u^(2k+1)`` by bisection, which cannot fail."""
    low, high = np.full_like(x, -2.0), np.full_like(x, 2.0)
    for _ in range(80):
        u = (low + high) / 2
        is_above = x > -u - u ** (2 * k + 1)  # the right side falls with u
        high, low = np.where(is_above, u, high), np.where(is_above, low, u)
    return (low + high) / 2


def run(k: int, schedule: str, seed: int, seconds: float) -> dict[str, Any]:
    settings: dict[str, Any] = {"solver.seed": seed}
    if schedule != "default":
        settings |= {"network.hidden": [20, 20], "nodes.count": 400}
        phase = {"optimizer": "gauss-newton", "iterations": 10**6, "seconds": seconds}
        settings["training"] = [phase]
    solution = solve(load(FOLDER / f"self_similar_burgers_{k}.toml", settings))
    x = np.linspace(-2, 2, 20_001)
    truth = profile(k, x)
    return {
        "k": k,
        "schedule": schedule,
        "seed": seed,
        "lambda": solution.constants["lam"].found,
        "error": solution.constants["lam"].error,
        "relative_l2": np.linalg.norm(solution(x[:, None])[:, 0] - truth) / np.linalg.norm(truth),
        "loss": solution.course.phases[-1].loss_after,
        "seconds": solution.course.seconds["total"],
        "end": solution.course.phases[-1].message,
    }


def report(rows: list[dict[str, Any]]) -> None:
    print(
        f"{'k':3s}{'schedule':22s}{'asked':>8s}{'|lambda - 1/2k|, median (range)':>36s}"
        f"{'profile':>10s}{'loss':>10s}{'s':>7s}"
    )
    for k, target in TARGETS.items():
        for schedule in SCHEDULES:
            mine = [row for row in rows if (row["k"], row["schedule"]) == (k, schedule)]
            if not mine:
                continue
            errors = [row["error"] for row in mine]
            other = {
                key: median(row[key] for row in mine) for key in ("relative_l2", "loss", "seconds")
            }
            print(
                f"{k:<3d}{schedule:22s}{target:8.0e}{median(errors):13.1e} "
                f"({min(errors):8.1e} to {max(errors):8.1e})"
                f"{other['relative_l2']:10.1e}{other['loss']:10.1e}{other['seconds']:7.1f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of Gauss-Newton alone; 0: none"
    )
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    schedules = SCHEDULES if given.seconds else SCHEDULES[:1]
    rows = [
        run(k, schedule, seed, given.seconds)
        for k in TARGETS
        for schedule in schedules
        for seed in range(given.seeds)
    ]
    report(rows)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2, default=float) + "\n")


if __name__ == "__main__":
    main()
