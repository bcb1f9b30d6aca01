"""How far what is carried on scattered nodes is from where it should be: error and bounds.

A pulse, or a disc of height one, turns about the middle of a disk once, or a pulse enters and
leaves a square, or what is spread in one direction alone, 250,000 times as fast as across, fades.
Errors are relative to the initial values; over- and undershoot are beyond zero and
one. With `--undamped` the penalty is left out.

    python benchmarks/transport.py [--case turn step pass line] [--nodes 1000 2000] [--orders 2 4 6]
        [--turns 1] [--tolerance 1e-5] [--undamped] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
from reporting import options_of, report

from pinnsolve import load
from pinnsolve.conditions.initial import initial_values
from pinnsolve.rbffd import trajectory
from pinnsolve.rbffd.stabilisation import stabilised
from pinnsolve.references.exact import exact_at
from pinnsolve.setup import Setup

TEXT = """
[domain]
{domain}
[nodes]
count = {count}
time_levels = {levels}
[unknowns]
fields = ["u"]
[pde]
equations = ["{equation}"]
{boundary}
[initial]
u = "manufactured"
[exact]
u = "{exact}"
[solver]
method = "rbf-fd"
order = {order}
"""
DISK = 'shape = "disk"\nradius = 1\ntime = [0, {turns}]'
SQUARE = 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]\ntime = [0, {end}]'
ROTATION = "u_t - 2*pi*y*u_x + 2*pi*x*u_y = 0"
DISTANCE = "(x - 0.5*cos(2*pi*t))^2 + (y - 0.5*sin(2*pi*t))^2"
PULSE = "exp(-((x - 0.8*t - 0.1)^2 + (y - 0.6*t - 0.2)^2)/(2*0.1^2))"
WAVE = "exp(-(1.6e-4 + 0.1)*pi^2*t)*sin(20*pi*x)*sin(pi*y)"
# domain, equation, where values are given, and the exact solution
CASES = {
    "turn": (DISK, ROTATION, "", f"exp(-({DISTANCE})/(2*0.12^2))"),
    "step": (DISK, ROTATION, "", f"heaviside(0.3^2 - ({DISTANCE}))"),
    "pass": (
        SQUARE.format(end=0.8),
        "u_t + 0.8*u_x + 0.6*u_y = 0",
        '["left", "bottom"]',
        PULSE,
    ),
    "line": (SQUARE.format(end=1), "u_t = 4e-7*u_xx + 0.1*u_yy", '"all"', WAVE),
}
LEVELS = 8  # in time, a turn


def row(case: str, count: int, order: int, options: Namespace) -> dict[str, Any]:
    domain, equation, given, exact = CASES[case]
    boundary = f'[[boundary]]\non = {given}\ncondition = "u = {exact}"' if given else ""
    start = perf_counter()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.toml"
        path.write_text(
            TEXT.format(
                domain=domain.format(turns=options.turns),
                count=count,
                levels=LEVELS * options.turns + 1,
                equation=equation,
                boundary=boundary,
                exact=exact,
                order=order,
            )
        )
        problem = load(path)
    setup = Setup(problem)
    system, nodes = setup.discretisation(), setup.nodes
    found = trajectory.integrate(
        system if options.undamped else stabilised(problem, system),
        setup.placement.at,
        initial_values(problem, nodes),
        problem.times,
        tolerance=options.tolerance,
    )
    u, truth = found.values[:, nodes.rows], exact_at(problem, nodes)
    return {
        "case": case,
        "nodes": nodes.rows.stop,
        "order": order,
        "error": float(np.linalg.norm(u[-1] - truth[-1]) / np.linalg.norm(truth[0])),
        "over": float(u[-1].max() - 1),
        "under": float(-u[-1].min()),
        "steps": found.steps,
        "s": perf_counter() - start,
    }


def measure(options: Namespace) -> Iterator[dict[str, Any]]:
    for case in options.case:
        for count in options.nodes:
            for order in options.orders:
                yield row(case, count, order, options)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--case", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--nodes", type=int, nargs="+", default=[1000, 2000])
    parser.add_argument("--orders", type=int, nargs="+", default=[2, 4, 6])
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--undamped", action="store_true")
    options = parser.parse_args()
    columns = {
        "case": "6s",
        "nodes": "7d",
        "order": "5d",
        "error": "9.1e",
        "over": "9.1e",
        "under": "9.1e",
        "steps": "6d",
        "s": "7.1f",
    }
    report(options, (measure(options), columns))


if __name__ == "__main__":
    main()
