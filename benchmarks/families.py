"""Families of problems against what is asked of them: errors of held-out functions, and time.

    python -m benchmarks.families [NAME …] [--seeds 3]

solves the shipped families by the command line, with seeds of features and functions, and prints
for each the median over the seeds of the mean, median and worst error of the functions held out,
of the share of estimates within a factor of two of the error, and of wall and processor time from
file to report; beside it what the paper that posed the problem reports (Leng, Shankar &
Thiyagalingam, 2023, arXiv:2311.00860).

Whether one factor would mend the estimates is asked of two halves of these functions: it is the
median of true over estimated errors of every second one, and the last column is the share of the
others whose estimate is within a factor of two once it is multiplied by that.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PROBLEMS = Path(__file__).parents[1] / "problems"
PAPER = {
    "kirchhoff_love_operator": 2.7e-1,
    "reaction_diffusion_operator": 8.2e-2,
    "burgers_operator": 7.1e-2,
}
NAMES = (*PAPER, "advection_diffusion_parametric", "darcy_operator", "stokes_operator")


def solved(name: str, seed: int, folder: Path) -> dict[str, float]:
    """Return the figures of one run."""
    file, out = PROBLEMS / f"{name}.toml", folder / f"{name}-{seed}"
    command = [sys.executable, "-m", "pinnsolve", "solve", str(file), "--out", str(out), "--quiet"]
    changes = {"solver.seed": seed, "operator.family.seed": seed}
    settings = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
    began, used = time.perf_counter(), _used()
    subprocess.run([*command, *settings, "--accept"], check=True, capture_output=True)
    seconds, cpu = time.perf_counter() - began, _used() - used
    told = json.loads((out / "metrics.json").read_text())
    field = max(told["held_out"], key=lambda own: told["held_out"][own]["mean"])
    ratios = np.divide(told["held_out_estimates"][field], told["held_out_errors"][field])
    own = {key: told["held_out"][field][key] for key in ("mean", "median", "worst")}
    factor = float(1 / np.median(ratios[::2]))
    known = {"within": _within(ratios), "factor": factor, "others": _within(factor * ratios[1::2])}
    return {**own, **known, "seconds": seconds, "cpu": cpu}


def _within(ratios: np.ndarray) -> float:
    """Return the share of estimates over errors that are within a factor of two."""
    return float(np.mean((ratios > 0.5) & (ratios < 2)))


def _used() -> float:
    """Return the processor time of all commands so far."""
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime


def main() -> None:
    """Print a line for each problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[*NAMES], metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    heads = ("paper", "mean", "median", "worst", "within 2", "time", "cpu", "factor", "others")
    print(f"{'problem':30}" + "".join(f"{head:>9}" for head in heads), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in given.names:
            runs = [solved(name, seed, Path(folder)) for seed in range(given.seeds)]
            own = {key: float(np.median([run[key] for run in runs])) for key in runs[0]}
            paper = f"{PAPER[name]:9.1e}" if name in PAPER else f"{'–':>9}"
            errors = "".join(f"{own[key]:9.1e}" for key in ("mean", "median", "worst"))
            times = f"{own['within']:9.0%}{own['seconds']:8.1f}s{own['cpu']:8.1f}s"
            halves = f"{own['factor']:9.2f}{own['others']:9.0%}"
            print(f"{name:30}{paper}{errors}{times}{halves}", flush=True)


if __name__ == "__main__":
    main()
