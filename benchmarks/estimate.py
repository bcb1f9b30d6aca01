"""How close the estimated errors come: estimate over true error, problem by problem.

Every shipped stationary problem that has an exact solution, by every method, relative in L2 on the
nodes; of several fields the one with the worst ratio. The last row counts those within a factor
of 1.5.

    python benchmarks/estimate.py [--only NAME ...] [--methods dt-pinn ...] [--orders 4 ...]
        [--count N] [--iterations N]

With `--iterations` a network of two layers of 32 is trained by so many steps of L-BFGS only.
"""

import argparse
from collections.abc import Iterator
from typing import Any

from pinnsolve import load, run
from pinnsolve.cli import shipped
from pinnsolve.errors import PinnsolveError
from pinnsolve.problem import Problem
from pinnsolve.solution.solution import Solution

METHODS = ("rbf-fd", "dt-pinn", "pinn")
CLOSE = 1.5
HEAD = ("problem", "method", "order", "true", "estimate", "ratio", "training", "seconds")


def problems(names: list[str], overrides: dict[str, Any]) -> Iterator[Problem]:
    for name in names:
        problem = load(shipped.folder() / f"{name}.toml", overrides)
        if problem.exact is not None and problem.times is None:
            yield problem


def worst(solution: Solution) -> tuple[float, float, float]:
    """Return true error, estimate and ratio of the field that is estimated worst."""
    assert solution.accuracy.errors
    assert solution.accuracy.estimate
    rows = []
    for name, true in solution.accuracy.errors.relative_l2_nodes.items():
        total = solution.accuracy.estimate.total[name]
        if total is None:
            raise PinnsolveError(solution.accuracy.estimate.message)
        rows.append((true, total, total / true))
    return max(rows, key=lambda row: max(row[2], 1 / row[2]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=shipped.names(), default=shipped.names())
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--orders", nargs="+", type=int)
    parser.add_argument("--count", type=int)
    parser.add_argument("--iterations", type=int)
    arguments = parser.parse_args()
    overrides: dict[str, Any] = {"output.test_points": 100}
    if arguments.count:
        overrides["nodes.count"] = arguments.count
    if arguments.iterations:
        overrides["network.hidden"] = [32, 32]
        overrides["training"] = [{"optimizer": "lbfgs", "iterations": arguments.iterations}]
    print("{:26s}{:9s}{:>6s}{:>11s}{:>11s}{:>8s}{:>11s}{:>9s}".format(*HEAD))
    ratios = []
    for problem in problems(arguments.only, overrides):
        for method in arguments.methods:
            for order in arguments.orders or [problem.settings.solver.order]:
                name = f"{problem.name:26s}{method:9s}{order:6d}"
                try:
                    solution = run.solve(problem, method=method, order=order)
                    true, total, ratio = worst(solution)
                except PinnsolveError as error:
                    print(f"{name}  {error}", flush=True)
                    continue
                ratios.append(ratio)
                assert solution.accuracy.estimate
                left = max(
                    value or 0.0 for value in solution.accuracy.estimate.optimisation.values()
                )
                figures = f"{true:11.2e}{total:11.2e}{ratio:8.2f}{left:11.1e}"
                print(f"{name}{figures}{solution.course.seconds['estimate']:9.2f}", flush=True)
    close = sum(1 / CLOSE <= ratio <= CLOSE for ratio in ratios)
    print(f"{close} of {len(ratios)} within a factor of {CLOSE}")


if __name__ == "__main__":
    main()
