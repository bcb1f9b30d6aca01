"""Implicit and explicit steps of weights where an equation is stiff, and where it is not.

    python benchmarks/stiff.py [--seconds 15]

Heat on a ring that settles to a balance, 20 times as fast as it goes on, and a wave that is carried
around it; a network of 6 x 6 features each. A row for each problem and integrator: steps tried,
the instant reached within the seconds of CPU, and the largest error there.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from reporting import options_of, report

from pinnsolve import load
from pinnsolve.methods import METHODS
from pinnsolve.setup import Setup

TEXT = """
[domain]
shape = "interval"
bounds = [-1, 1]
time = [0, 0.5]
[unknowns]
fields = ["u"]
[pde]
equations = ["{equation}"]
[[boundary]]
on = ["left", "right"]
periodic = true
[initial]
u = "{initial}"
[solver]
method = "neural-ivp"
[network]
hidden = [6, 6]
[evolution]
samples = 120
output_times = 3
rtol = 1e-3
restarts = 0
"""
MEAN = 0.3 * np.i0(1.0)  # of 0.3*exp(cos(pi*x))
CASES = {
    "settling": (
        "u_t = 20*u_xx + pi^2*sin(pi*x)",
        "0.3*exp(cos(pi*x))",
        lambda x, _: MEAN + np.sin(np.pi * x) / 20,  # once all else has decayed
    ),
    "carried": ("u_t + u_x = 0", "exp(sin(pi*x))", lambda x, t: np.exp(np.sin(np.pi * (x - t)))),
}


def main() -> None:
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--seconds", type=float, default=15.0, help="of CPU for each run")
    options = parser.parse_args()
    torch.set_default_dtype(torch.float64)
    columns = {"problem": "10s", "integrator": "11s", "steps": "6d", "reached": "8.3g"}
    report(options, (rows(options.seconds), {**columns, "error": "8.1e", "seconds": "8.1f"}))


def rows(limit: float) -> Iterator[dict[str, Any]]:
    """Yield a row for each problem and integrator."""
    for name, (equation, initial, exact) in CASES.items():
        for integrator in ("rk23", "radau"):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "problem.toml"
                path.write_text(TEXT.format(equation=equation, initial=initial))
                problem = load(path, {"evolution.integrator": integrator})
            process = METHODS["neural-ivp"].start(Setup(problem))
            begin, steps = process_time(), 0
            while process_time() - begin < limit:
                step = process.step()
                steps += step.stage == "evolution"
                if step.done:
                    break
            x, t = np.linspace(-1, 1, 201), process.reached
            apart = process.answer()(np.column_stack([x, np.full(201, t)]))[:, 0] - exact(x, t)
            yield {
                "problem": name,
                "integrator": integrator,
                "steps": steps,
                "reached": t,
                "error": float(np.abs(apart).max()),
                "seconds": process_time() - begin,
            }


if __name__ == "__main__":
    main()
