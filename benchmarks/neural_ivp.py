"""Evolutions of weights as they are shipped: errors, cost, weights and the rival, over seeds.

    python benchmarks/neural_ivp.py [--seeds 3] [problem …]

A row for each problem and seed: relative error over all of time and at the end, total variation at
the end of densities whose reference can be drawn from, seconds of the work alone and of CPU in all,
weights, the time that the reference took, and steps.
"""

import argparse
from pathlib import Path
from time import process_time

from pinnsolve import load, solve

PROBLEMS = Path(__file__).parents[1] / "problems"
NAMES = ("heat_2d", "wave_2d", "burgers_1d", "advection_2d")


def row(name: str, seed: int) -> str:
    """Return the figures of a problem with a seed."""
    problem = load(PROBLEMS / f"{name}.toml", {"solver.seed": seed})
    begin = process_time()
    solution = solve(problem)
    cpu = process_time() - begin
    metrics = solution.metrics()
    rival = metrics.get("reference") or {}
    apart = metrics.get("total_variation", {}).get("value")
    work = sum(metrics["seconds"].get(stage, 0.0) for stage in ("training", "evolution", "set-up"))
    return (
        f"{name:14} {seed:4} {max(metrics['relative_l2'].values()):9.1e} "
        f"{max(metrics['relative_l2_at_end'].values()):9.1e} "
        f"{'' if apart is None else format(apart, '.1e'):>9} {work:8.1f} {cpu:8.1f} "
        f"{metrics['parameters']:8} {rival.get('seconds') or 0.0:8.1f}  {solution.outcome.message}"
    )


def main() -> None:
    """Print a row for each problem and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("problems", nargs="*", default=NAMES)
    given = parser.parse_args()
    print("problem        seed     error    at end        TV   work s    CPU s  weights  rival s")
    for name in given.problems:
        for seed in range(given.seeds):
            print(row(name, seed), flush=True)


if __name__ == "__main__":
    main()
