"""How much sooner DT-PINN reaches an error than the PINN it replaces, both by L-BFGS.

As in Sharma & Shankar (2022), arXiv:2205.09332: ``problems/disk_poisson.toml``, the network
4 x 50 tanh and the nodes the same, DT-PINN of several orders in float64 against the PINN by
nested automatic differentiation in float32; and, which the paper does not have, against the PINN
by Taylor mode. Seeds alternate over the contenders. Times run while there is training; those of
DT-PINN count its operators as well. Errors are measured on the nodes, outside of the clock, and
nobody stops by them: all make the same number of iterations, or stop where no step helps.

    python benchmarks/paper_speedup.py [--seeds 5] [--iterations 1500] [--threads 1] [--json FILE]
"""

from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

import torch
from reporting import options_of, report, show

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
KEYS = [f"s_to_{target:.0e}" for target in TARGETS]


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
        **{
            f"s_to_{target:.0e}": next((s for s, error in curve if error <= target), inf)
            for target in TARGETS
        },
    }


def rows(seeds: int, iterations: int) -> Iterator[dict[str, Any]]:
    run(next(iter(CONTENDERS)), 0, 20)  # warms up
    for seed in range(seeds):
        for name in CONTENDERS:
            row = run(name, seed, iterations)
            yield {**row, "ms_per_iteration": 1e3 * row["seconds"] / row["iterations"]}


def medians(rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for name in CONTENDERS:
        mine = [row for row in rows if row["contender"] == name]
        keys = ("ms_per_iteration", "relative_l2", *KEYS)
        yield {"contender": name, **{key: median(row[key] for row in mine) for key in keys}}


def against_peers(rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    def times(name: str, key: str) -> list[float]:
        return [row[key] for row in rows if row["contender"] == name]

    for peer in PEERS:
        for name in CONTENDERS:
            if name in PEERS:
                continue
            for key in KEYS:
                mine, theirs = times(name, key), times(peer, key)
                spread = [b / a for a, b in zip(mine, theirs, strict=True) if a < inf]
                yield {
                    "contender": name,
                    "against": peer,
                    "to": key.removeprefix("s_to_"),
                    "sooner": median(theirs) / median(mine),
                    "lowest": min(spread, default=None),
                    "highest": max(spread, default=None),
                }


def main() -> None:
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=1500)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    columns = {"contender": "27s", "ms_per_iteration": "8.2f", "relative_l2": "8.1e"}
    columns |= dict.fromkeys(KEYS, "8.2f")
    runs = rows(options.seeds, options.iterations)
    found = report(options, (runs, {"seed": "d", "iterations": "d", **columns}))
    print("medians")
    show(medians(found), columns)
    factors = dict.fromkeys(("sooner", "lowest", "highest"), "6.2f")
    show(against_peers(found), {"contender": "27s", "against": "24s", "to": "6s", **factors})


if __name__ == "__main__":
    main()
