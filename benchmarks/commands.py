"""What a user waits for: commands as separate processes, with the errors they reach.

Each row is the median over repeats of the whole process, start and output included; the ratio
is the network's error on the nodes over that of the direct solution on the same nodes.

    python benchmarks/commands.py [--repeats 3] [--only NAME ...] [--json FILE]
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

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


def measure(name: str, repeats: int) -> dict[str, Any]:
    runs = [run(COMMANDS[name]) for _ in range(repeats)]
    walls = [r["wall"] for r in runs]
    row: dict[str, Any] = {
        "command": name,
        "seconds": median(walls),
        "lowest": min(walls),
        "highest": max(walls),
    }
    metrics = runs[-1]["metrics"]
    if metrics:
        row["training"] = median(r["metrics"]["seconds"]["training"] for r in runs)
        row["relative_l2"] = max(metrics["relative_l2"].values())
        row["nodes"] = metrics["phases"][-1]["relative_l2"]  # over all fields, as the baseline
        row["baseline"] = metrics["baseline"]["relative_l2"]
        row["status"] = metrics["status"]
    return row


def show(row: dict[str, Any]) -> str:
    text = f"{row['command']:34s}{row['seconds']:7.2f} s ({row['lowest']:.2f}-{row['highest']:.2f})"
    if "training" in row:
        text += f"  training {row['training']:6.2f} s  error {row['relative_l2']:.1e}"
        text += f"  on the nodes {row['nodes']:.1e}  direct {row['baseline']:.1e}"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    for name in arguments.only:
        rows.append(measure(name, arguments.repeats))
        print(show(rows[-1]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
