"""How well the smooth self-similar profiles of Burgers' equation are found, and how soon.

The problems are ``problems/self_similar_burgers_1.toml`` to ``_4.toml``. Of each run: the distance
of lambda from 1/(2k), the relative L2 error of the profile against the solution of
``X = -U - U^(2k+1)``, which no method is told, and the time of the whole solve. The schedules are
the default one (Newton's method on head and lambda, and Gauss-Newton on all weights where that
has something to gain) and Gauss-Newton alone on all weights of a small network, as a
network of 2 x 20, with lambda.

    python benchmarks/profiles.py [--seeds 3] [--threads 4] [--seconds 60] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from reporting import options_of, report, show

from pinnsolve import load, solve
from pinnsolve.bench.timing import spread

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


def runs(options: Namespace) -> Iterator[dict[str, Any]]:
    for k in TARGETS:
        for schedule in SCHEDULES if options.seconds else SCHEDULES[:1]:
            for seed in range(options.seeds):
                yield run(k, schedule, seed, options.seconds)


def medians(rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for k, target in TARGETS.items():
        for schedule in SCHEDULES:
            mine = [row for row in rows if (row["k"], row["schedule"]) == (k, schedule)]
            if not mine:
                continue
            keys = ("relative_l2", "loss", "seconds")
            yield {
                "k": k,
                "schedule": schedule,
                "asked": target,
                **spread([row["error"] for row in mine], "error"),
                **{key: median(row[key] for row in mine) for key in keys},
            }


def main() -> None:
    parser = options_of(__doc__, threads=4)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of Gauss-Newton alone; 0: none"
    )
    options = parser.parse_args()
    columns = {"k": "d", "schedule": "21s"}
    found = {"error": "8.1e", "relative_l2": "8.1e", "loss": "8.1e", "seconds": "6.1f"}
    rows = report(options, (runs(options), {**columns, "seed": "d", **found, "end": "40s"}))
    print("medians")
    limits = dict.fromkeys(("lowest_error", "highest_error"), "8.1e")
    show(medians(rows), {**columns, "asked": "8.0e", **limits, **found})


if __name__ == "__main__":
    main()
