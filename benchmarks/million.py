"""A million nodes in the plane: nodes, operators of order four, solution; peak memory by stage.

The disk of `problems/disk_poisson.toml` with its Robin condition, solved directly; seconds of CPU
and the largest resident set within each stage, as Linux tells it. The estimate and the files of a
run are left out.

    python benchmarks/million.py [--nodes 1000000] [--json FILE]
"""

from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from reporting import options_of, report

from pinnsolve import load
from pinnsolve.rbffd.direct import Newton
from pinnsolve.setup import Setup

PROBLEM = Path(__file__).parents[1] / "problems" / "disk_poisson.toml"
ORDER = 4
PROCESS = Path("/proc/self")


def begin() -> float:
    """Forget the largest resident set so far, and return the time."""
    (PROCESS / "clear_refs").write_text("5")
    return process_time()


def peak() -> float:
    """Return the largest resident set since then, in GiB."""
    lines = (PROCESS / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Yield what each stage takes, the last with the relative error at the nodes."""
    setup = Setup(load(PROBLEM, {"nodes.count": count, "solver.method": "rbf-fd"}))
    started = begin()
    nodes = setup.nodes
    yield {"stage": "nodes", "cpu_s": process_time() - started, "peak_gib": peak()}
    started = begin()
    system = setup.discretisation(ORDER)
    yield {"stage": "operators", "cpu_s": process_time() - started, "peak_gib": peak()}
    started = begin()
    newton = Newton(system)
    newton.step()
    values = newton.answer()[nodes.rows, 0]
    found = {"stage": "solution", "cpu_s": process_time() - started, "peak_gib": peak()}
    x, y = nodes.x[nodes.rows].T
    exact = 1 + np.sin(np.pi * x) * np.cos(np.pi * y)
    error = np.linalg.norm(values - exact) / np.linalg.norm(exact)
    yield found | {"nodes": len(exact), "relative_l2": float(error)}


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    options = parser.parse_args()
    columns = {"stage": "10s", "cpu_s": "8.1f", "peak_gib": "8.2f", "nodes": "8d"}
    report(options, (rows(options.nodes), columns | {"relative_l2": "11.1e"}))


if __name__ == "__main__":
    main()
