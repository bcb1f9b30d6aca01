"""How close the estimated errors come, and whether a verdict ever says more than is true.

Every shipped stationary problem that has an exact solution, by every method, and problems drawn at
random that the nodes may not resolve (`hard`), as many of each kind as `--drawn` says, by the first
method. Errors are relative, in L2 on the nodes (at all time levels), and one at most; of several
fields the one with the worst ratio counts. The last lines count

    close      ratios of estimate and true error within 3, of what is resolved (true error < 5 %)
    too small  estimates more than 5 times too small without a warning
    missed     true errors above 10 % that are called resolved
    false      verdicts "not resolved" though the true error is below 1e-3
    refused    runs that end in a message

    python benchmarks/estimate.py [--only NAME ...] [--methods dt-pinn ...] [--orders 4 ...]
        [--count N] [--iterations N] [--drawn N] [--first SEED] [--json FILE]
    python benchmarks/estimate.py --cost N [--only NAME ...] [--orders 4 ...] [--count N]

With `--iterations` a network of two layers of 32 is trained by so many steps of L-BFGS only. With
`--cost` the problems are solved so many times by `rbf-fd`, and the estimate's time is given as a
multiple of that of the nodes, operators and solution beside it in the same run: median, least and
most of the runs.
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from hard import KINDS, drawn
from reporting import options_of, report

from pinnsolve import load, run
from pinnsolve.accuracy.verdict import LIMIT
from pinnsolve.cli import shipped
from pinnsolve.errors import PinnsolveError
from pinnsolve.problem import Problem
from pinnsolve.problem.load import build
from pinnsolve.problem.text.source import Source
from pinnsolve.solution.solution import Solution

METHODS = ("rbf-fd", "dt-pinn", "pinn")
DIRECT = ("nodes", "operators", "solution")  # the stages of a direct solution
CLOSE, SMALL = 3.0, 5.0
WRONG, RIGHT = 0.1, 1e-3


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
        true, total = min(true, 1.0), min(total, 1.0)
        rows.append((true, total, total / true))
    return max(rows, key=lambda row: max(row[2], 1 / row[2]))


def rows(options: Namespace) -> Iterator[dict[str, Any]]:
    overrides: dict[str, Any] = {"output.test_points": 100}
    if options.count:
        overrides["nodes.count"] = options.count
    if options.iterations:
        overrides["network.hidden"] = [32, 32]
        overrides["training"] = [{"optimizer": "lbfgs", "iterations": options.iterations}]
    for problem in problems(options.only, overrides):
        for method in options.methods:
            for order in options.orders or [problem.settings.solver.order]:
                yield row(problem, method, order)
    for kind in KINDS:
        for seed in range(options.first, options.first + options.drawn):
            name = f"{kind} {seed}"
            problem = build(Source(Path(f"{name}.toml"), drawn(kind, seed))).replace(overrides)
            yield row(problem, options.methods[0], problem.settings.solver.order)


def costs(options: Namespace) -> Iterator[dict[str, Any]]:
    """Yield what the estimate costs beside the direct solution, problem by problem."""
    overrides: dict[str, Any] = {"output.test_points": 1}
    if options.count:
        overrides["nodes.count"] = options.count
    for name in options.only:
        problem = load(shipped.folder() / f"{name}.toml", overrides)
        for order in options.orders or [problem.settings.solver.order]:
            runs = [run.solve(problem, method="rbf-fd", order=order) for _ in range(options.cost)]
            seconds = [solution.course.seconds for solution in runs]
            direct = [sum(spent.get(stage, 0.0) for stage in DIRECT) for spent in seconds]
            own = [spent["estimate"] for spent in seconds]
            ratios = [estimate / solution for estimate, solution in zip(own, direct, strict=True)]
            found = {"problem": name, "nodes": runs[0].sample.nodes.rows.stop, "order": order}
            found |= {"direct": median(direct), "estimate": median(own)}
            yield found | {"ratio": median(ratios), "least": min(ratios), "most": max(ratios)}


def row(problem: Problem, method: str, order: int) -> dict[str, Any]:
    found: dict[str, Any] = {"problem": problem.name, "method": method, "order": order}
    try:
        solution = run.solve(problem, method=method, order=order)
        true, total, ratio = worst(solution)
    except PinnsolveError as error:
        return {**found, "failed": str(error).partition("\n")[0]}
    assert solution.accuracy.estimate
    left = max(value or 0.0 for value in solution.accuracy.estimate.optimisation.values())
    seconds = solution.course.seconds["estimate"]
    figures = {"true": true, "estimate": total, "ratio": ratio, "training": left}
    told = {"status": solution.outcome.status, "warnings": list(solution.outcome.warnings)}
    return {**found, **figures, **told, "seconds": seconds}


def counted(found: list[dict[str, Any]]) -> list[str]:
    """Return the figures of all runs, and the names of those that are to be looked at."""
    known = [row for row in found if "ratio" in row]
    # verdicts as they are without an exact solution: the estimate alone decides
    bad = [row for row in known if row["status"] == "diverged" or row["estimate"] > LIMIT]
    sound = [row for row in known if row["true"] < LIMIT]
    lines = []

    def line(title: str, some: list[dict[str, Any]], of: int) -> None:
        names = ", ".join(f"{row['problem']} {row['method']}" for row in some)
        lines.append(f"{title:10s} {len(some):4d} of {of}   {names}")

    far = [row for row in sound if not 1 / CLOSE < row["ratio"] < CLOSE]
    lines.append(f"close      {len(sound) - len(far):4d} of {len(sound)}")
    line("not close", far, len(sound))
    small = [row for row in known if row["ratio"] < 1 / SMALL and not row["warnings"]]
    line("too small", small, len(known))
    wrong = [row for row in known if row["true"] > WRONG]
    line("missed", [row for row in wrong if row not in bad], len(wrong))
    right = [row for row in known if row["true"] < RIGHT]
    line("false", [row for row in right if row in bad], len(right))
    line("refused", [row for row in found if "failed" in row], len(found))
    return lines


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--only", nargs="*", choices=shipped.names(), default=shipped.names())
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--orders", nargs="+", type=int)
    parser.add_argument("--count", type=int)
    parser.add_argument("--iterations", type=int)
    parser.add_argument("--drawn", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cost", type=int, metavar="N")
    options = parser.parse_args()
    if options.cost:
        columns = {"problem": "26s", "nodes": "6d", "order": "d", "direct": "8.2f"}
        columns |= {"estimate": "8.2f", "ratio": "6.2f", "least": "6.2f", "most": "6.2f"}
        report(options, (costs(options), columns))
        return
    columns = {"problem": "26s", "method": "8s", "order": "d", "true": "9.2e", "estimate": "9.2e"}
    columns |= {"ratio": "7.2f", "training": "8.1e", "seconds": "7.2f", "failed": "10s"}
    print("\n".join(counted(report(options, (rows(options), columns)))))


if __name__ == "__main__":
    main()
