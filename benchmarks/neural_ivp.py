"""Evolutions of weights as they are shipped: errors, cost, weights and the rival, over seeds.

    python benchmarks/neural_ivp.py [--seeds 3] [problem …]

A row for each problem and seed: relative error over all of time and at the end, seconds of CPU of
the work alone, weights, steps, and the time that the reference took. Of densities whose reference
can be drawn from also, at the end and over such points, total variation, largest error of a mean,
and that of a variance, relative.
"""

import argparse
from pathlib import Path
from time import process_time

import numpy as np

from pinnsolve import load, solve
from pinnsolve.solution.solution import Solution

PROBLEMS = Path(__file__).parents[1] / "problems"
NAMES = (
    *("heat_2d", "wave_2d", "burgers_1d", "advection_2d"),
    *("advection_2d_exp", "vlasov_6d", "fokker_planck_8d", "fokker_planck_20d"),
)
DRAWN = 5000  # points of a density


def row(name: str, seed: int) -> str:
    """Return the figures of a problem with a seed."""
    problem = load(PROBLEMS / f"{name}.toml", {"solver.seed": seed, "nodes.seed": seed})
    begin = process_time()
    solution = solve(problem)
    cpu = process_time() - begin
    metrics = solution.metrics()
    rival = metrics.get("reference") or {}
    work = sum(metrics["seconds"].get(stage, 0.0) for stage in ("training", "evolution", "set-up"))
    return (
        f"{name:16} {seed:4} {max(metrics['relative_l2'].values()):9.1e} "
        f"{max(metrics['relative_l2_at_end'].values()):9.1e} {work:8.1f} {cpu:8.1f} "
        f"{metrics['parameters']:8} {rival.get('seconds') or 0.0:8.1f}  {solution.outcome.message}"
        f"{_of_density(solution)}"
    )


def _of_density(solution: Solution) -> str:
    """Return what distinguishes a density from its reference over points drawn from this."""
    truth, time = solution.accuracy.truth, solution.problem.time
    drawn = getattr(truth and truth.fields, "drawn", None)
    x = drawn(DRAWN, time[1], 7) if drawn and time else None
    if x is None:
        return ""
    there = np.column_stack([x, np.full(len(x), time[1])])
    shares = (solution.answer(there) / truth.fields(there))[:, 0]
    own = shares[:, None] / shares.sum()
    mean, variance = (own * x).sum(0), (own * (x - (own * x).sum(0)) ** 2).sum(0)
    spread = np.abs(variance / x.var(0) - 1).max()
    return (
        f" TV {np.abs(shares - 1).mean() / 2:.1e}, mass {shares.mean():.4f}, "
        f"mean {np.abs(mean - x.mean(0)).max():.1e}, variance {spread:.1e}"
    )


def main() -> None:
    """Print a row for each problem and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("problems", nargs="*", default=NAMES)
    given = parser.parse_args()
    print("problem          seed    error    at end   work s    CPU s  weights  rival s")
    for name in given.problems:
        for seed in range(given.seeds):
            print(row(name, seed), flush=True)


if __name__ == "__main__":
    main()
