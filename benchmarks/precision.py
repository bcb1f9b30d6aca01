"""What float32, mixed and float64 reach, and in what time.

The problem is ``problems/disk_poisson.toml``, solved by DT-PINN: a network of 4 x 50 tanh trained
by L-BFGS, and the default network by its default schedule. In float32 everything but the least
squares is in single precision; mixed has values in double, and the way back from them to the
weights, which is two thirds of a step, in single. The errors are relative L2 on 20,000 points.

    python benchmarks/precision.py [--seeds 3] [--iterations 3000] [--threads 1] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from reporting import options_of, report, show

from pinnsolve import load, solve
from pinnsolve.bench.timing import spread

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


def runs(options: Namespace) -> Iterator[dict[str, Any]]:
    for schedule in ("lbfgs", "default"):
        for seed in range(options.seeds):
            for precision in PRECISIONS:
                yield run(schedule, precision, seed, options.iterations)


def medians(rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for schedule in ("lbfgs", "default"):
        for precision in PRECISIONS:
            mine = [r for r in rows if (r["schedule"], r["precision"]) == (schedule, precision)]
            yield {
                "schedule": schedule,
                "precision": precision,
                **spread([row["relative_l2"] for row in mine], "relative_l2"),
                "loss": median(row["loss"] for row in mine),
                "ms_per_iteration": median(1e3 * r["seconds"] / r["iterations"] for r in mine),
                "seconds": median(row["seconds"] for row in mine),
                "end": mine[0]["end"],
            }


def main() -> None:
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=3000)
    options = parser.parse_args()
    columns = {"schedule": "8s", "precision": "9s", "relative_l2": "8.1e"}
    rest = {"loss": "8.1e", "seconds": "6.1f", "end": "40s"}
    found = report(options, (runs(options), {"seed": "d", **columns, **rest}))
    print("medians")
    limits = dict.fromkeys(("lowest_relative_l2", "highest_relative_l2"), "8.1e")
    show(medians(found), columns | limits | {"ms_per_iteration": "6.2f"} | rest)


if __name__ == "__main__":
    main()
