"""The problems of PINNs-Torch as published, next to what pinnsolve does by itself, in equal time.

As published: its network in float32 and Adam, on the points that the problem file has, with exact
derivatives, for as much processor time as pinnsolve's default has taken, set-up included. So both
have the same machine, points and weights of conditions, and eager code that is quicker than nested
autograd. Errors are the mean over fields, derived quantities and unknown parameters; `published` is
the mean that the paper tells of PyTorch after all its iterations, tables 3, 5, 8, 9, 11, 13, 14 and
16 (Bafghi & Raissi, 2023): of schrodinger with one derived quantity as here, of Burgers' and KdV's
inverse problems of the parameters alone, of hidden_fluid_3d nothing. Networks are those of tables 2
to 18, iterations those of the code published with it. What is missing is not solved by a network.

    python benchmarks/pinns_torch.py [--only burgers ...] [--seeds 3] [--most 200] [--threads 1]
        [--deepxde] [--json FILE]

With `--deepxde` its documented set-up for the Burgers equation, 15,000 iterations of Adam and then
L-BFGS (or as many as `--deepxde-adam` says), runs once, too.
"""

from collections.abc import Iterator
from math import nan
from pathlib import Path
from statistics import fmean, median
from time import process_time
from typing import Any

import numpy as np
from reporting import options_of, report

from pinnsolve import load
from pinnsolve.accuracy.measure import measure, test_points
from pinnsolve.errors import ProblemError
from pinnsolve.methods import METHODS
from pinnsolve.setup import Setup

FOLDER = Path(__file__).parents[1] / "problems"
# widths, iterations and the error of each problem
PAPER: dict[str, tuple[list[int], int, float | None]] = {
    "schrodinger": ([100] * 4, 60_000, 0.064),
    "navier_stokes_inverse": ([20] * 8, 250_000, 0.024),
    "allen_cahn_discrete": ([200] * 4, 100_000, 0.106),
    "kdv_discrete_inverse": ([50] * 3, 50_000, 0.004),
    "burgers": ([20] * 8, 30_000, 0.029),
    "burgers_inverse": ([20] * 8, 40_000, 0.089),
    "burgers_discrete": ([50] * 3, 10_000, 0.010),
    "burgers_discrete_inverse": ([50] * 4, 50_000, 0.138),
    "hidden_fluid_3d": ([250] * 10, 500, None),
}
TRUTH = {"burgers": {"reference.solver": "cole-hopf"}}  # where the file states none
COLUMNS = {
    "problem": "24s",
    "seed": "4d",
    "seconds": "7.1f",
    "ours": "9.1e",
    "as_published": "12.1e",
    "iterations": "10d",
    "ratio": "8.1f",
    "published": "9.1e",
    "note": "4s",
}


def run(settings: dict[str, Any], name: str, seconds: float) -> tuple[float, float, int, str]:
    """Return the error, the processor time, the iterations of the last phase, and the end."""
    began = process_time()
    setup = Setup(load(FOLDER / f"{name}.toml", settings))
    problem = setup.problem
    method = METHODS[problem.settings.solver.method]
    process = method.start(setup)
    step, end = process.step(), "as it ends"
    while not step.done:
        if process_time() - began > seconds:
            end = "stopped"
            break
        step = process.step()
    spent = process_time() - began
    answer = process.answer()
    sample = method.sample(setup, answer)
    errors = measure(answer, sample, problem, setup.domain, setup.truth)
    known = {} if errors is None else dict(errors.relative_l2)
    unknowns = getattr(getattr(process, "objective", None), "model", None)
    unknowns = getattr(unknowns, "unknowns", None)
    if unknowns is not None:
        for parameter, value in zip(unknowns.names, unknowns().tolist(), strict=True):
            known[parameter] = abs(value / problem.parameters[parameter].true - 1)
    mean = fmean(known.values()) if known else nan
    return mean, spent, step.at if isinstance(step.at, int) else 0, end


def rows(names: list[str], seeds: int, most: float) -> Iterator[dict[str, Any]]:
    for name in names:
        hidden, iterations, published = PAPER[name]
        if not (FOLDER / f"{name}.toml").exists():
            yield {"problem": name, "published": published, "note": "no problem that is shipped"}
            continue
        ratios = []
        for seed in range(seeds):
            row: dict[str, Any] = {"problem": name, "seed": seed, "published": published}
            same = {"solver.seed": seed, "solver.baseline": "never", **TRUTH.get(name, {})}
            row["ours"], row["seconds"], _, row["note"] = run(same, name, most)
            adam = {
                **same,
                "network.hidden": hidden,
                "network.features": "mlp",
                "solver.slabs": None,
                "solver.method": "pinn",
                "solver.precision": "float32",
                "training": [{"optimizer": "adam", "iterations": iterations}],
            }
            try:
                found = run(adam, name, row["seconds"])
                row["as_published"], _, row["iterations"], _ = found
                row["ratio"] = row["as_published"] / row["ours"]
                ratios.append(row["ratio"])
            except ProblemError:
                row["note"] += "; no network takes such steps"
            yield row
        if len(ratios) > 1:
            low, high = min(ratios), max(ratios)
            note = f"median of {len(ratios)} ratios, {low:.3g} to {high:.3g}"
            yield {"problem": name, "ratio": median(ratios), "note": note}


def deepxde_rows(adam: int) -> Iterator[dict[str, Any]]:
    """Yield the error of DeepXDE's documented set-up for the Burgers equation."""
    import os

    os.environ.setdefault("DDE_BACKEND", "pytorch")
    import deepxde as dde

    setup = Setup(load(FOLDER / "burgers.toml", TRUTH["burgers"]))
    x = test_points(setup.problem, setup.domain)
    truth = setup.truth
    began = process_time()
    geometry = dde.geometry.GeometryXTime(
        dde.geometry.Interval(-1, 1), dde.geometry.TimeDomain(0, 0.99)
    )

    def pde(x: Any, y: Any) -> Any:
        slope = dde.grad.jacobian(y, x, i=0, j=0)
        rate = dde.grad.jacobian(y, x, i=0, j=1)
        return rate + y * slope - 0.01 / np.pi * dde.grad.hessian(y, x, i=0, j=0)

    sides = dde.icbc.DirichletBC(geometry, lambda _: 0, lambda _, on: on)
    start = dde.icbc.IC(geometry, lambda x: -np.sin(np.pi * x[:, :1]), lambda _, first: first)
    counts = {"num_domain": 2540, "num_boundary": 80, "num_initial": 160}
    data = dde.data.TimePDE(geometry, pde, [sides, start], **counts)
    model = dde.Model(data, dde.nn.FNN([2, 20, 20, 20, 1], "tanh", "Glorot normal"))
    model.compile("adam", lr=1e-3, verbose=0)
    model.train(iterations=adam, display_every=10**9, verbose=0)
    model.compile("L-BFGS", verbose=0)
    model.train(display_every=10**9, verbose=0)
    spent = process_time() - began
    assert truth is not None
    assert truth.fields is not None
    exact = truth.fields(x)
    error = float(np.linalg.norm(model.predict(x) - exact) / np.linalg.norm(exact))
    note = f"deepxde {dde.__version__}: {adam} of Adam, then L-BFGS"
    yield {"problem": "burgers", "seconds": spent, "as_published": error, "note": note}


def main() -> None:
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--only", nargs="+", choices=list(PAPER), default=list(PAPER))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=float, default=200.0, help="seconds of our own, at most")
    parser.add_argument("--deepxde", action="store_true")
    parser.add_argument("--deepxde-adam", type=int, default=15_000)
    options = parser.parse_args()
    tables = [(rows(options.only, options.seeds, options.most), COLUMNS)]
    if options.deepxde:
        tables.append((deepxde_rows(options.deepxde_adam), COLUMNS))
    report(options, *tables)


if __name__ == "__main__":
    main()
