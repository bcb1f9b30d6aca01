"""Evolutions of weights as they are shipped: errors, cost, weights and the rival, over seeds.

    python benchmarks/neural_ivp.py [--seeds 3] [problem …]
    python benchmarks/neural_ivp.py --ablation [--frequencies 1 2 4 8] [--seconds 60] [--seeds 3]

A row for each problem and seed: relative error over all of time and at the end, the estimate, both
by the true error, seconds of CPU of the work alone, weights, steps, and the time that the reference
took. Of densities whose reference can be drawn from also, at the end and over such points, total
variation, largest error of a mean, and that of a variance, relative.

With ``--ablation`` the wave packets of ``wave_packet_fit`` are fitted by the preset ``ednn``, then
with one change after the other: an embedding, its scale, wider layers, the last layer by least
squares, and what is done by default; each has as much CPU time, and the error is that at points
that no fit has seen.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch

from pinnsolve import load, solve
from pinnsolve.methods import METHODS
from pinnsolve.setup import Setup
from pinnsolve.solution.solution import Solution
from pinnsolve.training.evolution import Evolving

PROBLEMS = Path(__file__).parents[1] / "problems"
NAMES = (
    *("heat_2d", "wave_2d", "burgers_1d", "advection_2d"),
    *("advection_2d_exp", "vlasov_6d", "fokker_planck_8d", "fokker_planck_20d"),
)
DRAWN = 5000  # points of a density
POINTS = 20_000  # at which errors of fits are measured
TRIAL = 2  # steps of Adam by which the time of an iteration is measured
EDNN = {"evolution.preset": "ednn", "network.hidden": [30] * 4, "network.activation": "tanh"}
WAVES = {"network.embedding": "sinusoidal", "network.octaves": 3}
WIDE = {"network.hidden": [100] * 3, "network.activation": "swish"}
CHANGES: dict[str, dict[str, Any]] = {  # each keeps those before it
    "ednn": {**EDNN, "network.embedding": "none", "network.octaves": None},
    "embedding": WAVES,
    "finer octaves": {"network.octaves": 5},
    "3 x 100 swish": WIDE,
    "head solve": {"evolution.fit": "adam+head"},
    "by default": {},  # the file's own network, by Gauss-Newton
}


def row(name: str, seed: int) -> str:
    """Return the figures of a problem with a seed."""
    problem = load(PROBLEMS / f"{name}.toml", {"solver.seed": seed, "nodes.seed": seed})
    begin = process_time()
    solution = solve(problem)
    cpu = process_time() - begin
    metrics = solution.metrics()
    rival = metrics.get("reference") or {}
    work = sum(metrics["seconds"].get(stage, 0.0) for stage in ("training", "evolution", "set-up"))
    error = max(metrics["relative_l2"].values())
    estimate = solution.accuracy.estimate
    told = (
        max((e or np.nan for e in estimate.total.values()), default=np.nan) if estimate else np.nan
    )
    return (
        f"{name:16} {seed:4} {error:9.1e} "
        f"{max(metrics['relative_l2_at_end'].values()):9.1e} {told:9.1e} {told / error:6.2f} "
        f"{work:8.1f} {cpu:8.1f} "
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


def fitted(settings: Mapping[str, Any], seconds: float) -> tuple[int, float, float]:
    """Return the weights of a fit, its error, and the seconds of CPU that it took."""
    given = {key: value for key, value in settings.items() if value is not None}
    problem = load(PROBLEMS / "wave_packet_fit.toml", given)
    if problem.settings.evolution.fit != "gauss-newton":
        trial, begin = _started(problem), process_time()
        first = trial.step()
        begin = process_time()
        for _ in range(TRIAL):
            last = trial.step()
        each = (process_time() - begin) / (last.at - first.at)
        problem = problem.replace({"evolution.fit_iterations": max(1, int(seconds / each))})
    process, begin = _started(problem), process_time()
    while not process.step().done and process_time() - begin < 1.5 * seconds:
        if problem.settings.evolution.fit == "gauss-newton" and process_time() - begin > seconds:
            break
    took = process_time() - begin
    velocity = process._velocity
    lower, upper = map(np.array, problem.settings.domain.box)
    x = lower + (upper - lower) * np.random.default_rng(99).random((POINTS, len(lower)))
    exact = problem.initial[0][0](x)
    found = (velocity.factors(x) * velocity.values(x))[0]
    return velocity.size, float(np.linalg.norm(found - exact) / np.linalg.norm(exact)), took


def _started(problem: Any) -> Evolving:
    """Return the process of a fit."""
    process = METHODS["neural-ivp"].start(Setup(problem))
    assert isinstance(process, Evolving)
    return process


def ablation(given: argparse.Namespace) -> None:
    """Print a row for each frequency and change: median error, the least and the most."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    print("f  with           weights     error (least … most)     CPU s")
    for frequency in given.frequencies:
        settings: dict[str, Any] = {}
        for name, change in CHANGES.items():
            settings = {**settings, **change} if change else {}
            rows = [
                fitted({**settings, "constants.f": frequency, "solver.seed": seed}, given.seconds)
                for seed in range(given.seeds)
            ]
            errors = [error for _, error, _ in rows]
            print(
                f"{frequency:g}  {name:14} {rows[0][0]:7} {np.median(errors):9.1e} "
                f"({min(errors):.1e} … {max(errors):.1e}) {np.mean([r[2] for r in rows]):8.1f}",
                flush=True,
            )


def main() -> None:
    """Print a row for each problem and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--frequencies", type=float, nargs="*", default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("problems", nargs="*", default=NAMES)
    given = parser.parse_args()
    if given.ablation:
        ablation(given)
        return
    print(
        "problem          seed     error    at end  estimate  ratio   "
        "work s    CPU s  weights  rival s"
    )
    for name in given.problems:
        for seed in range(given.seeds):
            print(row(name, seed), flush=True)


if __name__ == "__main__":
    main()
