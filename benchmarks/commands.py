"""What a user waits for: commands as separate processes, with the errors they reach.

Each row is the median over repeats of the whole process, start and output included; the ratio
is the network's error on the nodes over that of the direct solution on the same nodes. Of those
that solve nothing, the start is all there is: the modules they load, and how long that takes by
``python -X importtime``.

    python benchmarks/commands.py [--repeats 3] [--only NAME ...] [--json FILE]
"""

import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from reporting import options_of, report

from pinnsolve.bench.timing import spread

PROBLEMS = Path(__file__).parents[1] / "problems"
GAUSS_NEWTON = '[{optimizer = "gauss-newton", iterations = 400, seconds = 30}]'
DISK = ["solve", str(PROBLEMS / "disk_poisson.toml")]
COMMANDS = {
    "help": ["--help"],
    "check": ["check", str(PROBLEMS / "disk_poisson.toml")],
    "disk, order 4": DISK,
    "disk, order 5": [*DISK, "--order", "5"],
    "disk, order 6": [*DISK, "--order", "6"],
    "disk, pinn": [*DISK, "--method", "pinn"],
    "disk, 4 x 50, Gauss-Newton alone": [
        *DISK,
        "--set",
        "network.hidden=[50, 50, 50, 50]",
        "--set",
        f"training={GAUSS_NEWTON}",
    ],
    "nonlinear": ["solve", str(PROBLEMS / "disk_poisson_nonlinear.toml")],
    "star": ["solve", str(PROBLEMS / "star_poisson.toml")],
    "L-shape": ["solve", str(PROBLEMS / "lshape_mixed.toml")],
    "annulus": ["solve", str(PROBLEMS / "annulus_conduction.toml")],
    "plate": ["solve", str(PROBLEMS / "plate_with_hole.toml")],
    "ball": ["solve", str(PROBLEMS / "ball_poisson.toml")],
    "interval": ["solve", str(PROBLEMS / "interval_layer.toml")],
    "slab": ["solve", str(PROBLEMS / "slab_radiation.toml")],
    "heat": ["solve", str(PROBLEMS / "disk_heat.toml")],
    "clamped plate": ["solve", str(PROBLEMS / "plate_clamped.toml")],
    "supported plate": ["solve", str(PROBLEMS / "plate_simply_supported.toml")],
    "flow": ["solve", str(PROBLEMS / "kovasznay.toml")],
}


def run(arguments: list[str]) -> dict[str, Any]:
    """Run one command in a folder of its own and return its time and its metrics."""
    with TemporaryDirectory() as folder:
        flags = ["--json", "--quiet"] if arguments[0] == "solve" else []
        start = perf_counter()
        process = subprocess.run(
            [sys.executable, "-m", "pinnsolve", *arguments, *flags],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        seconds = perf_counter() - start
    metrics = json.loads(process.stdout) if flags else {}
    return {"wall": seconds, "metrics": metrics}


def imports(arguments: list[str]) -> tuple[int, float]:
    """Return how many modules a command loads, and how long that takes, in milliseconds."""
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pinnsolve", *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    prefix = "import time:"
    lines = [line for line in process.stderr.splitlines() if line.startswith(prefix)]
    own = [line.removeprefix(prefix).partition("|")[0].strip() for line in lines]
    times = [int(text) for text in own if text.isdigit()]  # the first line names the columns
    return len(times), sum(times) / 1e3


def measure(name: str, repeats: int) -> dict[str, Any]:
    runs = [run(COMMANDS[name]) for _ in range(repeats)]
    row = {"command": name, **spread([r["wall"] for r in runs], "seconds")}
    metrics = runs[-1]["metrics"]
    if not metrics:
        found = [imports(COMMANDS[name]) for _ in range(repeats)]
        return {**row, "modules": found[0][0], "import_ms": median(ms for _, ms in found)}
    return {
        **row,
        "training": median(r["metrics"]["seconds"]["training"] for r in runs),
        "relative_l2": max(metrics["relative_l2"].values()),
        "nodes": metrics["phases"][-1]["relative_l2"],  # over all fields, as the direct one
        "direct": metrics["baseline"]["relative_l2"],
        "status": metrics["status"],
    }


def rows(options: Namespace) -> Iterator[dict[str, Any]]:
    for name in options.only:
        yield measure(name, options.repeats)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    options = parser.parse_args()
    columns = {"command": "34s"}
    columns |= dict.fromkeys(("seconds", "lowest_seconds", "highest_seconds", "training"), "7.2f")
    columns |= dict.fromkeys(("relative_l2", "nodes", "direct"), "8.1e")
    report(options, (rows(options), columns | {"modules": "d", "import_ms": "7.0f"}))


if __name__ == "__main__":
    main()
