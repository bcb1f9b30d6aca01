"""How often the interval of an unknown parameter, or the band of a function, holds the truth.

    python benchmarks/coverage.py problems/rod_diffusivity.toml coverage.csv --seeds 40
    python benchmarks/coverage.py problems/navier_stokes_inverse.toml n.csv --set data.0.noise=0.01
    python benchmarks/coverage.py problems/diffusivity_inverse.toml k.csv

Each run has other points and other noise, by ``data.N.seed``, and other first weights. A line is
written as soon as a run is done; called again, it goes on behind the last, and with `--seeds 0` it
sums up only. Of 40 intervals of 95 % between 34 and 40 hold the truth with a probability of 99.7 %.
Widths are told relative to those of intervals from the bound of Cramér and Rao: of equations held
exactly.

Of a function ``found`` is its relative error, ``error`` half the width of its band relative to it,
and ``holds`` the share of places at which the band holds the truth. A band is one for all places
together: that share is to be 95 % in the mean over runs, and may be less in one of them.
"""

import argparse
import csv
import sys
from pathlib import Path
from time import process_time

import numpy as np

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
FAR = 4.0  # standard errors: an error that an interval does not explain
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
    if not arguments.seeds:
        tell(arguments.table)


def one(path: Path, overrides: dict[str, str], seed: int) -> list[tuple[object, ...]]:
    """Return a row for each parameter whose true value is known, and for each function."""
    problem = load(path, overrides)
    seeds = {f"data.{i}.seed": seed for i in range(len(problem.settings.data))}
    began = process_time()
    solution = solve(load(path, {**overrides, **seeds, "solver.seed": seed}))
    seconds = process_time() - began
    ends = (f"{seconds:.1f}", solution.verdict.word, len(solution.outcome.warnings))
    found: list[tuple[object, ...]] = []
    for name, constant in solution.constants.items():
        if constant.true is None:
            continue
        low, high = constant.interval or (float("nan"),) * 2
        holds = int(low <= constant.true <= high)
        errors = (constant.standard_error, constant.bound)
        known = (constant.true, constant.found, *errors, low, high, holds)
        found.append((problem.name, seed, name, *known, *ends))
    for name, own in solution.functions.items():
        if own.truth is None:
            continue
        error = np.linalg.norm(own.values - own.truth) / np.linalg.norm(own.truth)
        known = ("", float(error), own.half_width, "", "", "", own.held)
        found.append((problem.name, seed, name, *known, *ends))
    return found


def write(table: Path, row: tuple[object, ...]) -> None:
    with table.open("a", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(row)


def rows(table: Path) -> list[dict[str, str]]:
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def tell(table: Path) -> None:
    """Print of each parameter and function how often the truth was held, and how wide that is."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows(table):
        found.setdefault(row["parameter"], []).append(row)
    for name, own in found.items():
        seconds = sum(float(row["seconds"]) for row in own) / len(own)
        told = _of_parameter(own) if own[0]["true"] else _of_function(own)
        print(f"{name}: {told}; {seconds:.0f} s of CPU each", file=sys.stderr)
    every = [int(row["holds"]) for own in found.values() for row in own if row["true"]]
    if every:
        print(f"all: {sum(every)} of {len(every)} intervals hold the truth", file=sys.stderr)


def _of_parameter(own: list[dict[str, str]]) -> str:
    """Return what the intervals of a parameter are worth, in words."""
    z = {
        row["seed"]: (float(row["found"]) - float(row["true"])) / float(row["error"])
        for row in own
        if row["error"]
    }
    size = (sum(v * v for v in z.values()) / len(z)) ** 0.5 if z else float("nan")
    holds = sum(int(row["holds"]) for row in own)
    far = [f"{v:.1f} with seed {seed}" for seed, v in z.items() if abs(v) > FAR]
    return (
        f"{holds} of {len(own)} intervals hold {own[0]['true']}; errors are {size:.2f} standard "
        f"errors (root mean square{', ' if far else ''}{', '.join(far)}), intervals "
        f"{_width(own):.2f} times as wide as the bound's in the mean"
    )


def _of_function(own: list[dict[str, str]]) -> str:
    """Return what the bands of a function are worth, in words."""
    held, error, half = (
        np.array([float(row[key]) for row in own]) for key in ("holds", "found", "error")
    )
    return (
        f"bands hold the truth at {held.mean():.1%} of all places in {len(own)} runs "
        f"({held.min():.0%} to {held.max():.0%}), at 90 % and more in {(held >= 0.9).sum()} of "
        f"them; relative error {error.mean():.2e}, half width {half.mean():.2e} in the mean"
    )


def _width(own: list[dict[str, str]]) -> float:
    """Return the mean width of intervals, relative to that of those of the bound."""
    bounds = [2 * NORMAL * float(row["bound"]) for row in own if row["bound"]]
    widths = [float(row["high"]) - float(row["low"]) for row in own if row["bound"]]
    return sum(widths) / sum(bounds) if bounds else float("nan")


if __name__ == "__main__":
    main()
