"""How often the interval of an unknown parameter holds its true value.

    python benchmarks/coverage.py problems/rod_diffusivity.toml coverage.csv --seeds 40
    python benchmarks/coverage.py problems/navier_stokes_inverse.toml n.csv --set data.0.noise=0.01

Each run has other points and other noise, by ``data.N.seed``, and other first weights. A line is
written as soon as a run is done; called again, it goes on behind the last. Of 40 intervals of 95 %
between 34 and 40 hold the truth with a probability of 99.7 %. Widths are told relative to those of
intervals from the bound of Cramér and Rao: of equations held exactly.
"""

import argparse
import csv
import sys
from pathlib import Path
from time import process_time

from pinnsolve import load, solve

COLUMNS = (
    "problem",
    "seed",
    "parameter",
    "true",
    "found",
    "error",
    "bound",
    "low",
    "high",
    "holds",
)
NORMAL = 1.96  # standard errors: half of an interval of 95 %
FURTHER = ("seconds", "verdict", "warnings")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problem", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--set", action="append", default=[], help="key=value, as of pinnsolve")
    arguments = parser.parse_args()
    overrides = dict(text.split("=", 1) for text in arguments.set)
    done = {int(row["seed"]) for row in rows(arguments.table)}
    if not arguments.table.exists():
        write(arguments.table, (*COLUMNS, *FURTHER))
    for seed in range(arguments.seeds):
        if seed not in done:
            for row in one(arguments.problem, overrides, seed):
                write(arguments.table, row)
            tell(arguments.table)


def one(path: Path, overrides: dict[str, str], seed: int) -> list[tuple[object, ...]]:
    """Return a row for each parameter."""
    problem = load(path, overrides)
    seeds = {f"data.{i}.seed": seed for i in range(len(problem.settings.data))}
    began = process_time()
    solution = solve(load(path, {**overrides, **seeds, "solver.seed": seed}))
    seconds = process_time() - began
    found = []
    for name, constant in solution.constants.items():
        low, high = constant.interval or (float("nan"),) * 2
        holds = int(low <= (constant.true or 0.0) <= high)
        errors = (constant.standard_error, constant.bound)
        known = (constant.true, constant.found, *errors, low, high, holds)
        ends = (f"{seconds:.1f}", solution.verdict.word, len(solution.outcome.warnings))
        found.append((problem.name, seed, name, *known, *ends))
    return found


def write(table: Path, row: tuple[object, ...]) -> None:
    with table.open("a", newline="") as file:
        csv.writer(file).writerow(row)


def rows(table: Path) -> list[dict[str, str]]:
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def tell(table: Path) -> None:
    """Print for each parameter how many intervals hold, and the errors in standard errors."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows(table):
        found.setdefault(row["parameter"], []).append(row)
    for name, own in found.items():
        holds = sum(int(row["holds"]) for row in own)
        z = [
            (float(row["found"]) - float(row["true"])) / float(row["error"])
            for row in own
            if row["error"]
        ]
        size = (sum(v * v for v in z) / len(z)) ** 0.5 if z else float("nan")
        seconds = sum(float(row["seconds"]) for row in own) / len(own)
        print(
            f"{name}: {holds} of {len(own)} intervals hold {own[0]['true']}; errors are {size:.2f} "
            f"standard errors (root mean square), intervals {_width(own):.2f} times as wide as the "
            f"bound's in the mean; {seconds:.0f} s of CPU each",
            file=sys.stderr,
        )
    every = [int(row["holds"]) for own in found.values() for row in own]
    print(f"all: {sum(every)} of {len(every)} intervals hold the truth", file=sys.stderr)


def _width(own: list[dict[str, str]]) -> float:
    """Return the mean width of intervals, relative to that of those of the bound."""
    bounds = [2 * NORMAL * float(row["bound"]) for row in own if row["bound"]]
    widths = [float(row["high"]) - float(row["low"]) for row in own if row["bound"]]
    return sum(widths) / sum(bounds) if bounds else float("nan")


if __name__ == "__main__":
    main()
